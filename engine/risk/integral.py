"""Infectious time of one stay, decayed to a moment, in closed form.

The profile of He et al. (author correction) is a gamma density in the days since its start; the decay is an
exponential. Their product is again a gamma density up to a constant, with the decay's rate taken off, so the
integral over a stay is a difference of two regularised incomplete gamma functions.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincc

from engine import params
from engine.clock import DAY

Seconds = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


def decayed_seconds(start: Seconds, end: Seconds, peak: Seconds, factor: Real, at: int) -> Real:
    """Integral of infectiousness x 2^-((at - t) / half-life) over each stay, in seconds at the peak.

    Args:
        start: start of each stay, UTC seconds, shape (n,). What lies more than the cut (14 d) before ``at``
            counts nothing.
        end: its end (not included); what lies after ``at`` counts nothing, nor does a stay that ends before
            it starts.
        peak: the moment infectiousness is counted from (onset, or what stands for it), UTC seconds.
        factor: infectiousness relative to a case with symptoms.
        at: the moment of the map, UTC seconds.

    Returns:
        Shape (n,), >= 0. Error below 1e-9 of the stay.

    Source: He et al. 2020, author correction; half-life and cut in ``engine.params``. Cost: 0.5 us a stay.
    """
    shape, rate, shift = params.HE_SHAPE.value, params.HE_RATE.value, params.HE_SHIFT_D.value
    decay = math.log(2) / params.HEX_HALF_LIFE_D.value
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
