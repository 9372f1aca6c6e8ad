"""A run beside the independent, slow and obvious one of tests/oracles/outbreak.py, on a small random network."""

import numpy as np
import pytest

from engine.scenarios.world import World
from tests.oracles import outbreak
from tests.scenarios.sim_worlds import by_week_9, firth, many, random_world

RUNS, SLOW_RUNS = 1000, 80
CASES = {
    "nothing": ({"isolation": False}, {"isolation": False}),
    "isolation": ({}, {}),
    "primary": ({"depth": 1}, {"tracing_depth": 1}),
    "secondary": ({"depth": 2}, {"tracing_depth": 2}),
    "stops onward": ({"depth": 1, "stops": True}, {"tracing_depth": 1, "quarantine_stops_onward": True}),
    "tests": ({"depth": 2, "tests": 3}, {"tracing_depth": 2, "tests_per_day": 3}),
}


@pytest.fixture(scope="module")
def world() -> World:
    return random_world(80, 6, seed=5)


def _beside(fast: list[float], slow: list[float]) -> None:
    a, b = np.array(fast), np.array(slow)
    error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    assert abs(a.mean() - b.mean()) < 3 * error + 1e-9


@pytest.mark.parametrize("name", CASES)
def test_means_are_within_three_standard_errors(world: World, name: str) -> None:
    ours, theirs = CASES[name]
    contacts = world.contacts
    source = np.repeat(np.arange(world.people), np.diff(contacts.first[0]))
    network = outbreak.Network(world.people, source, contacts.other.astype(np.int64), contacts.weight.astype(float))
    slow = [outbreak.run(network, outbreak.Parameters(**theirs), [9, k]) for k in range(SLOW_RUNS)]
    fast = many(world, firth(**ours), RUNS)
    _beside([by_week_9(run) for run in fast], [run.infected_by_week() for run in slow])
    _beside(
        [float(run.column("quarantined").mean()) for run in fast],
        [float(np.nanmean(run.quarantined[:69])) * world.people for run in slow],
    )
    _beside(
        [float(run.column("isolated").mean()) for run in fast],
        [float(np.nanmean(run.isolated[:69])) * world.people for run in slow],
    )
    _beside([float(run.column("tests").sum()) for run in fast], [float(run.tests.sum()) for run in slow])
