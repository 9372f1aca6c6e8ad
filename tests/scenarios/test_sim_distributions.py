"""Times drawn from tables of quantiles beside the families they stand for."""

import numpy as np
import pytest
from scipy import stats

from engine.kernels.hashing import draws
from engine.scenarios.distributions import stepwise, tables
from engine.scenarios.kernels.sampling import days, gap, log_of_miss, poisson
from engine.scenarios.model import Distribution

FAMILIES = {
    "weibull": (Distribution(weibull=(2.322737, 6.492272)), stats.weibull_min(2.322737, scale=6.492272)),
    "steep weibull": (Distribution(weibull=(0.7, 2)), stats.weibull_min(0.7, scale=2)),
    "gamma": (Distribution(gamma=(3.7, 7)), stats.gamma(7, scale=3.7 / 7)),
    "lognormal": (Distribution(lognormal=(1.2, 0.6)), stats.lognorm(0.6, scale=np.exp(1.2))),
    "exponential": (Distribution(exponential=1.4), stats.expon(scale=1.4)),
    "uniform": (Distribution(uniform=(2, 5)), stats.uniform(2, 3)),
}


def sample(distribution: Distribution, u: np.ndarray) -> np.ndarray:
    table = tables([Distribution(fixed=9.0), distribution])
    return np.array([days(table, stepwise(distribution), 1, x) for x in u])


@pytest.mark.parametrize("name", FAMILIES)
def test_quantiles_are_those_of_the_family(name: str) -> None:
    distribution, family = FAMILIES[name]
    u = np.concatenate([(np.arange(3000) + 0.5) / 3000, 1 - np.array([1e-3, 5e-4, 1e-4, 1e-5, 3e-6])])
    got, wanted = sample(distribution, u), family.ppf(u)
    inner = (u > 0.002) & (u < 1 - 2e-5)
    assert np.abs(got - wanted)[inner].max() < 0.02 * family.std()
    assert got[:3000].mean() == pytest.approx(family.mean(), rel=2e-3)
    assert (np.diff(got[:3000]) >= 0).all()


def test_shares_and_fixed_times() -> None:
    u = np.array([0, 0.0999, 0.1001, 0.5, 0.7999, 0.8001, 0.999999])
    assert sample(Distribution(shares=(0.1, 0.7, 0.2)), u).tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert sample(Distribution(shares=(0.0, 0.0, 0.5)), u).tolist() == [2] * 7
    assert sample(Distribution(fixed=14), u).tolist() == [14] * 7


def test_gaps_are_geometric_and_counts_poisson() -> None:
    keys = [np.uint64(k) for k in (draws(np.uint64(1), np.arange(20_000), 1)[:, 0] * 2**60).astype(np.uint64)]
    gaps = np.array([gap(key, 3, log_of_miss(0.2)) for key in keys])
    assert gaps.mean() == pytest.approx(4, abs=0.12)
    assert (gaps == 0).mean() == pytest.approx(0.2, abs=0.01)
    assert {gap(key, 0, log_of_miss(1.0)) for key in keys[:50]} == {0}
    counts = np.array([poisson(key, 2.5, 1_000) for key in keys])
    assert counts.mean() == pytest.approx(2.5, abs=0.05)
    assert counts.var() == pytest.approx(2.5, abs=0.1)
