"""The routes over the real engine: a few events in by HTTP, answers out by HTTP."""

import gzip

import orjson
import pyarrow as pa
import pytest

from api.app import create_app
from api.examples import replies
from api.examples.events import EVENTS
from engine.clock import from_rfc3339
from engine.service.engine import Engine, Settings
from tests.api.conftest import TOKENS, Caller

NOW = from_rfc3339("2021-07-20T00:00:00Z")
CASE, NEXT, FAR = "P-1042", "P-2077", "P-3000"
MORE = {
    "check_in": {
        "person": NEXT,
        "place": "market-ben-thanh",
        "entered_at": "2021-07-09T08:30:00+07:00",
        "left_at": "2021-07-09T09:10:00+07:00",
    },
    "bluetooth": {"person": NEXT, "peer": FAR, "at": "2021-07-10T10:00:00+07:00", "attenuation_db": 50},
}


def fill(call):
    for kind, event in EVENTS.items():
        events = [event] + ([MORE[kind]] if kind in MORE else [])
        reply = call.post(f"/v1/events/{kind}", role="feed", json={"events": events})
        assert reply.json()["accepted"] == len(events), reply.text


@pytest.fixture(scope="module")
def call():
    engine = Engine.open(Settings(), clock=lambda: NOW)
    caller = Caller(create_app(engine, TOKENS), raise_server_exceptions=False)
    fill(caller)
    return caller


def test_a_trace_finds_both_levels_by_both_channels(call):
    body = call.get(f"/v1/cases/{CASE}/exposures?depth=2").json()
    found = {row["person"]: row for row in body["exposures"]}
    assert {p: row["level"] for p, row in found.items()} == {NEXT: 1, FAR: 2}
    assert set(found[NEXT]) == set(replies.EXPOSURE)
    assert found[NEXT]["channels"] == ["bluetooth", "check_in"]
    assert found[NEXT]["first_exposed_at"] == "2021-07-09T01:30:00Z"
    assert found[NEXT]["minutes"] == 25.0
    assert found[NEXT]["is_case"] is True
    assert found[FAR]["via"] == NEXT


def test_channels_narrow_the_evidence(call):
    body = call.get(f"/v1/cases/{CASE}/exposures?depth=1&channels=bluetooth").json()
    assert [(r["person"], r["minutes"]) for r in body["exposures"]] == [(NEXT, 5.0)]
    reply = call.get(f"/v1/cases/{CASE}/exposures?channels=telepathy")
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_parameter")


def test_both_f0s_are_listed_and_counted(call):
    assert [c["person"] for c in call.get("/v1/cases").json()["cases"]] == [CASE, NEXT]
    assert call.get(f"/v1/cases/{CASE}").json()["cases"][0]["counts"] == {"F1": 1, "F2": 1}


def test_sources_go_backward(call):
    body = call.get(f"/v1/cases/{NEXT}/sources").json()
    assert body["direction"] == "backward"
    assert CASE in [row["person"] for row in body["exposures"]]


def test_a_person_has_a_level_a_reason_and_dated_facts(call):
    far = call.get(f"/v1/persons/{FAR}").json()
    assert (far["level"], far["because"]["via"], far["because"]["case"]) == (1, NEXT, NEXT)
    facts = call.get(f"/v1/persons/{NEXT}").json()
    assert (facts["level"], facts["is_case"]) == (0, True)
    assert facts["timeline"] == sorted(facts["timeline"], key=lambda e: e["at"])
    assert len(facts["timeline"]) >= 3


def test_contacts_and_chains_show_their_evidence(call):
    contacts = call.get(f"/v1/persons/{CASE}/contacts").json()["contacts"]
    assert {c["channel"] for c in contacts} == {"bluetooth", "check_in"}
    assert all(event["kind"] == c["channel"] for c in contacts for event in c["evidence"])
    assert set(contacts[0]) == set(replies.CONTACTS["contacts"][0])
    chain = call.get(f"/v1/persons/{FAR}/chains?case={CASE}").json()["chains"][0]
    assert [(link["source"], link["person"]) for link in chain["links"]] == [(CASE, NEXT), (NEXT, FAR)]


def test_clusters_policies_and_hexes_answer(call):
    assert call.get("/v1/clusters").json()["clusters"][0]["cases"] == [CASE, NEXT]
    policies = call.get("/v1/policies").json()["policies"]
    assert "vn-2021-07" in [p["name"] for p in policies]
    assert set(policies[0]) == set(replies.POLICIES["policies"][0])
    hexes = call.get("/v1/risk/hexes?bbox=106,10,107,11").json()
    assert len(hexes["h3"]) == len(hexes["score"]) > 0


def test_geojson_and_tables_of_the_real_trace(call):
    features = call.get(f"/v1/cases/{CASE}/exposures?format=geojson").json()["features"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [106.698, 10.7725]}
    for form in ("csv", "xlsx"):
        assert call.get(f"/v1/cases/{CASE}/exposures?format={form}").status_code == 200


def test_bad_rows_are_refused_alone_with_their_index():
    call = Caller(create_app(Engine.open(Settings(), clock=lambda: NOW), TOKENS))
    events = [EVENTS["location"], {**EVENTS["location"], "lat": 95}, {"person": "x"}]
    body = call.post("/v1/events/location", role="feed", json={"events": events}).json()
    assert (body["accepted"], [r["row"] for r in body["rejected"]]) == (1, [1, 2])
    assert [r["code"] for r in body["rejected"]] == ["out_of_bounds", "missing_field"]


@pytest.mark.parametrize("form", ["json", "ndjson", "arrow", "gzip"])
def test_every_way_in_gives_the_same_state(form):
    engine = Engine.open(Settings(), clock=lambda: NOW)
    call = Caller(create_app(engine, TOKENS))
    event = EVENTS["check_in"]
    if form == "arrow":
        table = pa.Table.from_pylist([event])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        body, headers = sink.getvalue().to_pybytes(), {"Content-Type": "application/vnd.apache.arrow.stream"}
    elif form == "ndjson":
        body, headers = orjson.dumps(event) + b"\n", {"Content-Type": "application/x-ndjson"}
    else:
        body, headers = orjson.dumps({"events": [event]}), {"Content-Type": "application/json"}
    if form == "gzip":
        body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
    reply = call.post("/v1/events/check_in", role="feed", content=body, headers=headers)
    assert reply.json() == {"accepted": 1, "duplicates": 0, "rejected": [], "as_of": 1}
    assert engine.summary()["check_in"] == 1


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"3"),
        ("application/json", b'{"events": 3}'),
        ("application/json", b""),
        ("application/vnd.apache.arrow.stream", b"not arrow"),
    ],
)
def test_unreadable_bodies_are_the_senders_fault(call, media, body):
    reply = call.post("/v1/events/case", role="feed", content=body, headers={"Content-Type": media})
    assert 400 <= reply.status_code < 500
    assert reply.headers["content-type"] == "application/problem+json"


def test_an_empty_engine_answers_every_list():
    call = Caller(create_app(Engine.open(Settings(), clock=lambda: NOW), TOKENS))
    assert call.get("/v1/cases").json() == {"cases": [], "as_of": 0, "next": None}
    assert call.get("/v1/clusters").json()["clusters"] == []
    assert call.get("/v1/risk/hexes").json()["h3"] == []
    assert call.get("/v1/persons/nobody").status_code == 404
    assert call.get("/v1/cases/nobody/exposures").status_code == 404


def test_a_restarted_engine_answers_the_same(tmp_path):
    paths = [f"/v1/cases/{CASE}/exposures?depth=3", "/v1/cases", "/v1/clusters", f"/v1/persons/{NEXT}"]
    answers = []
    for start in range(2):
        engine = Engine.open(Settings(data=tmp_path), clock=lambda: NOW)
        call = Caller(create_app(engine, TOKENS))
        if start == 0:
            fill(call)
        answers.append([call.get(path).json() for path in paths])
        engine.close()
    assert answers[0] == answers[1]


FAR_MOMENTS = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00%2B07:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-07:00",
)


@pytest.mark.parametrize("moment", FAR_MOMENTS)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/cases?until={}",
        f"/v1/cases/{CASE}/exposures?until={{}}",
        f"/v1/cases/{CASE}/exposures?format=xlsx&until={{}}",
        f"/v1/cases/{CASE}/sources?since={{}}",
        f"/v1/persons/{CASE}/contacts?from={{}}",
        f"/v1/persons/{CASE}/contacts?to={{}}",
        "/v1/clusters?from={}",
        "/v1/risk/hexes?at={}",
    ],
)
def test_the_ends_of_time_are_answered_or_refused(call, path, moment):
    assert call.get(path.format(moment)).status_code in (200, 400)


def test_a_case_of_the_year_1_spoils_nobodys_answers():
    call = Caller(create_app(Engine.open(Settings(), clock=lambda: NOW), TOKENS), raise_server_exceptions=False)
    events = [{"person": "old", "confirmed_at": "0001-01-01T00:00:00Z"}, EVENTS["case"]]
    assert call.post("/v1/events/case", role="feed", json={"events": events}).json()["accepted"] == 2
    assert len(call.get("/v1/cases").json()["cases"]) == 2
    for form in ("json", "csv", "xlsx", "geojson"):
        for way in ("exposures", "sources"):
            assert call.get(f"/v1/cases/old/{way}?format={form}").status_code == 200


def test_the_examples_of_the_documentation_are_accepted(call):
    body = call.get("/openapi.json").json()["paths"]["/v1/events/{kind}"]["post"]["requestBody"]["content"]
    for kind, example in body["application/json"]["examples"].items():
        reply = call.post(f"/v1/events/{kind}", role="feed", json=example["value"])
        assert reply.json()["rejected"] == [], kind
    lines = body["application/x-ndjson"]["example"]
    headers = {"Content-Type": "application/x-ndjson"}
    reply = call.post("/v1/events/bluetooth", role="feed", content=lines, headers=headers)
    assert reply.json()["rejected"] == []
