"""Counts by commune: the fit knows no July, the report no May; rankings beside plain ones."""

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadInputError, BadParameterError
from engine.risk.prediction import decayed_counts
from engine.service.predict_communes import (
    AHEAD_D,
    FIT,
    REPORT,
    Communes,
    Fading,
    days_between,
    evaluate_communes,
    faded,
    fit,
    known_and_next,
    rankings,
    read_communes,
)

REAL = Path(__file__).parents[3] / "shared" / "data"
FIRST, DAYS = date(2021, 4, 27), 78


def communes(seed=0, size=40):
    """Cases that stay where they are: each commune has its own rate."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.3, 2.0, size)
    counts = rng.poisson(rate[:, None], (size, DAYS)).astype(float)
    return Communes([f"{n:05d}" for n in range(size)], np.arange(size) // 5, counts, FIRST, int(counts.sum()), 0, 0)


def test_what_is_known_and_what_is_predicted_are_apart():
    table = communes()
    known, future = known_and_next(table, 20)
    assert known.shape == (40, 21)
    assert future.tolist() == table.counts[:, 21:28].sum(1).tolist()


def test_weeks_of_the_fit_end_before_those_of_the_report_begin():
    table = communes()
    fitted, reported = days_between(table, *FIT), days_between(table, *REPORT)
    july = (date(2021, 7, 1) - FIRST).days
    assert max(fitted) + AHEAD_D < july
    assert min(reported) + 1 == july
    assert max(reported) + AHEAD_D == DAYS - 1


@pytest.mark.parametrize(("first", "last"), [(-1, 3), (70, 71), (9, 8)])
def test_weeks_that_are_not_there_are_refused(first, last):
    with pytest.raises(BadParameterError, match="weeks"):
        days_between(communes(), FIRST + timedelta(days=first), FIRST + timedelta(days=last))


def test_fading_without_a_district_is_the_decayed_count():
    known, _ = known_and_next(communes(), 30)
    assert faded(known, np.arange(40) // 5, Fading(2.0, 0.0)).tolist() == decayed_counts(known, 2.0).tolist()


def test_plain_rankings():
    table = communes()
    known, _ = known_and_next(table, 30)
    found = rankings(known, table.district, Fading(3.5, 0.25))
    assert found["days7"].tolist() == known[:, 24:31].sum(1).tolist()
    assert found["all_days"].tolist() == known.sum(1).tolist()
    assert found["district14"][:5].tolist() == [known[:5, 17:31].sum()] * 5


def test_the_fit_is_the_best_of_its_grid_and_sees_only_its_days():
    table = communes()
    days = days_between(table, *FIT)[::9]
    rows = fit(table, days)
    assert sum(rows[0][1:]) == max(sum(row[1:]) for row in rows)
    later = table.counts.copy()
    later[:, max(days) + AHEAD_D + 1 :] = 99
    changed = Communes(table.code, table.district, later, FIRST, 0, 0, 0)
    assert fit(changed, days) == rows


def test_the_report_has_every_ranking_with_its_interval():
    result = evaluate_communes(communes(), resamples=10)
    assert [row.ranking for row in result.rows][:2] == ["faded", "faded_alone"]
    assert result.weeks == 4
    for row in result.rows:
        assert 0 <= row.hits[0].mean <= row.hits[1].mean <= 1
        assert row.hits[1].low <= row.hits[1].high
    plain = {row.ranking: row for row in result.rows}
    assert result.ahead.spearman.mean == pytest.approx(plain["faded"].spearman.mean - plain["days7"].spearman.mean)


def write(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


AREAS = [
    ("province", "01", "", "Tỉnh A"),
    ("district", "001", "01", "Huyện B"),
    ("commune", "00001", "001", "Xã C"),
    ("commune", "00002", "001", "Xã D"),
]


def test_counts_are_put_on_the_communes_of_the_list(tmp_path):
    areas = write(tmp_path / "areas.csv", ("tier", "code", "parent", "name"), AREAS)
    rows = [("xa", "A", "B", "C", "2021-05-01", 3), ("xa", "A", "B", "X", "2021-05-02", 2)]
    rows += [("huyen", "A", "B", "", "2021-05-01", 3)]
    cases = write(tmp_path / "cases.csv", ("level", "province", "district", "commune", "date", "cases"), rows)
    found = read_communes(cases, areas)
    assert found.code == ["00001", "00002"]
    assert found.district.tolist() == [0, 0]
    assert (found.placed, found.unplaced, found.first) == (3, 2, date(2021, 5, 1))
    assert found.counts.sum(1).tolist() == [3, 0]


def test_a_file_without_communes_is_named(tmp_path):
    areas = write(tmp_path / "areas.csv", ("tier", "code", "parent", "name"), AREAS)
    cases = write(tmp_path / "cases.csv", ("level", "province", "date", "cases"), [("tinh", "A", "2021-05-01", 3)])
    with pytest.raises(BadInputError, match=r"cases\.csv"):
        read_communes(cases, areas)


@pytest.mark.skipif(not (REAL / "vn_cases_2021").exists(), reason="the real counts of 2021 are not on this machine")
def test_real_counts_of_2021():
    found = read_communes(
        REAL / "vn_cases_2021" / "antoancovid_cases_by_unit_day.csv", REAL / "vn_admin" / "dvhcvn_2021-07-01.json"
    )
    assert len(found.code) == 10_603
    assert found.placed + found.unplaced == 27_035
    assert found.placed > 0.95 * 27_035
    assert found.counts.shape[1] == DAYS
