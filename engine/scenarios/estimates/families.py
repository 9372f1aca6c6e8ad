"""Distributions of a delay seen through calendars: likelihood when both ends are known to an interval only.

A delay S from a moment uniform in [a, a + A) to a moment that is known to lie in [b, b + B) has the probability

    (H(b + B - a) - H(b + B - a - A) - H(b - a) + H(b - a - A)) / A,   H(x) the integral of P(S <= s) up to x.

For A = B = 1 day this is the discretisation of Cori et al. 2013 and the doubly interval-censored likelihood of Reich
et al. 2009 with uniform moments within the interval. H has a closed form for each family here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammainc, gammaincinv, gammaln, ndtr, ndtri

Floats = npt.NDArray[np.float64]
Pair = tuple[float, float]
_TINY = 1e-300


@dataclass(frozen=True)
class Family:
    """A family of two parameters. ``positive``: nothing of it lies below 0."""

    name: str
    positive: bool
    integral: Callable[[Floats, float, float], Floats]
    """H(x) by the two parameters."""
    moments: Callable[[float, float], Pair]
    """(mean, standard deviation) by the two parameters."""
    from_moments: Callable[[float, float], Pair]
    """A start for the search: the parameters by mean and standard deviation (for Weibull nearly)."""
    quantile: Callable[[float, float, float], float]
    """The point below which a share lies."""


def _gamma_integral(x: Floats, shape: float, scale: float) -> Floats:
    y = np.maximum(x, 0.0) / scale
    out: Floats = scale * (y * gammainc(shape, y) - shape * gammainc(shape + 1, y))
    return out


def _weibull_integral(x: Floats, shape: float, scale: float) -> Floats:
    y = np.maximum(x, 0.0) / scale
    with np.errstate(over="ignore"):
        power = y**shape
    first = np.exp(gammaln(1 + 1 / shape)) * gammainc(1 + 1 / shape, power)
    out: Floats = scale * (y * -np.expm1(-power) - first)
    return out


def _lognormal_integral(x: Floats, mu: float, sigma: float) -> Floats:
    with np.errstate(divide="ignore"):
        z = (np.log(np.maximum(x, 0.0)) - mu) / sigma
    out: Floats = np.maximum(x, 0.0) * ndtr(z) - np.exp(mu + sigma**2 / 2) * ndtr(z - sigma)
    return out


def _normal_integral(x: Floats, mean: float, sd: float) -> Floats:
    z = (x - mean) / sd
    out: Floats = sd * (z * ndtr(z) + np.exp(-z * z / 2) / np.sqrt(2 * np.pi))
    return out


def _weibull_moments(shape: float, scale: float) -> Pair:
    mean = float(np.exp(gammaln(1 + 1 / shape)))
    return scale * mean, scale * float(np.sqrt(max(np.exp(gammaln(1 + 2 / shape)) - mean**2, 0)))


def _weibull_start(mean: float, sd: float) -> Pair:
    shape = float(np.clip((sd / mean) ** -1.086, 0.2, 20))  # Justus et al. 1978
    return shape, mean / float(np.exp(gammaln(1 + 1 / shape)))


def _lognormal_start(mean: float, sd: float) -> Pair:
    sigma = float(np.sqrt(np.log1p((sd / mean) ** 2)))
    return float(np.log(mean) - sigma**2 / 2), sigma


GAMMA = Family(
    "gamma", True, _gamma_integral,
    lambda shape, scale: (shape * scale, scale * float(np.sqrt(shape))),
    lambda mean, sd: ((mean / sd) ** 2, sd**2 / mean),
    lambda share, shape, scale: scale * float(gammaincinv(shape, share)),
)  # fmt: skip
WEIBULL = Family(
    "weibull", True, _weibull_integral, _weibull_moments, _weibull_start,
    lambda share, shape, scale: float(scale * (-np.log1p(-share)) ** (1 / shape)),
)  # fmt: skip
LOGNORMAL = Family(
    "lognormal", True, _lognormal_integral,
    lambda mu, sigma: (
        float(np.exp(mu + sigma**2 / 2)), float(np.exp(mu + sigma**2 / 2) * np.sqrt(np.expm1(sigma**2)))
    ),
    _lognormal_start,
    lambda share, mu, sigma: float(np.exp(mu + sigma * ndtri(share))),
)  # fmt: skip
NORMAL = Family(
    "normal", False, _normal_integral,
    lambda mean, sd: (mean, sd),
    lambda mean, sd: (mean, sd),
    lambda share, mean, sd: mean + sd * float(ndtri(share)),
)  # fmt: skip
POSITIVE = (GAMMA, WEIBULL, LOGNORMAL)
"""In this order among equals."""


@dataclass(frozen=True)
class Intervals:
    """Delays known to intervals, days: from [start, start + start_width) to [end, end + end_width). Each (n,)."""

    start: Floats
    start_width: Floats
    end: Floats
    end_width: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.start)


def rounded(delays: Floats, resolution: float, weight: Floats | None = None) -> Intervals:
    """Differences of two moments that are each known to a cell of ``resolution`` days (1: calendar days)."""
    width = np.full(len(delays), resolution)
    weights = np.ones(len(delays)) if weight is None else np.asarray(weight, np.float64)
    return Intervals(np.zeros(len(delays)), width, np.asarray(delays, np.float64), width, weights)


def probabilities(family: Family, a: float, b: float, data: Intervals) -> Floats:
    """Probability of what was seen of each delay, (n,)."""
    first, last = data.end - data.start, data.end + data.end_width - data.start
    h = family.integral
    whole = h(last, a, b) - h(last - data.start_width, a, b) - h(first, a, b) + h(first - data.start_width, a, b)
    out: Floats = np.maximum(whole / data.start_width, 0.0)
    return out


@dataclass(frozen=True)
class Fit:
    """A family fitted by greatest likelihood."""

    family: Family
    a: float
    b: float
    """Gamma, Weibull: shape, scale; lognormal: mean and sd of the logarithm; normal: mean, sd."""
    log_likelihood: float
    n: int

    @property
    def aic(self) -> float:
        """Akaike's criterion; comparable among fits of the same data."""
        return 4 - 2 * self.log_likelihood

    @property
    def mean(self) -> float:
        """Mean, days."""
        return self.family.moments(self.a, self.b)[0]

    @property
    def sd(self) -> float:
        """Standard deviation, days."""
        return self.family.moments(self.a, self.b)[1]

    def quantile(self, share: float) -> float:
        """Days within which a share lies."""
        return self.family.quantile(share, self.a, self.b)


LEAST = 5
"""Fewer delays are not fitted."""
MANY = 1000
"""More delays than this are fitted by their distinct values, to the hundredth of a day."""


def distinct(data: Intervals) -> Intervals:
    """The same with a row for each distinct delay and the weights added up."""
    columns = np.column_stack([data.end - data.start, data.start_width, data.end_width])
    rows, index = np.unique(columns.round(2), axis=0, return_inverse=True)
    weight: Floats = np.bincount(index.ravel(), data.weight, len(rows)).astype(np.float64)
    return Intervals(np.zeros(len(rows)), rows[:, 1], rows[:, 0], rows[:, 2], weight)


def fit(family: Family, data: Intervals) -> Fit | None:
    """The most likely member of ``family``; None with fewer than 5 delays that it can explain.

    Delays that are impossible for a positive family (the end before the start) must be left out before.
    Deterministic; cost: some 100 evaluations over the data.
    """
    if len(data) < LEAST:
        return None
    n = len(data)
    if n > MANY:
        data = distinct(data)
    middle = data.end + data.end_width / 2 - data.start - data.start_width / 2
    total = data.weight.sum()
    mean = float((middle * data.weight).sum() / total)
    blur = float(((data.start_width**2 + data.end_width**2) * data.weight).sum() / total) / 12
    spread = float((data.weight * (middle - mean) ** 2).sum() / total)
    sd = max(float(np.sqrt(max(spread - blur, spread / 20))), 0.05)
    if family.positive:
        mean = max(mean, 0.1)
    guess = family.from_moments(mean, sd)
    free_first = not family.positive or family is LOGNORMAL

    def unpacked(x: Floats) -> Pair:
        return float(x[0]) if free_first else float(np.exp(x[0])), float(np.exp(x[1]))

    def loss(x: Floats) -> float:
        if abs(x[1]) > 12 or abs(x[0]) > (1e4 if free_first else 12):
            return 1e12
        return -float((data.weight * np.log(probabilities(family, *unpacked(x), data) + _TINY)).sum())

    begin = np.array([guess[0] if free_first else np.log(guess[0]), np.log(guess[1])])
    best = minimize(loss, begin, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-7, "maxiter": 2000})
    return Fit(family, *unpacked(best.x), -float(best.fun), n)


def best_fit(data: Intervals, families: tuple[Family, ...] = POSITIVE) -> tuple[Fit, ...]:
    """Fits of the families, the least AIC first; empty with fewer than 5 delays."""
    fits = [f for f in (fit(family, data) for family in families) if f is not None]
    return tuple(sorted(fits, key=lambda f: f.aic))
