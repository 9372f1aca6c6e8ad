"""Overlapping check-ins as pairs: all of them at once, beside a self-join in DuckDB on one thread."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from benchmarks.beside import sized
from benchmarks.towns import START, check_ins, everybody, keys_of, zipf
from engine.clock import DAY
from engine.exposure.policies import PRESETS
from engine.graph.evidence import gather
from engine.graph.graph import ContactGraph

N, PEOPLE, PLACES, DAYS, CHUNK = sized(1_000_000), 200_000, 20_000, 14, 4_096
LONGEST_S = 7_200
ELIGIBLE = PRESETS["vn-2021-07"].eligibility(frozenset({"check_in"}))
JOB = f"overlapping check-ins -> pairs: {N:,} visits to {PLACES:,} places, visits falling as rank ** -0.8, {DAYS} days"
JOIN = """
select count(*), sum(least(a.e, b.e) - greatest(a.s, b.s))
from v a join v b on a.place = b.place and a.person < b.person and a.s < b.e and b.s < a.e
"""


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


def ours(view):
    """(pairs of stays, seconds together)."""
    pairs = together = 0
    for queries in everybody(PEOPLE, START, DAYS, CHUNK):
        found = gather(view, queries, ELIGIBLE)
        once = found.other > queries.person[found.query]
        pairs += int(once.sum())
        together += int((found.end - found.start)[once].sum())
    return pairs, together


@pytest.mark.beside
def test_pairs(beside, world):
    view, db = world
    asked, found = db.execute(JOIN).fetchone(), ours(view)
    assert found == (int(asked[0]), int(asked[1]))
    beside.ratio(
        "check-ins", f"{JOB}, {found[0]:,} pairs", lambda: ours(view),
        "DuckDB self-join, 1 thread", lambda: db.execute(JOIN).fetchone(), goal=200, rounds=3,
        note="ours finds every pair from both ends, with weights and rows; DuckDB only counts and adds up",
    )  # fmt: skip
