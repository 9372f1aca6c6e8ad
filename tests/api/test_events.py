"""The way in: media types, gzip, limits, idempotency keys."""

import gzip
import threading

import pytest

from api.problems import ProblemError
from api.replays import Replays

POST = "/v1/events/bluetooth"
JSON = {"Content-Type": "application/json"}


def test_reply_has_the_fields_of_the_contract(call):
    reply = call.post(POST, role="feed", json={"events": []})
    assert reply.json() == {
        "accepted": 13,
        "duplicates": 1,
        "rejected": [{"row": 3, "code": "bad_time", "detail": "at: ..."}],
        "as_of": 8,
    }


def test_reasons_of_refused_rows_speak_the_readers_language(call):
    reply = call.post(POST, role="feed", json={"events": []}, headers={"Accept-Language": "vi"})
    assert reply.json()["rejected"][0]["detail"] == "thời điểm không đúng RFC 3339 hoặc thiếu múi giờ (at: ...)"


@pytest.mark.parametrize(
    ("media", "form"),
    [
        ("application/json", "json"),
        ("application/json; charset=utf-8", "json"),
        ("application/x-ndjson", "ndjson"),
        ("application/vnd.apache.arrow.stream", "arrow"),
    ],
)
def test_the_media_type_picks_the_reader(call, engine, media, form):
    assert call.post(POST, role="feed", content=b"{}", headers={"Content-Type": media}).status_code == 200
    assert engine.asked["ingest"] == (form, "bluetooth", b"{}")


def test_no_media_type_is_json(call, engine):
    assert call.post(POST, role="feed", content=b"{}").status_code == 200
    assert engine.asked["ingest"][0] == "json"


def test_other_media_types_are_415(call):
    reply = call.post(POST, role="feed", content=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (reply.status_code, reply.json()["code"]) == (415, "unsupported_media_type")


def test_gzip_is_undone_also_in_several_members(call, engine):
    body = gzip.compress(b'{"events"') + gzip.compress(b":[]}")
    reply = call.post(POST, role="feed", content=body, headers={**JSON, "Content-Encoding": "gzip"})
    assert reply.status_code == 200
    assert engine.asked["ingest"][2] == b'{"events":[]}'


@pytest.mark.parametrize("body", [b"not gzip", gzip.compress(b"{}" * 100)[:-9]])
def test_broken_gzip_is_400(call, body):
    reply = call.post(POST, role="feed", content=body, headers={**JSON, "Content-Encoding": "gzip"})
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_input")


def test_other_encodings_are_415(call):
    reply = call.post(POST, role="feed", content=b"{}", headers={**JSON, "Content-Encoding": "br"})
    assert (reply.status_code, reply.headers["accept-encoding"]) == (415, "gzip")


def chunks():
    for _ in range(11):
        yield b" " * 1_000


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b" " * 10_001, {}),
        (chunks(), {}),
        (gzip.compress(b" " * 1_000_000), {"Content-Encoding": "gzip"}),
        (iter([gzip.compress(b"")] * 1_000), {"Content-Encoding": "gzip"}),
    ],
    ids=["declared", "chunked", "swelling gzip", "gzip that gives nothing"],
)
def test_too_large_a_body_is_413_and_never_ingested(call, engine, body, headers):
    reply = call.post(POST, role="feed", content=body, headers={**JSON, **headers})
    assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")
    assert "10000" in reply.json()["detail"]
    assert engine.ingests == 0


def test_a_body_of_exactly_the_limit_is_taken(call):
    assert call.post(POST, role="feed", content=b"1".ljust(10_000), headers=JSON).status_code == 200


def test_the_same_key_and_body_get_the_first_reply(call, engine):
    sent = [call.post(POST, role="feed", content=b"{}", headers={**JSON, "Idempotency-Key": "k"}) for _ in range(2)]
    assert sent[0].content == sent[1].content
    assert engine.ingests == 1
    assert [r.headers.get("idempotency-replayed") for r in sent] == [None, "true"]


def test_the_same_key_with_another_body_is_422(call):
    headers = {**JSON, "Idempotency-Key": "k"}
    call.post(POST, role="feed", content=b"{}", headers=headers)
    reply = call.post(POST, role="feed", content=b"[]", headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (422, "key_reused")


def test_keys_of_other_roles_and_kinds_are_others(call, engine):
    headers = {**JSON, "Idempotency-Key": "k"}
    for role, kind in (("feed", "case"), ("officer", "case"), ("feed", "place")):
        call.post(f"/v1/events/{kind}", role=role, content=b"{}", headers=headers)
    assert engine.ingests == 3


def test_a_failed_request_may_be_tried_again_under_its_key(call, engine):
    headers = {**JSON, "Idempotency-Key": "k"}
    engine.fail = RuntimeError()
    assert call.post(POST, role="feed", content=b"{}", headers=headers).status_code == 500
    engine.fail = None
    assert call.post(POST, role="feed", content=b"{}", headers=headers).status_code == 200


def test_too_long_a_key_is_refused_by_name(call):
    reply = call.post(POST, role="feed", content=b"{}", headers={**JSON, "Idempotency-Key": "k" * 256})
    assert reply.json()["detail"].startswith("Idempotency-Key: ")


def test_an_empty_key_is_no_key(call, engine):
    for body in (b"{}", b"[]"):
        reply = call.post(POST, role="feed", content=body, headers={**JSON, "Idempotency-Key": ""})
        assert reply.status_code == 200
    assert engine.ingests == 2


def test_replays_are_bounded_by_count_and_by_bytes():
    few = Replays(max_replies=3)
    for i in range(10):
        few.once((str(i),), b"", lambda: b"reply")
    assert len(few) == 3
    assert few.once(("9",), b"", lambda: b"new") == (b"reply", True)
    assert few.once(("0",), b"", lambda: b"new") == (b"new", False)
    small = Replays(max_bytes=3_000)
    for i in range(10):
        small.once((str(i),), b"", lambda: b"x" * 900)
    assert len(small) == 2


def test_a_key_at_work_is_409():
    replays, inside, leave = Replays(), threading.Event(), threading.Event()

    def slow():
        inside.set()
        leave.wait(5)
        return b"done"

    first = threading.Thread(target=replays.once, args=(("k",), b"", slow))
    first.start()
    inside.wait(5)
    with pytest.raises(ProblemError) as caught:
        replays.once(("k",), b"", lambda: b"")
    leave.set()
    first.join()
    assert caught.value.code == "key_in_progress"
    assert replays.once(("k",), b"", lambda: b"") == (b"done", True)
