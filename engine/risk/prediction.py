"""Does a ranking of places tell where the next transmissions will be? Pure arrays, no engine state.

A ranking is any score by place (cell, commune); the truth is what happened there afterwards. Two questions: do
the orders agree (Spearman), and how much of what happened lies in the places ranked first (hit rate).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from engine.errors import BadParameterError

Real = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
LEVEL = 0.95
"""Coverage of the intervals."""
RESAMPLES = 2_000


@dataclass(frozen=True)
class Interval:
    """A mean over independent runs and its bootstrap interval."""

    mean: float
    low: float
    high: float
    runs: int


def spearman(score: Real, truth: Real) -> float | None:
    """Rank correlation of two columns of one length, ties at their middle rank; None where one is constant.

    Source: Spearman (1904); with ties it is Pearson's correlation of the middle ranks. Cost: two sorts.
    """
    _same_length(score, truth)
    a, b = (rankdata(column) - (len(column) + 1) / 2 for column in (score, truth))
    spread = float(a @ a) * float(b @ b)
    return float(a @ b) / spread**0.5 if spread > 0 else None


def hit_rate(score: Real, truth: Real, share: float, cost: Real | None = None) -> float | None:
    """Share of ``truth`` in the places of highest ``score`` that together make up ``share`` of the cost.

    Args:
        score: any order of places, higher first, shape (n,).
        truth: what happened in each, >= 0, shape (n,).
        share: 0..1 of the places, or of ``cost``.
        cost: what taking a place costs (its person-time), >= 0; one each when not given.

    Returns:
        0..1; None where nothing happened anywhere. Among equal scores the places are taken in random order, and
        this is the expected share; the last place is taken in part, so that the budget is spent exactly. A
        ranking that knows nothing gets ``share``.

    Raises:
        BadParameterError: columns of different lengths, or a share outside 0..1.

    Cost: one sort.
    """
    found = hit_rates(score, truth, (share,), cost)
    return None if found is None else found[0]


def hit_rates(score: Real, truth: Real, shares: Sequence[float], cost: Real | None = None) -> tuple[float, ...] | None:
    """:func:`hit_rate` for several shares of one ranking, at the cost of one."""
    _same_length(score, truth)
    if not all(0 <= share <= 1 for share in shares):
        raise BadParameterError(f"a share of {shares} is not in 0..1")
    price = np.ones(len(score)) if cost is None else np.asarray(cost, np.float64)
    _same_length(score, price)
    total = float(truth.sum())
    if total <= 0:
        return None
    _, group = np.unique(-np.asarray(score, np.float64), return_inverse=True)
    prices = np.bincount(group, weights=price)
    found = np.bincount(group, weights=truth)
    spent_before = np.cumsum(prices) - prices
    out = []
    for share in shares:
        left = share * float(price.sum()) - spent_before
        # A group that costs nothing is taken whole as long as anything is left to spend.
        taken = np.divide(left, prices, out=(left > 0).astype(np.float64), where=prices > 0)
        out.append(float(np.clip(taken, 0.0, 1.0) @ found) / total)
    return tuple(out)


def bootstrap(values: Real, resamples: int = RESAMPLES, seed: int = 0, level: float = LEVEL) -> Interval:
    """Mean of one value a run, and the percentile interval of the means of resampled runs.

    Equal input, equal interval: the random numbers depend on ``seed`` and on how many runs there are alone, so
    that columns of one length are resampled alike.

    Raises:
        BadParameterError: no runs.

    Source: Efron (1979).
    """
    values = np.asarray(values, np.float64)
    if len(values) == 0:
        raise BadParameterError("an interval needs at least one run")
    means = values[_draws(len(values), resamples, seed)].mean(1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high), len(values))


@cache
def _draws(runs: int, resamples: int, seed: int) -> Index:
    return np.random.default_rng(seed).integers(0, runs, (resamples, runs))


def decayed_counts(counts: Real, half_life_d: float) -> Real:
    """Counts by place and day, weighted 2^-(age / half-life), the last day whole.

    Args:
        counts: shape (places, days), oldest day first.
        half_life_d: days, > 0; infinity counts every day whole.

    Returns:
        Shape (places,).

    Raises:
        BadParameterError: a half-life that is not positive.
    """
    if not half_life_d > 0:
        raise BadParameterError(f"a half-life of {half_life_d} days is not positive")
    age = np.arange(counts.shape[1] - 1, -1, -1, dtype=np.float64)
    return np.asarray(counts @ np.exp2(-age / half_life_d), np.float64)


def shrunk(values: Real, group: Index, weight: float) -> Real:
    """Values drawn towards the mean of their group: (value + weight x mean) / (1 + weight).

    Args:
        values: shape (n,).
        group: index of each one's group (the district of a commune), shape (n,).
        weight: of the group's mean, >= 0.
    """
    mean = np.bincount(group, weights=values) / np.maximum(np.bincount(group), 1)
    return np.asarray((values + weight * mean[group]) / (1 + weight), np.float64)


def _same_length(one: Real, other: Real) -> None:
    if one.shape != other.shape or one.ndim != 1:
        raise BadParameterError(f"columns of one length are needed, not {one.shape} and {other.shape}")
