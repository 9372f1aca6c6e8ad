"""How infectious somebody is at a moment: the corrected He profile, and its expectation when the onset is unknown.

Two courses, each as a cumulative table so that the integral over an interval costs two look-ups:

- *known*: counted from onset; the gamma of He et al. 2020 (author correction), divided by its maximum;
- *expected*: counted from the moment of exposure; the known course convolved with the incubation distribution.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaln

from engine import params

Floats = npt.NDArray[np.float64]

KNOWN, EXPECTED, CONSTANT = 0, 1, 2
"""Courses, as kernels number them."""

STEP_S = 120
"""Step of the tables; within a step infectiousness is taken as constant (relative error below 5e-4)."""
COARSE_S = 600
"""Step of the convolution behind the expected course, interpolated to STEP_S."""
FIRST_DAY, LAST_DAY = -15, 60


class Course(NamedTuple):
    """Whose infectiousness: ``course`` counted from ``origin`` (UTC s), times ``factor``."""

    origin: int
    course: int
    factor: float


def _density(days: Floats) -> Floats:
    shape, rate, shift = params.HE_SHAPE.value, params.HE_RATE.value, params.HE_SHIFT_D.value
    since = np.maximum(np.asarray(days, np.float64) + shift, 1e-12)
    return np.asarray(np.exp(shape * np.log(rate) + (shape - 1) * np.log(since) - rate * since - gammaln(shape)))


def relative(days: Floats) -> Floats:
    """Infectiousness ``days`` after onset (negative: before), relative to its maximum; any shape, same shape back."""
    shape, rate, shift = params.HE_SHAPE.value, params.HE_RATE.value, params.HE_SHIFT_D.value
    peak = (shape - 1) / rate - shift
    return _density(np.asarray(days, np.float64)) / float(_density(np.array([peak]))[0])


def expected(days: Floats) -> Floats:
    """Expected infectiousness ``days`` after exposure, onset unknown; any shape, same shape back."""
    centres, rates = _expected_rates()
    days = np.asarray(days, np.float64)
    return np.where(days > 0, np.interp(days, centres, rates), 0.0)


@cache
def tables() -> Floats:
    """Cumulative infectiousness in hours at the peak, shape (2, steps + 1), rows KNOWN and EXPECTED.

    Column i holds the integral from day FIRST_DAY to FIRST_DAY plus i steps of STEP_S seconds. Between columns
    the kernels interpolate linearly.
    """
    shape, rate, shift = params.HE_SHAPE.value, params.HE_RATE.value, params.HE_SHIFT_D.value
    grid = _grid_days(STEP_S)
    peak = float(_density(np.array([(shape - 1) / rate - shift]))[0])
    known = np.asarray(gammainc(shape, rate * np.maximum(grid + shift, 0.0))) / peak * 24
    steps = expected(grid[:-1] + STEP_S / 86_400 / 2) * (STEP_S / 3600)
    out = np.stack([known - known[0], np.concatenate([[0.0], np.cumsum(steps)])])
    out.setflags(write=False)
    return out


def _grid_days(step_s: int) -> Floats:
    steps = np.arange((LAST_DAY - FIRST_DAY) * 86_400 // step_s + 1, dtype=np.float64)
    return steps * (step_s / 86_400) + FIRST_DAY


@cache
def _expected_rates() -> tuple[Floats, Floats]:
    """Expected infectiousness at moments after exposure: (days, infectiousness), days ascending from 0."""
    step = COARSE_S / 86_400
    mean, shape = params.INCUBATION_MEAN_D.value, params.INCUBATION_SHAPE.value
    edges = np.arange(0, 20 + step / 2, step)
    weights = np.diff(gammainc(shape, edges * shape / mean))
    days = np.arange(LAST_DAY * 86_400 // COARSE_S, dtype=np.float64) * step
    before = np.arange(-len(weights) + 1, 0) * step
    # Incubations of one step are taken at its middle.
    profile = relative(np.concatenate([before, days]) - step / 2)
    rates = np.asarray(np.convolve(profile, weights), np.float64)
    return days, rates[len(weights) - 1 : len(weights) - 1 + len(days)]
