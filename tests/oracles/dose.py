"""Dose of a contact: eligible time x greatest weight x infectiousness, in hours.

Infectiousness is a course: a function of time whose integral over an interval is asked for. The profile
of an F0 is a gamma density, so its integral is a difference of gamma distribution functions; that of
somebody infected at a known moment is the same integral averaged over the incubation time.
"""

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
from scipy import integrate, stats

from engine import params
from tests.oracles.contacts import Evidence
from tests.oracles.intervals import Interval, clip
from tests.oracles.state import Event

DAY = 86_400
Course = Callable[[int, int], float]
"""(start, end) in UTC seconds -> integral of infectiousness over it, in hours."""

_HE = stats.gamma(params.HE_SHAPE.value, scale=1 / params.HE_RATE.value)
_MODE = (params.HE_SHAPE.value - 1) / params.HE_RATE.value
_INCUBATION = stats.gamma(
    params.INCUBATION_SHAPE.value, scale=params.INCUBATION_MEAN_D.value / params.INCUBATION_SHAPE.value
)


def relative(day: float) -> float:
    """Infectiousness on this day from onset, 1 at its peak."""
    return float(_HE.pdf(day + params.HE_SHIFT_D.value) / _HE.pdf(_MODE))


def expected(day: float) -> float:
    """Expected infectiousness this many days after being infected, onset unknown (scipy quad)."""
    value, _ = integrate.quad(lambda u: relative(day - u) * _INCUBATION.pdf(u), 0, 40, limit=200, points=[3.7, 8])
    return float(value)


def course_of_case(dates: Event) -> Course:
    """The course of an F0 with known dates."""
    if dates.get("onset_at") is not None:
        return lambda start, end: _area(start - dates["onset_at"], end - dates["onset_at"])
    ref = dates["sampled_at"] if dates.get("sampled_at") is not None else dates["confirmed_at"]
    peak = ref - params.ASYMPTOMATIC_PEAK_BEFORE_SAMPLE_D.value * DAY
    return lambda start, end: params.ASYMPTOMATIC_FACTOR.value * _area(start - peak, end - peak)


def course_of_infected(arrival: int) -> Course:
    """The course of somebody who may have been infected at ``arrival``."""
    return lambda start, end: _expected_area(start - arrival, end - arrival)


def unknown_course(start: int, end: int) -> float:
    """The course of a possible source about whom nothing is known."""
    return params.BURDEN_MEAN_INFECTIOUSNESS.value * (end - start) / 3600


def dose(evidence: list[Evidence], window: Interval, course: Course) -> float:
    """Integral over the union of the evidence of (greatest weight there) x infectiousness, in hours."""
    clipped = [(c, e.weight) for e in evidence for c in clip([e.interval], window)]
    edges = sorted({t for c, _ in clipped for t in c})
    total = 0.0
    for start, end in pairwise(edges):
        weight = max((w for (s, e), w in clipped if s <= start and end <= e), default=0.0)
        if weight > 0:
            total += weight * course(start, end)
    return total


def probability(dose_h: float) -> float:
    """Chance of infection by a dose."""
    return 1 - math.exp(-params.RATE_PER_HOUR.value * dose_h)


def _area(start_s: float, end_s: float) -> float:
    """Integral of ``relative`` between two moments counted in seconds from onset, in hours."""
    shift = params.HE_SHIFT_D.value
    share = _HE.cdf(end_s / DAY + shift) - _HE.cdf(start_s / DAY + shift)
    return float(24 * share / _HE.pdf(_MODE))


@cache
def _incubation_grid() -> tuple[np.ndarray, np.ndarray]:
    """Midpoints and probabilities of a fine partition of the incubation time, days."""
    edges = np.linspace(0, 30, 3001)
    return (edges[1:] + edges[:-1]) / 2, np.diff(_INCUBATION.cdf(edges))


@cache
def _expected_area(start_s: int, end_s: int) -> float:
    middle, share = _incubation_grid()
    shift = params.HE_SHIFT_D.value
    inside = _HE.cdf(end_s / DAY - middle + shift) - _HE.cdf(start_s / DAY - middle + shift)
    return float(24 * (inside * share).sum() / _HE.pdf(_MODE))
