"""R_t: the published numbers of EpiEstim, an independent oracle, and what must hold of any series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadParameterError
from engine.scenarios.estimates.cori import discretised, estimate_rt, fewest_cases
from tests.oracles import estimates as oracle

PUBLISHED_WEIGHTS = [
    0, 2.331721e-01, 3.585794e-01, 1.981108e-01, 1.033427e-01, 5.290518e-02, 2.682146e-02, 1.351620e-02, 6.783438e-03,
    3.394351e-03, 1.694674e-03, 8.445945e-04, 4.203313e-04, 2.089422e-04, 1.037609e-04, 5.148480e-05, 2.552773e-05,
    1.264952e-05, 6.264667e-06, 3.101068e-06, 1.534394e-06,
]  # fmt: skip
"""EpiEstim's demonstration: ``discr_si(0:20, mu = 2.6, sigma = 1.5)``."""
FLU = np.array([1, 1, 0, 2, 5, 3, 3, 3, 6, 2, 5, 9, 13], np.float64)
"""Its first 13 days of influenza in a school in Pennsylvania, 2009 (Cauchemez et al. 2011)."""
PUBLISHED = {
    "mean": [1.735798, 1.749168, 1.537058, 1.431839, 1.422725, 1.635373],
    "sd": [0.4091314, 0.3647267, 0.3074116, 0.2705921, 0.2515046, 0.2523436],
    "median": [1.703761, 1.723884, 1.516613, 1.414830, 1.407932, 1.622413],
    "low": [1.0287437, 1.1088223, 0.9947030, 0.9514466, 0.9731426, 1.1786332],
    "high": [2.624781, 2.533119, 2.195540, 2.008849, 1.956336, 2.165745],
}
"""The first six windows of ``estimate_R(method = "parametric_si")`` with mean 2.6, sd 1.5."""


def test_the_discretised_serial_interval_is_the_published_one():
    assert discretised(2.6, 1.5, 21) == pytest.approx(PUBLISHED_WEIGHTS, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("mean", "sd"), [(2.6, 1.5), (4.5, 2.9), (14.6, 5.1), (1.3, 2.0)])
def test_the_discretised_serial_interval_is_the_integral(mean, sd):
    weights = discretised(mean, sd, 12)
    assert weights == pytest.approx([oracle.serial_weight(k, mean, sd) for k in range(12)], abs=2e-7)
    whole = discretised(mean, sd)
    assert whole.sum() == pytest.approx(1, abs=1e-6)
    assert (whole * np.arange(len(whole))).sum() == pytest.approx(mean, abs=1e-3)


@pytest.mark.parametrize("measure", PUBLISHED)
def test_r_is_the_published_example(measure):
    found = estimate_rt(FLU, discretised(2.6, 1.5))
    assert getattr(found, measure) == pytest.approx(PUBLISHED[measure], rel=1e-6)
    assert found.first.tolist() == [1, 2, 3, 4, 5, 6]
    assert found.last.tolist() == [7, 8, 9, 10, 11, 12]


def test_r_is_bayes_theorem_on_a_grid():
    weights = discretised(2.6, 1.5)
    found = estimate_rt(FLU, weights, window=4)
    for i in (0, 5, len(found) - 1):
        first, last = int(found.first[i]), int(found.last[i])
        got = found.mean[i], found.median[i], found.low[i], found.high[i]
        assert got == pytest.approx(oracle.posterior(FLU, first, last, weights), rel=2e-4)


def test_imported_cases_infect_but_are_infected_by_nobody_here():
    weights = discretised(2.6, 1.5)
    foreign = np.array([1, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 3, 0], np.float64)
    with_known, without = estimate_rt(FLU, weights, foreign), estimate_rt(FLU, weights)
    assert with_known.infectivity == pytest.approx(without.infectivity)
    assert (with_known.mean <= without.mean).all()
    assert with_known.cases[0] == without.cases[0] - 3


def test_flags_of_few_cases_of_late_days_and_of_nobody():
    assert fewest_cases() == 11
    series = np.array([1, *[0] * 30, 4, *[0] * 10], np.float64)
    found = estimate_rt(series, discretised(2.6, 1.5, 12), late_days=2)
    assert found.few.all()
    assert found.truncated.tolist() == [int(last) >= len(series) - 2 for last in found.last]
    alone = found.prior_only
    assert alone.any()
    assert found.mean[alone] == pytest.approx(5)
    # Cases that nobody known could infect came from elsewhere: they do not raise R.
    assert found.cases.max() == 0


@pytest.mark.parametrize("bad", [[-1, 2], [float("nan"), 1]])
def test_numbers_that_are_no_counts_are_refused(bad):
    with pytest.raises(BadParameterError):
        estimate_rt(np.array(bad, np.float64), discretised(2.6, 1.5))


@pytest.mark.parametrize(("mean", "sd"), [(1.0, 1.0), (0.5, 1.0), (3.0, 0.0), (float("inf"), 1)])
def test_a_serial_interval_that_cannot_be_is_refused(mean, sd):
    with pytest.raises(BadParameterError):
        discretised(mean, sd)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=9, max_size=40), st.integers(1, 9), st.integers(2, 20))
def test_longer_ago_changes_nothing_and_twice_the_cases_keep_r(cases, window, factor):
    series, weights = np.array(cases, np.float64), discretised(3.5, 2.0)
    found = estimate_rt(series, weights, window=window)
    later = estimate_rt(np.concatenate([np.zeros(5), series]), weights, window=window)
    assert later.median == pytest.approx(found.median)
    assert later.first.tolist() == [f + 5 for f in found.first.tolist()]
    assert ((found.low < found.median) & (found.median < found.high)).all()
    many = estimate_rt(factor * series, weights, window=window)
    # More cases of the same shape: a narrower interval, the same likelihood's peak.
    wide = ~found.prior_only
    assert ((many.high - many.low)[wide] <= (found.high - found.low)[wide] + 1e-9).all() or not wide.any()
