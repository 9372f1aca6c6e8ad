"""The tables of infectiousness, against the formula integrated by SciPy."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma

from engine import params
from engine.exposure.infectiousness import CONSTANT, EXPECTED, FIRST_DAY, KNOWN, STEP_S, expected, relative, tables
from engine.exposure.kernels.contacts import cumulative

DAY = 86_400


def hours(course: int, first: float, last: float) -> float:
    """Infectious hours between two days, as the kernels see them."""
    at = [cumulative(tables(), course, FIRST_DAY * DAY, STEP_S, d * DAY) for d in (first, last)]
    return at[1] - at[0]


def known(day: float) -> float:
    return float(relative(np.array([day]))[0])


def expected_at(day: float) -> float:
    """Profile convolved with incubation, at ``day`` after exposure."""
    shape = params.INCUBATION_SHAPE.value
    scale = params.INCUBATION_MEAN_D.value / shape
    whole, _ = quad(lambda u: gamma.pdf(u, shape, scale=scale) * known(day - u), 0, 25, limit=200)
    return whole


@pytest.mark.parametrize(
    ("day", "value"),
    [(-3, 0.50), (-2, 0.75), (-1, 0.94), (0, 1.0), (1, 0.94), (2, 0.79), (3, 0.60), (5, 0.28), (7, 0.10), (10, 0.01)],
)
def test_relative_infectiousness_is_the_published_profile(day: float, value: float) -> None:
    assert known(day) == pytest.approx(value, abs=0.006)


@pytest.mark.parametrize(("before", "share"), [(2, 0.82), (3, 0.91)])
def test_a_window_holds_the_published_share_of_transmission(before: float, share: float) -> None:
    assert hours(KNOWN, -before, 40) / hours(KNOWN, -15, 40) == pytest.approx(share, abs=0.006)


@pytest.mark.parametrize(("first", "last"), [(-15, 40), (-3, -2.99), (0, 0.25), (2.5, 2.503), (9, 30)])
def test_known_course_integrates_the_profile(first: float, last: float) -> None:
    assert hours(KNOWN, first, last) == pytest.approx(24 * quad(known, first, last)[0], abs=1e-4)


@pytest.mark.parametrize(("first", "last"), [(0, 1), (2, 2.01), (3, 6), (8, 12)])
def test_expected_course_is_the_profile_convolved_with_incubation(first: float, last: float) -> None:
    assert hours(EXPECTED, first, last) == pytest.approx(24 * quad(expected_at, first, last)[0], abs=1e-3)


@pytest.mark.parametrize("day", [0.5, 2.0, 3.7, 7.0])
def test_expected_rate_is_the_convolution(day: float) -> None:
    assert expected(np.array([day]))[0] == pytest.approx(expected_at(day), abs=1e-3)


def test_nobody_is_expected_to_infect_before_exposure() -> None:
    assert hours(EXPECTED, -15, 0) == 0


@pytest.mark.parametrize("day", [-40, -15, 60, 400])
def test_far_from_onset_nothing_is_added(day: float) -> None:
    assert hours(KNOWN, day, day + 1) == pytest.approx(0, abs=1e-9)


def test_an_unknown_course_counts_every_hour_alike() -> None:
    assert hours(CONSTANT, 3, 4) == pytest.approx(24)


@pytest.mark.parametrize("course", [KNOWN, EXPECTED])
def test_tables_never_fall_and_cannot_be_written(course: int) -> None:
    assert (np.diff(tables()[course]) >= 0).all()
    assert not tables().flags.writeable
