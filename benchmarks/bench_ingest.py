"""Durable ingest: batches of 10,000 events, each on disk when it is acknowledged.

In process as Arrow tables, as NDJSON text, and over HTTP as JSON, beside PostgreSQL (COPY, two indexes) and SQLite
(a row each, two indexes) that commit the same batches. What is sent is ready beforehand on every side. Ours also checks
each row and takes it into the graph; the databases keep their indexes, which grow from round to round.
"""

import sqlite3
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from benchmarks.beside import cpu_of, cpu_seconds, seconds, sized
from benchmarks.towns import START, canonical, keys_of
from engine.clock import DAY
from engine.service.engine import Engine, Settings
from tests.crash.server import Server
from tests.postgres import Postgres, missing

ROWS, BATCHES, PEOPLE, ROUNDS = 10_000, max(4, sized(50)), 200_000, 5
EVENTS = ROWS * BATCHES
FEWER = max(4, BATCHES // 3)
"""Batches beside databases, which take their time."""
CREATE = "create table e (person text, peer text, at bigint, duration_s integer, attenuation_db double precision)"
INDEXES = ("create index e1 on e (person, at)", "create index e2 on e (peer, at)")
NAMES = keys_of("P", PEOPLE)[1]
ROUND = count()


def batches(number=BATCHES):
    """Bluetooth sightings of a day that never was before, a table at a time."""
    n = next(ROUND)
    rng = np.random.default_rng([8, n])
    for at in range(number):
        person = rng.integers(0, PEOPLE, ROWS)
        peer = (person + rng.integers(1, PEOPLE, ROWS)) % PEOPLE
        moment = np.sort(START + n * DAY + at * DAY // number + rng.integers(0, DAY // number, ROWS))
        yield canonical("bluetooth", {
            "person": NAMES.take(person), "peer": NAMES.take(peer), "at": moment,
            "duration_s": np.full(ROWS, 300, np.int32), "attenuation_db": rng.normal(70, 9, ROWS).round(1),
        })  # fmt: skip


def rows_of(table):
    columns = [table.column(n).to_pylist() for n in ("person", "peer")]
    columns.append(table.column("at").cast("int64").to_pylist())
    return list(zip(*columns, *(table.column(n).to_pylist() for n in ("duration_s", "attenuation_db")), strict=True))


def copy_text(table) -> bytes:
    """What COPY reads."""
    return "".join("\t".join(map(str, row)) + "\n" for row in rows_of(table)).encode()


def ndjson(table) -> bytes:
    lines = (
        f'{{"person":"{p}","peer":"{q}","at":"{t}","duration_s":{d},"attenuation_db":{a}}}'
        for p, q, t, d, a in zip(
            table.column("person").to_pylist(), table.column("peer").to_pylist(),
            np.datetime_as_string(table.column("at").to_numpy().astype("M8[s]"), timezone="UTC").tolist(),
            table.column("duration_s").to_pylist(), table.column("attenuation_db").to_pylist(), strict=True,
        )
    )  # fmt: skip
    return "\n".join(lines).encode()


def body(table) -> bytes:
    """As a feed posts it."""
    return b'{"events":[' + ndjson(table).replace(b"\n", b",") + b"]}"


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="truyvet-bench-") as name:
        yield Path(name)


@pytest.fixture
def engine(folder):
    engine = Engine.open(Settings(data=folder / "data", checkpoints=False))
    warmed = next(batches())
    assert engine.ingest("bluetooth", warmed).accepted == ROWS
    engine.ingest_ndjson("bluetooth", ndjson(next(batches())))
    yield engine
    engine.close()


def taken(engine, tables) -> None:
    for table in tables:
        assert engine.ingest("bluetooth", table, source="bench").accepted == ROWS


JOB = f"durable ingest, batches of {ROWS:,} sightings, {EVENTS:,} a round"


WRITERS = {1: "", 4: "-4"}


@pytest.mark.parametrize("writers", WRITERS)
def test_arrow(beside, engine, writers):
    def rate():
        tables = list(batches())
        with ThreadPoolExecutor(writers) as pool:
            parts = [tables[n::writers] for n in range(writers)]
            return EVENTS / seconds(lambda: list(pool.map(lambda part: taken(engine, part), parts)))

    job = f"{JOB}; Arrow tables, {writers} at a time, text ids"
    beside.figure(f"ingest-arrow{WRITERS[writers]}", job, rate, "events/s", goal=1e6, rounds=ROUNDS)


def test_ndjson(beside, engine):
    def rate():
        bodies = [ndjson(table) for table in batches()]
        return EVENTS / seconds(lambda: [engine.ingest_ndjson("bluetooth", body) for body in bodies])

    beside.figure("ingest-ndjson", f"{JOB}; NDJSON, one at a time, no HTTP", rate, "events/s", rounds=ROUNDS)


def test_json_over_http(beside, folder):
    with Server(folder / "data").start() as server:

        def post(given):
            status, reply = server.post("bluetooth", given)
            assert (status, reply.get("accepted")) == (200, ROWS), str(reply)[:300]

        def rate():
            bodies = [body(table) for table in batches()]
            with ThreadPoolExecutor(4) as pool:
                return EVENTS / seconds(lambda: list(pool.map(post, bodies)))

        rate()
        job = f"{JOB}; JSON over HTTP, 4 connections, sender on the same two cores"
        beside.figure("ingest-http", job, rate, "events/s", goal=250_000, rounds=ROUNDS)
        server.stop()


def beside_rows(beside, engine, name, peer, form, write, held, elsewhere=lambda: 0.0) -> None:
    """Ours and a database that commits the same batches; both hold all of them in the end.

    CPU times, as the clock tells more of who else uses the machine. ``form`` makes of a table, beforehand, what
    ``write`` is given; ``elsewhere``: seconds that the peer has used in a process of its own. Ours is done in a
    twentieth of the time: the middle of five is told.
    """
    given: list = []

    def theirs() -> float:
        given[:] = list(batches(FEWER))
        parts, before = [form(table) for table in given], elsewhere()
        return cpu_seconds(lambda: [write(part) for part in parts])[0] + elsewhere() - before

    def ours() -> float:
        each = [list(given), *(list(batches(FEWER)) for _ in range(4))]
        return statistics.median(cpu_seconds(lambda some=some: taken(engine, some))[0] for some in each)

    job = f"durable ingest, batches of {ROWS:,} sightings, {FEWER * ROWS:,} a round; ours as Arrow tables"
    note = "CPU times, without waiting for the disk; tables, rows and text ready beforehand; ours also in the graph"
    beside.told(name, job, ours, peer, theirs, 3, note)
    assert held() == 3 * FEWER * ROWS


def counted(db) -> int:
    return db.execute("select count(*) from e").fetchone()[0]


@pytest.mark.beside
def test_beside_sqlite(beside, engine, folder):
    db = sqlite3.connect(folder / "peer.db")
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")

    for line in (CREATE, *INDEXES):
        db.execute(line)

    def write(rows):
        db.executemany("insert into e values (?, ?, ?, ?, ?)", rows)
        db.commit()

    peer = "SQLite, a row each, 2 indexes"
    beside_rows(beside, engine, "ingest-sqlite", peer, rows_of, write, lambda: counted(db))
    db.close()


@pytest.mark.beside
@pytest.mark.skipif(missing() is not None, reason=f"PostgreSQL: {missing()}")
def test_beside_postgres(beside, engine):
    psycopg = pytest.importorskip("psycopg")
    server = Postgres()
    try:
        with psycopg.connect(server.create()) as db:
            for line in (CREATE, *INDEXES):
                db.execute(line)
            db.commit()

            def write(text):
                with db.cursor() as cursor, cursor.copy("copy e from stdin") as copy:
                    copy.write(text)
                db.commit()

            writer = db.info.backend_pid
            beside_rows(
                beside, engine, "ingest-postgres", "PostgreSQL COPY, 2 indexes", copy_text, write, lambda: counted(db),
                lambda: cpu_of(writer),
            )  # fmt: skip
    finally:
        server.remove()
