"""The outbreak table of Firth et al. (2020), TARGETS section 2, and the oracle's figures beyond it, 1,000 runs each."""

import numpy as np
import pytest

from engine.scenarios.world import World
from tests.scenarios.sim_worlds import by_week_9, firth, haslemere, many, total

PUBLISHED = {
    "nothing": ({"isolation": False}, 74.6, 71.8, 77.4, 0),
    "isolation": ({}, 65.6, 61.8, 69.2, 0),
    "primary": ({"depth": 1}, 48.3, 41.9, 53.6, 26.6),
    "secondary": ({"depth": 2}, 16.2, 10.7, 22.2, 42.3),
}
ORACLE = {
    "primary, quarantine stops": ({"depth": 1, "stops": True}, 24.1, 17.0),
    "secondary, quarantine stops": ({"depth": 2, "stops": True}, 11.8, 37.3),
    "5 tests": ({"depth": 1, "tests": 5}, 53.6, 24.5),
    "50 tests": ({"depth": 2, "tests": 50}, 51.3, 35.5),
    "50 tests, quarantine stops": ({"depth": 2, "tests": 50, "stops": True}, 17.1, 13.8),
    "less from outside": ({"depth": 2, "outside_rate": 0.005}, 34.2, 46.6),
    "few found": ({"depth": 2, "ascertainment": 0.1}, 44.7, 28.0),
    "half of the weak edges": ({"depth": 1, "weak_removed": 0.5}, 34.6, 9.9),
    "no weak edges": ({"isolation": False, "weak_removed": 1.0}, 19.9, 0),
}


@pytest.fixture(scope="module")
def network() -> World:
    return haslemere()


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_table_is_reproduced(network: World, name: str) -> None:
    settings, median, low, high, quarantined = PUBLISHED[name]
    runs = many(network, firth(**settings), 1000)
    share = np.array([by_week_9(run) for run in runs]) * 100
    week_3 = np.array([run.column("quarantined")[21:28].mean() / run.people for run in runs]) * 100
    assert np.median(share) == pytest.approx(median, abs=1.0)
    assert np.quantile(share, 0.05) == pytest.approx(low, abs=1.5)
    assert np.quantile(share, 0.95) == pytest.approx(high, abs=1.5)
    assert np.median(week_3) == pytest.approx(quarantined, abs=2)


@pytest.mark.parametrize("name", ORACLE)
def test_other_cells_are_those_of_the_oracle(network: World, name: str) -> None:
    """Medians of 400 runs beside the oracle's of 1,000: three standard errors of both together are below these."""
    settings, median, quarantined = ORACLE[name]
    runs = many(network, firth(**settings), 400)
    share = np.array([by_week_9(run) for run in runs]) * 100
    week_3 = np.array([run.column("quarantined")[21:28].mean() / run.people for run in runs]) * 100
    assert np.median(share) == pytest.approx(median, abs=1.4)
    assert np.median(week_3) == pytest.approx(quarantined, abs=4)


def test_no_more_tests_are_done_than_there_are(network: World) -> None:
    runs = many(network, firth(depth=2, tests=7), 20)
    assert max(int(run.column("tests").max()) for run in runs) == 7
    assert all(total(run, "positives") <= total(run, "tests") for run in runs)
