"""Orderings that any model of an outbreak must have, on small worlds with common random numbers."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from engine.scenarios.model import (
    Distribution,
    Initial,
    Isolation,
    Measures,
    Quarantine,
    Simulation,
    Tracing,
    TracingMethod,
    Transmission,
)
from engine.scenarios.model import (
    Testing as Checks,
)
from engine.scenarios.outcome import Outcome
from engine.scenarios.world import World
from tests.scenarios.sim_worlds import many, random_world, simulation, total

RUNS = 150


@pytest.fixture(scope="module")
def world() -> World:
    return random_world(500, 8, seed=7)


def outbreak(measures: Measures, scale: float = 0.06) -> Simulation:
    course = {"incubation": Distribution(gamma=(5, 6)), "asymptomatic_share": 0.3}
    return simulation(
        measures, days=60, initial=Initial(infected=5), transmission=Transmission(scale=scale), course=course
    )


def means(world: World, runs: Sequence[Simulation], column: str = "infections") -> list[float]:
    return [float(np.mean([total(o, column) for o in many(world, run, RUNS)])) for run in runs]


def traced(delay: float = 1.0, days: float = 14, isolation: float = 1.0, **way: object) -> Measures:
    method = TracingMethod(delay=Distribution(exponential=delay), **way)  # type: ignore[arg-type]  # by name
    return Measures(
        isolation=Isolation(delay=Distribution(exponential=isolation)),
        tracing=Tracing(methods=(method,)),
        quarantine=Quarantine(days=days),
    )


MORE_IS_WORSE: dict[str, Callable[[float], Measures]] = {
    "delay of isolation": lambda x: Measures(isolation=Isolation(delay=Distribution(exponential=0.3 + 2 * x))),
    "delay of quarantine": lambda x: traced(delay=0.2 + 3 * x),
    "missed contacts": lambda x: traced(ascertainment=1 - x / 3),
    "missed minutes": lambda x: traced(min_minutes=1.01 * x),
    "disobedience": lambda x: Measures(isolation=Isolation(compliance=1 - x / 3)),
    "delay of results": lambda x: Measures(
        testing=Checks(of=("random",), rate=0.15, result_delay=Distribution(exponential=0.3 + 2 * x))
    ),
}


@pytest.mark.parametrize("what", MORE_IS_WORSE)
def test_more_delay_and_less_obedience_never_help(world: World, what: str) -> None:
    made = MORE_IS_WORSE[what]
    infected = means(world, [outbreak(made(x)) for x in (0, 1, 2, 3)])
    assert infected == sorted(infected), infected
    assert infected[3] > infected[0] * 1.05


def test_a_stricter_definition_quarantines_fewer_and_infects_more(world: World) -> None:
    runs = [outbreak(traced(min_minutes=minutes)) for minutes in (0, 1.5, 2.5, 3.5)]
    infected = means(world, runs)
    assert infected == sorted(infected)
    per_case = [q / i for q, i in zip(means(world, runs, "traced"), infected, strict=True)]
    assert per_case == sorted(per_case, reverse=True)
    assert per_case[3] == 0


def test_quarantine_that_stops_onward_infection_infects_fewer(world: World) -> None:
    def run(stops: bool) -> Simulation:
        made = traced(delay=0.3)
        return outbreak(made.model_copy(update={"quarantine": Quarantine(stops_onward=stops)}))

    stops, goes_on = means(world, [run(True), run(False)])
    assert stops < goes_on * 0.95


def children(outcome: Outcome) -> int:
    """People infected by those of the start."""
    tree = outcome.infections
    assert tree is not None
    return int(np.isin(tree.infector, tree.person[tree.day == 0]).sum())


def test_the_benefit_of_the_app_grows_with_the_square_of_adoption() -> None:
    """Both ends of a contact need it: the share of their contacts that cases no longer infect goes with the square."""
    world = random_world(4000, 8, seed=8, weights=False)

    def run(adoption: float) -> Simulation:
        way = TracingMethod(ascertainment=1, delay=Distribution(fixed=0.0), adoption=adoption)
        return simulation(
            Measures(tracing=Tracing(methods=(way,)), quarantine=Quarantine()),
            days=20,
            initial=Initial(infected=40),
            transmission=Transmission(scale=0.05),
            course={"incubation": Distribution(gamma=(5, 6)), "asymptomatic_share": 0.0},
        )

    shares = np.array([0.3, 0.5, 0.7, 1.0])
    sizes = np.array([np.mean([children(o) for o in many(world, run(float(a)), 80, True)]) for a in (0, *shares)])
    averted = 1 - sizes[1:] / sizes[0]
    assert averted[-1] > 0.2
    assert averted / averted[-1] == pytest.approx(shares**2, abs=0.06)
