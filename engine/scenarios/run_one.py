"""One replicate of a run: everything random about it comes from (seed, replicate), whatever thread does it."""

import numpy as np
import numpy.typing as npt

from engine.kernels.hashing import fold
from engine.scenarios import streams
from engine.scenarios.kernels import arrays, people, protection
from engine.scenarios.kernels.days import run
from engine.scenarios.model import Simulation
from engine.scenarios.outcome import DAILY, Infections, Outcome
from engine.scenarios.plan import Prepared, prepare
from engine.scenarios.world import World

_SALT = np.uint64(0x7472_7579_7665_7431)


def simulate(
    world: World, simulation: Simulation, replicate: int, chains: bool = False, prepared: Prepared | None = None
) -> Outcome:
    """What happens in replicate ``replicate`` (0, 1, ...) of a run.

    ``prepared`` is what ``prepare(world, simulation)`` gave, for all replicates of a run; it is only read: threads may
    share it. ``chains``: with who infected whom. The same arguments give the same outcome, and runs that differ in one
    measure share all draws it does not touch. Raises ``ScenarioError`` for what cannot be done in this world. Cost: the
    people infected, found and tested, and the infectious people of each day; about 100 bytes a person.
    """
    ready = prepared or prepare(world, simulation)
    nows = np.zeros(1, arrays.NOW)
    nows[0]["keys"] = keys = _keys(simulation.seed, replicate)
    state = _fresh(world.people, simulation.days)
    scratch = arrays.Scratch(
        since=np.zeros(world.people if ready.dated else 0, np.int16),
        minutes=np.zeros(world.people if ready.sums else 0, np.float32),
        weight=np.zeros(world.people if ready.sums else 0, np.float32),
        order=np.zeros(world.people if ready.limited else 0),
    )
    protected = protection.since(keys[streams.VACCINES], ready.doses)
    daily = np.zeros((simulation.days, len(DAILY)), np.int32)
    run(state, ready.plan, scratch, protected, nows, daily)
    by_day = state.by_day
    return Outcome(
        world.people,
        daily,
        by_day[arrays.ONSETS, simulation.days :].copy(),
        by_day[arrays.COHORT, : simulation.days].copy(),
        by_day[arrays.OFFSPRING, : simulation.days].copy(),
        _chains(state, int(nows[0]["in_infected"])) if chains else None,
    )


def _keys(seed: int, replicate: int) -> npt.NDArray[np.uint64]:
    key = np.uint64(fold(np.uint64(fold(_SALT, np.uint64(seed % 2**64))), np.uint64(replicate)))
    return np.array([fold(key, stream) for stream in range(streams.COUNT)], np.uint64)


def _fresh(n: int, days: int) -> arrays.State:
    return arrays.State(
        people=people.fresh(n),
        flags=np.full(n, people.SUSCEPTIBLE, np.uint8),
        wake=np.full(n, -1, np.int16),
        lists=np.empty((len(arrays.LISTS), n), np.int32),
        by_day=np.zeros((4, days + arrays.LATE_DAYS), np.int32),
    )


def _chains(state: arrays.State, infected: int) -> Infections:
    order = state.lists[arrays.INFECTED, :infected].copy()
    rows, flags = state.people[order], state.flags[order]
    return Infections(
        person=order,
        infector=rows["infector"].copy(),
        day=rows["infected_on"].astype(np.float32),
        onset=rows["onset"].copy(),
        symptomatic=(flags & people.SYMPTOMATIC).astype(np.bool_),
        place=rows["place"].copy(),
        detected=(flags & people.DETECTED).astype(np.bool_),
    )
