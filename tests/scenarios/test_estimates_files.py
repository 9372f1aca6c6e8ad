"""Files of counts, line lists and pairs: what is believed, what is filled in, what all of it gives."""

import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadInputError, BadParameterError, UnreadableFileError
from engine.scenarios.estimates.assemble import estimate_cases
from engine.scenarios.estimates.cases import IMPOSSIBLE, CaseList, Doubt, Links, believable, best_sources
from engine.scenarios.estimates.count_tables import read_count_table
from engine.scenarios.estimates.options import Options
from engine.scenarios.estimates.readers import moment_of, read_cases, read_pairs
from engine.scenarios.estimates.rt import estimate_counts
from engine.scenarios.estimates.tables import (
    Estimates,
    Row,
    distribution_of,
    note_of,
    settings_from,
    to_csv,
    to_json,
    told_settings,
)
from engine.scenarios.model import Distribution


def doubts(cases):
    return {d.code: d.count for d in cases.doubts}


def write(path, text):
    path.write_text(text, "utf-8")
    return path


def test_a_dense_table_is_filled_between_days_and_a_sparse_one_has_zeros(tmp_path):
    dense = write(tmp_path / "a.csv", "area,date,cases\nA,2021-07-01,0\nA,2021-07-02,4\nA,2021-07-04,8\n")
    found = read_count_table(dense)
    assert found.cases.tolist() == [[0, 4, 6, 8]]
    assert found.filled.tolist() == [[False, False, True, False]]
    sparse = write(tmp_path / "b.csv", "ngay,so_ca\n01/07/2021,3\n03/07/2021,5\n03/07/2021,2\n")
    found = read_count_table(sparse)
    assert found.areas == ("",)
    assert found.cases.tolist() == [[3, 0, 7]]
    assert not found.filled.any()
    assert found.first == date(2021, 7, 1)


def test_suspect_and_negative_numbers_are_not_believed(tmp_path):
    rows = "gso_name,date,cases,suspect\nA,2021-07-01,10,0\nA,2021-07-02,9000,1\nA,2021-07-03,-4,0\nA,2021-07-04,0,0\n"
    found = read_count_table(write(tmp_path / "a.csv", rows))
    assert found.cases[0] == pytest.approx([10, 20 / 3, 10 / 3, 0])
    assert found.filled[0].tolist() == [False, True, True, False]


def test_days_that_cannot_be_in_a_table_of_counts_are_told_and_left_out(tmp_path):
    text = "date;count\n2021-07-01;3\n2021-07-02;x\n2021-07-03;1e300\n9999-12-31;3\n0001-01-01;3\nfoo;5\n2021-07-04;2\n"
    table = read_count_table(write(tmp_path / "c.csv", text))
    assert table.cases.shape == (1, 4)
    assert doubts(table) == {"date_far_off": 2, "unreadable_date": 1, "unreadable_number": 2}
    notes = [n.say("vi") for n in estimate_counts(table, Options(window=2)).notes]
    assert "Không tin: ngày không đọc được (foo): 1 lần." in notes


def test_every_doubt_has_a_name_in_both_languages():
    source = "".join(p.read_text("utf-8") for p in Path("engine/scenarios/estimates").glob("*.py"))
    codes = {
        c for call in re.findall(r"doubts\.add\(([^\n]*)", source) for c in re.findall(r'"([a-z]+(?:_[a-z]+)+)"', call)
    }
    codes |= {code for *_, code in IMPOSSIBLE}
    assert len(codes) > 10
    for code in codes:
        note = note_of(Doubt(code, 2, ("a",)))
        assert note.say("vi") != note.say("en")


def test_pairs_without_dates_still_tell_of_offspring(tmp_path):
    cases, links = read_pairs(write(tmp_path / "p.csv", "infector,infected\na,b\na,c\nb,d\n"), None)
    found = estimate_cases(cases, links, Options(what=("offspring",)))
    assert found.offspring.r == pytest.approx(3 / 4)
    assert "estimate.note.undated" in [n.key for n in found.notes]
    with pytest.raises(BadParameterError, match="recent"):
        estimate_cases(cases, links, Options(recent_days=float("nan")))


def test_a_single_case_has_no_window(tmp_path):
    cases, _ = read_cases(write(tmp_path / "c.csv", "person,onset\na,2021-07-01\n"))
    assert "estimate.note.no_window" in [n.key for n in estimate_cases(cases, None, Options()).notes]


def test_rows_are_chosen_and_columns_named(tmp_path):
    text = "level,tinh,when,n\ntinh,A,2021-07-01,1\nxa,A,2021-07-01,1\ntinh,B,2021-07-02,2\n"
    path = write(tmp_path / "a.csv", text)
    found = read_count_table(path, {"date": "when", "count": "n"}, {"level": "tinh"})
    assert found.areas == ("A", "B")
    assert found.cases.tolist() == [[1, 0], [0, 2]]
    with pytest.raises(UnreadableFileError, match=r"date, count; there are: level, tinh, when, n"):
        read_count_table(path)
    for named, where in (({"count": "x"}, None), ({"kases": "n"}, None), (None, {"x": "y"})):
        with pytest.raises(BadParameterError):
            read_count_table(path, named, where)


@pytest.mark.parametrize(
    ("text", "days"),
    [("1970-01-02", 1), ("2/1/1970", 1), ("1970-01-02T12:00:00", 1.5), ("1970-01-01T17:00:00+00:00", 1), ("x", None)],
)
def test_moments_are_local_days(text, days):
    assert moment_of(text) == days


LIST = """id,dt_onset,dt_diag,dt_start_exp,dt_end_exp,infector,area,where
a,2021-07-01,2021-07-03,NA,NA,,X,away
b,2021-07-05,2021-07-06,2021-07-01,2021-07-02,a,X,here
c,soon,2021-07-08,,,b,Y,here
c,2021-07-09,2021-07-09,,,b,Y,here
d,2021-07-02,2021-07-09,2021-07-05,2021-07-06,nobody,Y,here
e,2012-07-02,2021-07-09,,,e,Y,here
"""


def test_a_line_list_is_read_and_what_is_dirty_is_told(tmp_path):
    cases, links = read_cases(write(tmp_path / "l.csv", LIST), imported=("where", "away"))
    assert cases.people == ("a", "b", "c", "d", "e")
    assert cases.imported.tolist() == [True, False, False, False, False]
    assert list(zip(links.infector.tolist(), links.infected.tolist(), strict=True)) == [(0, 1), (1, 2)]
    found = believable(cases)
    assert doubts(found) == {
        "second_row_of_a_person": 1,
        "unreadable_date": 1,
        "pair_with_unknown_person": 1,
        "infected_by_themselves": 1,
        "date_far_off": 1,
        "onset_before_exposure": 1,
    }
    assert np.isnan(found.date("onset")[[2, 3, 4]]).all()
    assert found.date("confirmed")[0] == moment_of("2021-07-03")


def test_two_infectors_without_chances_are_both_left_out(tmp_path):
    told = write(tmp_path / "p.csv", "from,to\na,b\na,c\nb,c\nz,b\n")
    cases, links = read_pairs(told, CaseList(("a", "b", "c"), {}))
    assert (links.infector.tolist(), links.infected.tolist()) == ([0], [1])
    assert doubts(cases) == {"several_infectors": 1, "pair_with_unknown_person": 1}
    alone, _ = read_pairs(told, None)
    assert set(alone.people) == {"a", "b", "c", "z"}
    chances = write(tmp_path / "q.csv", "from,to,share\na,b,0.5\nc,b,0.75\nb,a,0.6\n")
    _, links = read_pairs(chances, CaseList(("a", "b", "c"), {}))
    assert not links.sure
    assert links.share.sum() == pytest.approx(1.6)


def test_best_sources_make_a_forest():
    links = Links(np.array([1, 0, 2, 2]), np.array([0, 1, 0, 1]), np.array([0.9, 0.8, 0.4, 0.55]), False)
    found = best_sources(CaseList(("a", "b", "c"), {}), links, 0.5)
    # b's infection of a would close a circle; of c's candidates only one has at least half.
    assert (found.infected.tolist(), found.infector.tolist()) == ([1, 2], [0, 1])


def test_a_long_chain_and_a_circle_at_its_end():
    n = 20_000
    infected = np.append(np.arange(1, n), 0)
    infector = np.append(np.arange(n - 1), n - 1)
    share = np.append(np.ones(n - 1), 0.9)
    found = best_sources(CaseList(tuple(map(str, range(n))), {}), Links(infected, infector, share, False), 0.5)
    assert found.infected.tolist() == list(range(1, n))


def chain_of_cases(n=60):
    """One case every second day, each infected by the one two before it; isolated 3 days after onset."""
    onset = np.arange(n, dtype=np.float64) + 18_800
    dates = {"onset": onset, "isolated": onset + 1 + np.arange(n) % 5, "confirmed": onset + 2}
    infected = np.arange(2, n)
    areas = tuple("AB"[i % 2] for i in range(n))
    return CaseList(tuple(map(str, range(n))), dates, areas), Links(infected, infected - 2, np.ones(n - 2))


def test_everything_comes_out_of_a_list_of_cases():
    found = estimate_cases(*chain_of_cases(), Options(by_area=True, by_period="month"))
    rows = {(r.estimate, r.area, r.first, r.measure): r for r in found.rows if r.estimate != "rt"}
    assert rows["serial", "", None, "mean"].value == 2
    assert rows["delay.onset_to_isolation", "", None, "median"].value == 3
    assert rows["offspring", "", None, "r"].value == pytest.approx(58 / 60)
    assert "poisson" in rows["offspring", "", None, "k"].remarks
    assert {a for e, a, *_ in rows if e.startswith("delay")} == {"", "A", "B"}
    assert {first for e, _, first, _ in rows if e.startswith("delay") and first} == {
        date(2021, 6, 1), date(2021, 7, 1), date(2021, 8, 1),
    }  # fmt: skip
    rt = [r for r in found.rows if r.estimate == "rt"]
    assert {r.area for r in rt} == {"", "A", "B"}
    assert rt[20].value == pytest.approx(1, abs=0.3)
    assert "truncated" in rt[-1].remarks
    assert len(found.series) == 3


def test_recent_cases_are_left_out_of_offspring():
    cases, links = chain_of_cases()
    few = estimate_cases(cases, links, Options(what=("offspring",), recent_days=30))
    assert few.offspring.cases == 35  # the last date is an isolation, days after the last onset
    assert few.offspring.r == 1
    all_ = estimate_cases(cases, links, Options(what=("offspring",), recent_days=-10))
    assert all_.offspring.cases == 60
    assert all_.offspring.infected == 58


def test_offspring_who_fell_ill_in_time_but_are_not_confirmed_yet_are_waited_for():
    cases, links = chain_of_cases()
    slow = CaseList(cases.people, {**cases.dates, "confirmed": cases.dates["onset"] + 9}, cases.areas, end=cases.last)
    counted = [estimate_cases(c, links, Options(what=("offspring",))).offspring.cases for c in (cases, slow)]
    assert counted == [60, 54]


def test_days_and_areas_are_chosen():
    cases, links = chain_of_cases()
    first, last = date(2021, 7, 1), date(2021, 7, 10)
    found = estimate_cases(cases, links, Options(what=("delays",), first=first, last=last, areas=("A",)))
    assert next(r.n for r in found.rows if r.measure == "median") == 5
    with pytest.raises(BadParameterError, match="there are: A, B"):
        estimate_cases(cases, links, Options(areas=("C",)))
    with pytest.raises(BadInputError):
        estimate_cases(cases, links, Options(first=date(2022, 1, 1)))
    with pytest.raises(BadParameterError):
        estimate_cases(cases, links, Options(what=("weather",)))


def test_settings_for_scenarios_are_distributions_or_reasons():
    found = estimate_cases(*chain_of_cases(), Options(what=("settings",)))
    names = ("incubation", "isolation_delay", "asymptomatic_share")
    values = settings_from(found, names)
    assert set(values) == {"measures.isolation.delay"}
    assert isinstance(values["measures.isolation.delay"], Distribution)
    told = told_settings(found, names, "vi")
    assert told["course.incubation"]["value"] is None
    assert "phơi nhiễm" in told["course.incubation"]["reason"]
    assert told["measures.isolation.delay"]["n"] == 60
    assert "ngày khởi phát" in told["course.asymptomatic_share"]["reason"]
    with pytest.raises(BadParameterError, match="incubation"):
        settings_from(found, ("height",))


def test_a_share_without_symptoms_needs_settled_cases():
    cases, _ = chain_of_cases()
    onset = cases.dates["onset"].copy()
    onset[::4] = np.nan
    silent = CaseList(cases.people, {"onset": onset, "confirmed": cases.dates["confirmed"]})
    found = settings_from(estimate_cases(silent, None, Options(what=("settings",))), ("asymptomatic_share",))
    assert found["course.asymptomatic_share"] == pytest.approx(0.25, abs=0.02)


def test_every_format_says_the_same(tmp_path):
    text = "date,count\n" + "".join(f"2021-07-{d:02d},{d % 5 + 3}\n" for d in range(1, 20))
    found = estimate_counts(read_count_table(write(tmp_path / "c.csv", text)), Options())
    lines = to_csv(found).splitlines()
    told = json.loads(to_json(found, "vi"))["estimates"]
    table = found.table()
    assert len(lines) - 1 == len(told) == table.num_rows == len(found.rows) == 12
    assert lines[1].startswith("rt,,2021-07-02,2021-07-08,r,")
    assert told[0]["value"] == pytest.approx(table["value"][0].as_py(), rel=1e-5)
    assert table["from"][0].as_py() == date(2021, 7, 2)
    endless = Estimates((Row("offspring", "", None, None, "k", float("inf"), 2.0, float("nan")),))
    assert "inf,2," in to_csv(endless)
    assert json.loads(to_json(endless))["estimates"][0]["high"] is None


def test_a_normal_fit_is_no_setting():
    cases, links = chain_of_cases()
    serial = estimate_cases(cases, links, Options(what=("serial",))).serial
    with pytest.raises(BadParameterError):
        distribution_of(serial.normal)
