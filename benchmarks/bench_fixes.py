"""Location fixes within 10 m in the same 5 minutes: beside a k-d tree a step (SciPy), and a join of cells (DuckDB).

Everybody has a fix every 5 minutes, at the same moments and of the best accuracy, so that a fix that holds until the
next one is the same as a fix of its step. The peers get metres on a plane; pairs within a centimetre of the limit may
fall either way there, and only those.
"""

from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial import cKDTree

from benchmarks.beside import LARGE, cores, seconds, sized
from benchmarks.towns import START, fixes, keys_of
from engine.clock import DAY
from engine.exposure.policies import PRESETS
from engine.graph.graph import ContactGraph
from engine.graph.pairs import sweep, totals
from engine.ids import Keys
from engine.params import EARTH_RADIUS_M

STEP_S, LIMIT_M = 300, 10.0
PEOPLE = sized(70_000)
STEPS = 286 if LARGE else 72
"""20 million fixes in the large run."""
ROUNDS = 1 if LARGE else 5
SIDE_M = 13_300.0
"""About 400 phones a square kilometre."""
LAT, LNG = 10.77, 106.69
METRES = float(EARTH_RADIUS_M.value) * np.pi / 180
N = PEOPLE * STEPS
ELIGIBLE = replace(PRESETS["vn-2021-07"], max_distance_m=LIMIT_M).eligibility(frozenset({"location"}))
JOB = f"location fixes -> pairs within {LIMIT_M:g} m in the same {STEP_S // 60} min: {N:,} fixes of {PEOPLE:,} people"
NEAR = """
select (select count(*) from f a join f b using (key) where a.person < b.person and {0}) + (
    select count(*) from (select person, x, y, key + d as key from f, (values ({1}), ({2}), ({3}), (1)) o(d)) a
    join f b using (key) where {0}
)
"""
"""Own cell, and four of the eight round it, so that no pair comes twice; a cell is one number."""
ROW = 1 << 20


def walked():
    """Metres (steps, people) x and y, rounded to what is stored, and degrees times 1e7."""
    rng = np.random.default_rng(4)
    x = rng.uniform(0, SIDE_M, PEOPLE) + rng.normal(0, 40, (STEPS, PEOPLE))
    y = rng.uniform(0, SIDE_M, PEOPLE) + rng.normal(0, 40, (STEPS, PEOPLE))
    lat = np.rint((LAT + y / METRES) * 1e7)
    lng = np.rint((LNG + x / (METRES * np.cos(np.radians(LAT)))) * 1e7)
    # The plane of the peers: each fix in metres by the latitude of the middle of town.
    middle = np.cos(np.radians((lat.min() + lat.max()) / 2e7))
    return lng / 1e7 * METRES * middle, lat / 1e7 * METRES, lat / 1e7, lng / 1e7


def take_in(people: Keys, names, lat, lng):
    graph = ContactGraph(people, Keys())
    person = np.tile(np.arange(PEOPLE), STEPS)
    at = START + STEP_S * np.repeat(np.arange(STEPS), PEOPLE)
    fixes(graph, names, person, at, lat.ravel(), lng.ravel(), np.full(N, 0.1))
    return graph.publish()


@pytest.fixture(scope="module")
def world():
    x, y, lat, lng = walked()
    people, names = keys_of("P", PEOPLE)
    taken = lambda: take_in(people, names, lat, lng)
    return taken(), taken, x, y


def ours(view):
    return totals(view, START, START + DAY, ELIGIBLE).pairs


def listed(view):
    """Pairs written out, chunk after chunk: codes, beginnings, ends, metres, weights and rows of both."""
    return sum(sweep(view, START, START + DAY, ELIGIBLE, len))


def within_a_centimetre(peer):
    """Whether a number of pairs is one that the peer finds when the limit is moved by no more."""
    return lambda found, _: peer(LIMIT_M - 0.01) <= found <= peer(LIMIT_M + 0.01)


def by_tree(x, y, limit=LIMIT_M):
    found = 0
    for step in range(STEPS):
        tree = cKDTree(np.stack([x[step], y[step]], axis=1))
        found += len(tree.query_pairs(limit, output_type="ndarray"))
    return found


def in_duckdb(x, y):
    db = duckdb.connect(config={"threads": 1})
    person, step = np.tile(np.arange(PEOPLE, dtype=np.int32), STEPS), np.repeat(np.arange(STEPS), PEOPLE)
    x, y = x.ravel() - x.min() + LIMIT_M, y.ravel() - y.min() + LIMIT_M

    size = LIMIT_M + 0.01
    key = (step * ROW + (x // size).astype(np.int64)) * ROW + (y // size).astype(np.int64)
    db.register("raw", pa.table({"person": person, "x": x, "y": y, "key": key}))
    db.execute("create table f as select * from raw")

    def near(limit=LIMIT_M):
        within = f"(a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) <= {limit**2}"
        return int(db.execute(NEAR.format(within, ROW + 1, ROW, ROW - 1)).fetchone()[0])

    return near


@pytest.mark.beside
def test_beside_trees(beside, world):
    view, _, x, y = world
    beside.ratio(
        "fixes-ckdtree", f"{JOB}, {ours(view):,} pairs; ours from the graph as it stands", lambda: ours(view),
        "SciPy cKDTree a step", lambda: by_tree(x, y), goal=10, rounds=ROUNDS,
        note="the peer's points lie ready in metres, step by step; its trees are built in the time told",
        agree=within_a_centimetre(lambda limit: by_tree(x, y, limit)),
    )  # fmt: skip


@pytest.mark.beside
def test_beside_duckdb(beside, world):
    view, _, x, y = world
    theirs = in_duckdb(x, y)
    beside.ratio(
        "fixes-duckdb", f"{JOB}, {ours(view):,} pairs; ours from the graph as it stands", lambda: ours(view),
        "DuckDB join of 10 m cells and their neighbours, 1 thread", theirs, goal=8, rounds=ROUNDS,
        note="the peer's table has metres and the cell of each fix beforehand",
        agree=within_a_centimetre(theirs),
    )  # fmt: skip


def test_two_cores(beside, world):
    view = world[0]
    with cores(2):
        assert listed(view) == ours(view)
        job = f"{JOB}; two threads, from the graph as it stands"
        beside.figure("fixes-rate", f"{job}; counted", lambda: N / seconds(lambda: ours(view)), "fixes/s",
                      goal=10e6, rounds=5)  # fmt: skip
        beside.more("fixes-rate-listed", f"{job}; pairs written out", [N / seconds(lambda: listed(view))], "fixes/s")


def test_taking_in(beside, world):
    taken = world[1]
    job = f"taking in {N:,} fixes by code from Arrow, cells and both orders included"
    beside.figure("fixes-taken-in", job, lambda: N / seconds(taken), "fixes/s", rounds=1)
