"""Scenarios over HTTP: submitted once, watched, fetched in every format, cancelled; told what is wrong with them."""

import io

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.describe import schema_of
from api.examples.scenarios import JOB, LISTED, ONE, PART, SCENARIO
from api.limits import Limits
from engine.errors import BadInputError, StorageFullError
from engine.texts import say
from tests.api.conftest import connect, read_reply, serving
from tests.api.fake_engine import FakeEngine

YAML = {"Content-Type": "application/yaml"}
EPI = "epidemiologist"


def post(call, body=SCENARIO, role=EPI, headers=YAML, query=""):
    return call.post(f"/v1/scenarios{query}", role=role, content=body, headers=headers)


@pytest.fixture
def job(call):
    return post(call).json()["id"]


def test_a_scenario_is_taken_in_and_says_where_to_look(call, engine):
    reply = post(call)
    assert reply.status_code == 202
    assert reply.headers["location"] == f"/v1/scenarios/{reply.json()['id']}"
    assert set(reply.json()) == {*JOB, "as_of"}
    assert (reply.json()["submitted_by"], reply.json()["state"]) == (EPI, "queued")
    assert engine.scenario_jobs.texts == [SCENARIO]


def test_the_same_scenario_again_is_the_same_job_unless_forced(call, engine, job):
    layout = SCENARIO.replace("replicates: 100\n", "") + "replicates: 100\n"
    assert post(call, layout).json()["id"] == job
    assert post(call, query="?force=true").json()["id"] != job
    engine.scenario_jobs.jobs.popitem()
    engine.scenario_jobs.ended(job)
    assert post(call).status_code == 200


def test_json_is_as_good_as_yaml(call):
    body = b'{"name": "x",\t"simulation": {"population": {"observed": {}}}}'
    assert post(call, body, headers={"Content-Type": "application/json; charset=utf-8"}).status_code == 202


def test_json_keeps_its_lines_and_says_what_it_said(call, engine):
    body = '{\n\t"name": "x",\n\n\n\t"simulation": {"dayz": 3, "population": {"observed": {}}}}'
    json = {"Content-Type": "application/json"}
    assert "scenario line 5: simulation.dayz" in post(call, body, headers=json).json()["detail"]
    twice = '{"name": "x", "name": "y", "simulation": {"population": {"observed": {}}}}'
    assert post(call, twice, headers=json).status_code == 400
    pair = '{"name": "x", "title": {"vi": "b", "en": "\\ud83d\\ude00"}, "simulation": {"population": {"observed": {}}}}'
    assert post(call, pair, headers=json).status_code == 202
    assert "\U0001f600" in engine.scenario_jobs.texts[-1]


@pytest.mark.parametrize(
    ("body", "media", "status", "code", "told"),
    [
        (SCENARIO.replace("days", "dayz"), "application/yaml", 400, "bad_scenario", "line 4"),
        ("name: [", "application/yaml", 400, "bad_scenario", "line"),
        ("{", "application/json", 400, "bad_scenario", "line 1"),
        ("[" * 100_000, "application/json", 400, "bad_scenario", ""),
        ("", "application/yaml", 400, "bad_scenario", ""),
        (b"\xff", "application/yaml", 400, "bad_parameter", "UTF-8"),
        (SCENARIO, "text/plain", 415, "unsupported_media_type", "application/yaml"),
        ("# " + "x" * 1_000_001, "application/yaml", 413, "body_too_large", "1000000"),
    ],
)
def test_what_is_wrong_is_told(call, body, media, status, code, told):
    reply = post(call, body, headers={"Content-Type": media})
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert told in reply.json()["detail"]


def test_a_packed_body_is_refused(call):
    assert post(call, headers={**YAML, "Content-Encoding": "gzip"}).status_code == 415


def test_a_body_that_does_not_come_is_408():
    head = "POST /v1/scenarios HTTP/1.1\r\nContent-Type: application/yaml\r\nContent-Length: 1000"
    with serving(FakeEngine(), Limits(body_s=0.2)) as (_, port), connect(port, head, role=EPI, body=b"name") as peer:
        status, body = read_reply(peer)
    assert (status, orjson.loads(body)["code"]) == (408, "too_slow")


def test_when_too_many_wait_the_client_is_told_when_to_come_again(call, engine):
    engine.scenario_jobs.full = True
    reply = post(call)
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "60")
    assert "scenarios" in reply.json()["detail"]


@pytest.mark.parametrize(("error", "status"), [(BadInputError("reads files"), 400), (StorageFullError("/srv"), 507)])
def test_what_the_engine_refuses_is_a_problem_document(call, engine, error, status, monkeypatch):
    def refuse(*_):
        raise error

    monkeypatch.setattr(engine.scenario_jobs, "submit", refuse)
    reply = post(call)
    assert reply.status_code == status
    assert "/srv" not in reply.text


def test_roles(call, job):
    allowed = {"officer": (200, 403), EPI: (200, 202), "map": (403, 403), "feed": (403, 403), "admin": (403, 403)}
    for role, (reads, writes) in allowed.items():
        assert call.get(f"/v1/scenarios/{job}", role=role).status_code == reads
        assert call.get("/v1/scenarios", role=role).status_code == reads
        assert post(call, role=role).status_code == writes
    assert call.request("DELETE", f"/v1/scenarios/{job}", role="officer").status_code == 403


def test_a_job_that_waits_has_no_result(call, job):
    body = call.get(f"/v1/scenarios/{job}", role=EPI).json()
    assert body["result"] is None
    assert body["progress"] == {"done": 0, "total": 200, "eta_s": None}
    assert call.get(f"/v1/scenarios/{job}?part=totals", role=EPI).status_code == 404


def test_a_job_that_is_done_has_the_totals(call, engine, job):
    engine.scenario_jobs.ended(job, as_of=7, started_at=1, people=5)
    body = call.get(f"/v1/scenarios/{job}", role=EPI).json()
    assert set(body) == set(ONE)
    assert [row["variant"] for row in body["result"]["rows"]] == ["nothing", "isolation"]
    assert schema_of(body["result"]) == schema_of(ONE["result"])


def test_failures_about_the_scenario_are_told_and_others_only_named(call, engine, job):
    engine.scenario_jobs.ended(job, state="failed", code="bad_input", detail="nothing was observed")
    told = call.get(f"/v1/scenarios/{job}", role=EPI).json()["problem"]
    assert told == {"code": "bad_input", "detail": "nothing was observed"}
    told = call.get(f"/v1/scenarios/{job}", role=EPI, headers={"Accept-Language": "vi"}).json()["problem"]
    assert told["detail"] == f"{say('error.bad_input', 'vi')} (nothing was observed)"
    engine.scenario_jobs.ended(job, state="failed", code="bad_run_folder", detail="/srv/data is gone")
    assert "/srv" not in call.get(f"/v1/scenarios/{job}", role=EPI).text


def test_a_part_in_every_format(call, engine, job):
    engine.scenario_jobs.ended(job)
    whole = engine.scenario_jobs.table(job, "totals")
    url = f"/v1/scenarios/{job}?part=totals"
    body = call.get(url, role=EPI).json()
    assert set(body) == set(PART)
    assert body["rows"] == whole.to_pylist()
    arrow = call.get(url, role=EPI, headers={"Accept": "application/vnd.apache.arrow.stream"})
    assert pa.ipc.open_stream(arrow.content).read_all().equals(whole)
    parquet = call.get(f"{url}&format=parquet", role=EPI)
    assert pq.read_table(io.BytesIO(parquet.content)).equals(whole)
    csv = call.get(url, role=EPI, headers={"Accept": "text/csv"})
    assert csv.text.splitlines()[0].replace('"', "") == ",".join(whole.column_names)
    assert csv.headers["content-disposition"] == 'attachment; filename="totals.csv"'
    assert call.get(url, role=EPI, headers={"Accept": "image/png"}).status_code == 406
    assert "totals" in call.get(f"/v1/scenarios/{job}?part=nothing", role=EPI).json()["detail"]


def test_pages_of_parts_and_of_the_list(call, engine, job):
    engine.scenario_jobs.ended(job)
    first = call.get(f"/v1/scenarios/{job}?part=totals&limit=1", role=EPI).json()
    second = call.get(f"/v1/scenarios/{job}?part=totals&limit=1&cursor={first['next']}", role=EPI).json()
    assert [r["variant"] for b in (first, second) for r in b["rows"]] == ["nothing", "isolation"]
    assert second["next"] is None
    other = post(call, query="?force=true").json()["id"]
    listed = call.get("/v1/scenarios?limit=1", role=EPI).json()
    assert set(listed) == set(LISTED)
    assert listed["scenarios"][0]["id"] == other
    rest = call.get(f"/v1/scenarios?cursor={listed['next']}", role=EPI).json()
    assert [row["id"] for row in rest["scenarios"]] == [job]


def test_the_report_speaks_the_readers_language_and_loads_nothing(call, engine, job):
    engine.scenario_jobs.ended(job)
    reply = call.get(f"/v1/scenarios/{job}/report", role=EPI, headers={"Accept-Language": "vi"})
    assert "lang=vi" in reply.text
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "lang=en" in call.get(f"/v1/scenarios/{job}/report?lang=en", role=EPI).text
    assert call.get(f"/v1/scenarios/{job}/report?lang=fr", role=EPI).status_code == 400


def test_cancelling_and_then_taking_away(call, job):
    assert call.request("DELETE", f"/v1/scenarios/{job}", role=EPI).json()["state"] == "cancelled"
    assert call.request("DELETE", f"/v1/scenarios/{job}", role=EPI).status_code == 200
    assert call.get(f"/v1/scenarios/{job}", role=EPI).status_code == 404
    assert call.request("DELETE", f"/v1/scenarios/{job}", role=EPI).status_code == 404


def test_while_the_engine_loads_nothing_is_taken(call, engine):
    engine.ready = False
    assert post(call).status_code == 503
