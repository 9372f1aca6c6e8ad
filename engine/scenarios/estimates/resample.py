"""Bootstrap whose draws are functions of (seed, resample, position): the same interval on any machine and thread."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engine.kernels.hashing import draws, fold

Floats = npt.NDArray[np.float64]
BLOCK = 2_000_000
"""Draws held at a time."""
MOST = 5_000_000
"""Draws made, unless 100 resamples take more."""


def bootstrap(
    n: int, statistic: Callable[[npt.NDArray[np.int64]], Floats], seed: int, stream: int, resamples: int = 1000
) -> Floats:
    """``statistic`` of ``resamples`` resamples of 0..n-1 with replacement.

    ``statistic`` takes positions (some, n) and gives (some, values). Returns (resamples, values); of more than 5,000
    positions fewer resamples are taken, at least 100. Cost: some 30 ns a draw.
    """
    key = key_of(seed, stream)
    resamples = min(resamples, max(100, MOST // max(n, 1)))
    block = max(1, BLOCK // max(n, 1))
    parts = []
    for begin in range(0, resamples, block):
        ids = np.arange(begin, min(begin + block, resamples), dtype=np.int64)
        parts.append(statistic(np.minimum((draws(key, ids, n) * n).astype(np.int64), n - 1)))
    return np.concatenate(parts)


def interval(values: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Ends of the central interval of each column."""
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    return low, high


def key_of(seed: int, *counters: int) -> np.uint64:
    """A key for draws. What ``fold`` gives becomes a Python number outside kernels and must be made uint64 again."""
    key = np.uint64(seed)
    for counter in counters:
        key = np.uint64(fold(key, counter))
    return key
