"""truyvet in ``make bench-scenarios``: a static network, tracing and tests."""

import hashlib
import time
from collections.abc import Mapping
from importlib.metadata import version

import numpy as np

from benchmarks.scenarios.common import (
    DAYS,
    HELD_D,
    INFECTED,
    SENSITIVITY,
    TRACE_DELAY_D,
    TRACED,
    Edges,
    Free,
    Run,
    alone,
)
from engine.scenarios.contacts_arrays import PairDays, contacts_of
from engine.scenarios.ensemble import Wish, run_replicates
from engine.scenarios.model import Simulation
from engine.scenarios.outcome import Outcome
from engine.scenarios.plan import Prepared, prepare
from engine.scenarios.run_one import simulate
from engine.scenarios.world import NOBODY, TABLE, World, no_places

INCUBATION = {"lognormal": [1.68, 0.3]}
"""Mean 5.6 days."""
SEED = 1
ENOUGH_S, FEWEST, MOST = 6.0, 16, 96


def settings(rate: float, days: int = DAYS) -> Simulation:
    """The run that all models are compared on, as a scenario file would say it."""
    return Simulation.model_validate(
        {
            "days": days + 1,
            "seed": SEED,
            "population": {"table": {"file": "network"}},
            "course": {
                "incubation": INCUBATION,
                "latent": {"fixed": 4.5},
                "recovery": {"fixed": 8},
                "asymptomatic_share": 0.35,
                "asymptomatic_factor": 1,
            },
            "transmission": {"scale": rate, "profile": "flat"},
            "initial": {"infected": INFECTED},
            "measures": {
                "isolation": {"on": False},
                "tracing": {
                    "trigger": "positive_test",
                    "methods": [{"ascertainment": TRACED, "delay": {"fixed": TRACE_DELAY_D}}],
                },
                "quarantine": {"days": HELD_D},
                "testing": {
                    "of": ["symptomatic", "isolated_or_quarantined"],
                    "symptomatic_share": 0.9,
                    "delay": {"exponential": 3.5},
                    "result_delay": {"fixed": 1},
                    "sensitivity": SENSITIVITY,
                    "false_positive": 0,
                    "negative_releases": False,
                },
            },
        }
    )


def free_settings(free: Free) -> Simulation:
    """The epidemic without measures."""
    return Simulation.model_validate(
        {
            "days": free.days + 1,
            "seed": SEED,
            "population": {"table": {"file": "network"}},
            "course": {
                "incubation": {"fixed": 1},
                "latent": {"fixed": 1},
                "recovery": {"shares": [(1 - free.stay) * free.stay**day for day in range(100)]},
                "asymptomatic_factor": 1,
            },
            "transmission": {"scale": -float(np.log1p(-free.risk)), "profile": "flat"},
            "initial": {"infected": free.infected},
        }
    )


def world_of_edges(edges: Edges, people: int) -> World:
    """A world of one day with these contacts, and nothing else known of anybody."""
    pairs = edges.shape[1]
    ones = np.ones(pairs)
    columns = PairDays(
        np.zeros(pairs, np.int32), edges[0], edges[1], ones, ones,
        np.full(pairs, NOBODY, np.int32), np.full(pairs, TABLE, np.uint8),
    )  # fmt: skip
    nowhere = np.full(people, NOBODY, np.int32)
    return World(
        people=people,
        contacts=contacts_of(people, 1, columns),
        places=no_places(1),
        areas=(),
        parents=(),
        area=nowhere,
        cell=np.zeros(people, np.uint64),
        household=nowhere,
        group=np.full(people, NOBODY, np.int16),
        groups=(),
        case_person=np.empty(0, np.int32),
        case_onset=np.empty(0),
    )


class Ours:
    """truyvet."""

    version = version("truyvet")
    first_rate = 0.037

    def __init__(self) -> None:
        self.world: World
        self.simulation: Simulation
        self.prepared: Prepared
        self.seed = 0
        self.outcome: Outcome

    def build(self, edges: Edges, people: int) -> None:
        self.world = world_of_edges(edges, people)

    def ready(self, rate: float, seed: int) -> None:
        self.simulation, self.seed = settings(rate), seed
        self.prepared = prepare(self.world, self.simulation)

    def run(self) -> None:
        self.outcome = simulate(self.world, self.simulation, self.seed, prepared=self.prepared)

    def result(self) -> Run:
        told = self.outcome
        so_far = np.cumsum(told.column("infections")) / told.people
        return Run(
            so_far.tolist(),
            float(told.column("quarantined").sum()),
            float(told.column("tests").sum()),
            float(told.column("positives").sum()),
        )


model = Ours


def final_sizes(edges: Edges, free: Free) -> list[float]:
    """Share ever infected in each replicate of the epidemic without measures."""
    world, simulation = world_of_edges(edges, free.people), free_settings(free)
    ready = prepare(world, simulation)
    runs = (simulate(world, simulation, replicate, prepared=ready) for replicate in range(free.replicates))
    return [float(run.column("infections").sum()) / free.people for run in runs]


def threads(ours: Ours, rate: float, lock: str | None) -> Mapping[str, object]:
    """The same replicates over 1, 2 and 3 threads: a hash of everything they give, and the time with 1 and with 2."""
    world, simulation = ours.world, settings(rate)
    ready = prepare(world, simulation)

    def one(replicate: int) -> Outcome:
        return simulate(world, simulation, replicate, prepared=ready)

    start = time.perf_counter()
    one(0)
    count = min(MOST, max(FEWEST, int(ENOUGH_S / (time.perf_counter() - start)) // 16 * 16))
    hashes: dict[int, str] = {}
    seconds: dict[int, float] = {}
    with alone(lock):
        for workers in (1, 2, 1, 2, 3):
            start = time.perf_counter()
            done = run_replicates(one, world.people, simulation.days, Wish(count, workers=workers))
            took = time.perf_counter() - start
            seconds[workers] = min(took, seconds.get(workers, took))
            hashed = hashlib.sha256()
            for _, block in done.records.blocks(count):
                hashed.update(block.tobytes())
            hashes[workers] = hashed.hexdigest()[:16]
            done.records.close()
    return {"replicates": count, "hashes": hashes, "seconds": seconds}
