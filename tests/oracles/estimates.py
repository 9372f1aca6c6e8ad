"""Estimates the slow and obvious way, written from the papers: numerical integrals, textbook likelihoods, loops."""

import math

import numpy as np
from scipy import integrate, optimize, stats


def serial_weight(k, mean, sd):
    """w_k of Cori et al. 2013: the gamma, shifted by a day, seen through whole days at both ends.

    Infection at a moment u uniform in day 0; the second onset falls into day k.
    """
    m = mean - 1
    gamma = stats.gamma((m / sd) ** 2, scale=sd**2 / m)
    value, _ = integrate.quad(lambda u: gamma.cdf(k + 1 - u - 1) - gamma.cdf(k - u - 1), 0, 1, limit=200)
    return value


def posterior(cases, window_first, window_last, weights, shape=1.0, scale=5.0):
    """Density of R on a grid, by Bayes: gamma prior times Poisson likelihood of each day; cases: ints by day."""
    grid = np.linspace(1e-4, 40, 400_001)
    log_density = stats.gamma(shape, scale=scale).logpdf(grid)
    for t in range(window_first, window_last + 1):
        force = sum(cases[t - s] * weights[s] for s in range(1, min(t, len(weights) - 1) + 1))
        log_density = log_density + cases[t] * np.log(grid * force) - grid * force
    density = np.exp(log_density - log_density.max())
    density /= integrate.trapezoid(density, grid)
    cdf = integrate.cumulative_trapezoid(density, grid, initial=0)
    mean = integrate.trapezoid(density * grid, grid)
    return mean, *(float(np.interp(q, cdf, grid)) for q in (0.5, 0.025, 0.975))


def delay_probability(distribution, start, start_width, end, end_width):
    """Chance that a delay from a moment uniform in a window ends in another, by integration."""
    value, _ = integrate.quad(
        lambda u: distribution.cdf(end + end_width - u) - distribution.cdf(end - u), start, start + start_width,
        limit=200, points=[x for x in (end, end + end_width) if start < x < start + start_width] or None,
    )  # fmt: skip
    return value / start_width


def offspring_loss(offspring, r, k):
    """Minus the log-likelihood of a negative binomial, term by term as the textbook has it."""
    p = k / (k + r)
    return -sum(
        math.lgamma(y + k) - math.lgamma(k) - math.lgamma(y + 1) + k * math.log(p) + y * math.log1p(-p)
        for y in offspring
    )


def offspring_fit(offspring):
    """(R, k, R low, R high, k low, k high) by a general optimiser and root finder."""
    mean = float(np.mean(offspring))

    def at(k, r=mean):
        return offspring_loss(offspring, r, k)

    best = optimize.minimize_scalar(
        lambda x: at(math.exp(x)), bounds=(-7, 7), method="bounded", options={"xatol": 1e-9}
    )
    limit = best.fun + stats.chi2(1).ppf(0.95) / 2

    def profile(r):
        return optimize.minimize_scalar(
            lambda x: at(math.exp(x), r), bounds=(-7, 7), method="bounded", options={"xatol": 1e-9}
        ).fun

    return (
        mean,
        math.exp(best.x),
        optimize.brentq(lambda r: profile(r) - limit, mean / 20, mean),
        optimize.brentq(lambda r: profile(r) - limit, mean, mean * 20),
        math.exp(optimize.brentq(lambda x: at(math.exp(x)) - limit, best.x - 5, best.x)),
        math.exp(optimize.brentq(lambda x: at(math.exp(x)) - limit, best.x, best.x + 6)),
    )
