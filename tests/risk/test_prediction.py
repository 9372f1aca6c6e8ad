"""Scores of a ranking against what happened: rank correlation, hit rate, intervals, counts that fade."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from engine.errors import BadParameterError
from engine.risk.prediction import bootstrap, decayed_counts, hit_rate, shrunk, spearman
from tests.oracles import prediction as oracle

SMALL = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=6)
MORE = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=2, max_size=40)


def columns(rows):
    return np.array([a for a, _ in rows], float), np.array([b for _, b in rows], float)


@given(MORE)
@settings(max_examples=100, deadline=None)
def test_spearman_is_the_oracles_and_scipys(rows):
    score, truth = columns(rows)
    found, expected = spearman(score, truth), oracle.spearman(*zip(*rows, strict=True))
    if expected is None:
        assert found is None
    else:
        assert found == pytest.approx(expected)
        assert found == pytest.approx(spearmanr(score, truth).statistic)


@pytest.mark.parametrize(("score", "value"), [([1, 2, 3], 1.0), ([3, 2, 1], -1.0), ([1, 1, 1], None), ([], None)])
def test_spearman_of_order(score, value):
    assert spearman(np.array(score, float), np.arange(len(score), dtype=float)) == value


@given(SMALL, st.sampled_from([Fraction(n, 20) for n in range(21)]))
@settings(max_examples=100, deadline=None)
def test_hit_rate_is_the_mean_over_every_order_of_equal_places(rows, share):
    score, truth = columns(rows)
    expected = oracle.hit_rate(*zip(*rows, strict=True), share)
    found = hit_rate(score, truth, float(share))
    assert (found is None) == (expected is None)
    if expected is not None:
        assert found == pytest.approx(expected)


@given(MORE, st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_a_ranking_that_knows_nothing_gets_its_share(rows, share):
    _, truth = columns(rows)
    if truth.sum():
        assert hit_rate(np.zeros(len(truth)), truth, share) == pytest.approx(share)


@given(MORE, st.lists(st.floats(0, 1), min_size=2, max_size=2))
@settings(max_examples=50, deadline=None)
def test_hit_rate_grows_with_the_budget_and_no_ranking_beats_the_truth(rows, shares):
    score, truth = columns(rows)
    if truth.sum():
        low, high = (hit_rate(score, truth, share) for share in sorted(shares))
        assert low <= high + 1e-12
        assert high <= hit_rate(truth, truth, max(shares)) + 1e-12
        assert hit_rate(score, truth, 1.0) == pytest.approx(1.0)


@given(MORE, st.floats(0, 1), st.integers(2, 5))
@settings(max_examples=50, deadline=None)
def test_a_place_of_double_cost_counts_as_two_of_half_the_truth(rows, share, times):
    score, truth = columns(rows)
    if truth.sum():
        split = hit_rate(np.repeat(score, times), np.repeat(truth / times, times), share)
        assert hit_rate(score, truth, share, np.full(len(score), float(times))) == pytest.approx(split)


def test_a_place_that_costs_nothing_is_taken_whole():
    score, truth, cost = np.array([2.0, 1.0]), np.array([1.0, 3.0]), np.array([0.0, 10.0])
    assert hit_rate(score, truth, 0.5, cost) == pytest.approx((1 + 1.5) / 4)
    assert hit_rate(-score, truth, 0.5, cost) == pytest.approx(1.5 / 4)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_between_0_and_1(share):
    with pytest.raises(BadParameterError, match="share"):
        hit_rate(np.zeros(2), np.ones(2), share)


@pytest.mark.parametrize("score", [np.zeros(3), np.zeros((2, 2))])
def test_columns_must_have_one_length(score):
    for measure in (spearman, lambda a, b: hit_rate(a, b, 0.5)):
        with pytest.raises(BadParameterError, match="one length"):
            measure(score, np.zeros(2))


def test_an_interval_holds_its_mean_and_repeats():
    values = np.random.default_rng(1).normal(3.0, 1.0, 40)
    one = bootstrap(values)
    assert one == bootstrap(values)
    assert one.low < one.mean < one.high
    assert one.mean == pytest.approx(values.mean())
    assert one.high - one.low == pytest.approx(2 * 1.96 * values.std() / 40**0.5, rel=0.1)
    assert (bootstrap(np.full(5, 0.25)).low, bootstrap(np.full(5, 0.25)).high) == (0.25, 0.25)


def test_an_interval_of_nothing_is_refused():
    with pytest.raises(BadParameterError, match="at least one run"):
        bootstrap(np.empty(0))


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=1, max_size=6), st.floats(0.5, 20))
@settings(max_examples=30, deadline=None)
def test_counts_fade_by_half_in_a_half_life(rows, half_life):
    counts = np.array(rows, float)
    expected = [sum(n * 0.5 ** ((3 - day) / half_life) for day, n in enumerate(row)) for row in rows]
    assert decayed_counts(counts, half_life) == pytest.approx(expected)
    assert decayed_counts(counts, np.inf) == pytest.approx(counts.sum(1))


def test_a_half_life_is_positive():
    with pytest.raises(BadParameterError, match="half-life"):
        decayed_counts(np.ones((1, 2)), 0.0)


def test_values_are_drawn_to_the_mean_of_their_group():
    values, group = np.array([4.0, 0.0, 3.0]), np.array([0, 0, 2])
    assert shrunk(values, group, 0.0).tolist() == values.tolist()
    assert shrunk(values, group, 1.0).tolist() == [3.0, 1.0, 3.0]
    assert np.bincount(group, weights=shrunk(values, group, 2.5)).tolist() == [4.0, 0.0, 3.0]
