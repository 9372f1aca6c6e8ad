"""Overlapping check-ins as pairs: all of them at once, beside a self-join in DuckDB on one thread."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from benchmarks.beside import cores, seconds, sized
from benchmarks.towns import START, check_ins, keys_of, zipf
from engine.clock import DAY
from engine.exposure.policies import PRESETS
from engine.graph.graph import ContactGraph
from engine.graph.pairs import sweep, totals

N, PEOPLE, PLACES, DAYS = sized(1_000_000), 200_000, 20_000, 14
UNTIL = START + DAYS * DAY
LONGEST_S = 7_200
READY = "ours from the graph as it stands, DuckDB from a table of whole numbers in the order of place and time"
ELIGIBLE = PRESETS["vn-2021-07"].eligibility(frozenset({"check_in"}))
JOB = f"overlapping check-ins -> pairs: {N:,} visits to {PLACES:,} places, visits falling as rank ** -0.8, {DAYS} days"
MET = "from v a join v b on a.place = b.place and a.person < b.person and a.s < b.e and b.s < a.e"
COUNTED = f"select count(*), sum(least(a.e, b.e) - greatest(a.s, b.s)) {MET}"
LISTED = (
    "create or replace table p as select a.person, b.person as peer, greatest(a.s, b.s) as s, least(a.e, b.e) as e "
    + MET
)


def visits():
    """Codes, beginnings and ends; no person comes twice to a place in one second."""
    rng = np.random.default_rng(3)
    person, place = rng.integers(0, PEOPLE, N), zipf(rng, N, PLACES, 0.8)
    came = START + rng.integers(0, DAYS * DAY - LONGEST_S, N)
    _, first = np.unique(np.stack([person, place, came]), axis=1, return_index=True)
    left = came + rng.integers(300, LONGEST_S, N)
    return [column[np.sort(first)] for column in (person, place, came, left)]


@pytest.fixture(scope="module")
def world():
    person, place, came, left = visits()
    (people, p_names), (places, l_names) = keys_of("P", PEOPLE), keys_of("L", PLACES)
    graph = ContactGraph(people, places)
    check_ins(graph, (p_names, l_names), person, place, came, left)
    db = duckdb.connect(config={"threads": 1})
    table = pa.table({"person": person.astype(np.int32), "place": place.astype(np.int32), "s": came, "e": left})
    db.register("raw", table)
    db.execute("create table v as select * from raw order by place, s")
    return graph.publish(), db


def counted(view):
    found = totals(view, START, UNTIL, ELIGIBLE)
    return found.pairs, found.seconds


def listed(view):
    """Pairs written out, chunk after chunk: codes, beginnings, ends, weights and rows of both."""
    return sum(sweep(view, START, UNTIL, ELIGIBLE, len))


@pytest.mark.beside
def test_counted(beside, world):
    view, db = world
    pairs, together = counted(view)
    beside.ratio(
        "check-ins", f"{JOB}; {pairs:,} pairs counted, {together:,} seconds added up", lambda: counted(view),
        "DuckDB self-join, 1 thread", lambda: db.execute(COUNTED).fetchone(), goal=200, rounds=3,
        note=READY, agree=lambda ours, theirs: ours == tuple(map(int, theirs)),
    )  # fmt: skip


@pytest.mark.beside
def test_listed(beside, world):
    view, db = world
    beside.ratio(
        "check-ins-listed", f"{JOB}; pairs written out", lambda: listed(view),
        "DuckDB self-join into a table, 1 thread", lambda: db.execute(LISTED).fetchone()[0], goal=200, rounds=3,
        note=f"{READY}; ours with the rows and the weight of each, chunk by chunk, DuckDB's stay in memory",
        agree=lambda ours, theirs: ours == theirs,
    )  # fmt: skip


def test_two_cores(beside, world):
    view, _ = world
    with cores(2):
        pairs = counted(view)[0]
        job = f"{JOB}; counted on two threads"
        beside.figure("check-ins-rate", job, lambda: pairs / seconds(lambda: counted(view)), "pairs/s", rounds=7)
