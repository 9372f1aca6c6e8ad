"""Estimates of real outbreaks: MERS in Korea 2015 (who infected whom), the provinces of Viet Nam 2021."""

import csv
from collections import Counter
from datetime import date

import numpy as np
import pytest

from benchmarks.real_sets import data_file
from engine.scenarios.estimates.assemble import estimate_cases
from engine.scenarios.estimates.count_tables import read_count_table
from engine.scenarios.estimates.options import Options
from engine.scenarios.estimates.readers import read_cases, read_pairs
from engine.scenarios.estimates.rt import estimate_counts
from tests.oracles.estimates import offspring_fit, posterior, serial_weight
from tests.real.conftest import present


@pytest.fixture(scope="module")
def korea():
    path = present(lambda: data_file("mers_korea_2015", "mers_korea_2015_linelist.csv"))
    cases, _ = read_cases(path, imported=("place_infect", "Middle East"))
    return read_pairs(path.with_name("mers_korea_2015_contacts.csv"), cases)


def plain_rows(name):
    path = present(lambda: data_file("mers_korea_2015", name))
    with path.open() as file:
        return list(csv.DictReader(file))


def test_serial_intervals_of_korea_are_those_of_the_file(korea):
    found = estimate_cases(*korea, Options(what=("serial",))).serial
    twice = {to for to, n in Counter(r["to"] for r in plain_rows("mers_korea_2015_contacts.csv")).items() if n > 1}
    days = [
        int(r["diff_dt_onset"])
        for r in plain_rows("mers_korea_2015_contacts.csv")
        if r["to"] not in twice and r["diff_dt_onset"] not in ("", "NA")
    ]
    assert found.n == len(days)
    assert found.mean == pytest.approx(np.mean(days))
    assert found.sd == pytest.approx(np.sqrt(np.var(days, ddof=1) - 1 / 6))
    assert found.mean_low < found.mean < found.mean_high


def test_three_people_made_most_of_korea(korea):
    found = estimate_cases(*korea, Options(what=("offspring",), recent_days=-1)).offspring
    assert found.cases == 162
    assert found.k_high < 0.1
    assert found.top_share < 0.02
    pairs = plain_rows("mers_korea_2015_contacts.csv")
    twice = {to for to, n in Counter(r["to"] for r in pairs).items() if n > 1}
    made = Counter(r["from"] for r in pairs if r["to"] not in twice)
    assert found.infected == sum(made.values())
    numbers = [*made.values(), *[0] * (162 - len(made))]
    got = found.r, found.k, found.r_low, found.r_high, found.k_low, found.k_high
    assert got == pytest.approx(offspring_fit(numbers), rel=1e-3)


def test_what_is_dirty_in_korea_is_told(korea):
    cases, _ = korea
    assert {d.code: d.count for d in cases.doubts}["several_infectors"] == 2


def test_r_of_bac_giang_is_bayes_theorem_on_the_file():
    path = present(lambda: data_file("vn_cases_2021", "ncsc_province_day_tidy.csv"))
    table = read_count_table(path)
    assert len(table.areas) == 63
    i = table.areas.index("Tỉnh Bắc Giang")
    found = estimate_counts(table, Options(areas=("Tỉnh Bắc Giang",), serial=(4.5, 2.9)))
    row = next(r for r in found.rows if r.last == date(2021, 6, 10))
    at = (row.last - table.first).days
    weights = [serial_weight(k, 4.5, 2.9) for k in range(40)]
    _, median, low, high = posterior(table.cases[i].tolist(), at - 6, at, weights)
    assert (row.value, row.low, row.high) == pytest.approx((median, low, high), rel=2e-3)


def test_suspect_days_are_not_believed():
    path = present(lambda: data_file("vn_cases_2021", "ncsc_province_day_tidy.csv"))
    table = read_count_table(path)
    with path.open() as file:
        suspect = [r for r in csv.DictReader(file) if r["suspect"] == "1"]
    assert len(suspect) == 5
    for row in suspect:
        i, at = table.areas.index(row["gso_name"]), (date.fromisoformat(row["date"]) - table.first).days
        assert table.filled[i, at]
        assert table.cases[i, at] < float(row["cases"])
