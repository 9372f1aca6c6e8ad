"""Location fixes within 10 m in the same 5 minutes: beside a k-d tree a step (SciPy), and a join of cells (DuckDB).

Everybody has a fix every 5 minutes, at the same moments and of the best accuracy, so that a fix that holds until the
next one is the same as a fix of its step. The peers get metres on a plane; pairs within a centimetre of the limit may
fall either way there, and only those.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial import cKDTree

from benchmarks.beside import LARGE, seconds, sized
from benchmarks.towns import START, everybody, fixes, keys_of
from engine.exposure.policies import PRESETS
from engine.graph.evidence import gather
from engine.graph.graph import ContactGraph
from engine.ids import Keys
from engine.params import EARTH_RADIUS_M

STEP_S, LIMIT_M, CHUNK = 300, 10.0, 512
PEOPLE = sized(70_000)
STEPS = 286 if LARGE else 3
"""20 million fixes in the large run."""
ROUNDS = 1 if LARGE else 3
SIDE_M = 13_300.0
"""About 400 phones a square kilometre."""
LAT, LNG = 10.77, 106.69
METRES = float(EARTH_RADIUS_M.value) * np.pi / 180
N = PEOPLE * STEPS
ELIGIBLE = replace(PRESETS["vn-2021-07"], max_distance_m=LIMIT_M).eligibility(frozenset({"location"}))
JOB = f"location fixes -> pairs within {LIMIT_M:g} m in the same {STEP_S // 60} min: {N:,} fixes of {PEOPLE:,} people"
JOIN = """
select count(*) from f a join o on true join f b on b.t = a.t and b.gx = a.gx + o.dx and b.gy = a.gy + o.dy
where (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) <= {} and a.person < b.person
"""


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
    taken = lambda: take_in(people, names, lat, lng)  # noqa: E731
    return taken(), taken, x, y


def pairs_of(view, queries):
    found = gather(view, queries, ELIGIBLE)
    return int((found.other > queries.person[found.query]).sum())


def ours(view, threads=1):
    parts = everybody(PEOPLE, START, 1, CHUNK)
    if threads == 1:
        return sum(pairs_of(view, part) for part in parts)
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda part: pairs_of(view, part), parts))


def by_tree(x, y, limit=LIMIT_M):
    found = 0
    for step in range(STEPS):
        tree = cKDTree(np.stack([x[step], y[step]], axis=1))
        found += len(tree.query_pairs(limit, output_type="ndarray"))
    return found


def in_duckdb(x, y):
    db = duckdb.connect(config={"threads": 1})
    person, t = np.tile(np.arange(PEOPLE, dtype=np.int32), STEPS), np.repeat(np.arange(STEPS, dtype=np.int32), PEOPLE)
    x, y = x.ravel() - x.min(), y.ravel() - y.min()
    cells = {"gx": (x // LIMIT_M).astype(np.int32), "gy": (y // LIMIT_M).astype(np.int32)}
    db.register("raw", pa.table({"person": person, "t": t, "x": x, "y": y, **cells}))
    db.execute("create table f as select * from raw")
    db.execute("create table o as select * from (values (-1), (0), (1)) p(dx), (values (-1), (0), (1)) q(dy)")
    return lambda limit=LIMIT_M: int(db.execute(JOIN.format(limit**2)).fetchone()[0])


@pytest.mark.beside
def test_beside_trees(beside, world):
    view, _, x, y = world
    found = ours(view)
    assert by_tree(x, y, LIMIT_M - 0.01) <= found <= by_tree(x, y, LIMIT_M + 0.01)
    beside.ratio(
        "fixes-ckdtree", f"{JOB}, {found:,} pairs; ours from the graph as it stands", lambda: ours(view),
        "SciPy cKDTree a step", lambda: by_tree(x, y), goal=10, rounds=ROUNDS,
    )  # fmt: skip


@pytest.mark.beside
def test_beside_duckdb(beside, world):
    view, _, x, y = world
    theirs, found = in_duckdb(x, y), ours(view)
    assert theirs(LIMIT_M - 0.01) <= found <= theirs(LIMIT_M + 0.01)
    beside.ratio(
        "fixes-duckdb", f"{JOB}, {found:,} pairs; ours from the graph as it stands", lambda: ours(view),
        "DuckDB join of 10 m cells, 1 thread", theirs, goal=8, rounds=ROUNDS,
    )  # fmt: skip


def test_two_cores(beside, world):
    view = world[0]
    assert ours(view, 2) == ours(view)
    job = f"{JOB}; two threads, from the graph as it stands"
    beside.figure("fixes-rate", job, lambda: N / seconds(lambda: ours(view, 2)), "fixes/s", goal=10e6, rounds=ROUNDS)


def test_taking_in(beside, world):
    taken = world[1]
    job = f"taking in {N:,} fixes by code, cells and both orders included, one core"
    beside.figure("fixes-taken-in", job, lambda: N / seconds(taken), "fixes/s", rounds=ROUNDS)
