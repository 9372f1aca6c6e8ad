"""A million sightings beside networkx, SQLite and DuckDB: F1 and F2 of a case; and a day's contacts as a graph."""

import gc
import sqlite3

import duckdb
import networkx as nx
import numpy as np
import pyarrow as pa
import pytest

from benchmarks.beside import cpu_seconds, sized
from engine.clock import DAY
from engine.events.schemas import canonical_schema
from engine.exposure.infectiousness import KNOWN, Course
from engine.exposure.policies import PRESETS
from engine.exposure.reach import reach_each
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace, trace_each
from engine.graph.export import to_networkx
from engine.graph.graph import ContactGraph
from engine.graph.lists import lists_of
from engine.graph.materialise import materialise
from engine.ids import Keys

N, PEOPLE, DAYS = sized(1_000_000), 200_000, 14
START = 1_625_011_200
UNTIL = START + DAYS * DAY
CASES, MANY = 100, 10_000
"""Cases that are traced; and of which no more than levels and moments are asked."""


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
    gc.disable()
    network = nx.MultiGraph()
    network.add_nodes_from(range(PEOPLE))
    network.add_edges_from(
        (a, b, {"at": t}) for a, b, t in zip(person.tolist(), peer.tolist(), at.tolist(), strict=True)
    )
    gc.enable()
    return graph.publish(), people, network


def question(*cases):
    seeds = tuple(Seed(case, START + DAY, UNTIL) for case in cases)
    courses = {case: Course(START + 4 * DAY, KNOWN, 1.0) for case in cases}
    return Question(seeds, 2, UNTIL, PRESETS["vn-2021-07"], courses, np.empty(0, np.int64))


QUESTIONS = [question(case) for case in range(CASES)]
TOGETHER, MANY_TOGETHER = question(*range(CASES)), question(*range(MANY))


def ours(view, people):
    """Of every case, asked one by one."""
    return [trace(view, people, asked).reached for asked in QUESTIONS]


def together(view, people):
    """Of every case as if alone, asked at once."""
    return trace_each(view, people, TOGETHER)


def levels_alone(view, people):
    """Levels and first moments of every case as if alone, asked at once: no more than the peers tell."""
    return reach_each(view, people, MANY_TOGETHER)


def told_together(each):
    """Of each case: person -> (level, first moment)."""
    found = [{} for _ in range(MANY if hasattr(each, "moment") else CASES)]
    moments = each.moment if hasattr(each, "moment") else each.first
    rows = (each.seed.tolist(), each.person.tolist(), each.level.tolist(), moments.tolist())
    for seed, person, level, first in zip(*rows, strict=True):
        found[seed][person] = (level, first)
    return found


def told(reached):
    """Person -> (level, first moment)."""
    found = zip(reached.person.tolist(), reached.level.tolist(), reached.first.tolist(), strict=True)
    return {p: (k, t) for p, k, t in found}


def alike(reached, levels):
    """Same people, levels and first moments of every case."""
    return [told(of_case) for of_case in reached] == levels


def by_networkx(network, case):
    """As a networkx user would write it."""
    return levels_by(lambda p, _: ((o, d["at"]) for _, o, d in network.edges(p, data=True)), case)


def levels_by(met, case):
    """Levels and first moments by walking edges in time; ``met(person, since)`` gives who was met when."""
    levels = {}
    frontier = {case: START + DAY}
    for level in (1, 2):
        reached = {}
        for person, since in frontier.items():
            for other, at in met(person, since):
                moment = max(at, since)
                if other != case and moment < min(at + 300, UNTIL) and moment < reached.get(other, UNTIL + 1):
                    reached[other] = moment
        for person, moment in reached.items():
            levels.setdefault(person, (level, moment))
        frontier = reached
    return levels


def in_sqlite():
    """Who met a person since a moment: an index over both directions that holds everything asked for."""
    person, peer, at = (column.tolist() for column in sightings())
    db = sqlite3.connect(":memory:")
    db.execute("create table c (a integer, b integer, at integer)")
    db.executemany("insert into c values (?, ?, ?)", zip(person, peer, at, strict=True))
    db.executemany("insert into c values (?, ?, ?)", zip(peer, person, at, strict=True))
    db.execute("create index met on c (a, at, b)")
    db.execute("analyze")

    def met(person, since):
        return db.execute("select b, at from c where a = ? and at > ? and at < ?", (person, since - 300, UNTIL))

    return met


def in_duckdb():
    """Both levels of a case in one statement, on one thread; the table holds both directions, by person and moment."""
    person, peer, at = sightings()
    db = duckdb.connect(config={"threads": 1})
    both = pa.table({"a": np.append(person, peer), "b": np.append(peer, person), "t": np.append(at, at)})
    db.register("raw", both)
    db.execute("create table c as select * from raw order by a, t")
    return lambda case: {p: (k, t) for p, k, t in db.execute(TWO_LEVELS, [case, case, case]).fetchall()}


TWO_LEVELS = f"""
with f1 as (
    select b, min(greatest(t, {START + DAY})) as moment from c
    where a = ? and t > {START + DAY - 300} and t < {UNTIL} group by b
), f2 as (
    select c.b, min(greatest(c.t, f1.moment)) as moment from f1 join c on c.a = f1.b
    where c.t > f1.moment - 300 and c.t < {UNTIL} and c.b <> ? group by c.b
)
select b, 1, moment from f1 where b <> ?
union all select b, 2, moment from f2 where b not in (select b from f1)
"""
JOB = f"{N:,} contacts, {PEOPLE:,} people, two weeks"
MORE = "ours adds dose, probability, witnesses and channels; its lists are made beforehand, as the peer's structure is"
KINDS = {
    "reach": ("levels and first moments as if alone, in one call", "lists made beforehand", levels_alone),
    "trace-each": ("as if alone, in one call", MORE, together),
    "trace": ("one by one", MORE, ours),
}
"""By the name that its rows begin with: how cases are asked for, and what ours tells beyond the peers."""
ROUNDS = {"reach": 9, "trace-each": 9, "trace": 9}
GOALS = {"networkx": 150, "sqlite": 15}
"""For the same job: levels and first moments."""


def measured(beside, world, kind, name, peer, theirs, rounds, **rest):
    """A row of ours, cases one by one or all in one call, beside a peer that takes them one by one.

    The peers' graph, index and table are made beforehand, and so are our lists.
    """
    view, people, _ = world
    asked, note, mine = KINDS[kind]
    cases = MANY if kind == "reach" else CASES
    lists_of(view)
    agree = alike if mine is ours else lambda each, levels: told_together(each) == levels
    beside.ratio(
        f"{kind}-{name}", f"F1 and F2 of {cases:,} cases; {JOB}; {asked}", lambda: mine(view, people), peer,
        lambda: [theirs(case) for case in range(cases)], rounds=rounds, note=note, agree=agree,
        goal=GOALS.get(name) if kind == "reach" else None, **rest,
    )  # fmt: skip


@pytest.fixture(scope="module")
def met():
    return in_sqlite()


@pytest.mark.beside
@pytest.mark.parametrize("kind", KINDS)
def test_beside_networkx(beside, world, kind):
    theirs = lambda case: by_networkx(world[2], case)
    measured(beside, world, kind, "networkx", "networkx walking the same edges", theirs, ROUNDS[kind])


@pytest.mark.beside
@pytest.mark.parametrize("kind", KINDS)
def test_beside_sqlite(beside, world, met, kind):
    theirs = lambda case: levels_by(met, case)
    measured(beside, world, kind, "sqlite", "SQLite with a covering index", theirs, ROUNDS[kind])


@pytest.mark.beside
def test_beside_duckdb(beside, world):
    measured(beside, world, "trace", "duckdb", "DuckDB, one statement a case, 1 thread", in_duckdb(), 3)


def test_lists(beside, world):
    """What the lists cost that levels are read out of."""
    view = world[0]

    def make():
        view.memory.pop("lists", None)
        return cpu_seconds(lambda: lists_of(view))[0] / N * 1e9

    make()
    beside.figure("lists-record", f"lists of {N:,} contacts over all days, CPU time a contact", make, "ns", rounds=5)
    beside.more("lists-bytes", f"lists of {N:,} contacts", [lists_of(view).bytes / N], "bytes", note="a contact")


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


@pytest.mark.beside
def test_materialise_and_export(beside, day):
    view, people = day
    arrays = sightings()
    beside.ratio(
        "export-networkx", f"contacts of one day of {DAYS} as a networkx graph: materialise and export",
        lambda: exported(view, people), "a loop over all sightings that builds the same edges",
        lambda: built(people, *arrays), rounds=3,
    )  # fmt: skip
