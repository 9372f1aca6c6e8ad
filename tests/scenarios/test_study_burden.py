"""The curve of yield against burden, and a study worked out by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import DAY, HOUR
from engine.people.timelines import F0
from engine.scenarios.model_study import PolicyStudy, PolicyVariant
from engine.scenarios.study import run_study
from engine.scenarios.study_burden import SHARES, Quarantined, curve_of
from engine.scenarios.study_scores import auc
from engine.scenarios.study_world import Known, Truth, devices, later_cases, shifted, tracing_moment, transmissions
from tests.strategies import T0
from tests.worlds import World, load_sorted

PEOPLE_ROWS = st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(1, 20)), min_size=1, max_size=30)


def people(rows: list[tuple[int, bool, int]]) -> Quarantined:
    chance, hit, days = (np.array(c) for c in zip(*rows, strict=True))
    return Quarantined(np.arange(len(rows), dtype=np.int32), days * DAY, hit, hit, chance / 10)


@settings(max_examples=60, deadline=None)
@given(PEOPLE_ROWS)
def test_the_curve_takes_the_probable_first_and_ties_together(rows: list[tuple[int, bool, int]]) -> None:
    curve, n = curve_of(people(rows)), len(rows)
    assert (curve.persons[-1], curve.infected[-1]) == (n, sum(h for _, h, _ in rows))
    assert curve.person_days[-1] == pytest.approx(sum(d for _, _, d in rows))
    for column in (curve.persons, curve.person_days, curve.infected, -curve.probability):
        assert (np.diff(column) >= -1e-9).all()
    for least in {c for c, _, _ in rows}:
        taken = [row for row in rows if row[0] >= least]
        found = np.interp(len(taken), curve.persons, curve.infected)
        assert abs(found - sum(h for _, h, _ in taken)) <= n / 100, "a corner may lie between two told points"


@settings(max_examples=60, deadline=None)
@given(PEOPLE_ROWS.filter(lambda rows: len({h for _, h, _ in rows}) == 2))
def test_the_area_under_the_curve_is_the_auc(rows: list[tuple[int, bool, int]]) -> None:
    """Area over persons = (hits / 2 + others * AUC) / persons, with hits on the other axis as a share."""
    found = people(rows)
    curve, n, hits = curve_of(found), len(rows), sum(h for _, h, _ in rows)
    score = auc(found.probability, found.hit)
    assert score is not None
    area = np.trapezoid(curve.infected / hits, SHARES)
    assert area == pytest.approx((hits / 2 + (n - hits) * score) / n, abs=0.02)


def test_nobody_in_quarantine_is_a_flat_curve() -> None:
    none = np.empty(0)
    curve = curve_of(Quarantined(none.astype(np.int32), none.astype(np.int64), none > 0, none > 0, none))
    assert not curve.persons.any()
    assert np.isnan(curve.probability).all()


BY_HAND: World = [
    ("case", {"person": "a", "onset_at": T0 + DAY, "confirmed_at": T0 + 3 * DAY, "isolated_at": T0 + 3 * DAY}),
    ("case", {"person": "b", "onset_at": T0 + 2 * DAY, "confirmed_at": T0 + 5 * DAY, "isolated_at": T0 + 5 * DAY}),
    *(
        ("bluetooth", {"person": p, "peer": q, "at": T0 + at * HOUR, "duration_s": 3600, "attenuation_db": 50.0})
        for p, q, at in (("a", "x", 24), ("a", "b", 24), ("b", "x", 96), ("b", "y", 48))
    ),
]


def known_by_hand(truth: bool = True) -> Known:
    state = load_sorted(BY_HAND).snapshot()
    keys = state.person_keys
    told: Truth = later_cases(keys, state.people, keys)
    if truth:  # a infected b; b infected x; z (seen by nobody) was infected by y
        at = np.array([T0 + 24 * HOUR, T0 + 96 * HOUR, T0 + 100 * HOUR], np.int64)
        told = transmissions(keys, ["b", "x", "z"], ["a", "b", "y"], at)
    return Known(state.graph, state.people, keys, T0 + 8 * DAY, told)


def row(known: Known, **settings_: Any) -> dict[str, Any]:
    found: list[dict[str, Any]] = run_study(known, PolicyStudy(), [("v", PolicyVariant(**settings_))]).study.to_pylist()
    return found[0]


def test_a_study_worked_out_by_hand() -> None:
    """F1 of a: x, b. F1 of b: a (a case already), x, y."""
    got = row(known_by_hand(), depth=1)
    # a found at day 3: x until day 1 + 1 h + 14 d; b until its own tracing at day 5. b found at day 5: a is a case
    # already; x until day 4 + 1 h + 14 d; y until day 2 + 1 h + 14 d.
    assert (got["f1"], got["infected_f1"], got["infected_all"], got["sensitivity"]) == (5, 2, 2, 1.0)
    assert got["quarantined"] == 3
    x, b, y = (4 + 14) + 1 / 24 - 3, 5 - 3, (2 + 14) + 1 / 24 - 5
    assert got["person_days"] == pytest.approx(x + b + y)
    assert got["false_person_days"] == pytest.approx(y)
    assert got["infected_quarantined"] == 2
    # a: x and b after 2 days; b: a after 4 days, y after 3, x after 1.
    assert got["delay_median_d"] == pytest.approx(2)
    # b was infected at day 1 and found at day 3; x at day 4 and day 5.
    assert got["delay_infection_median_d"] == pytest.approx(1.5)


def test_a_day_later_by_hand() -> None:
    got = row(known_by_hand(), depth=1, shift_days=1)
    x, b, y = (4 + 14) + 1 / 24 - 4, 6 - 4, (2 + 14) + 1 / 24 - 6
    assert got["person_days"] == pytest.approx(x + b + y)
    assert got["delay_infection_median_d"] == pytest.approx(2.5)


def test_without_a_truth_later_cases_count() -> None:
    got = row(known_by_hand(truth=False), depth=1)
    assert (got["infected_f1"], got["infected_all"], got["infected_quarantined"]) == (1, 1, 1)
    assert got["delay_infection_median_d"] is None


def test_grandchildren_of_a_case_are_hits_among_its_f2() -> None:
    got = row(known_by_hand(), depth=2, channels=("bluetooth",))
    assert (got["infected_f1"], got["infected_f2"]) == (2, 0), "x, infected by b, is a's F1 first"


def test_shifts_move_what_tests_decide_and_nothing_else() -> None:
    f0 = F0(1, T0, T0 + 1, None, T0 + 3, ("case",))
    assert shifted(f0, 60) == F0(1, T0 + 60, T0 + 1, None, T0 + 63, ("case",))
    assert shifted(f0, 0) == f0


@pytest.mark.parametrize(
    ("dates", "moment"),
    [((1, 2, 3, 4), 1), ((None, 2, 3, 4), 3), ((None, 2, None, 4), 4), ((None, 2, None, None), 2)],
)
def test_a_case_is_traced_from_its_confirmation_sample_isolation_or_onset(dates: Any, moment: int) -> None:
    confirmed, onset, sampled, isolated = dates
    assert tracing_moment(F0(0, confirmed, onset, sampled, isolated, ())) == moment


def test_who_keeps_a_device_keeps_it_at_greater_adoption() -> None:
    idents = np.arange(2000, dtype=np.int64)
    some, more = devices(idents, 0.3, 1), devices(idents, 0.6, 1)
    assert (some <= more).all()
    assert some.mean() == pytest.approx(0.3, abs=0.04)
    assert (devices(idents, 0.3, 2) != some).any()
    assert devices(idents, 1, 3).all()
