"""A million sightings, our graph beside networkx: F1 and F2 of a case, and the contacts of a day as its graph."""

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest

from engine.clock import DAY
from engine.events.schemas import canonical_schema
from engine.exposure.infectiousness import KNOWN, Course
from engine.exposure.policies import PRESETS
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace
from engine.graph.export import to_networkx
from engine.graph.graph import ContactGraph
from engine.graph.materialise import materialise
from engine.ids import Keys

N, PEOPLE, DAYS = 1_000_000, 200_000, 14
START = 1_625_011_200
UNTIL = START + DAYS * DAY
CASES = 20


def sightings():
    rng = np.random.default_rng(2)
    person = rng.integers(0, PEOPLE, N)
    peer = (person + rng.integers(1, PEOPLE, N)) % PEOPLE
    return person, peer, START + rng.integers(0, DAYS * DAY - 300, N)


@pytest.fixture(scope="module")
def world():
    person, peer, at = sightings()
    names = pa.array([f"P{i:06d}" for i in range(PEOPLE)])
    people = Keys()
    people.encode(names)
    columns = {
        "person": names.take(pa.array(person)),
        "peer": names.take(pa.array(peer)),
        "at": pa.array(at).cast(pa.timestamp("s", tz="UTC")),
        "duration_s": pa.array(np.full(N, 300, np.int32)),
        "attenuation_db": pa.array(np.full(N, 50.0)),
        "retract": pa.array(np.zeros(N, np.bool_)),
        "revision": pa.array(np.zeros(N, np.int32)),
    }
    graph = ContactGraph(people, Keys())
    graph.apply("bluetooth", pa.table(columns, schema=canonical_schema("bluetooth")))
    network = nx.MultiGraph()
    network.add_edges_from(
        (a, b, {"at": t}) for a, b, t in zip(person.tolist(), peer.tolist(), at.tolist(), strict=True)
    )
    view = graph.publish()
    for case in range(CASES):
        assert ours(view, people, case) == theirs(network, case)
    return view, people, network


def ours(view, people, case):
    seed = Seed(case, START + DAY, UNTIL)
    courses = {case: Course(START + 4 * DAY, KNOWN, 1.0)}
    question = Question((seed,), 2, UNTIL, PRESETS["vn-2021-07"], courses, np.empty(0, np.int64))
    reached = trace(view, people, question).reached
    found = zip(reached.person.tolist(), reached.level.tolist(), reached.first.tolist(), strict=True)
    return {p: (k, t) for p, k, t in found}


def theirs(network, case):
    """Levels and first moments by walking edges in time, as a networkx user would write it."""
    levels = {}
    frontier = {case: START + DAY}
    for level in (1, 2):
        reached = {}
        for person, since in frontier.items():
            for _, other, data in network.edges(person, data=True):
                end = data["at"] + 300
                moment = max(data["at"], since)
                if other != case and moment < min(end, UNTIL) and moment < reached.get(other, UNTIL + 1):
                    reached[other] = moment
        for person, moment in reached.items():
            levels.setdefault(person, (level, moment))
        frontier = reached
    return levels


@pytest.mark.benchmark(group="F1 and F2 of 20 cases, 1 M sightings, 200,000 people")
def test_own_trace(benchmark, world):
    view, people, _ = world
    benchmark(lambda: [ours(view, people, case) for case in range(CASES)])


@pytest.mark.benchmark(group="F1 and F2 of 20 cases, 1 M sightings, 200,000 people")
def test_networkx(benchmark, world):
    _, _, network = world
    benchmark(lambda: [theirs(network, case) for case in range(CASES)])


SECOND_DAY = START + DAY, START + 2 * DAY


def exported(view, people):
    contacts = materialise(view, people, Keys(), *SECOND_DAY, PRESETS["vn-2021-07"].eligibility())
    return to_networkx(contacts)


def built(people, person, peer, at):
    """The same graph without an engine: one edge a pair, seconds within the day and the first moment."""
    low, high = SECOND_DAY
    names = people.keys(range(PEOPLE))
    graph = nx.Graph()
    for a, b, t in zip(person.tolist(), peer.tolist(), at.tolist(), strict=True):
        start, end = max(t, low), min(t + 300, high)
        if start < end:
            known = graph.get_edge_data(names[a], names[b], {"seconds": 0, "first": start})
            seconds, first = known["seconds"] + end - start, min(known["first"], start)
            graph.add_edge(names[a], names[b], seconds=seconds, first=first)
    return graph


@pytest.fixture(scope="module")
def day(world):
    view, people, _ = world
    ours, theirs = exported(view, people), built(people, *sightings())
    found = {frozenset((a, b)): (d["seconds"], int(d["first"].timestamp())) for a, b, d in ours.edges(data=True)}
    assert found == {frozenset((a, b)): (d["seconds"], d["first"]) for a, b, d in theirs.edges(data=True)}
    return view, people


@pytest.mark.benchmark(group="one day's contacts (of 14 days, 1 M sightings) as a networkx graph")
def test_materialise_and_export(benchmark, day):
    benchmark.pedantic(exported, day, rounds=3)


@pytest.mark.benchmark(group="one day's contacts (of 14 days, 1 M sightings) as a networkx graph")
def test_networkx_from_arrays(benchmark, day):
    _, people = day
    arrays = sightings()
    benchmark.pedantic(built, (people, *arrays), rounds=3)
