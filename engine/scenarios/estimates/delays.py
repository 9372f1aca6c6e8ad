"""Delays between two dated events of a case, and incubation from windows of exposure."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError
from engine.scenarios.estimates.families import (
    LEAST,
    MANY,
    POSITIVE,
    Fit,
    Floats,
    Intervals,
    best_fit,
    distinct,
    fit,
    mean_interval,
    rounded,
)
from engine.scenarios.estimates.resample import bootstrap, interval

DELAYS: dict[str, tuple[str, str]] = {
    "onset_to_isolation": ("onset", "isolated"),
    "onset_to_sample": ("onset", "sampled"),
    "sample_to_result": ("sampled", "resulted"),
    "onset_to_confirmed": ("onset", "confirmed"),
}
"""Delay -> the two dates of a case it lies between."""
FOUND = "case_to_contact_found"
"""From a case's confirmation to the quarantine of a contact."""
STREAM = 103
SHARES = (0.5, 0.25, 0.75, 0.9)
INCUBATION_RESAMPLES = 100


@dataclass(frozen=True)
class Delay:
    """A delay, days. Of those whose end does not lie before the start."""

    n: int
    before: int
    """Left out: the end came before the start (isolated as a contact before the first symptom, say)."""
    mean: float
    mean_low: float
    mean_high: float
    median: float
    median_low: float
    median_high: float
    q25: float
    q75: float
    q90: float
    fits: tuple[Fit, ...]
    """Gamma, Weibull, lognormal, the least AIC first; empty with fewer than 5."""
    recent: float
    """Share that started less than the 90 % point before the end of the data: long delays of these are not seen yet."""


def estimate_delay(
    days: Floats,
    resolution: float = 1.0,
    start: Floats | None = None,
    last: float | None = None,
    seed: int = 1,
    resamples: int = 1000,
    families: bool = True,
) -> Delay:
    """Quantiles of a delay with 95 % bootstrap intervals, and the distributions that explain it best.

    ``days``: end minus start, (n,), NaN where one is not known; ``resolution``: 1 for calendar days (both ends are
    then known to a day: the fits integrate over it); ``start`` and ``last``: moments, for the warning of truncation.
    Quantiles are of the differences as they are; the fits have the rounding taken out.

    Raises:
        BadParameterError: no delay is known.
    """
    known = np.isfinite(days)
    after = known & (days >= 0)
    x = np.asarray(days[after], np.float64)
    if not len(x):
        raise BadParameterError("no case has both dates in their order")

    def moments(at: npt.NDArray[np.int64]) -> Floats:
        return np.column_stack([x[at].mean(axis=1), np.median(x[at], axis=1)])

    low, high = interval(bootstrap(len(x), moments, seed, STREAM, resamples))
    median, q25, q75, q90 = (float(q) for q in np.quantile(x, SHARES))
    recent = 0.0
    if start is not None and last is not None and np.isfinite(last):
        recent = float((start[after] > last - q90).mean())
    return Delay(
        n=len(x),
        before=int((known & ~after).sum()),
        mean=float(x.mean()),
        mean_low=float(low[0]),
        mean_high=float(high[0]),
        median=median,
        median_low=float(low[1]),
        median_high=float(high[1]),
        q25=q25,
        q75=q75,
        q90=q90,
        fits=best_fit(rounded(x, resolution)) if families and len(x) >= LEAST else (),
        recent=recent,
    )


@dataclass(frozen=True)
class Incubation:
    """Incubation fitted to windows of exposure."""

    n: int
    mean: float
    mean_low: float
    mean_high: float
    fits: tuple[Fit, ...]


def estimate_incubation(
    exposed_from: Floats, exposed_to: Floats, onset: Floats, resolution: float = 1.0, seed: int = 1
) -> Incubation | None:
    """Incubation from the first and last day of the only known exposure, and the day of onset; None with fewer than 5.

    Infection is taken to be uniform over the exposure, which is cut at the onset (doubly interval-censored, Reich et
    al. 2009). Moments are days, (n,); windows without both ends, or with onset before their start, are left out.
    Interval of the mean: bootstrap of the best family, with more than 1,000 cases its sandwich variance.
    """
    known = np.isfinite(exposed_from) & np.isfinite(exposed_to) & np.isfinite(onset) & (onset >= exposed_from)
    known &= exposed_to >= exposed_from
    if known.sum() < LEAST:
        return None
    begin, end = exposed_from[known], onset[known]
    close = np.minimum(exposed_to[known] + resolution, end + resolution)
    wide = np.full(len(begin), resolution)
    data = Intervals(begin - begin, close - begin, end - begin, wide, np.ones(len(begin)))
    fits = best_fit(data, POSITIVE)
    best = fits[0]
    if len(begin) > MANY:
        return Incubation(len(begin), best.mean, *mean_interval(best, distinct(data)), fits)

    def means(at: npt.NDArray[np.int64]) -> Floats:
        out = []
        for row in at:
            some = Intervals(data.start[row], data.start_width[row], data.end[row], wide, data.weight[row])
            again = fit(best.family, some)
            out.append(best.mean if again is None else again.mean)
        return np.array(out)[:, None]

    low, high = interval(bootstrap(len(begin), means, seed, STREAM + 1, INCUBATION_RESAMPLES))
    return Incubation(len(begin), best.mean, float(low[0]), float(high[0]), fits)
