"""Infectious time of one stay, decayed to a moment.

Of an F0 in closed form: the profile of He et al. (author correction) is a gamma density in the days since its start;
the decay is an exponential. Their product is again a gamma density up to a constant, with the decay's rate taken off,
so the integral over a stay is a difference of two regularised incomplete gamma functions. Of anybody else, whose onset
nobody knows, out of a table of the expected profile.
"""

import math
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincc

from engine import params
from engine.clock import DAY
from engine.exposure.infectiousness import LAST_DAY, STEP_S, expected
from engine.risk import kernels

Seconds = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


def decayed_seconds(
    start: Seconds,
    end: Seconds,
    peak: Seconds,
    factor: Real,
    at: int,
    half_life_d: float = params.HEX_HALF_LIFE_D.value,
) -> Real:
    """Integral of infectiousness x 2^-((at - t) / half-life) over each stay, in seconds at the peak.

    Args:
        start: start of each stay, UTC seconds, shape (n,). What lies more than the cut (14 d) before ``at``
            counts nothing.
        end: its end (not included); what lies after ``at`` counts nothing, nor does a stay that ends before
            it starts.
        peak: the moment infectiousness is counted from (onset, or what stands for it), UTC seconds.
        factor: infectiousness relative to a case with symptoms.
        at: the moment of the map, UTC seconds.
        half_life_d: of the decay, days.

    Returns:
        Shape (n,), >= 0. Error below 1e-9 of the stay.

    Source: He et al. 2020, author correction; half-life and cut in ``engine.params``. Cost: 0.5 us a stay.
    """
    shape, rate, shift = params.HE_SHAPE.value, params.HE_RATE.value, params.HE_SHIFT_D.value
    decay = math.log(2) / half_life_d
    slower = rate - decay  # of the product of both: 1.59 - 0.20 a day
    cut = at - round(params.HEX_CUT_D.value * DAY)
    begin = np.clip(start, cut, at)
    stop = np.maximum(np.clip(end, cut, at), begin)
    low, high, age = (np.maximum((t - peak) / DAY + shift, 0.0) for t in (begin, stop, np.full_like(peak, at)))
    # Differences in the tail that is small, so that a short stay late in the course keeps its digits.
    late = low * slower > shape
    head = gammainc(shape, np.where(late, 0.0, slower * high)) - gammainc(shape, np.where(late, 0.0, slower * low))
    tail = gammaincc(shape, slower * low) - gammaincc(shape, slower * high)
    mode = (shape - 1) / rate
    log_peak = (shape - 1) * math.log(mode) - rate * mode
    scale = math.lgamma(shape) - shape * math.log(slower) - log_peak - decay * age
    days = np.exp(scale) * np.where(late, tail, head)
    return np.asarray(np.maximum(days, 0.0) * DAY * factor, np.float64)


def expected_seconds(
    start: Seconds,
    end: Seconds,
    origin: Seconds,
    factor: Real,
    at: int,
    half_life_d: float = params.HEX_HALF_LIFE_D.value,
) -> Real:
    """The same for people who were exposed at ``origin`` and whose onset is not known.

    Their infectiousness is the expected one (:func:`engine.exposure.infectiousness.expected`), taken as constant, like
    its decay, within steps of 120 s: relative error below 1e-3 of a stay of minutes, less of longer ones.

    Args and returns as :func:`decayed_seconds`, but for ``origin``: the moment of exposure. Cost: 20 ns a stay.
    """
    cut = at - round(params.HEX_CUT_D.value * DAY)
    found: Real = kernels.expected_seconds(
        start, end, origin, factor, at, cut, _grown(half_life_d), STEP_S, math.log(2) / (half_life_d * DAY)
    )
    return found


@cache
def _grown(half_life_d: float) -> Real:
    """Integral of expected infectiousness x 2^(t / half-life) from exposure to each step of STEP_S, s."""
    middle = np.asarray((np.arange(LAST_DAY * DAY // STEP_S) + 0.5) * (STEP_S / DAY), np.float64)
    steps = expected(middle) * np.exp2(middle / half_life_d) * STEP_S
    out = np.concatenate([[0.0], np.cumsum(steps)])
    out.setflags(write=False)
    return out
