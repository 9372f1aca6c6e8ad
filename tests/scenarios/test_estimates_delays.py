"""Delays, intervals between pairs and incubation: censored likelihoods, bootstrap, known answers."""

import numpy as np
import pytest
from scipy import stats

from engine.errors import BadParameterError
from engine.kernels.hashing import draws
from engine.scenarios.estimates.assemble import estimate_cases
from engine.scenarios.estimates.cases import CaseList
from engine.scenarios.estimates.delays import estimate_delay, estimate_incubation
from engine.scenarios.estimates.families import (
    GAMMA,
    LOGNORMAL,
    NORMAL,
    POSITIVE,
    WEIBULL,
    Intervals,
    best_fit,
    distinct,
    fit,
    probabilities,
    rounded,
)
from engine.scenarios.estimates.options import Options
from engine.scenarios.estimates.resample import key_of
from engine.scenarios.estimates.serial import estimate_interval
from engine.scenarios.model_parts import Distribution
from tests.oracles import estimates as oracle

CASES = [
    (GAMMA, 2.3, 1.7, stats.gamma(2.3, scale=1.7)),
    (WEIBULL, 1.4, 4.0, stats.weibull_min(1.4, scale=4)),
    (LOGNORMAL, 1.1, 0.6, stats.lognorm(0.6, scale=np.exp(1.1))),
    (NORMAL, 3.0, 2.2, stats.norm(3, 2.2)),
]


def uniform(n, seed, count=2):
    return draws(key_of(seed, 77), np.arange(n, dtype=np.int64), count)


@pytest.mark.parametrize(("family", "a", "b", "truth"), CASES, ids=[c[0].name for c in CASES])
def test_the_likelihood_through_calendars_is_the_integral(family, a, b, truth):
    start, end = np.array([0, 0, 0, -3, 0.5]), np.array([-2, 0, 4, 2, 1.5])
    start_width, end_width = np.array([1, 1, 1, 4, 2.0]), np.array([1, 1, 1, 1, 0.5])
    got = probabilities(family, a, b, Intervals(start, start_width, end, end_width, np.ones(5)))
    rows = zip(start, start_width, end, end_width, strict=True)
    assert got == pytest.approx([oracle.delay_probability(truth, *row) for row in rows], abs=1e-7)
    assert family.moments(a, b) == pytest.approx((truth.mean(), truth.std()))
    assert family.quantile(0.9, a, b) == pytest.approx(truth.ppf(0.9))
    # All the days together: certain.
    days = np.arange(-40, 200, dtype=np.float64)
    assert probabilities(family, a, b, rounded(days, 1)).sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("family", "a", "b", "truth"), CASES, ids=[c[0].name for c in CASES])
def test_a_fit_of_days_finds_what_made_them(family, a, b, truth):
    u = uniform(1500, 5)
    days = np.floor(u[:, 0] + truth.ppf(u[:, 1]))
    found = fit(family, rounded(days, 1))
    assert found.mean == pytest.approx(truth.mean(), rel=0.06)
    assert found.sd == pytest.approx(truth.std(), rel=0.1)
    if family.positive and family is not WEIBULL:  # this Weibull is nearly a gamma
        assert best_fit(rounded(days, 1))[0].family is family


def test_many_delays_are_fitted_by_their_distinct_values():
    days = np.floor(stats.gamma(2.3, scale=1.7).ppf(uniform(1200, 4)[:, 0]) + uniform(1200, 4)[:, 1])
    weight = np.linspace(0.5, 1.5, 1200)
    whole, short = rounded(days, 1, weight), distinct(rounded(days, 1, weight))
    assert len(short) < 40
    assert short.weight.sum() == pytest.approx(weight.sum())
    told = [float((d.weight * np.log(probabilities(GAMMA, 2.0, 2.0, d))).sum()) for d in (whole, short)]
    assert told[0] == pytest.approx(told[1])
    assert fit(GAMMA, whole).n == 1200


def test_few_delays_are_not_fitted():
    assert fit(GAMMA, rounded(np.array([1.0, 2, 3]), 1)) is None
    assert best_fit(rounded(np.array([1.0, 2, 3]), 1), POSITIVE) == ()


def test_a_delay_leaves_out_what_ends_before_it_starts_and_warns_of_the_last_days():
    days = np.array([3, 1, 2, np.nan, -2, 4, 0, 2, 3, 5], np.float64)
    start = np.array([0, 1, 2, 3, 4, 5, 18, 18, 19, 19], np.float64)
    found = estimate_delay(days, start=start, last=20)
    assert (found.n, found.before) == (8, 1)
    assert found.mean == pytest.approx(2.5)
    assert found.median == 2.5
    assert found.mean_low < 2.5 < found.mean_high
    assert found.recent == pytest.approx(0.5)
    assert [f.aic for f in found.fits] == sorted(f.aic for f in found.fits)
    with pytest.raises(BadParameterError):
        estimate_delay(np.array([-1.0, np.nan]))


def test_a_bootstrap_is_the_same_each_time_and_its_seed_matters():
    days = np.floor(uniform(80, 1)[:, 0] * 9)
    one, again, other = (estimate_delay(days, seed=s, families=False) for s in (1, 1, 2))
    assert one == again
    assert (one.mean_low, one.mean_high) != (other.mean_low, other.mean_high)


def test_the_interval_of_a_mean_is_that_of_the_normal_theory():
    x = stats.norm(5, 2).ppf(uniform(400, 3)[:, 0])
    found = estimate_interval(x, resolution=1e-6)
    half = 1.96 * x.std(ddof=1) / 20
    assert (found.mean_high - found.mean_low) / 2 == pytest.approx(half, rel=0.1)
    assert found.sd == pytest.approx(x.std(ddof=1))


def test_serial_intervals_may_be_negative_and_days_are_taken_out_of_their_spread():
    u = uniform(3000, 9, 3)
    true = stats.norm(3, 2.5).ppf(u[:, 2])
    days = np.floor(u[:, 0] + true)
    found = estimate_interval(days)
    assert found.negative == (days < 0).sum() > 100
    assert found.mean == pytest.approx(3, abs=0.15)
    assert found.sd == pytest.approx(2.5, abs=0.12)
    assert found.normal.sd == pytest.approx(2.5, abs=0.12)
    assert found.gamma.n == 3000 - found.negative
    with pytest.raises(BadParameterError):
        estimate_interval(np.zeros(0))


def test_weights_are_chances():
    x = np.array([1.0, 2, 3, 10])
    assert estimate_interval(x, weight=np.array([1, 1, 1, 1e-9])).mean == pytest.approx(2, abs=1e-6)


def test_incubation_comes_out_of_windows_of_exposure():
    u = uniform(300, 21, 3)
    width = np.floor(u[:, 0] * 4)
    infected = u[:, 1] * (width + 1)
    truth = stats.weibull_min(2.2, scale=7)
    onset = np.floor(infected + truth.ppf(u[:, 2]))
    found = estimate_incubation(np.zeros(300), width, onset)
    assert found.n == 300
    assert found.mean == pytest.approx(truth.mean(), rel=0.06)
    assert found.mean_low < truth.mean() < found.mean_high
    assert found.fits[0].family is WEIBULL
    nothing = np.full(10, np.nan)
    assert estimate_incubation(nothing, nothing, np.zeros(10)) is None


def test_the_incubation_of_many_cases_has_the_interval_of_a_bootstrap():
    u = uniform(1100, 23, 3)
    width = np.floor(u[:, 0] * 4)
    onset = np.floor(u[:, 1] * (width + 1) + stats.gamma(5, scale=1.1).ppf(u[:, 2]))
    few = estimate_incubation(np.zeros(1000), width[:1000], onset[:1000])
    many = estimate_incubation(np.zeros(1100), width, onset)
    assert (few.n, many.n) == (1000, 1100)
    assert many.mean_low < 5.5 < many.mean_high
    wide = [(f.mean_high - f.mean_low) * np.sqrt(f.n) for f in (few, many)]
    assert wide[1] == pytest.approx(wide[0], rel=0.25)


def test_moments_of_many_cases_are_gathered_into_few_rows_that_keep_their_mean():
    u = uniform(30_000, 24)
    days = stats.gamma(2.3, scale=1.7).ppf(u[:, 0])
    data = Intervals(np.zeros(30_000), 1 / 24 + u[:, 1] * 5, days, np.full(30_000, 1 / 24), np.ones(30_000))
    short = distinct(data)
    assert len(short) <= 2000
    assert short.start_width.min() > 0
    assert (short.end * short.weight).sum() / 30_000 == pytest.approx(days.mean(), abs=0.01)


def test_a_date_minus_a_moment_is_a_difference_of_days():
    onset = np.arange(30, dtype=np.float64)
    isolated = onset + 2 + np.arange(30) % 10 / 10 + 0.05
    cases = CaseList(tuple(map(str, range(30))), {"onset": onset, "isolated": isolated})
    days, resolution = cases.delay("onset", "isolated")
    assert (resolution, days.tolist()) == (1, [2.0] * 30)
    found = estimate_cases(cases, None, Options(what=("settings",)))
    # Times that are all the same are one time, not a distribution of no width.
    assert found.settings["isolation_delay"].value == Distribution(fixed=2)


@pytest.mark.parametrize("days", [0.0, 0.01, 1.0, 40.0])
def test_equal_delays_of_any_length_are_settings(days):
    onset = np.arange(30) + 0.3
    cases = CaseList(tuple(map(str, range(30))), {"onset": onset, "isolated": onset + days})
    value = estimate_cases(cases, None, Options(what=("settings",))).settings["isolation_delay"].value
    assert value is not None


def test_a_column_with_many_midnights_is_one_of_days():
    half = np.where(np.arange(20) % 2, 0.4, 0.0) + np.arange(20)
    cases = CaseList(tuple(map(str, range(20))), {"onset": half, "sampled": np.arange(20) + 0.4})
    assert (cases.resolution("onset"), cases.resolution("sampled")) == (1, 1 / 24)
