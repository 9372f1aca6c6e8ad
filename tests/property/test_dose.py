"""Dose and probability against quadrature: one contact at a time, on every day of a course."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import params
from tests.oracles import dose, tracing
from tests.oracles.policy import VN_2021_07
from tests.oracles.state import fold
from tests.property.answers import COMMON
from tests.strategies import DAY, T0
from tests.worlds import World, load_sorted

ONSET = T0 + 10 * DAY
LATE = T0 + 40 * DAY
WEIGHTS = {50.0: 1.75, 55.0: 1.75, 55.5: 1.0, 67.0: 1.0, 68.0: 0.33, 75.0: 0.33}


def meeting(x: str, y: str, at: int, duration: int, db: float) -> World:
    return [("bluetooth", {"person": x, "peer": y, "at": at, "duration_s": duration, "attenuation_db": db})]


@settings(**COMMON)
@given(st.integers(-3 * 1440, 12 * 1440), st.integers(60, 30_000), st.sampled_from(sorted(WEIGHTS)))
def test_dose_of_one_meeting_is_weight_times_area(minute: int, duration: int, db: float) -> None:
    at = ONSET + minute * 60
    world = [*meeting("s", "y", at, duration, db), ("case", {"person": "s", "onset_at": ONSET})]
    (row,) = load_sorted(world).exposures("s", depth=1, until=LATE).rows
    course = dose.course_of_case({"onset_at": ONSET})
    expected = WEIGHTS[db] * course(at, at + duration)
    assert row.dose == pytest.approx(expected, rel=1e-3, abs=1e-9)
    assert row.probability == pytest.approx(1 - math.exp(-params.RATE_PER_HOUR.value * row.dose), rel=1e-9)


@settings(**COMMON)
@given(st.integers(-14 * 1440, 10 * 1440), st.integers(60, 30_000))
def test_an_f0_without_onset_is_less_infectious_round_the_sample(minute: int, duration: int) -> None:
    at = ONSET + minute * 60
    dates = {"person": "s", "sampled_at": ONSET, "confirmed_at": ONSET + DAY}
    world = [*meeting("s", "y", at, duration, 60.0), ("case", dates)]
    (row,) = load_sorted(world).exposures("s", depth=1, until=LATE).rows
    expected = dose.course_of_case(dates)(at, at + duration)
    assert row.dose == pytest.approx(expected, rel=1e-3, abs=1e-9)


@settings(**COMMON)
@given(st.integers(5, 14 * 1440), st.integers(60, 30_000), st.booleans())
def test_the_second_step_counts_from_the_arrival_unless_the_course_is_known(
    minute: int, duration: int, known: bool
) -> None:
    world = [
        ("case", {"person": "s", "onset_at": ONSET}),
        *meeting("s", "x", ONSET, 300, 50.0),
        *meeting("x", "y", ONSET + minute * 60, duration, 60.0),
    ]
    if known:
        world.append(("case", {"person": "x", "onset_at": ONSET + 5 * DAY}))
    rows = {r.person: r for r in load_sorted(world).exposures("s", depth=2, until=LATE).rows}
    oracle = tracing.forward(fold(world), "s", VN_2021_07, LATE, 2).rows
    for person in ("x", "y"):
        assert rows[person].probability == pytest.approx(oracle[person].probability, rel=1e-3, abs=1e-12)
    assert rows["y"].dose == pytest.approx(oracle["y"].dose, rel=1e-3, abs=1e-9)


@settings(**COMMON)
@given(
    st.lists(
        st.tuples(st.integers(0, 120), st.integers(1, 90), st.sampled_from(sorted(WEIGHTS))),
        min_size=1,
        max_size=8,
        unique_by=lambda t: t[0],
    )
)
def test_overlapping_evidence_takes_the_greatest_weight_once(sightings: list[tuple[int, int, float]]) -> None:
    world: World = [("case", {"person": "s", "onset_at": ONSET})]
    for start, minutes, db in sightings:
        world += meeting("s", "y", ONSET + start * 60, minutes * 60, db)
    (row,) = load_sorted(world).exposures("s", depth=1, until=LATE).rows
    oracle = tracing.forward(fold(world), "s", VN_2021_07, LATE, 1).rows["y"]
    assert row.dose == pytest.approx(oracle.dose, rel=1e-3)
    assert row.minutes == pytest.approx(oracle.minutes)


@settings(**COMMON)
@given(st.floats(-20, 30))
def test_infectiousness_is_the_corrected_he_profile(day: float) -> None:
    import numpy as np

    from engine.exposure.infectiousness import relative

    assert relative(np.array([day]))[0] == pytest.approx(dose.relative(day), rel=1e-6, abs=1e-12)
