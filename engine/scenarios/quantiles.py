"""Medians, intervals and standard errors over replicates."""

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]

SHARES = (0.5, 0.05, 0.25, 0.75, 0.95)
NAMES = ("median", "q05", "q25", "q75", "q95")
"""Columns of quantiles, in the order of ``SHARES``."""
NORMAL_95 = 1.959963984540054


def quantiles(values: npt.NDArray[np.generic]) -> Floats:
    """Quantiles ``SHARES`` over axis 0, shape (5, ...); linear between order statistics (type 7, as R and NumPy).

    The 5-95 % interval is of single replicates: where one run of the epidemic ends, not how sure its median is.
    """
    return np.asarray(np.quantile(np.asarray(values), SHARES, axis=0), np.float64)


def known_quantiles(values: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Quantiles (5, columns), mean and number of the finite values in each column of (replicates, columns).

    A column without any has NaN and 0.
    """
    out = np.full((len(SHARES), values.shape[1]), np.nan)
    mean = np.full(values.shape[1], np.nan)
    number = np.zeros(values.shape[1], np.int64)
    for column in range(values.shape[1]):
        known = values[:, column]
        known = known[np.isfinite(known)]
        number[column] = len(known)
        if len(known):
            out[:, column], mean[column] = quantiles(known), known.mean()
    return out, mean, number


def se_mean(values: Floats) -> float:
    """Standard error of the mean: standard deviation (n - 1) over the root of n; NaN of fewer than 2 values."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def half_width(values: Floats) -> float:
    """Half the 95 % interval of the mean, by Student's t; infinite for fewer than 2 values."""
    if len(values) < 2:
        return math.inf
    return float(stats.t.ppf(0.975, len(values) - 1)) * se_mean(values)


def median_interval(values: Floats) -> tuple[float, float]:
    """At least 95 % interval of the median from order statistics; holds for any distribution.

    With B ~ Binomial(n, 1/2), the values at rank r and n + 1 - r, r the greatest with P(B < r) <= 2.5 %, hold the
    median between them. Fewer than 6 values have no such interval: NaN.
    """
    n = len(values)
    # ppf is the least k with P(B <= k) >= 0.025, so P(B <= k - 1) < 0.025: ranks k and n + 1 - k, counted from 1.
    rank = int(stats.binom.ppf(0.025, n, 0.5))
    if rank < 1:
        return math.nan, math.nan
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[n - rank])
