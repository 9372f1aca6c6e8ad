"""What holds in every run, whatever the measures: conservation, trees, chance as a function of seed and person."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from engine.scenarios.model import (
    CapacityLimit,
    Closure,
    Course,
    HalfNormal,
    Initial,
    Isolation,
    Lockdown,
    Masks,
    Measures,
    Outside,
    Quarantine,
    Simulation,
    Tracing,
    TracingMethod,
    Transmission,
    Vaccination,
)
from engine.scenarios.model import (
    Testing as Checks,
)
from engine.scenarios.outcome import DAILY, Outcome
from engine.scenarios.plan import prepare
from engine.scenarios.run_one import simulate
from engine.scenarios.world import World
from tests.scenarios.sim_worlds import firth, many, placed, random_world, simulation, total, world_of


def dated_world(seed: int = 3) -> World:
    """A fortnight of contacts at three places."""
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, 150, (6000, 2))
    rows = [
        (int(day), int(a), int(b), float(w), int(place), 1)
        for (a, b), day, w, place in zip(
            pairs, rng.integers(0, 14, 6000), rng.uniform(0.1, 3, 6000), rng.integers(-1, 3, 6000), strict=True
        )
        if a != b
    ]
    world = world_of(150, rows, days=14)
    return world_of(150, rows, days=14, places=placed(world, [0, 4, 8], [40, 60, 20]))


EVERYTHING = Measures(
    isolation=Isolation(compliance=0.8),
    tracing=Tracing(depth=2, direction="both", trigger="either", cases_per_day=6, methods=(TracingMethod(),)),
    quarantine=Quarantine(compliance=0.9, extend=True),
    testing=Checks(of=("isolated_or_quarantined", "symptomatic", "random"), rate=0.01, per_day=20),
    closures=(Closure(kinds=("market",), factor=0.3, start=10),),
    masks=(Masks(coverage=0.5, start=5),),
    vaccination=Vaccination(coverage={"all": 0.2}, per_day=1),
)
SPREAD = {
    "days": 60,
    "course": Course(asymptomatic_share=0.3, fatality=0.05),
    "transmission": Transmission(scale=0.06),
    "initial": Initial(infected=3, immune_share=0.1),
    "outside": Outside(rate=0.0005, importations=0.05),
}
RUNS: dict[str, Simulation] = {
    "everything": simulation(EVERYTHING, **SPREAD),
    "nothing": simulation(**SPREAD),
    "half-normal": simulation(EVERYTHING, **(SPREAD | {"transmission": Transmission(profile=HalfNormal())})),
}


@pytest.fixture(scope="module")
def world() -> World:
    return dated_world()


def same(a: Outcome, b: Outcome) -> bool:
    return (
        np.array_equal(a.daily, b.daily)
        and np.array_equal(a.cohort_offspring, b.cohort_offspring)
        and np.array_equal(a.late_onsets, b.late_onsets)
    )


@pytest.mark.parametrize("name", RUNS)
def test_people_are_conserved_and_counts_agree(world: World, name: str) -> None:
    immune = []
    for outcome in many(world, RUNS[name], 15, chains=True):
        infected = np.cumsum(outcome.column("infections"))
        kept = outcome.column("susceptible") + infected
        assert len(set(kept.tolist())) == 1, "susceptible + ever infected + immune = people"
        immune.append(world.people - int(kept[0]))
        assert (outcome.daily >= 0).all()
        assert (outcome.column("false_quarantined") <= outcome.column("quarantined")).all()
        assert (outcome.column("positives") <= outcome.column("tests")).all()
        assert (outcome.column("outside_infections") <= outcome.column("infections")).all()
        tree = outcome.infections
        assert tree is not None
        assert len(tree.person) == infected[-1] == len(set(tree.person.tolist()))
        assert outcome.cohort_size.tolist() == outcome.column("infections").tolist()
        assert outcome.cohort_offspring.sum() == (tree.infector >= 0).sum()
        onsets = np.bincount(np.floor(tree.onset).astype(int), minlength=200)
        assert onsets[: len(infected)].tolist() == outcome.column("onsets").tolist()
        assert onsets[len(infected) : len(infected) + 60].tolist() == outcome.late_onsets.tolist()
    assert np.mean(immune) == pytest.approx(15, abs=4)


@pytest.mark.parametrize("name", RUNS)
def test_the_tree_is_consistent(world: World, name: str) -> None:
    contacts = world.contacts
    for outcome in many(world, RUNS[name], 8, chains=True):
        tree = outcome.infections
        assert tree is not None
        day_of = dict(zip(tree.person.tolist(), tree.day.tolist(), strict=True))
        assert tree.day.tolist() == sorted(tree.day.tolist())
        for p, source, day, place in zip(tree.person, tree.infector, tree.day, tree.place, strict=True):
            if source < 0:
                assert place == -1
                continue
            assert day_of[int(source)] + 1 <= day, "latent for a day"
            seen = contacts.day_of(int(day))
            rows = slice(contacts.first[seen, source], contacts.first[seen, source + 1])
            met = contacts.other[rows] == p
            assert place in contacts.place[rows][met], "they met on that day, there"


@pytest.mark.parametrize("name", RUNS)
def test_a_replicate_is_a_function_of_its_seed_and_number(world: World, name: str) -> None:
    run = RUNS[name]
    ready = prepare(world, run)
    alone = [simulate(world, run, k) for k in range(6)]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda k: simulate(world, run, k, prepared=ready), reversed(range(6))))
    assert all(same(a, b) for a, b in zip(alone, reversed(together), strict=True))
    assert not same(alone[0], alone[1])
    assert not same(alone[0], simulate(world, run.model_copy(update={"seed": 2}), 0))


def test_a_longer_run_begins_as_the_shorter_one(world: World) -> None:
    run = RUNS["everything"]
    long, short = (simulate(world, run.model_copy(update={"days": days}), 4) for days in (60, 25))
    column = [i for i, name in enumerate(DAILY) if name != "onsets"]
    assert np.array_equal(long.daily[:25, column], short.daily[:, column])
    assert short.late_onsets.sum() + total(short, "onsets") == total(short)


LATER = {
    "isolation": {"isolation": Isolation(start=20)},
    "tracing": {"tracing": Tracing(start=20), "quarantine": Quarantine()},
    "quarantine": {"tracing": Tracing(), "quarantine": Quarantine(start=20)},
    "tests": {"testing": Checks(of=("symptomatic", "random"), rate=0.05, start=20)},
    "masks": {"masks": (Masks(coverage=1, start=20),)},
    "closures": {"closures": (Closure(kinds=("market",), start=20),)},
    "limits": {"capacity_limits": (CapacityLimit(max_people=10, start=20),)},
    "lockdowns": {"lockdowns": (Lockdown(areas=("A",), start=20),)},
    "vaccination": {"vaccination": Vaccination(per_day=20, protection_after_d=19)},
}


@pytest.mark.parametrize("profile", ["he-2020", HalfNormal()])
def test_a_measure_changes_nothing_before_it_begins(world: World, profile: str | HalfNormal) -> None:
    place = replace(world.places, area=np.zeros(len(world.places.kind), np.int32))
    here = replace(world, areas=("A",), parents=(("A",),), area=(np.arange(150) % 3 - 1).clip(-1, 0).astype(np.int32))
    here = replace(here, places=place)
    more = SPREAD | {"transmission": Transmission(scale=0.06, profile=profile)}  # type: ignore[arg-type]  # by name
    column = [i for i, name in enumerate(DAILY) if name not in ("onsets", "traced")]
    without = many(here, simulation(**more), 5)
    for name, later in LATER.items():
        with_it = many(here, simulation(Measures(**later), **more), 5)
        for one, other in zip(with_it, without, strict=True):
            assert np.array_equal(one.daily[:20, column], other.daily[:20, column]), name
        assert not all(np.array_equal(a.daily, b.daily) for a, b in zip(with_it, without, strict=True)), name


def test_numbers_of_people_change_nothing_but_chance() -> None:
    """Mean attack on a network and on the same with other numbers: within three standard errors."""
    rng = np.random.default_rng(2)
    world = random_world(120, 6, seed=4)
    new = rng.permutation(120)
    source = np.repeat(np.arange(120), np.diff(world.contacts.first[0]))
    rows = [
        (0, int(new[a]), int(new[b]), float(w))
        for a, b, w in zip(source, world.contacts.other, world.contacts.weight, strict=True)
        if a < b
    ]
    other = world_of(120, rows)
    sizes = [np.array([total(o) for o in many(w, firth(depth=1, tests=3), 400)]) for w in (world, other)]
    error = np.sqrt(sum(s.var(ddof=1) / len(s) for s in sizes))
    assert abs(sizes[0].mean() - sizes[1].mean()) < 3 * error


def test_points_on_a_line_are_draws_of_each_contact() -> None:
    """The chance of a contact is 1 - exp(-scale w): the short way of transmission beside the formula."""
    weights = np.array([0.5, 1, 2, 4])
    rows = [(0, 0, i, float(weights[i % 4])) for i in range(1, 401)]
    world = world_of(401, rows, case_person=np.array([0], np.int32), case_onset=np.array([4.5]))
    run = simulation(days=2, transmission=Transmission(scale=0.2, profile="flat"), initial=Initial(from_cases=True))
    hits = np.zeros(401)
    for outcome in many(world, run, 500, chains=True):
        assert outcome.infections is not None
        hits[outcome.infections.person[1:]] += 1
    for i, weight in enumerate(weights):
        chance = 1 - np.exp(-0.2 * weight)
        got = hits[[n for n in range(1, 401) if n % 4 == i]].sum() / 50_000
        assert got == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / 50_000))


def test_the_smallest_draw_wins_so_infectors_share() -> None:
    """Two infectors of equal hazard infect half of the people each."""
    rows = [(0, a, b, 3.0) for a in (0, 1) for b in range(2, 402)]
    world = world_of(402, rows, case_person=np.array([0, 1], np.int32), case_onset=np.array([4.5, 4.5]))
    run = simulation(days=2, initial=Initial(from_cases=True))
    first = [int((o.infections.infector == 0).sum()) for o in many(world, run, 30, chains=True) if o.infections]
    assert np.mean(first) == pytest.approx(200, abs=6)
