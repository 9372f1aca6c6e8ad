"""Draws inside the kernels of a run: times from tables of quantiles, gaps to the next hit, counts."""

import math

import numpy as np

from engine.kernels.hashing import fold, unit
from engine.scenarios.kernels.compiling import inlined, kernel

CELLS, TAIL = 1024, 32
FAR = 1e15
"""A gap past everybody: a longer one is no whole number any more."""


@inlined
def days(times, stepwise, row, u):
    """The time at quantile ``u`` of row ``row`` (see ``engine.scenarios.distributions``)."""
    if stepwise:
        day = 0
        while times[row, day] <= u:
            day += 1
        return np.float64(day)
    start = 0
    at = u * CELLS
    if u >= 1.0 - 1.0 / TAIL:
        start = CELLS + 1
        at = (u - (1.0 - 1.0 / TAIL)) * TAIL * CELLS
    cell = int(at)
    part = at - cell
    cell += start
    return times[row, cell] + part * (np.float64(times[row, cell + 1]) - times[row, cell])


@inlined
def gap(key, number, log_miss):
    """How many are passed over before hit ``number`` when each is missed with a chance of logarithm ``log_miss``."""
    return math.floor(min(math.log(1.0 - unit(fold(key, number))) / log_miss, FAR))


@kernel
def log_of_miss(chance):
    """The logarithm for ``gap``."""
    return math.log1p(-chance) if chance < 1.0 else -math.inf


@kernel
def poisson(key, mean, most):
    """A Poisson number, at most ``most``: unit-rate arrivals before ``mean``. Cost: the number itself."""
    count = 0
    at = -math.log(1.0 - unit(fold(key, 0)))
    while at < mean and count < most:
        count += 1
        at -= math.log(1.0 - unit(fold(key, count)))
    return count
