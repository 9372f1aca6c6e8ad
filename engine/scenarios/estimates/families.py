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
_FLAT = 1e-9


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
"""More delays than this are fitted by their distinct values, to the hundredth of a day ..."""
STEPS = (0.01, 0.05, 0.1, 0.25, 0.5)
MOST_ROWS = 2000
"""... or as coarse a step of ``STEPS`` as leaves no more rows than this."""


def distinct(data: Intervals) -> Intervals:
    """The same with a row for each distinct delay and the weights added up."""
    values = np.column_stack([data.end - data.start, data.start_width, data.end_width])
    for step in STEPS:
        units = np.rint(values / step).astype(np.int64)
        low, span = units.min(axis=0), np.ptp(units, axis=0) + 1
        one = ((units[:, 0] - low[0]) * span[1] + units[:, 1] - low[1]) * span[2] + units[:, 2] - low[2]
        _, heads, index = np.unique(one, return_index=True, return_inverse=True)
        if len(heads) <= MOST_ROWS:
            break
    weight: Floats = np.bincount(index, data.weight, len(heads)).astype(np.float64)
    # Widths as they first came: a width of an hour must not become 0.
    return Intervals(np.zeros(len(heads)), data.start_width[heads], units[heads, 0] * step, data.end_width[heads],
                     weight)  # fmt: skip


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

    def loss(x: Floats) -> float:
        if abs(x[1]) > 12 or abs(x[0]) > (1e4 if _free(family) else 12):
            return 1e12
        return -float((data.weight * np.log(probabilities(family, *_unpacked(family, x), data) + _TINY)).sum())

    begin = _packed(family, *guess)
    # Of many delays the rounding of the sum is greater than any fixed tolerance: the search would never end.
    enough = {"xatol": 1e-5, "fatol": 1e-7 + 1e-9 * float(total), "maxiter": 500}
    best = minimize(loss, begin, method="Nelder-Mead", options=enough)
    return Fit(family, *_unpacked(family, best.x), -float(best.fun), n)


def _free(family: Family) -> bool:
    """Whether the first parameter may be negative; all others are searched for by their logarithm."""
    return not family.positive or family is LOGNORMAL


def _packed(family: Family, a: float, b: float) -> Floats:
    return np.array([a if _free(family) else np.log(a), np.log(b)])


def _unpacked(family: Family, x: Floats) -> Pair:
    return float(x[0]) if _free(family) else float(np.exp(x[0])), float(np.exp(x[1]))


def mean_interval(found: Fit, data: Intervals) -> Pair:
    """95 % interval of the mean of a positive family fitted to ``data``: sandwich variance, on the logarithm.

    What a bootstrap of many delays comes to, at the cost of nine evaluations. NaN where the likelihood is flat.
    """
    family, at, step = found.family, _packed(found.family, found.a, found.b), 1e-3

    def logs(*moves: int) -> Floats:
        x = at + step * np.array(moves)
        out: Floats = np.log(probabilities(family, *_unpacked(family, x), data) + _TINY)
        return out

    def log_mean(*moves: int) -> float:
        return float(np.log(family.moments(*_unpacked(family, at + step * np.array(moves)))[0]))

    sides = {m: logs(*m) for m in ((1, 0), (-1, 0), (0, 1), (0, -1))}
    scores = np.array([sides[1, 0] - sides[-1, 0], sides[0, 1] - sides[0, -1]]) / (2 * step)
    middle = logs(0, 0)
    own = [sides[1, 0] + sides[-1, 0] - 2 * middle, sides[0, 1] + sides[0, -1] - 2 * middle]
    cross = (logs(1, 1) + logs(-1, -1) - logs(1, -1) - logs(-1, 1)) / 4
    bend = np.array([[own[0], cross], [cross, own[1]]]) @ data.weight / step**2
    slope = np.array([log_mean(1, 0) - log_mean(-1, 0), log_mean(0, 1) - log_mean(0, -1)]) / (2 * step)
    if not np.isfinite(bend).all() or abs(np.linalg.det(bend)) < _FLAT:
        return float("nan"), float("nan")
    pull = np.linalg.solve(bend, slope)
    gap = 1.959964 * float(np.sqrt((data.weight * (pull @ scores) ** 2).sum()))
    return found.mean * float(np.exp(-gap)), found.mean * float(np.exp(gap))


def best_fit(data: Intervals, families: tuple[Family, ...] = POSITIVE) -> tuple[Fit, ...]:
    """Fits of the families, the least AIC first; empty with fewer than 5 delays."""
    fits = [f for f in (fit(family, data) for family in families) if f is not None]
    return tuple(sorted(fits, key=lambda f: f.aic))
