"""Clients as they come: a byte a second, thousands at once, bodies that are not what their header says."""

import asyncio
import contextlib
import functools
import gzip
import http.client
import io
import json
import socket
import time
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.crash.clients import ARROW, JSON, NDJSON, arrow
from tests.crash.scale import LONG
from tests.crash.server import Server
from tests.crash.stored import rows
from tests.crash.world import T0, Batch, batch_of
from tests.waiting import PATIENCE_S

SLOW = 20
TINY, AT_ONCE = (10_000, 2_000) if LONG else (800, 800)
MIB = 2**20


def events_of(name: str, count: int = 50) -> Batch:
    """A batch whose events carry ``name``."""
    made = [{"person": f"{name}-{i}", "peer": "peer", "at": T0 + i, "attenuation_db": 50.0} for i in range(count)]
    return batch_of(0, 0, "bluetooth", made)


def stored_of(server: Server) -> Counter[str]:
    """How many events are stored by the first part of their person's key."""
    return Counter(key[2].rpartition("-")[0] for row in rows(server.data, None) for key in row.natural_keys())


def test_clients_that_send_a_byte_a_second_hold_nobody_up(shared):
    body = events_of("slow").json()
    head = f"POST /v1/events/bluetooth HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {shared.token('feed')}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    for warm in range(3):  # what a server loads at its first events is none of the slow clients' doing
        assert shared.post("bluetooth", events_of(f"warm-{warm}", 5).json())[0] == 200
        assert shared.get("/v1/board")["as_of"]
    before = shared.rss()
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", shared.port))) for _ in range(SLOW)]
        for one in slow:
            one.sendall(head.encode())
        for second in range(4):
            for one in slow:
                one.sendall(body[second : second + 1])
            for i in range(5):
                status, reply = shared.post("bluetooth", events_of(f"quick-{second}-{i}", 5).json())
                assert (status, reply["accepted"]) == (200, 5)
            time.sleep(1)
        assert shared.rss() - before < 96 * MIB
    assert shared.get("/readyz")["ready"]
    assert stored_of(shared)["slow"] == 0


def _parquet(batch: Batch) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(e) for e in batch.events]), sink)
    return sink.getvalue()


@functools.cache
def bomb() -> bytes:
    """300 MiB of nothing, packed."""
    return gzip.compress(bytes(300 * MIB), 1)


def lies(name: str) -> dict[str, tuple[str, bytes, dict[str, str]]]:
    """What is wrong -> (media type, body, headers)."""
    batch = events_of(name)
    plain, lines, packed = batch.json(), batch.ndjson(), arrow(batch)
    zipped, zst = gzip.compress(plain), zstandard.compress(plain)
    return {
        "plain-as-gzip": (JSON, plain, {"Content-Encoding": "gzip"}),
        "plain-as-zstd": (JSON, plain, {"Content-Encoding": "zstd"}),
        "gzip-as-plain": (JSON, zipped, {}),
        "gzip-as-zstd": (JSON, zipped, {"Content-Encoding": "zstd"}),
        "gzip-cut": (JSON, zipped[: len(zipped) // 2], {"Content-Encoding": "gzip"}),
        "gzip-with-rubbish": (JSON, zipped + b"rubbish", {"Content-Encoding": "gzip"}),
        "zstd-cut": (JSON, zst[: len(zst) // 2], {"Content-Encoding": "zstd"}),
        "unknown-encoding": (JSON, plain, {"Content-Encoding": "br"}),
        "bomb": (NDJSON, bomb(), {"Content-Encoding": "gzip"}),
        "json-as-arrow": (ARROW, plain, {}),
        "arrow-as-json": (JSON, packed, {}),
        "arrow-as-ndjson": (NDJSON, packed, {}),
        "ndjson-as-json": (JSON, lines, {}),
        "json-cut": (JSON, plain[: len(plain) // 2], {}),
        "arrow-cut": (ARROW, packed[: len(packed) // 2], {}),
        "parquet-as-arrow": (ARROW, _parquet(batch), {}),
        "text-as-text": ("text/plain", plain, {}),
        "empty": (JSON, b"", {}),
        "binary": (NDJSON, bytes(range(256)) * 40, {}),
        "utf-16": (JSON, plain.decode().encode("utf-16"), {}),
    }


def lied(server: Server, media: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, object]]:
    """The reply to a body."""
    return server.post("bluetooth", body, media, headers)


@pytest.fixture(scope="module")
def told(shared):
    """What is wrong -> (status, reply) for every lie, one after the other."""
    return {name: lied(shared, *lies(name)[name]) for name in lies("x")}


@pytest.mark.parametrize("name", list(lies("x")))
def test_a_body_that_is_not_what_its_header_says(shared, told, name):
    status, reply = told[name]
    taken = stored_of(shared)[name]
    if name in ("arrow-as-ndjson", "binary") and status == 200:
        assert reply["accepted"] == 0, "every line of it is refused"
        assert reply["rejected"]
        return
    assert 400 <= status < 500, reply
    assert reply["code"] not in ("internal", "error")
    assert len(reply["detail"]) > 10
    assert taken == reply.get("accepted", 0), "what was taken in is told"


@pytest.mark.parametrize("declared", [-20, 20])
def test_a_length_that_is_not_the_body_s(shared, declared):
    name = f"length{declared}"
    body = events_of(name).json()
    head = f"POST /v1/events/bluetooth HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {shared.token('feed')}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body) + declared}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", shared.port), timeout=PATIENCE_S) as one:
        one.sendall(head.encode() + body)
        one.shutdown(socket.SHUT_WR)
        reply = http.client.HTTPResponse(one)
        with contextlib.suppress(http.client.HTTPException, ConnectionError):
            reply.begin()
            assert 400 <= reply.status < 500, reply.read()
    time.sleep(0.2)
    assert stored_of(shared)[name] == 0


def test_a_storm_of_tiny_requests(shared):
    before = shared.rss()
    statuses, accepted = asyncio.run(_storm(shared.port, shared.token("feed")))
    assert set(statuses) <= {200, 429}, statuses
    assert statuses.total() == TINY
    assert shared.rss() - before < 400 * MIB
    stored = Counter(k[2] for row in rows(shared.data, None) for k in row.natural_keys() if k[2].startswith("tiny-"))
    assert set(stored) == accepted
    assert max(stored.values()) == 1
    assert shared.get("/readyz")["ready"]


async def _storm(port: int, token: str) -> tuple[Counter[int], set[str]]:
    """Requests of one event, ``AT_ONCE`` connections at a time: (statuses, accepted people)."""
    statuses: Counter[int] = Counter()
    accepted: set[str] = set()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(i: int) -> None:
        person = f"tiny-{i}"
        event = {"person": person, "peer": "peer", "at": "2021-07-01T00:00:00Z", "attenuation_db": 50}
        body = json.dumps({"events": [event]}).encode()
        head = (
            f"POST /v1/events/bluetooth HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
        )
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode() + body)
            reply = await reader.read()
            writer.close()
        status = int(reply[9:12])
        statuses[status] += 1
        if status == 200 and json.loads(reply.partition(b"\r\n\r\n")[2])["accepted"] == 1:
            accepted.add(person)

    await asyncio.gather(*(one(i) for i in range(TINY)))
    return statuses, accepted
