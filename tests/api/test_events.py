"""The way in: media types, packing, limits, idempotency keys."""

import gzip
import threading

import orjson
import pyarrow as pa
import pytest
import zstandard

from api.problems import ProblemError
from api.replays import Replays
from tests.waiting import PATIENCE_S

POST = "/v1/events/bluetooth"
JSON = {"Content-Type": "application/json"}


def zstd(body):
    return zstandard.ZstdCompressor().compress(body)


def lines(n):
    return b"".join(b'{"person":"p%d","peer":"q","at":"2021-07-09T09:30:00+07:00"}\n' % i for i in range(n))


def document(n):
    return b'{"events":[' + b",".join(lines(n).split(b"\n")[:-1]) + b"]}"


def arrow(n):
    table = pa.Table.from_pylist([orjson.loads(line) for line in lines(n).splitlines()])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


MAKERS = {"application/json": document, "application/x-ndjson": lines, "application/vnd.apache.arrow.stream": arrow}
NDJSON = {"Content-Type": "application/x-ndjson"}
ARROW = {"Content-Type": "application/vnd.apache.arrow.stream"}


def test_reply_has_the_fields_of_the_contract(call):
    reply = call.post(POST, role="feed", content=lines(3) + b"{\n", headers=NDJSON)
    body = reply.json()
    refused = body.pop("rejected")
    assert body == {"accepted": 3, "duplicates": 0, "as_of": 8}
    assert [(r["row"], r["code"]) for r in refused] == [(3, "malformed_row")]


def test_reasons_of_refused_rows_speak_the_readers_language(call):
    reply = call.post(POST, role="feed", content=b"3\n", headers={**NDJSON, "Accept-Language": "vi"})
    assert reply.json()["rejected"][0]["detail"].endswith("(an event is a JSON object, like {...})")
    assert not reply.json()["rejected"][0]["detail"].startswith("an event")


@pytest.mark.parametrize("media", [*MAKERS, "application/json; charset=utf-8", "APPLICATION/JSON"])
@pytest.mark.parametrize("pack", [None, "gzip", "x-gzip", "zstd", "identity"])
def test_every_form_and_packing_gives_the_same_rows(call, engine, media, pack):
    body = MAKERS[media.partition(";")[0].lower()](4)
    packed = {"gzip": gzip.compress, "x-gzip": gzip.compress, "zstd": zstd}.get(pack, bytes)(body)
    headers = {"Content-Type": media} | ({"Content-Encoding": pack} if pack else {})
    assert call.post(POST, role="feed", content=packed, headers=headers).json()["accepted"] == 4
    kind, table, malformed, first_row, source, wait = engine.asked["ingest"]
    assert (kind, table.column("person").to_pylist()) == ("bluetooth", ["p0", "p1", "p2", "p3"])
    assert (malformed, first_row, source, wait) == ((), 0, "http", False)


def test_no_media_type_is_json(call):
    assert call.post(POST, role="feed", content=document(1)).json()["accepted"] == 1


def test_no_events_are_no_batch(call, engine):
    assert call.post(POST, role="feed", json={"events": []}).json()["as_of"] == 7
    assert engine.ingests == 0


def test_other_media_types_are_415(call):
    reply = call.post(POST, role="feed", content=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (reply.status_code, reply.json()["code"]) == (415, "unsupported_media_type")


def test_other_encodings_are_415(call):
    reply = call.post(POST, role="feed", content=b"{}", headers={**JSON, "Content-Encoding": "br"})
    assert (reply.status_code, reply.headers["accept-encoding"]) == (415, "gzip, zstd")


def test_an_unknown_kind_is_refused_before_its_body_is_read(call):
    reply = call.post("/v1/events/nope", role="feed", content=b"\x00" * 9_000, headers=ARROW)
    assert (reply.status_code, reply.json()["code"]) == (404, "unknown_kind")


def chunks():
    for _ in range(11):
        yield b" " * 1_000


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b" " * 10_001, {}),
        (chunks(), {}),
        (gzip.compress(b" " * 1_000_000), {"Content-Encoding": "gzip"}),
        (zstd(b" " * 1_000_000), {"Content-Encoding": "zstd"}),
        (iter([gzip.compress(b"")] * 1_000), {"Content-Encoding": "gzip"}),
    ],
    ids=["declared", "chunked", "swelling gzip", "swelling zstd", "gzip that gives nothing"],
)
def test_too_large_a_body_is_413_and_never_ingested(call, engine, body, headers):
    reply = call.post(POST, role="feed", content=body, headers={**JSON, **headers})
    assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")
    assert "10000" in reply.json()["detail"]
    assert engine.ingests == 0


def test_a_body_of_exactly_the_limit_is_taken(call):
    assert call.post(POST, role="feed", content=document(1).ljust(10_000), headers=JSON).status_code == 200


def test_too_many_rows_are_413(call, engine):
    reply = call.post(POST, role="feed", content=b"{}\n" * 101, headers=NDJSON)
    assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")
    assert "100 rows" in reply.json()["detail"]
    assert engine.ingests == 0


def test_the_same_key_and_body_get_the_first_reply(call, engine):
    headers = {**JSON, "Idempotency-Key": "k"}
    sent = [call.post(POST, role="feed", content=document(2), headers=headers) for _ in range(2)]
    assert sent[0].content == sent[1].content
    assert engine.ingests == 1
    assert [r.headers.get("idempotency-replayed") for r in sent] == [None, "true"]


def test_the_same_body_packed_otherwise_is_the_same_body(call, engine):
    headers = {**JSON, "Idempotency-Key": "k"}
    call.post(POST, role="feed", content=document(2), headers=headers)
    packed = {**headers, "Content-Encoding": "gzip"}
    again = call.post(POST, role="feed", content=gzip.compress(document(2)), headers=packed)
    assert (again.status_code, engine.ingests) == (200, 1)


def test_the_same_key_with_another_body_is_422(call):
    headers = {**JSON, "Idempotency-Key": "k"}
    call.post(POST, role="feed", content=document(1), headers=headers)
    reply = call.post(POST, role="feed", content=document(2), headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (422, "key_reused")


def test_keys_of_other_roles_and_kinds_are_others(call, engine):
    headers = {**JSON, "Idempotency-Key": "k"}
    for role, kind in (("feed", "case"), ("officer", "case"), ("feed", "place")):
        call.post(f"/v1/events/{kind}", role=role, content=document(1), headers=headers)
    assert engine.ingests == 3


def test_a_failed_request_may_be_tried_again_under_its_key(call, engine):
    headers = {**JSON, "Idempotency-Key": "k"}
    engine.fail = RuntimeError()
    assert call.post(POST, role="feed", content=document(1), headers=headers).status_code == 500
    engine.fail = None
    assert call.post(POST, role="feed", content=document(1), headers=headers).status_code == 200


def test_too_long_a_key_is_refused_by_name(call):
    reply = call.post(POST, role="feed", content=b"{}", headers={**JSON, "Idempotency-Key": "k" * 256})
    assert reply.json()["detail"].startswith("Idempotency-Key: ")


def test_an_empty_key_is_no_key(call, engine):
    for body in (document(1), document(2)):
        reply = call.post(POST, role="feed", content=body, headers={**JSON, "Idempotency-Key": ""})
        assert reply.status_code == 200
    assert engine.ingests == 2


def test_replays_are_bounded_by_count_and_by_bytes():
    few = Replays(max_replies=3)
    for i in range(10):
        few.once((str(i),), bytes, lambda: b"reply")
    assert len(few) == 3
    assert few.once(("9",), bytes, lambda: b"new") == (b"reply", True)
    assert few.once(("0",), bytes, lambda: b"new") == (b"new", False)
    small = Replays(max_bytes=3_000)
    for i in range(10):
        small.once((str(i),), bytes, lambda: b"x" * 900)
    assert len(small) == 2


def test_a_key_at_work_is_409():
    replays, inside, leave = Replays(), threading.Event(), threading.Event()

    def slow():
        inside.set()
        leave.wait(PATIENCE_S)
        return b"done"

    first = threading.Thread(target=replays.once, args=(("k",), bytes, slow))
    first.start()
    assert inside.wait(PATIENCE_S)
    with pytest.raises(ProblemError) as caught:
        replays.once(("k",), bytes, lambda: b"")
    leave.set()
    first.join()
    assert caught.value.code == "key_in_progress"
    assert replays.once(("k",), bytes, lambda: b"") == (b"done", True)
