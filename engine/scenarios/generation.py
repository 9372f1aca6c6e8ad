"""The generation interval that a run's settings imply: how infectiousness is spread over the days since infection."""

import numpy as np
import numpy.typing as npt
from scipy import stats

from engine.exposure import infectiousness
from engine.scenarios.distributions import quantiles
from engine.scenarios.model import Distribution, HalfNormal, Simulation

Floats = npt.NDArray[np.float64]

GRID = 400
"""Points that stand for a distribution, each of the same chance."""
LONGEST_D = 90
MASS = 0.999
"""Weights are cut where so much of the whole is reached."""
RIPE = 0.99
"""A cohort is complete when so much of its generation interval lies within the run."""


def generation_interval(simulation: Simulation) -> Floats:
    """Weights of 1, 2, ... days after infection, shape (days,), adding up to 1; weight s - 1 is of s days.

    The expectation, over incubation, latent time and recovery, of the infectiousness of somebody infected s days ago
    whom no measure stops: what an observer who knows the settings and not the chains would use (as Cori et al. 2013).
    Of the half-normal profile the longest incubation of the day is taken as the 99.75 % quantile.
    """
    course, profile = simulation.course, simulation.transmission.profile
    onset = _points(course.incubation)
    latent, recovery = np.sort(_points(course.latent)), np.sort(_points(course.recovery))
    weights = np.empty(LONGEST_D)
    for s in range(1, LONGEST_D + 1):
        since = s - onset
        begun = np.where(since >= 0, 1.0, np.searchsorted(latent, s, "right") / len(latent))
        lasting = 1 - np.searchsorted(recovery, since, "left") / len(recovery)
        weights[s - 1] = np.mean(_profile(profile, since, onset) * begun * lasting)
    total = weights.sum()
    if not total > 0:
        return np.ones(1)
    length = int(np.searchsorted(np.cumsum(weights) / total, MASS)) + 1
    return np.asarray(weights[:length] / weights[:length].sum(), np.float64)


def ripe_after(weights: Floats) -> int:
    """Days after which somebody infected has had ``RIPE`` of the chances to infect."""
    return int(np.searchsorted(np.cumsum(weights), RIPE * (1 - 1e-12))) + 1


def _profile(profile: str | HalfNormal, since: Floats, onset: Floats) -> Floats:
    if isinstance(profile, HalfNormal):
        before = profile.sd_before * np.maximum(onset, 1e-9) / max(float(onset.max()), 1e-9)
        early = np.where(since <= 0, 2 * stats.norm.pdf(since / before) / before, 0.0)
        late = np.where(since >= 0, 2 * stats.norm.pdf(since / profile.sd_after) / profile.sd_after, 0.0)
        return np.asarray(profile.presymptomatic_share * early + (1 - profile.presymptomatic_share) * late, np.float64)
    return np.ones(len(since)) if profile == "flat" else infectiousness.relative(since)


def _points(law: Distribution) -> Floats:
    """Quantiles at the middles of ``GRID`` equal shares, ascending."""
    at = (np.arange(GRID) + 0.5) / GRID
    if law.shares is None:
        return quantiles(law, at)
    shares = np.cumsum(law.shares)
    return np.searchsorted(shares / shares[-1], at, "right").astype(np.float64)
