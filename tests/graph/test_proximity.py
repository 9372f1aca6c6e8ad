"""How far the exact test of two fixes looks, and how vague they may be."""

from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import params
from engine.graph.eligibility import Eligibility
from engine.graph.kernels.fixes import chance_within
from engine.graph.proximity import Proximity

METRES = st.floats(0.5, 100.0)
ACCURACIES = st.integers(1, 65_535)


def of(limit: float) -> Proximity:
    return Proximity.of(Eligibility(70.0, limit))


def sigma(one_dm: int, other_dm: int) -> float:
    return hypot(one_dm / 10, other_dm / 10) / params.ACCURACY_SIGMAS.value


@given(METRES, ACCURACIES)
def test_fixes_vaguer_than_the_worst_are_never_likely_enough(limit: float, accuracy: int) -> None:
    if accuracy > of(limit).worst_dm:
        assert chance_within(limit, 0.0, sigma(accuracy, 1)) < params.FIX_WEIGHT_FLOOR.value


@given(METRES, ACCURACIES, ACCURACIES)
def test_the_radius_is_that_of_the_search_where_fixes_may_be_evidence(limit: float, one: int, other: int) -> None:
    exact, both = of(limit), sigma(one, other)
    if both <= exact.most_sigma:
        wide = limit + params.FIX_SEARCH_SIGMAS.value * both
        assert exact.radius_m(one, other) == pytest.approx(min(wide, params.FIX_SEARCH_CAP_M.value))
    assert exact.radius_m(one, other) <= exact.radius_m(exact.worst_dm + 1, exact.worst_dm + 1)


def test_whole_numbers_of_metres_give_the_same_types() -> None:
    assert {type(limit) for limit in of(2).limits} == {float}
