"""NATS: restarts of the server under load, poison, kills between commit and acknowledgement, packed bodies."""

import asyncio
import gzip
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pyarrow as pa
import pytest
import zstandard

from engine.errors import BadInputError, UnreadableFileError
from engine.sources import nats as module
from engine.sources.bodies import decode, unpack
from engine.sources.nats import NatsSource
from tests.nats import BINARY, body_of, connected, pending, publish
from tests.sources.sinks import MemorySink, Running, fixes
from tests.waiting import PATIENCE_S, free_port, until


def source_of(server, **more):
    return NatsSource(server.url, **{"ack_wait_s": 1, "retry": (0.05, 0.2), **more})


def settled(server):
    try:
        return sum(asyncio.run(pending(server.url))) == 0
    except Exception:
        return False


@pytest.fixture
def server(nats_server):
    """A server that has the stream and the consumer."""
    with Running(source_of(nats_server), MemorySink()):
        until(lambda: settled(nats_server))
    return nats_server


def ndjson(events):
    return b"".join(json.dumps(e).encode() + b"\n" for e in events)


def arrow(events):
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist(events)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_every_form_and_packing_in_one_go(server):
    async def send():
        client = await connected(server.url)
        forms = [
            (body_of(*fixes(0, 10)), {}),
            (ndjson(fixes(10, 10)), {"Content-Type": "application/x-ndjson; charset=utf-8"}),
            (arrow(fixes(20, 10)), {"content-type": "application/vnd.apache.arrow.stream"}),
            (gzip.compress(body_of(*fixes(30, 10))), {"Content-Encoding": "gzip"}),
            (zstandard.compress(body_of(*fixes(40, 10))), {"Content-Encoding": "zstd"}),
        ]
        for body, headers in forms:
            await client.jetstream().publish("truyvet.events.location", body, headers=headers or None)
        await client.jetstream().publish(
            "truyvet.events.case", body_of({"person": "a", "onset_at": "2021-07-01T00:00:00Z"})
        )
        await client.close()

    asyncio.run(send())
    sink = MemorySink()
    with Running(source_of(server), sink):
        until(lambda: settled(server))
    assert len(sink.events) == 51
    assert max(batch.num_rows for batch in sink.batches) > 10, "messages of one kind are joined"
    assert {s.partition("/")[0] for s in sink.sources} == {"nats:TRUYVET"}


def test_a_poison_message_is_kept_among_the_rejects_and_holds_nobody_up(server, caplog):
    caplog.set_level(logging.INFO)
    bodies = [
        ("location", body_of(*fixes(0, 5))),
        ("location", b"\xff{not json, person-4711"),
        ("nonsense", body_of({"person": "person-4711"})),
        ("location", b'"person-4711"'),
        ("location", body_of(*fixes(5, 5), {"person": "person-4711"})),
    ]
    sink = MemorySink(failures=2)
    asyncio.run(publish(server.url, bodies))
    with Running(source_of(server), sink):
        until(lambda: settled(server))
        time.sleep(1.2)
        assert settled(server), "it comes again"
    assert len(sink.events) == 10
    kept = {r for r in sink.refused if r[1] == "malformed_body"}  # what is confirmed late comes again
    assert sorted((kind, body[:5]) for kind, _, _, body, _ in kept) == [
        ("location", b'"pers'), ("location", b"\xff{not"), ("nonsense", b'{"eve'),
    ]  # fmt: skip
    assert sorted(source for *_, source in kept) == ["nats:TRUYVET/2", "nats:TRUYVET/3", "nats:TRUYVET/4"]
    assert "message 5 (location): 1 rows rejected, first row 5" in caplog.text
    assert "4711" not in caplog.text


def test_while_nothing_can_be_stored_it_asks_for_no_more(server, monkeypatch):
    rests, pause = [], module._pause

    async def noted(seconds, stop):
        rests.append(seconds)
        await pause(seconds, stop)

    monkeypatch.setattr(module, "_pause", noted)
    sink = MemorySink(failures=3)
    asyncio.run(publish(server.url, [("location", body_of(*fixes(0, 5)))]))
    with Running(source_of(server), sink):
        until(lambda: settled(server))
    assert rests == [0.05, 0.1, 0.2]
    assert len(sink.events) == 5


def test_a_message_whose_columns_cannot_be_taken_spoils_no_other(server):
    class Picky(MemorySink):
        def take(self, kind, batch, source):
            if "bad" in str(batch.table.column("person")[0]) or batch.rows > 5:
                raise BadInputError("damaged")
            return super().take(kind, batch, source)

    sink = Picky()
    asyncio.run(publish(server.url, [("location", body_of(*fixes(0, 5, p))) for p in ("a", "bad", "c")]))
    with Running(source_of(server), sink):
        until(lambda: settled(server))
    assert {p for _, p, _ in sink.events} == {"a", "c"}
    assert {r[4] for r in sink.refused} == {"nats:TRUYVET/2"}


def test_the_server_restarted_under_load(server, caplog):
    sink = MemorySink(pause_s=0.01)
    sent: list[int] = []
    finished = threading.Event()

    def load():
        number = 0
        while number < 70:
            try:
                asyncio.run(publish(server.url, [("location", body_of(*fixes(10 * number, 10)))], timeout=1))
            except Exception:
                time.sleep(0.05)  # not confirmed: sent again, perhaps twice
                continue
            sent.append(number)
            number += 1
        finished.set()

    with Running(source_of(server, fetched=10), sink):
        threading.Thread(target=load, daemon=True).start()
        for kill in (False, True):
            before = len(sent)
            until(lambda before=before: len(sent) > before + 10)
            server.stop(kill)
            time.sleep(0.3)
            server.start()
        until(finished.is_set)
        until(lambda: settled(server))
    assert len(sink.events) == 700
    assert "NATS cannot be read" in caplog.text
    assert not [r for r in caplog.records if str(server.port) in r.getMessage()]


CONSUMER = """
import os, signal, sys, threading
from engine.sources.nats import NatsSource
from tests.sources.sinks import MemorySink

class Dies(MemorySink):
    def take(self, kind, batch, source):
        reply = super().take(kind, batch, source)
        with open(sys.argv[2], "a") as file:
            file.writelines(f"{key}\\n" for key in sorted(self.events))
            os.fsync(file.fileno())
        os.kill(os.getpid(), signal.SIGKILL)

NatsSource(sys.argv[1], ack_wait_s=1).run(Dies(), threading.Event())
"""


def test_killed_between_commit_and_acknowledgement(server, tmp_path):
    asyncio.run(publish(server.url, [("location", body_of(*fixes(0, 20)))]))
    journal = tmp_path / "journal"
    killed = subprocess.run(
        [sys.executable, "-c", CONSUMER, server.url, str(journal)], env={**os.environ, "PYTHONPATH": "."}
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(journal.read_text().splitlines()) == 20
    assert asyncio.run(pending(server.url)) == (0, 1)
    sink = MemorySink()
    sink.take("location", decode("location", body_of(*fixes(0, 20)), None, None), "before")
    with Running(source_of(server), sink):
        until(lambda: settled(server))
    assert (len(sink.events), sink.duplicates % 20) == (20, 0)
    assert sink.duplicates


@pytest.mark.skipif(BINARY is None, reason="nats-server is not installed")
def test_a_server_that_is_not_there_yet(tmp_path, nats_server):
    nats_server.stop()
    sink = MemorySink()
    with Running(source_of(nats_server), sink):
        time.sleep(0.2)
        nats_server.start()
        until(lambda: settled(nats_server))
        asyncio.run(publish(nats_server.url, [("location", body_of(*fixes(0, 3)))]))
        until(lambda: len(sink.events) == 3)


def test_a_consumer_that_somebody_removed_is_made_again(server):
    async def remove():
        client = await connected(server.url)
        await client.jetstream().delete_consumer("TRUYVET", "truyvet")
        await client.close()

    sink = MemorySink()
    with Running(source_of(server, look_s=0.3), sink):
        asyncio.run(remove())
        until(lambda: settled(server))
        asyncio.run(publish(server.url, [("location", body_of(*fixes(0, 3)))]))
        until(lambda: len(sink.events) == 3)


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(BadInputError, match=r"truyvet\[nats\]"):
        NatsSource("nats://127.0.0.1:1")


BODY = b"x" * 3_000_000


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        (None, BODY),
        ("identity", BODY),
        ("gzip", gzip.compress(BODY[:1_000_000]) + gzip.compress(BODY[1_000_000:])),
        ("ZSTD", zstandard.compress(BODY[:2_000_000]) + zstandard.compress(BODY[2_000_000:])),
    ],
)
def test_packing_is_undone(encoding, packed):
    assert unpack(packed, encoding) == BODY
    with pytest.raises(UnreadableFileError, match="more than 1 MiB"):
        unpack(packed, encoding, 1 << 20)


@pytest.mark.parametrize(
    ("encoding", "packed", "told"),
    [
        ("br", b"x", "gzip, zstd or absent"),
        ("gzip", b"plain", "not gzip"),
        ("gzip", gzip.compress(BODY)[:-9], "cut short"),
        ("zstd", b"plain text", "not zstd"),
        ("zstd", zstandard.compress(b"abc" * 99)[:-3], "cut short"),
    ],
)
def test_broken_packing_is_named(encoding, packed, told):
    with pytest.raises(UnreadableFileError, match=told):
        unpack(packed, encoding)


def test_it_stops_at_once_while_the_server_is_away_or_does_not_answer(caplog):
    caplog.set_level(logging.WARNING)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        nobody = free_port()
        for port in (nobody, mute.getsockname()[1]):
            running = Running(
                NatsSource(f"nats://127.0.0.1:{port}", retry=(2 * PATIENCE_S, 2 * PATIENCE_S)), MemorySink()
            )
            if port == nobody:
                until(lambda: "NATS cannot be read" in caplog.text)
            else:
                mute.accept()
            running.stop()
