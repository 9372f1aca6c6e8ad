"""Serial and generation intervals from pairs of infector and infected."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError
from engine.scenarios.estimates.families import GAMMA, LEAST, NORMAL, Fit, Floats, fit, rounded
from engine.scenarios.estimates.resample import bootstrap, interval

SERIAL = 102
"""Stream of the resamples."""


@dataclass(frozen=True)
class Interval:
    """Time from an event in the infector to the same event in the infected, days."""

    n: int
    mean: float
    mean_low: float
    mean_high: float
    sd: float
    sd_low: float
    sd_high: float
    """Without what the rounding to days adds; 95 % bootstrap intervals (percentiles)."""
    median: float
    negative: int
    """Pairs in which the infected came first: they count, and the normal fit has room for them."""
    normal: Fit | None
    gamma: Fit | None
    """Of the pairs that are not negative. None: fewer than 5."""


def estimate_interval(
    days: Floats, resolution: float = 1.0, weight: Floats | None = None, seed: int = 1, resamples: int = 1000
) -> Interval:
    """Mean and standard deviation of the intervals between pairs, with fits of a normal and of a gamma distribution.

    ``days``: date of the infected minus that of the infector, (pairs,); ``resolution``: of both dates, days;
    ``weight``: chance of each pair. Pairs are resampled one by one: pairs of one infector share its date, so with few
    infectors the interval is narrower than it should be.

    Raises:
        BadParameterError: no pair.
    """
    x = np.asarray(days, np.float64)
    if not len(x):
        raise BadParameterError("no pair of infector and infected has both dates")
    w = np.ones(len(x)) if weight is None else np.asarray(weight, np.float64)
    blur = resolution**2 / 6

    def moments(at: npt.NDArray[np.int64]) -> Floats:
        xs, ws = x[at], w[at]
        total = ws.sum(axis=1)
        mean = (xs * ws).sum(axis=1) / total
        spread = (ws * (xs - mean[:, None]) ** 2).sum(axis=1) / total
        # Weighted pairs count for less: Kish's number in place of n.
        size = total**2 / (ws**2).sum(axis=1)
        var = spread * size / np.maximum(size - 1, 1) - blur
        return np.column_stack([mean, np.sqrt(np.maximum(var, 0.0))])

    mean, sd = moments(np.arange(len(x))[None, :])[0]
    low, high = interval(bootstrap(len(x), moments, seed, SERIAL, resamples)) if len(x) > 1 else ([mean, 0], [mean, 0])
    positive = x >= 0
    order = np.argsort(x, kind="stable")
    middle = float(x[order][np.searchsorted(np.cumsum(w[order]), w.sum() / 2)])
    return Interval(
        n=len(x),
        mean=float(mean),
        mean_low=float(low[0]),
        mean_high=float(high[0]),
        sd=float(sd),
        sd_low=float(low[1]),
        sd_high=float(high[1]),
        median=middle,
        negative=int((~positive).sum()),
        normal=fit(NORMAL, rounded(x, resolution, w)) if len(x) >= LEAST else None,
        gamma=fit(GAMMA, rounded(x[positive], resolution, w[positive])) if positive.sum() >= LEAST else None,
    )
