"""A list of contacts becomes a graph: the engine's growing one, and the frozen one of scenarios, beside networkx."""

import networkx as nx
import numpy as np
import pytest

from benchmarks.beside import cores, seconds, sized
from benchmarks.towns import START
from engine.clock import DAY
from engine.graph.batches import Batch
from engine.graph.graph import ContactGraph
from engine.graph.layout import SECOND_BITS
from engine.ids import Keys
from engine.scenarios.contacts_arrays import PairDays, contacts_of

SIZES = {"": sized(1_000_000), "-10m": sized(10_000_000)}
PEOPLE, DAYS = 200_000, 14


def job(n: int) -> str:
    return f"contact list -> graph: {n:,} contacts, {PEOPLE:,} people by number, {DAYS} days"


def contacts(n: int):
    """Codes of both, and moments as a feed brings them: in order."""
    rng = np.random.default_rng(2)
    person = rng.integers(0, PEOPLE, n)
    peer = (person + rng.integers(1, PEOPLE, n)) % PEOPLE
    return person.astype(np.int32), peer.astype(np.int32), np.sort(START + rng.integers(0, DAYS * DAY - 300, n))


@pytest.fixture(scope="module", params=SIZES)
def sized_list(request):
    return request.param, contacts(SIZES[request.param])


@pytest.fixture(scope="module")
def listed():
    return contacts(SIZES[""])


def growing(person, peer, at):
    """Both orders of each day, as traces read them."""
    graph = ContactGraph(Keys(), Keys())
    n = len(person)
    payload = {"duration_s": np.full(n, 300, np.uint16), "attenuation_cdb": np.full(n, 5_000, np.int16)}
    graph.take(Batch("bluetooth", person, at, peer, payload))
    return graph.publish()


def frozen(person, peer, at):
    one = np.ones(len(person), np.float32)
    place, channel = np.full(len(person), -1, np.int32), np.zeros(len(person), np.uint8)
    day = ((at - START) // DAY).astype(np.int32)
    return contacts_of(PEOPLE, DAYS, PairDays(day, person, peer, one, one, place, channel))


def by_networkx(person, peer, at):
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(PEOPLE))
    graph.add_edges_from((a, b, {"at": t}) for a, b, t in zip(person.tolist(), peer.tolist(), at.tolist(), strict=True))
    return graph


def met(view):
    """Contacts of each person, from the first order and from the second."""
    found = np.zeros(PEOPLE, np.int64)
    for s in view.bluetooth:
        found += np.bincount(s.rows.k1 >> SECOND_BITS, minlength=PEOPLE)
        np.add.at(found, s.groups, np.diff(s.group_start))
    return found


@pytest.mark.beside
def test_beside_networkx(beside, listed):
    few = [column[::4] for column in listed]
    beside.ratio(
        "graph-networkx", f"{job(len(few[0]))}; ours ready for traces", lambda: growing(*few),
        "networkx MultiGraph", lambda: by_networkx(*few), rounds=5,
        note="both from columns of whole numbers",
        agree=lambda view, network: met(view).tolist() == [network.degree(p) for p in range(PEOPLE)],
    )  # fmt: skip


def test_rate_growing(beside, sized_list):
    name, columns = sized_list
    n = len(columns[0])
    with cores(2):
        assert met(growing(*columns)).sum() == 2 * n
        beside.figure(
            f"graph-rate{name}", f"{job(n)}; both orders of each day, revisions and repeats looked for; two threads",
            lambda: n / seconds(lambda: growing(*columns)), "contacts/s", goal=20e6, rounds=3 if name else 9,
        )  # fmt: skip


def test_rate_frozen(beside, listed):
    person, peer, at = listed
    low, high = np.minimum(person, peer), np.maximum(person, peer)
    days = np.unique(((at - START) // DAY * PEOPLE + low) * PEOPLE + high)
    with cores(2):
        assert len(frozen(*listed).other) == 2 * len(days)
        beside.figure(
            "graph-frozen", f"{job(len(person))}; the graph of scenarios: rows by day and person, both ends",
            lambda: len(person) / seconds(lambda: frozen(*listed)), "contacts/s", goal=20e6, rounds=7,
        )  # fmt: skip
