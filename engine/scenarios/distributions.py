"""Times in days as tables of quantiles: a kernel draws one with a uniform number, whatever the family is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from engine.scenarios.model import Distribution

CELLS = 1024
"""Steps of the table. The last part of it, 1/TAIL, has a table of its own with as many: tails are drawn as they are."""
TAIL = 32
WIDTH = 2 * (CELLS + 1)
LONGEST_D = 10_000.0
"""Times are drawn no longer than this, far past every run: days are counted in 16 bits."""
Floats = npt.NDArray[np.float64]


def quantiles(distribution: Distribution, u: Floats) -> Floats:
    """Quantiles (days) at ``u`` in [0, 1), any shape, same shape back. Not for ``shares``."""
    d = distribution
    if d.fixed is not None:
        return np.full_like(u, d.fixed)
    if d.weibull is not None:
        return np.asarray(d.weibull[1] * (-np.log1p(-u)) ** (1 / d.weibull[0]))
    if d.gamma is not None:
        mean, shape = d.gamma
        return np.asarray(special.gammaincinv(shape, u) * mean / shape)
    if d.lognormal is not None:
        return np.asarray(np.exp(d.lognormal[0] + d.lognormal[1] * special.ndtri(u)))
    if d.exponential is not None:
        return np.asarray(-d.exponential * np.log1p(-u))
    if d.uniform is not None:
        return np.asarray(d.uniform[0] + u * (d.uniform[1] - d.uniform[0]))
    raise ValueError("shares have no quantiles between whole days")


def stepwise(distribution: Distribution) -> bool:
    """Whether the row of a distribution holds cumulative shares of 0, 1, 2, ... days instead of quantiles."""
    return distribution.shares is not None


def _row(distribution: Distribution) -> Floats:
    if distribution.shares is not None:
        row = np.ones(WIDTH)
        cumulative = np.cumsum(distribution.shares) / np.sum(distribution.shares)
        row[: len(cumulative)] = cumulative
        row[len(cumulative) - 1] = 1
        return row
    u = np.arange(CELLS + 1) / CELLS
    tail = 1 - (1 - u) / TAIL
    u[-1] = tail[-1] = 1 - 0.5 / CELLS / TAIL
    return np.concatenate([quantiles(distribution, u), quantiles(distribution, tail)])


def tables(distributions: Sequence[Distribution]) -> npt.NDArray[np.float32]:
    """Rows for ``kernels.sampling.days``, shape (distributions, WIDTH), in the order given.

    A row: quantiles at multiples of 1/CELLS, then as many of the last 1/TAIL; or, ``stepwise``, cumulative shares.
    """
    with np.errstate(over="ignore"):
        return np.minimum(np.stack([_row(d) for d in distributions]), LONGEST_D).astype(np.float32)
