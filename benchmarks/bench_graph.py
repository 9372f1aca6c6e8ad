"""A list of contacts becomes a graph: the engine's growing one, and the frozen one of scenarios, beside networkx."""

import networkx as nx
import numpy as np
import pytest

from benchmarks.beside import seconds, sized
from benchmarks.towns import START, canonical, keys_of, named
from engine.clock import DAY
from engine.graph.graph import ContactGraph
from engine.ids import Keys
from engine.scenarios.contacts_arrays import PairDays, contacts_of

N, PEOPLE, DAYS = sized(1_000_000), 200_000, 14
JOB = f"contact list -> graph: {N:,} contacts, {PEOPLE:,} people, {DAYS} days"


@pytest.fixture(scope="module")
def contacts():
    rng = np.random.default_rng(2)
    person = rng.integers(0, PEOPLE, N)
    peer = (person + rng.integers(1, PEOPLE, N)) % PEOPLE
    return person, peer, np.sort(START + rng.integers(0, DAYS * DAY - 300, N))


@pytest.fixture(scope="module")
def table(contacts):
    person, peer, at = contacts
    people, names = keys_of("P", PEOPLE)
    columns = {"person": named(person, names), "peer": named(peer, names), "at": at}
    columns |= {"duration_s": np.full(N, 300, np.int32), "attenuation_db": np.full(N, 50.0)}
    return people, canonical("bluetooth", columns)


def growing(people, table):
    graph = ContactGraph(people, Keys())
    graph.apply("bluetooth", table)
    return graph.publish()


def frozen(person, peer, at):
    one = np.ones(len(person), np.float32)
    place, channel = np.full(len(person), -1, np.int32), np.zeros(len(person), np.uint8)
    day = ((at - START) // DAY).astype(np.int32)
    return contacts_of(
        PEOPLE, DAYS, PairDays(day, person.astype(np.int32), peer.astype(np.int32), one, one, place, channel)
    )


def by_networkx(person, peer, at):
    graph = nx.MultiGraph()
    graph.add_edges_from((a, b, {"at": t}) for a, b, t in zip(person.tolist(), peer.tolist(), at.tolist(), strict=True))
    return graph


@pytest.mark.beside
def test_growing_graph(beside, contacts, table):
    beside.ratio(
        "graph-networkx", f"{JOB}; ours ready for traces", lambda: growing(*table), "networkx MultiGraph",
        lambda: by_networkx(*contacts), rounds=3,
        agree=lambda view, network: sum(len(s.rows) for s in view.bluetooth) == network.number_of_edges(),
    )  # fmt: skip


def test_rate_growing(beside, table):
    job = f"{JOB}; both orders of each day, revisions and repeats looked for"
    beside.figure("graph-rate", job, lambda: N / seconds(lambda: growing(*table)), "contacts/s", goal=20e6, rounds=7)


def test_rate_frozen(beside, contacts):
    found = frozen(*contacts)
    person, peer, at = contacts
    low, high = np.minimum(person, peer), np.maximum(person, peer)
    days = np.unique(((at - START) // DAY * PEOPLE + low) * PEOPLE + high)
    assert len(found.other) == 2 * len(days)
    job = f"{JOB}; the graph of scenarios: rows by day and person, both ends"
    beside.figure(
        "graph-frozen", job, lambda: N / seconds(lambda: frozen(*contacts)), "contacts/s", goal=20e6, rounds=7
    )
