"""Errors as RFC 9457 documents: complete, in the reader's language, without leaks."""

import logging
import re

import pytest

import engine.errors as errors
from api.problems import STATUS
from engine.texts import TEXTS
from tests.api.fake_engine import CASE

TRACE = f"/v1/cases/{CASE}/exposures"


def codes(cls):
    return {cls.code}.union(*(codes(sub) for sub in cls.__subclasses__()))


def check(reply, status, code):
    assert reply.headers["content-type"] == "application/problem+json"
    body = reply.json()
    assert {"type", "title", "status", "code", "detail"} <= set(body)
    assert (reply.status_code, body["status"], body["code"]) == (status, status, code)
    return body


@pytest.mark.parametrize("family", [errors.BadInputError, errors.NotFoundError])
def test_every_error_about_the_clients_input_has_a_4xx_status(family):
    assert {code for code in codes(family) if not 400 <= STATUS[code] < 500} == set()


def test_every_code_has_a_title_in_both_languages():
    assert all(all(TEXTS[f"error.{code}"]) for code in STATUS)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("depth=0", "depth"),
        ("depth=7", "depth"),
        ("depth=two", "depth"),
        ("until=yesterday", "until"),
        ("until=2021-07-11T00:00:00", "until"),
        ("min_probability=1.5", "min_probability"),
        ("min_probability=nan", "min_probability"),
        ("limit=0", "limit"),
        ("limit=100001", "limit"),
        ("cursor=!!", "cursor"),
        ("cursor=eyJhIjoxfQ", "cursor"),
        ("format=pdf", "format"),
    ],
)
def test_a_bad_parameter_is_named_and_not_echoed(call, query, name):
    detail = check(call.get(f"{TRACE}?{query}"), 400, "bad_parameter")["detail"]
    assert detail.startswith(f"{name}: ")
    assert query.partition("=")[2] not in detail.replace("0 to", "").replace("100000", "")


@pytest.mark.parametrize("bbox", ["1,2,3", "a,b,c,d", "10,0,5,1", "0,0,1,91", "nan,0,1,1", "-181,0,1,1"])
def test_a_bad_box_is_refused(call, bbox):
    assert "bbox" in check(call.get(f"/v1/risk/hexes?bbox={bbox}", role="map"), 400, "bad_parameter")["detail"]


def test_two_bad_parameters_are_both_told(call):
    detail = check(call.get(f"{TRACE}?depth=9&limit=0"), 400, "bad_parameter")["detail"]
    assert "depth: a whole number from 1 to 6" in detail
    assert "limit: " in detail


def test_a_parameter_that_a_route_does_not_have_is_refused(call, app):
    paths = {path: set(ways) for path, ways in app.openapi()["paths"].items() if path.startswith("/v1/")}
    assert len(paths) > 20
    for path, ways in paths.items():
        for way in ways:
            role = {"post": "feed" if "events" in path else "epidemiologist", "delete": "epidemiologist"}.get(way)
            reply = call.request(way.upper(), f"{path}?min_probabilty=0.5&limit=", role=role or "officer")
            detail = check(reply, 400, "bad_parameter")["detail"]
            assert detail.startswith("parameters: "), (way, path, detail)
    told = check(call.get("/v1/clusters?as_of=7"), 400, "bad_parameter")["detail"]
    assert told == "parameters: there are only cursor, from, limit, policy, to."
    check(call.get("/v1/clusters?as_of=7", role=None), 401, "unauthorized")
    check(call.get("/v1/clusters?as_of=7", role="map"), 403, "forbidden")


def test_unknown_things_are_404_or_400_by_name(call):
    assert "P-9" in check(call.get("/v1/cases/P-9/exposures"), 404, "unknown_case")["detail"]
    assert "P-9" in check(call.get(f"/v1/persons/{CASE}/chains?case=P-9"), 404, "unknown_case")["detail"]
    check(call.get("/v1/persons/nobody"), 404, "unknown_person")
    assert "nope" in check(call.get(f"{TRACE}?policy=nope"), 400, "unknown_policy")["detail"]
    kinds = check(call.post("/v1/events/nope", role="feed", json={}), 404, "unknown_kind")["detail"]
    assert "check_in" in kinds
    check(call.get("/v2/nothing"), 404, "not_found")
    reply = call.request("DELETE", "/v1/cases")
    check(reply, 405, "method_not_allowed")
    assert reply.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("vi", "vi"),
        ("vi-VN,en;q=0.5", "vi"),
        ("en-GB,vi;q=0.5", "en"),
        ("fr,vi;q=0.3", "vi"),
        ("vi;q=0,en", "en"),
        ("vi;q=bad,en;q=0.1", "en"),
        ("", "en"),
    ],
)
def test_details_speak_the_readers_language(call, header, lang):
    reply = call.get("/v1/cases/P-9", headers={"Accept-Language": header})
    assert reply.headers["content-language"] == lang
    assert ("không có F0" in reply.json()["detail"]) == (lang == "vi")


def test_engine_messages_keep_their_facts_in_vietnamese(call):
    reply = call.post(
        "/v1/events/case", content=b"{", headers={"Content-Type": "application/json", "Accept-Language": "vi"}
    )
    body = check(reply, 400, "unreadable_file")
    assert body["title"] == "Không đọc được tệp"
    assert "line 1, column 2" in body["detail"]


@pytest.mark.parametrize("error", [ValueError("secret 42"), errors.TruyvetError("secret 42"), MemoryError("secret 42")])
def test_unexpected_errors_give_a_logged_id_and_nothing_else(call, engine, caplog, error):
    engine.fail = error
    with caplog.at_level(logging.ERROR, "truyvet.api"):
        reply = call.get(TRACE)
    body = check(reply, 500, "internal")
    assert "secret" not in reply.text
    ident = re.search(r"[0-9a-f]{32}", body["instance"]).group()
    assert ident in body["detail"]
    assert any(ident in r.message for r in caplog.records)


def test_a_broken_journal_is_503_without_its_path(call, engine):
    engine.fail = errors.JournalError("cannot write /srv/data/journal.db")
    reply = call.post("/v1/events/case", json={"events": [{"person": "p"}]})
    check(reply, 503, "journal")
    assert "/srv" not in reply.text


def test_the_log_has_routes_but_nobodys_id(call, caplog):
    with caplog.at_level(logging.INFO, "truyvet.api"):
        call.get(TRACE)
    text = " ".join(r.getMessage() for r in caplog.records)
    assert "/v1/cases/{person}/exposures 200" in text
    assert CASE not in text


def test_while_not_ready_routes_are_503_but_alive(call, engine):
    engine.ready, engine.share = False, 0.42
    for path in ("/readyz", "/v1/cases", "/v1/board", "/v1/stream"):
        reply = call.get(path)
        assert check(reply, 503, "not_ready")["share"] == 0.42
        assert reply.headers["retry-after"] == "5"
    check(call.post("/v1/events/case", json={"events": []}), 503, "not_ready")
    assert call.get("/healthz", role=None).json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("error", "status", "code", "seconds"),
    [
        (errors.StorageFullError("/srv/data is full"), 507, "storage_full", "60"),
        (errors.BusyError("2000000 rows wait"), 429, "busy", "1"),
        (errors.NotReadyError("closing"), 503, "not_ready", "5"),
    ],
)
def test_what_passes_with_time_says_when_to_come_again(call, engine, error, status, code, seconds):
    engine.fail = error
    reply = call.post("/v1/events/case", json={"events": [{"person": "p"}]})
    check(reply, status, code)
    assert reply.headers["retry-after"] == seconds
    assert "/srv" not in reply.text


def test_any_text_as_a_method_stays_out_of_log_and_metrics(call, engine, caplog):
    with caplog.at_level(logging.INFO, "truyvet.api"):
        check(call.request("P1042", "/v1/cases"), 405, "method_not_allowed")
    assert "P1042" not in caplog.text
    assert b"P1042" not in engine.metrics.text()
