"""Bodies on their way in: unpacked in pieces, bounded in size, memory and time, and told what they look like."""

import gzip
import hashlib
import io
import threading

import orjson
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from api.decoding import Body, decoded, encoding_of
from api.limits import Budget, Limits
from api.looks import look_of
from api.problems import STATUS, ProblemError
from engine.errors import JournalError, StorageFullError
from engine.texts import TEXTS
from tests.api.conftest import connect, read_reply, serving
from tests.api.fake_engine import FakeEngine
from tests.api.test_events import ARROW, JSON, NDJSON, POST, arrow, document, lines, zstd
from tests.waiting import until

LONG = Limits(body=20_000_000, rows=100_000, held=20_000)
"""Limits under which a body of the tests is a long one."""


def pack(body, encoding, checked=False):
    if checked and encoding == "zstd":  # gzip always has a checksum
        return zstandard.ZstdCompressor(write_checksum=True).compress(body)
    return {"gzip": gzip.compress, "zstd": zstd, "identity": bytes}[encoding](body)


def cut(body, sizes):
    stream = io.BytesIO(body)
    yield from iter(lambda: stream.read(next(sizes, 7)), b"")


@given(
    st.lists(st.binary(max_size=2_000), max_size=4),
    st.sampled_from(["identity", "gzip", "zstd"]),
    st.lists(st.integers(1, 300), max_size=30),
    st.integers(1, 999),
)
def test_any_cut_of_any_frames_gives_the_same_bytes(parts, encoding, sizes, step):
    packed = b"".join(pack(part, encoding) for part in parts)
    body = Body(decoded(cut(packed, iter(sizes)), encoding, 10_000), digested=True)
    head = body.peek(step)
    read = b"".join(iter(lambda: body.read(step), b""))
    assert read == b"".join(parts)
    assert read.startswith(head)
    assert body.digest() == hashlib.sha256(read).digest()


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("damage", [lambda b: b[:-5], lambda b: b[:20] + b"\xff\x00\xff" + b[23:], lambda b: b + b"x"])
def test_damaged_packing_is_the_senders_fault(encoding, damage):
    body = bytes(range(256)) * 40
    with pytest.raises(ProblemError) as caught:
        list(decoded([damage(pack(body, encoding, checked=True))], encoding, 10**6))
    assert (caught.value.code, caught.value.text) == ("bad_input", f"bad_{encoding}")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_stopped_at_the_limit(encoding):
    bomb = pack(bytes(200_000_000), encoding)
    pieces = []
    with pytest.raises(ProblemError) as caught:
        pieces.extend(decoded([bomb], encoding, 10**6))
    assert caught.value.code == "body_too_large"
    assert sum(map(len, pieces)) <= 10**6


def test_a_zstd_window_over_8_mib_is_refused():
    options = zstandard.ZstdCompressionParameters(window_log=27)
    packer = zstandard.ZstdCompressor(compression_params=options).compressobj()
    packed = packer.compress(bytes(2**24)) + packer.flush()
    with pytest.raises(ProblemError):
        list(decoded([packed], "zstd", 2**25))


@pytest.mark.parametrize("name", ["br", "gzip, gzip", "deflate"])
def test_other_packings_are_refused(name):
    with pytest.raises(ProblemError) as caught:
        encoding_of(name)
    assert caught.value.code == "unsupported_encoding"


PLAIN = {
    "json": document(2),
    "lines": lines(2),
    "arrow": arrow(2),
    "gzip": gzip.compress(lines(2)),
    "zstd": zstd(lines(2)),
    "parquet": b"PAR1....",
    "zip": b"PK\x03\x04....",
    "utf16": '{"events":[]}'.encode("utf-16"),
    "markup": b"<!doctype html><html>",
    "text": b"person,peer,at\n",
    "binary": bytes(range(1, 60)),
    "empty": b" \n",
}


@pytest.mark.parametrize("look", PLAIN)
def test_the_look_of_a_body(look):
    assert look_of(PLAIN[look]) == look
    assert f"api.looks_{look}" in TEXTS


@pytest.mark.parametrize(
    ("headers", "look", "code", "says"),
    [
        (ARROW, "json", "unreadable_file", "application/json"),
        (ARROW, "lines", "unreadable_file", "application/x-ndjson"),
        (ARROW, "gzip", "unreadable_file", "Content-Encoding: gzip"),
        (ARROW, "empty", "unreadable_file", "empty"),
        (JSON, "arrow", "unreadable_file", "application/vnd.apache.arrow.stream"),
        (JSON, "zstd", "unreadable_file", "Content-Encoding: zstd"),
        (JSON, "lines", "unreadable_file", "application/x-ndjson"),
        (JSON, "utf16", "unreadable_file", "UTF-8"),
        (JSON, "text", "unreadable_file", "CSV"),
        (NDJSON, "json", "unreadable_file", "application/json"),
        (NDJSON, "parquet", "unreadable_file", "Parquet"),
        (NDJSON, "markup", "unreadable_file", "HTML"),
        (NDJSON, "binary", "unreadable_file", "binary"),
        ({**JSON, "Content-Encoding": "gzip"}, "json", "bad_input", "gzip, but the body looks like JSON"),
        ({**JSON, "Content-Encoding": "zstd"}, "gzip", "bad_input", "zstd, but the body looks like GZIP"),
        ({**ARROW, "Content-Encoding": "gzip"}, "arrow", "bad_input", "gzip, but the body looks like ARROW"),
    ],
)
def test_a_body_that_is_not_what_its_header_says(call, engine, headers, look, code, says):
    reply = call.post(POST, role="feed", content=PLAIN[look], headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert says in reply.json()["detail"]
    assert engine.ingests == 0


@pytest.mark.parametrize(("headers", "body"), [(JSON, document(3)), (ARROW, arrow(3))])
def test_a_torn_body_is_400_and_nothing_is_taken(call, engine, headers, body):
    reply = call.post(POST, role="feed", content=body[: len(body) // 2], headers=headers)
    assert (reply.status_code, reply.json()["code"], engine.ingests) == (400, "unreadable_file", 0)


# -- long bodies: through a pipe, batch by batch ------------------------------------------------------------


@pytest.fixture
def long(app, engine, call):
    from api.incoming import Intake

    before, app.state.intake = app.state.intake, Intake(LONG)
    yield call
    assert app.state.intake.budget.used == 0
    app.state.intake = before


def in_parts(body, size=7_000):
    yield from (body[i : i + size] for i in range(0, len(body), size))


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
@pytest.mark.parametrize(("headers", "make"), [(JSON, document), (NDJSON, lines), (ARROW, arrow)])
def test_a_long_body_is_taken_whole(long, engine, headers, make, encoding):
    sent = {**headers, "Content-Encoding": encoding}
    reply = long.post(POST, role="feed", content=in_parts(pack(make(60_001), encoding)), headers=sent)
    assert reply.json()["accepted"] == sum(engine.taken) == 60_001, reply.text
    assert max(engine.taken) <= 50_000
    # Once something is in, the rest waits for room instead of being refused.
    assert engine.asked["ingest"][5] is True


def test_a_fault_in_a_long_body_tells_what_was_taken(long, engine):
    body = arrow(50_000)
    stream = io.BytesIO()
    batch = pa.ipc.open_stream(body).read_all()
    with pa.ipc.new_stream(stream, batch.schema) as writer:
        for _ in range(3):
            writer.write_table(batch, max_chunksize=50_000)
    torn = stream.getvalue()[:-2_000_000]
    reply = long.post(POST, role="feed", content=in_parts(torn, 50_000), headers=ARROW)
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (400, "unreadable_file")
    assert problem["accepted"] == sum(engine.taken) > 0
    assert problem["as_of"] == engine.as_of


def test_too_many_rows_in_a_long_body_tell_what_was_taken(long, engine):
    reply = long.post(POST, role="feed", content=in_parts(b"{}\n" * 100_001, 50_000), headers=NDJSON)
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (413, "body_too_large")
    assert problem["accepted"] == sum(engine.taken) > 0


@pytest.mark.parametrize(("error", "code"), [(StorageFullError(""), "storage_full"), (JournalError(""), "journal")])
def test_a_database_lost_in_the_middle_tells_what_was_taken(long, engine, error, code):
    take = engine.ingest

    def fails_second(*args, **other):
        if engine.taken:
            raise error
        return take(*args, **other)

    engine.ingest = fails_second
    reply = long.post(POST, role="feed", content=in_parts(lines(60_001), 50_000), headers=NDJSON)
    assert (reply.status_code, reply.json()["code"]) == (STATUS[code], code)
    assert reply.json()["accepted"] == engine.taken[0]


def test_keys_of_long_bodies_are_digested_as_they_pass(long, engine):
    headers = {**NDJSON, "Idempotency-Key": "long"}
    first = long.post(POST, role="feed", content=in_parts(lines(60_000)), headers=headers)
    count = engine.ingests
    again = long.post(POST, role="feed", content=in_parts(lines(60_000)), headers=headers)
    assert (again.content, again.headers["idempotency-replayed"], engine.ingests) == (first.content, "true", count)
    other = long.post(POST, role="feed", content=in_parts(lines(59_999)), headers=headers)
    assert (other.status_code, engine.ingests) == (422, count)


# -- budget and patience ------------------------------------------------------------------------------------


def test_the_budget_is_shared_and_given_back():
    budget = Budget(100)
    one, two = budget.share(), budget.share()
    one.take(60)
    with pytest.raises(ProblemError) as caught:
        two.take(50)
    assert (caught.value.code, caught.value.headers["Retry-After"]) == ("busy", "1")
    one.release()
    two.take(50)
    assert budget.used == 50


def test_more_bodies_than_memory_get_429():
    with serving(FakeEngine(), Limits(under_way=3_000)) as (server, port):
        first = connect(port, f"POST {POST} HTTP/1.1\r\nContent-Length: 2000")
        first.sendall(b" " * 1_999)
        until(lambda: server.app.state.intake.budget.used == 1_999)
        second = connect(port, f"POST {POST} HTTP/1.1\r\nContent-Length: 2000")
        second.sendall(b" " * 2_000)
        status, body = read_reply(second)
        assert (status, orjson.loads(body)["code"]) == (429, "busy")
        first.close()


@pytest.mark.parametrize("held", [8_000_000, 10])
def test_a_byte_now_and_then_is_408_and_holds_nobody_up(held):
    limits = Limits(idle_s=0.5, body_s=1.0, held=held)
    with serving(FakeEngine(), limits) as (server, port):
        head = f"POST {POST} HTTP/1.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100000"
        slow = [connect(port, head) for _ in range(limits.long_bodies if held == 10 else 50)]
        stop = threading.Event()

        def drip():
            while not stop.wait(0.05):
                for peer in slow:
                    try:
                        peer.sendall(b" ")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        with connect(port, f"POST {POST} HTTP/1.1\r\nContent-Length: {len(document(1))}", body=document(1)) as quick:
            assert read_reply(quick)[0] == 200
        replies = [read_reply(peer) for peer in slow]
        stop.set()
        thread.join()
        assert {(status, orjson.loads(body)["code"]) for status, body in replies} == {(408, "too_slow")}
        assert server.app.state.intake.budget.used == 0
        for peer in slow:
            peer.close()


def test_a_sender_that_leaves_in_the_middle_leaves_nothing_behind():
    engine = FakeEngine()
    with serving(engine, LONG) as (server, port):
        head = f"POST {POST} HTTP/1.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: 3000000"
        for size in (100, 60_000):
            with connect(port, head) as peer:
                peer.sendall(lines(1_000)[:size])
        until(lambda: server.app.state.intake.budget.used == 0)
        with connect(port, f"POST {POST} HTTP/1.1\r\nContent-Length: {len(document(1))}", body=document(1)) as peer:
            assert read_reply(peer)[0] == 200


def test_one_long_body_too_many_is_429():
    with serving(FakeEngine(), Limits(held=10, long_bodies=1)) as (server, port):
        head = f"POST {POST} HTTP/1.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: 2000"
        first = connect(port, head)
        first.sendall(b" " * 100)
        until(lambda: server.app.state.intake._long.available_tokens == 0)
        second = connect(port, head)
        second.sendall(b" " * 100)
        status, body = read_reply(second)
        assert (status, orjson.loads(body)["code"]) == (429, "busy")
        first.close()
        second.close()
