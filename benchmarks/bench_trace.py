"""F1 and F2 of one case among a million sightings: our trace beside networkx walking the same contacts."""

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
from engine.graph.graph import ContactGraph
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
