"""Likelihood of a negative binomial of offspring numbers, and what maximises it. Arrays in, numbers out.

With a = 1/k the logarithm is smooth down to a = 0, the Poisson distribution: no gamma functions of huge numbers.
``above[j]`` is the number of cases with more than j offspring.
"""

from math import inf, log, log1p

import numpy as np
from numba import njit

A_MAX = 1e4
"""1/k is looked for up to here: k down to 0.0001."""
_GRID = 41
_GOLDEN = 0.6180339887498949
HALF_CHI2 = 1.9207294103470618
"""Half the 95 % point of chi-square with one degree of freedom."""


@njit(cache=True, nogil=True)
def log_likelihood(above, total, n, r, a):
    """Log-likelihood without the constant, of mean ``r`` and dispersion k = 1/``a``."""
    out = 0.0
    if a <= 0.0:
        return total * log(r) - n * r if r > 0.0 else (0.0 if total == 0 else -inf)
    for j in range(1, len(above)):
        out += above[j] * log1p(j * a)
    if r <= 0.0:
        return out if total == 0 else -inf
    return out + total * log(r) - (total + n / a) * log1p(r * a)


@njit(cache=True, nogil=True)
def best_a(above, total, n, r):
    """(a, log-likelihood) that is greatest for a mean of ``r``: a grid over the decades, then golden section."""
    best, at = log_likelihood(above, total, n, r, 0.0), 0
    step = log(A_MAX / 1e-4) / (_GRID - 1)
    for i in range(_GRID):
        value = log_likelihood(above, total, n, r, 1e-4 * np.exp(i * step))
        if value > best:
            best, at = value, i + 1
    if at == 0:
        return 0.0, best
    low = 1e-4 * np.exp((at - 2) * step) if at > 1 else 0.0
    high = min(1e-4 * np.exp(at * step), A_MAX)
    x = high - _GOLDEN * (high - low)
    y = low + _GOLDEN * (high - low)
    fx, fy = log_likelihood(above, total, n, r, x), log_likelihood(above, total, n, r, y)
    while high - low > 1e-9 + 1e-7 * high:
        if fx < fy:
            low, x, fx = x, y, fy
            y = low + _GOLDEN * (high - low)
            fy = log_likelihood(above, total, n, r, y)
        else:
            high, y, fy = y, x, fx
            x = high - _GOLDEN * (high - low)
            fx = log_likelihood(above, total, n, r, x)
    middle = (low + high) / 2
    value = log_likelihood(above, total, n, r, middle)
    return (middle, value) if value > best else (1e-4 * np.exp((at - 1) * step), best)


@njit(cache=True, nogil=True)
def fit(above, total, n):
    """(R, a, R low, R high, a low, a high, log-likelihood, of the Poisson): most likely, with profile intervals.

    ``total`` must be above 0. a low of 0: k may be infinite; R high of inf: no upper end up to 1e6.
    """
    r = total / n
    a, top = best_a(above, total, n, r)
    floor = top - HALF_CHI2
    # R: downwards and upwards of its estimate, a maximised at each.
    low, high = 0.0, r
    for _ in range(40):
        middle = (low + high) / 2
        if best_a(above, total, n, middle)[1] < floor:
            low = middle
        else:
            high = middle
        if high - low < 1e-7 * r:
            break
    r_low = high
    low, high = r, 2 * r
    while high < 1e6 and best_a(above, total, n, high)[1] >= floor:
        low, high = high, 2 * high
    r_high = inf
    if high < 1e6:
        for _ in range(40):
            middle = (low + high) / 2
            if best_a(above, total, n, middle)[1] < floor:
                high = middle
            else:
                low = middle
            if high - low < 1e-7 * r:
                break
        r_high = low
    # k: at every k the most likely mean is that of the data.
    a_low = 0.0
    if log_likelihood(above, total, n, r, 0.0) < floor:
        low, high = 0.0, a
        for _ in range(80):
            middle = (low + high) / 2
            if log_likelihood(above, total, n, r, middle) < floor:
                low = middle
            else:
                high = middle
        a_low = high
    a_high = A_MAX
    if log_likelihood(above, total, n, r, A_MAX) < floor:
        low, high = log(max(a, 1e-6)), log(A_MAX)
        for _ in range(60):
            middle = (low + high) / 2
            if log_likelihood(above, total, n, r, np.exp(middle)) < floor:
                high = middle
            else:
                low = middle
        a_high = np.exp(low)
    return r, a, r_low, r_high, a_low, a_high, top, log_likelihood(above, total, n, r, 0.0)
