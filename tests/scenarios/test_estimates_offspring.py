"""Offspring: against a textbook likelihood, coverage, the infector of a random case, limits."""

from math import inf, isinf, isnan, sqrt

import numpy as np
import pytest

from engine.errors import BadParameterError
from engine.scenarios.estimates.coverage import coverage
from engine.scenarios.estimates.offspring import (
    count_offspring,
    drawn_infectors,
    fit_offspring,
    pooled,
    simulate_offspring,
)
from engine.scenarios.estimates.tables import FEW_CASES, rows_of_offspring
from tests.oracles import estimates as oracle


@pytest.mark.parametrize(("r", "k", "n"), [(0.8, 0.1, 200), (1.5, 0.5, 100), (3.0, 1.0, 150)])
def test_r_k_and_their_intervals_are_those_of_a_general_optimiser(r, k, n):
    y = simulate_offspring(r, k, n, seed=3, replicate=0)
    found = fit_offspring(y)
    got = found.r, found.k, found.r_low, found.r_high, found.k_low, found.k_high
    assert got == pytest.approx(oracle.offspring_fit(y.tolist()), rel=2e-4)


def test_intervals_cover_as_promised():
    for row in coverage(150, seed=5, means=(0.8, 3.0), dispersions=(0.1, 1.0), sizes=(100,)):
        error = sqrt(0.95 * 0.05 / row.replicates)
        assert abs(row.r_share - 0.95) < 3.5 * error, row
        assert abs(row.k_share - 0.95) < 3.5 * error, row


@pytest.mark.parametrize(("r", "k"), [(0.5, 0.3), (1.5, 0.5), (2.5, 2.0), (2.0, inf)])
def test_the_infector_of_a_random_case_has_one_plus_r_times_one_plus_one_over_k_offspring(r, k):
    y = simulate_offspring(r, k, 300_000, seed=11, replicate=0)
    # Spread of the ratio by tenths of the sample.
    parts = [float((p * p).sum() / p.sum()) for p in np.split(y, 10)]
    expected = 1 + r * (1 + (0 if isinf(k) else 1 / k))
    assert abs(np.mean(parts) - expected) < 4 * np.std(parts, ddof=1) / sqrt(10)
    assert fit_offspring(y).infector_mean == pytest.approx(expected, rel=0.03)


def test_no_more_spread_than_poisson_is_told_as_such():
    found = fit_offspring(np.array([1, 1, 1, 2, 0, 1, 1, 1]))
    assert found.poisson
    assert isinf(found.k)
    assert isinf(found.k_high)
    assert found.k_low > 0
    assert found.r_low < 1 < found.r_high


def test_without_any_offspring_r_is_bounded_and_k_unknown():
    found = fit_offspring(np.zeros(50, np.int64))
    assert (found.r, found.r_low) == (0, 0)
    assert 0 < found.r_high < 0.05
    assert isnan(found.k)


def test_without_cases_there_is_nothing_to_fit():
    with pytest.raises(BadParameterError):
        fit_offspring(np.zeros(0, np.int64))


def test_cases_without_offspring_count():
    y = np.array([5, 3, 2])
    with_zeros = fit_offspring(np.concatenate([y, np.zeros(20, np.int64)]))
    assert with_zeros.r == pytest.approx(10 / 23)
    assert with_zeros.k < fit_offspring(y).k
    assert with_zeros.zero_share == pytest.approx(20 / 23)
    assert count_offspring(4, np.array([-1, 0, 0, 2])).tolist() == [2, 0, 1, 0]


def test_simulated_offspring_do_not_depend_on_how_many_are_asked_for():
    few, many = (simulate_offspring(2, 0.4, n, seed=2, replicate=9) for n in (50, 500))
    assert few.tolist() == many[:50].tolist()
    assert few.tolist() != simulate_offspring(2, 0.4, 50, seed=2, replicate=10).tolist()


def test_drawn_trees_follow_the_chances():
    infected, infector = np.array([1, 1, 2]), np.array([0, 2, 0])
    share = np.array([0.5, 0.25, 1.0])
    trees = np.array([drawn_infectors(3, infected, infector, share, 7, t) for t in range(4000)])
    assert (trees[:, 0] == -1).all()
    assert (trees[:, 2] == 0).all()
    for who, chance in ((0, 0.5), (2, 0.25), (-1, 0.25)):
        assert (trees[:, 1] == who).mean() == pytest.approx(chance, abs=0.03)


def test_a_pooled_answer_of_equal_trees_is_that_of_one():
    one = fit_offspring(simulate_offspring(1.5, 0.5, 200, 1, 1))
    many = pooled([one] * 5)
    assert (many.r, many.r_low, many.r_high, many.k) == pytest.approx((one.r, one.r_low, one.r_high, one.k))
    other = fit_offspring(simulate_offspring(1.5, 0.5, 200, 1, 2))
    mixed = pooled([one, other])
    assert mixed.r_high / mixed.r_low > one.r_high / one.r_low


@pytest.mark.parametrize(("cases", "few"), [(1, True), (FEW_CASES - 1, True), (FEW_CASES, False)])
def test_a_fit_to_a_handful_of_cases_says_so(cases, few):
    """One superspreader left over after the recent cases are taken out must not pass for an R of 26."""
    rows = rows_of_offspring(fit_offspring(np.array([26] + [0] * (cases - 1))))
    assert {("few" in r.remarks) for r in rows if r.measure in ("r", "k", "zero_share", "top_share")} == {few}
