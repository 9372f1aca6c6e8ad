"""Worlds and settings for the tests of a run, and a way through a run day by day."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.scenarios import run_one
from engine.scenarios.kernels import arrays, days, half_normal, outside, protection, testing, tracing, transmission
from engine.scenarios.model import (
    ContactTable,
    Course,
    Distribution,
    HalfNormal,
    Initial,
    Isolation,
    Measures,
    Observed,
    Outside,
    Population,
    Quarantine,
    Removal,
    Simulation,
    Testing,
    Tracing,
    Transmission,
    fixed,
)
from engine.scenarios.outcome import DAILY, Outcome
from engine.scenarios.plan import prepare
from engine.scenarios.run_one import simulate
from engine.scenarios.world import TABLE, Contacts, PlaceColumns, World, no_places

EDGES = Path(__file__).parents[2] / "../shared/data/haslemere/covidhm_networks_edges.csv"
TABLED = Population(table=ContactTable(file="contacts.csv"))
SEEN = Population(observed=Observed(), groups="groups.csv", households="households.csv")
Row = tuple[int, int, int] | tuple[int, int, int, float] | tuple[int, int, int, float, int, int]
"""Day, two people, and perhaps weight, place, channel."""


def world_of(people: int, rows: Sequence[Row], days: int = 1, **more: object) -> World:
    """A world of contacts (day, person, other, weight 1, place -1, channel TABLE); ``more`` replaces columns of it."""
    full = [(*row, *(1.0, -1, TABLE)[len(row) - 3 :]) for row in rows]
    table = np.array(full, np.float64).reshape(-1, 6)
    both = np.concatenate([table, table[:, [0, 2, 1, 3, 4, 5]]])
    both = both[np.lexsort((both[:, 4], both[:, 2], both[:, 1], both[:, 0]))]
    places = np.arange(days * people)
    at = both[:, 0] * people + both[:, 1]
    first = np.empty((days, people + 1), np.int64)
    first[:, :-1] = np.searchsorted(at, places).reshape(days, people)
    first[:, -1] = np.searchsorted(at, (np.arange(days) + 1) * people)
    weight = both[:, 3].astype(np.float32)
    contacts = Contacts(
        first, both[:, 2].astype(np.int32), weight, weight, both[:, 4].astype(np.int32), both[:, 5].astype(np.uint8)
    )
    nothing = np.full(people, -1, np.int32)
    columns: dict[str, object] = {
        "places": no_places(days),
        "areas": (),
        "parents": (),
        "area": nothing,
        "cell": np.zeros(people, np.uint64),
        "household": nothing,
        "group": nothing.astype(np.int16),
        "groups": (),
        "case_person": np.empty(0, np.int32),
        "case_onset": np.empty(0),
    }
    return World(people=people, contacts=contacts, **(columns | more))  # type: ignore[arg-type]  # by name


def random_world(people: int, mean: float, seed: int = 1, weights: bool = True) -> World:
    """A static random network."""
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, people, (int(people * mean / 2), 2))
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    w = rng.integers(1, 4, len(pairs)) if weights else np.ones(len(pairs))
    return world_of(people, [(0, int(i), int(j), float(x)) for (i, j), x in zip(pairs, w, strict=True)])


def haslemere() -> World:
    """The network of the published table; skips where the data are not."""
    if not EDGES.exists():
        pytest.skip(f"the Haslemere network is not at {EDGES}")
    with EDGES.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["net"] == "All"]
    return world_of(468, [(0, int(r["i"]) - 1, int(r["j"]) - 1, float(r["w"])) for r in rows])


def simulation(measures: Measures | None = None, **more: object) -> Simulation:
    """A run with a flat profile in which everybody met is infected, unless ``more`` says otherwise."""
    given: dict[str, object] = {
        "days": 40,
        "population": SEEN,
        "course": Course(incubation=fixed(4.5), latent=fixed(1), recovery=fixed(7), asymptomatic_share=0),
        "transmission": Transmission(scale=1000, profile="flat"),
        "measures": measures or Measures(),
    }
    return Simulation(**(given | more))  # type: ignore[arg-type]  # by name


def firth(
    isolation: bool = True,
    depth: int = 0,
    stops: bool = False,
    tests: int | None = None,
    ascertainment: float = 0.9,
    outside_rate: float = 0.001,
    weak_removed: float = 0,
) -> Simulation:
    """The settings of Firth et al. (TARGETS, section 2)."""
    delay = Distribution(weibull=(1, 1.4))
    tracing_way = {"ascertainment": ascertainment}
    return Simulation(
        days=69,
        population=Population(
            table=ContactTable(file="edges.csv"),
            remove=(Removal(share=weak_removed, max_weight=1),) if weak_removed else (),
        ),
        course=Course(
            incubation=Distribution(weibull=(2.322737, 6.492272)),
            latent=fixed(0),
            recovery=fixed(7),
            asymptomatic_share=0.4,
            asymptomatic_factor=0.5,
        ),
        transmission=Transmission(scale=0.8, profile=HalfNormal()),
        outside=Outside(rate=outside_rate),
        initial=Initial(infected=1),
        measures=Measures(
            isolation=Isolation(delay=delay) if isolation else None,
            tracing=Tracing(depth=depth, methods=(tracing_way,)) if depth else None,  # type: ignore[arg-type]  # by name
            quarantine=Quarantine(stops_onward=stops) if depth else None,
            testing=Testing(per_day=tests, positive_isolates=False) if tests is not None else None,
        ),
    )


def many(world: World, run: Simulation, replicates: int, chains: bool = False, start: int = 0) -> list[Outcome]:
    """Replicates of a run."""
    ready = prepare(world, run)
    return [simulate(world, run, start + k, chains=chains, prepared=ready) for k in range(replicates)]


def total(outcome: Outcome, column: str = "infections") -> int:
    """Sum of a column."""
    return int(outcome.column(column).sum())


def by_week_9(outcome: Outcome) -> float:
    """Cumulative onsets of weeks 0 to 9, share of the people."""
    onsets = np.concatenate([outcome.column("onsets"), outcome.late_onsets])
    return float(onsets[:70].sum()) / outcome.people


def walk(world: World, run: Simulation, replicate: int = 0) -> Iterator[tuple[int, str, arrays.State]]:
    """A run day by day: the state (one object) on day 0, after steps 1 and 2 ("due") and at the end of each day."""
    ready = prepare(world, run)
    nows = np.zeros(1, arrays.NOW)
    nows[0]["keys"] = run_one._keys(run.seed, replicate)
    state = run_one._fresh(world.people, run.days)
    n = world.people
    scratch = arrays.Scratch(np.zeros(n, np.int16), np.zeros(n, np.float32), np.zeros(n, np.float32), np.zeros(n))
    protected = protection.since(np.uint64(1), ready.doses)
    daily = np.zeros((run.days, len(DAILY)), np.int32)
    plan, now, rules = ready.plan, nows[0], ready.plan.rules[0]
    outside.begin(state, now, rules, plan.tables, protected, plan.case_person, plan.case_onset)
    days.write_down(now, daily, 0)
    yield 0, "end", state
    for day in range(1, run.days):
        days.due_people(state, now, rules, day)
        yield day, "due", state
        outside.from_outside(state, now, rules, plan.tables, protected, day)
        kernel = half_normal if rules["half_normal"] else transmission
        kernel.contacts(state, now, rules, plan.tables, protected, plan.net, plan.ground, day)
        tracing.trace_contacts(
            state, now, rules, plan.tables.times, plan.net, plan.tables.steps, plan.ground, scratch, day
        )
        testing.tests(state, now, rules, plan.tables.times, plan.sensitivity, scratch.order, day)
        days.write_down(now, daily, day)
        yield day, "end", state


def placed(world: World, kinds: Sequence[int], visitors: Sequence[int], areas: Sequence[int] = ()) -> PlaceColumns:
    """Columns of places: kinds, visitors of every day, areas (-1)."""
    area = np.array(areas or [-1] * len(kinds), np.int32)
    each = np.tile(np.array(visitors, np.int32), (world.contacts.days, 1))
    return PlaceColumns(np.array(kinds, np.int16), area, np.zeros(len(kinds), np.uint64), each)
