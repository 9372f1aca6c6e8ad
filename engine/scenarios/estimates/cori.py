"""The time-varying reproduction number by the method of Cori et al. 2013 (Am J Epidemiol 178:1505; R package EpiEstim).

In a window the local cases are Poisson with mean R times the infectivity, the sum of past cases (local and imported)
weighted by the discretised serial interval; with a gamma prior the posterior of R is a gamma.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from engine import params
from engine.errors import BadParameterError
from engine.scenarios.estimates.families import GAMMA

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_SHIFT = 1.0
_LEFT_OUT = 1e-9
"""Mass of the serial interval beyond the last weight."""


def discretised(mean_d: float, sd_d: float, days: int | None = None) -> Floats:
    """Weights w[0..] of the serial interval by whole days: gamma shifted by a day, as published; w[0] is 0.

    ``days``: how many weights; by default until 1e-9 of the mass is left. Not rescaled.

    Raises:
        BadParameterError: a mean of at most 1 day, or no positive standard deviation.
    """
    if not (mean_d > _SHIFT and sd_d > 0 and np.isfinite(mean_d) and np.isfinite(sd_d)):
        raise BadParameterError(f"serial interval {mean_d:g},{sd_d:g}: the mean must be above 1 day, the sd above 0")
    shape, scale = GAMMA.from_moments(mean_d - _SHIFT, sd_d)
    if days is None:
        days = min(int(np.ceil(scale * float(gammaincinv(shape, 1 - _LEFT_OUT)))) + 3, 400)
    k = np.arange(days, dtype=np.float64)
    h = GAMMA.integral
    weights = h(k, shape, scale) - 2 * h(k - 1, shape, scale) + h(k - 2, shape, scale)
    out: Floats = np.maximum(weights, 0.0)
    return out


def infectivity(cases: Floats, weights: Floats) -> Floats:
    """Sum over earlier days of cases times weight, (days,): what infects on each day; 0 on the first."""
    out: Floats = np.convolve(cases, weights)[: len(cases)]
    return out


@dataclass(frozen=True)
class Rt:
    """R by window, each (windows,). Days are indices into the series; windows are [first, last], both included."""

    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    cases: Floats
    """Local cases in the window."""
    infectivity: Floats
    mean: Floats
    sd: Floats
    median: Floats
    low: Floats
    high: Floats
    """95 % interval of the posterior."""
    few: Flags
    """Fewer cases than a posterior coefficient of variation of 0.3 asks for: 11."""
    truncated: Flags
    """The window reaches into the last days, whose cases are not all known yet."""
    prior_only: Flags
    """Nobody known could infect in the window: the answer is the prior alone."""

    def __len__(self) -> int:
        return len(self.first)


def fewest_cases(cv: float | None = None) -> int:
    """Cases in a window from which on the posterior's coefficient of variation is at most ``cv`` (Cori et al.)."""
    wanted = params.RT_POSTERIOR_CV.value if cv is None else cv
    return int(np.ceil(wanted**-2 - params.RT_PRIOR_SHAPE.value))


def estimate_rt(
    cases: Floats,
    weights: Floats,
    imported: Floats | None = None,
    window: int | None = None,
    late_days: int = 0,
    prior: tuple[float, float] | None = None,
) -> Rt:
    """R in every window of ``window`` days of a daily series, from the second day with cases on.

    ``cases``: all cases of each day, (days,), local and imported, non-negative; ``imported``: those of them infected
    elsewhere: they infect, but nobody here infected them. The cases of the first day with any count as imported, and
    so do those of days on which nobody known could infect. ``late_days``: windows that reach into the last so many
    days are marked as truncated. ``prior``: shape and scale.

    Raises:
        BadParameterError: a window of no day, more imported than cases, negative or missing numbers.

    Cost: days times weights.
    """
    span = int(params.RT_WINDOW_D.value) if window is None else window
    shape, scale = prior or (params.RT_PRIOR_SHAPE.value, params.RT_PRIOR_SCALE.value)
    total = np.asarray(cases, np.float64)
    foreign = np.zeros_like(total) if imported is None else np.asarray(imported, np.float64)
    if span < 1:
        raise BadParameterError(f"a window of {span} days: it must have at least 1")
    if total.shape != foreign.shape or not np.isfinite(total).all() or (total < 0).any():
        raise BadParameterError("cases must be one non-negative number a day")
    if (foreign < 0).any() or (foreign > total).any():
        raise BadParameterError("imported cases are part of the cases of the day: they cannot be more")
    some = np.flatnonzero(total)
    start = int(some[0]) if len(some) else len(total)
    force = infectivity(total, weights)
    local = np.where(force > 0, total - foreign, 0.0)
    first = np.arange(start + 1, max(start + 1, len(total) - span + 1), dtype=np.int64)
    last = first + span - 1
    seen, pressure = (_sums(x, first, last) for x in (local, force))
    a, b = shape + seen, 1 / (1 / scale + pressure)
    # b is the posterior's scale: shape and rate add up over the days of the window.
    quantiles = [b * gammaincinv(a, q) for q in (0.5, 0.025, 0.975)]
    return Rt(
        first=first,
        last=last,
        cases=seen,
        infectivity=pressure,
        mean=a * b,
        sd=np.sqrt(a) * b,
        median=quantiles[0],
        low=quantiles[1],
        high=quantiles[2],
        few=seen < fewest_cases(),
        truncated=last >= len(total) - late_days,
        prior_only=pressure <= 0,
    )


def _sums(x: Floats, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> Floats:
    sums = np.concatenate([[0.0], np.cumsum(x)])
    out: Floats = sums[last + 1] - sums[first]
    return out
