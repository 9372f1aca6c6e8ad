"""The oracles themselves, on cases that can be done in the head."""

import math

import pytest
from scipy import integrate

from engine import params
from tests.oracles import cases, dose, tracing
from tests.oracles.contacts import all_evidence, location_weight, place_weight
from tests.oracles.intervals import most_in_24h, union
from tests.oracles.policy import OraclePolicy
from tests.oracles.state import Event, fold

H = 3600
CASE = ("case", {"person": "s", "onset_at": 3 * 86_400})
OPEN = OraclePolicy(days_before_onset=3)


def ble(a: str, b: str, at: int, duration: int = 300, db: float = 50) -> tuple[str, Event]:
    return ("bluetooth", {"person": a, "peer": b, "at": at, "duration_s": duration, "attenuation_db": db})


def test_design_5_3_keeps_an_arrival_per_level() -> None:
    world = [CASE, ble("s", "a", 10 * H), ble("s", "b", 1 * H), ble("b", "a", 2 * H), ble("a", "c", 5 * H)]
    answer = tracing.forward(fold(world), "s", OPEN, 90 * H, 3)
    assert {p: r.level for p, r in answer.rows.items()} == {"a": 1, "b": 1, "c": 3}
    assert answer.arrivals[1]["a"] == 10 * H
    assert answer.arrivals[2]["a"] == 2 * H
    assert answer.rows["c"].via == "a"


def test_touching_intervals_join_and_empty_ones_vanish() -> None:
    assert union([(5, 7), (0, 5), (9, 9)]) == [(0, 7)]


def test_most_in_24h_slides() -> None:
    assert most_in_24h([(0, 600), (50_000, 51_000), (86_700, 87_000)]) == 1600


def test_retraction_kills_its_revision_and_a_higher_one_revives() -> None:
    event = {"person": "s", "peer": "a", "at": 0, "attenuation_db": 50.0}
    tomb = {"person": "s", "peer": "a", "at": 0, "retract": True, "revision": 1}
    assert fold([("bluetooth", event), ("bluetooth", tomb)]).of("bluetooth") == []
    assert fold([("bluetooth", tomb), ("bluetooth", {**event, "revision": 2})]).of("bluetooth") == [
        {**event, "duration_s": 300}
    ]


@pytest.mark.parametrize(("accumulate", "reached"), [("window", True), ("24h", True), ("single", False)])
def test_minutes_accumulate_by_the_rule(accumulate: str, reached: bool) -> None:
    world = [CASE, ble("s", "a", 0, 480), ble("s", "a", 2 * H, 480)]
    policy = OraclePolicy(min_minutes=15, accumulate=accumulate)
    assert ("a" in tracing.forward(fold(world), "s", policy, 90 * H, 1).rows) is reached


def test_slack_widens_the_infector_only() -> None:
    world = [
        ("check_in", {"person": "x", "place": "p", "entered_at": 0, "left_at": 600}),
        ("check_in", {"person": "y", "place": "p", "entered_at": 900, "left_at": 9000}),
    ]
    found = all_evidence(fold(world), OraclePolicy(slack_s=3600))
    assert {(e.infector, e.start, e.end) for e in found} == {("x", 900, 4200), ("y", 0, 600)}


def test_place_weight_by_area_and_air() -> None:
    state = fold([("place", {"place": "hall", "area_m2": 400.0}), ("place", {"place": "yard", "kind": "market"})])
    assert place_weight(state, "hall") == pytest.approx(0.1)
    assert place_weight(state, "yard") == pytest.approx(0.002)
    assert place_weight(state, "unheard of") == pytest.approx(0.2)


def test_weight_of_fixes_at_one_point_is_a_rayleigh_probability() -> None:
    fix = {"lat": 10.0, "lng": 106.0, "accuracy_m": 3.0}
    sigma = math.sqrt(2) * 3.0 / params.ACCURACY_SIGMAS.value
    assert location_weight(fix, fix, 2.0) == pytest.approx(1 - math.exp(-((2 / sigma) ** 2) / 2))
    far = {**fix, "lat": 10.0 + 60 / 111_195}
    assert location_weight(fix, far, 2.0) == 0


def test_dose_agrees_with_quadrature() -> None:
    course = dose.course_of_case({"onset_at": 0})
    expected, _ = integrate.quad(dose.relative, 0.5, 0.75)
    assert course(43_200, 64_800) == pytest.approx(24 * expected, rel=1e-6)
    infected, _ = integrate.quad(dose.expected, 2, 2.1)
    assert dose.course_of_infected(0)(172_800, 181_440) == pytest.approx(24 * infected, rel=1e-5)


def test_dose_takes_the_greatest_weight_of_overlapping_evidence() -> None:
    both = fold([ble("s", "a", 0, 600, 60), ble("s", "a", 300, 600, 50)])
    evidence = [e for e in all_evidence(both, OraclePolicy()) if e.infector == "s"]
    hours = dose.dose(evidence, (0, 86_400), lambda start, end: (end - start) / 3600)
    assert hours == pytest.approx((300 * 1.0 + 600 * 1.75) / 3600)


def test_data_time_is_never_after_the_clock() -> None:
    state = fold([ble("a", "b", 1000, 300), CASE])
    assert cases.data_time(state, 10**9) == 3 * 86_400
    assert cases.data_time(state, 1200) == 1200
