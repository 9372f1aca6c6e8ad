"""How many people a case infects, and how unequally: R and the dispersion k of a negative binomial (Lloyd-Smith 2005).

k small: few cases infect many (variance R + R^2/k); k infinite: Poisson. Every case counts, those with no offspring
first of all.
"""

from dataclasses import dataclass
from math import inf, isinf, log, nan

import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError
from engine.kernels.hashing import draws
from engine.scenarios.estimates import kernels
from engine.scenarios.estimates.resample import key_of

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
SIMULATED = 101
"""Stream of simulated offspring."""


@dataclass(frozen=True)
class Offspring:
    """Fit of a negative binomial to offspring numbers."""

    cases: int
    """Cases looked at, with and without offspring."""
    infected: int
    """Their offspring."""
    r: float
    r_low: float
    r_high: float
    k: float
    k_low: float
    k_high: float
    """inf: not to be told from Poisson; nan: nobody infected anybody, so nothing is known of k."""
    zero_share: float
    """Share of cases that infected nobody."""
    top_share: float
    """Share of cases, the most infecting first, that made 80 % of the infections (nan without infections)."""
    infector_mean: float
    """Offspring of the infector of a random case: 1 + R(1 + 1/k) on average; nan without infections."""

    @property
    def poisson(self) -> bool:
        """Whether Poisson explains the numbers as well as any k."""
        return isinf(self.k)


def fit_offspring(offspring: Counts) -> Offspring:
    """R and k by greatest likelihood with 95 % profile-likelihood intervals.

    ``offspring``: number infected by each case, (cases,), zeros included. Without any offspring R is 0, its upper end
    that of a Poisson distribution, and k unknown. Cost: 2 ms.

    Raises:
        BadParameterError: no case, or a negative number.
    """
    y = np.asarray(offspring, np.int64)
    if not len(y) or y.min() < 0:
        raise BadParameterError("offspring: at least one case, and no negative number")
    n, total = len(y), int(y.sum())
    if total == 0:
        return Offspring(n, 0, 0.0, 0.0, kernels.HALF_CHI2 / n, nan, 0.0, inf, 1.0, nan, nan)
    above = n - np.cumsum(np.bincount(y))[:-1].astype(np.float64)
    r, a, r_low, r_high, a_low, a_high, *_ = kernels.fit(above, total, n)
    return Offspring(
        cases=n,
        infected=total,
        r=r,
        r_low=r_low,
        r_high=r_high,
        k=_inverse(a),
        k_low=_inverse(a_high),
        k_high=_inverse(a_low),
        zero_share=float((y == 0).mean()),
        top_share=_top_share(y),
        infector_mean=float((y * y).sum() / total),
    )


def _inverse(a: float) -> float:
    return inf if a <= 0 else 1 / a


def _top_share(y: Counts, part: float = 0.8) -> float:
    most = np.cumsum(np.sort(y)[::-1])
    return float((np.searchsorted(most, part * most[-1]) + 1) / len(y))


def count_offspring(cases: int, infectors: npt.NDArray[np.int64]) -> Counts:
    """Offspring of cases 0..cases-1, from the infector of each infected case (negative: not known), zeros included."""
    known = infectors[infectors >= 0]
    return np.bincount(known, minlength=cases).astype(np.int64)


def drawn_infectors(
    cases: int, infected: npt.NDArray[np.int64], infector: npt.NDArray[np.int64], share: Floats, seed: int, tree: int
) -> npt.NDArray[np.int64]:
    """An infector for each case drawn by the shares of its candidates, -1 where none: (cases,).

    Rows (infected, infector, share) are candidates; what the shares of a case lack to 1 is the chance of nobody known.
    """
    out = np.full(cases, -1, np.int64)
    u = draws(key_of(seed, SIMULATED + 1, tree), np.arange(cases, dtype=np.int64), 1)[:, 0]
    order = np.lexsort((infector, infected))
    child = infected[order]
    reached = np.cumsum(share[order])
    heads = np.flatnonzero(np.append(True, child[1:] != child[:-1])[: len(child)])
    sizes = np.diff(np.append(heads, len(child)))
    reached -= np.repeat(reached[heads] - share[order][heads], sizes)
    chosen = (u[child] < reached) & (u[child] >= reached - share[order])
    out[child[chosen]] = infector[order][chosen]
    return out


def pooled(fits: list[Offspring]) -> Offspring:
    """One answer of several drawn trees: means on the log scale, intervals widened by the spread between (Rubin 1987).

    Raises:
        BadParameterError: no fit.
    """
    if not fits:
        raise BadParameterError("no tree to pool")
    first = fits[len(fits) // 2]
    if any(f.infected == 0 for f in fits):
        return first
    r = _rubin([(f.r, f.r_low, f.r_high) for f in fits])
    k = _rubin([(f.k, f.k_low, f.k_high) for f in fits])
    mean = {
        name: float(np.mean([getattr(f, name) for f in fits])) for name in ("zero_share", "top_share", "infector_mean")
    }
    infected = round(float(np.mean([f.infected for f in fits])))
    return Offspring(first.cases, infected, *r, *k, **mean)


def _rubin(rows: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    if any(isinf(value) or low <= 0 or isinf(high) for value, low, high in rows):
        # No finite width to add up: the widest of the trees.
        return float(np.median([v for v, _, _ in rows])), min(low for _, low, _ in rows), max(h for _, _, h in rows)
    value = np.log([v for v, _, _ in rows])
    between = float(value.var(ddof=1)) * (1 + 1 / len(rows)) if len(rows) > 1 else 0.0
    out = []
    for side in (1, 2):
        gap = np.mean([(log(row[side]) - log(row[0])) ** 2 for row in rows]) + 1.959964**2 * between
        out.append(float(np.exp(value.mean() + (1 if side == 2 else -1) * np.sqrt(gap))))
    return float(np.exp(value.mean())), out[0], out[1]


def simulate_offspring(r: float, k: float, n: int, seed: int, replicate: int) -> Counts:
    """Offspring of ``n`` cases with mean ``r`` and dispersion ``k`` (inf: Poisson), by inversion of counter draws."""
    u = draws(key_of(seed, SIMULATED, replicate), np.arange(n, dtype=np.int64), 1)[:, 0]
    cdf = np.cumsum(_pmf(r, k, float(u.max())))
    out: Counts = np.searchsorted(cdf, u, side="right").astype(np.int64)
    return out


def _pmf(r: float, k: float, upto: float) -> Floats:
    """Probabilities of 0, 1, 2, ... until ``upto`` of the mass is reached."""
    zero = np.exp(-r) if isinf(k) else (1 + r / k) ** -k
    out, total = [float(zero)], float(zero)
    while total <= upto and len(out) < 1_000_000:
        y = len(out)
        odds = r / y if isinf(k) else (k + y - 1) / y * r / (r + k)
        out.append(out[-1] * odds)
        total += out[-1]
        if out[-1] < 1e-18 and y > r:
            break
    return np.array(out)
