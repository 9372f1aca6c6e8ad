"""export and back: the same answers, byte for byte."""

import json

import pytest

from tests.cli.conftest import TINY, call


def answers(data):
    cases = [r for r in call("cases", "--data", data, "--limit", 0).out.splitlines() if "│" in r]
    people = [line.split("│")[1].strip() for line in cases]
    traces = [json.loads(call("trace", p, "--format", "json", "--data", data).raw) for p in people]
    for trace in traces:
        trace.pop("as_of")
    return cases, traces


@pytest.fixture
def exported(stored, tmp_path):
    run = call("export", "--to", tmp_path / "out", "--data", stored)
    assert run.status == 0, run.err
    return tmp_path / "out"


def test_there_and_back(stored, exported, tmp_path):
    run = call("ingest", exported, "--data", tmp_path / "again")
    assert run.status == 0
    assert "day=2021-07-03/part.parquet" in run.out
    assert answers(tmp_path / "again") == answers(stored)
    manifest = json.loads((exported / "manifest.json").read_text())
    assert manifest["files"]
    assert "Accepted 0," in call("ingest", exported, "--data", tmp_path / "again").out


def test_questions_of_an_export(stored, exported):
    asked = call("trace", "son", "--from", exported)
    assert asked.out == call("trace", "son", "--data", stored).out


def test_export_tells_and_is_not_overwritten(stored, exported):
    run = call("export", "--to", exported, "--data", stored)
    assert (run.status, "--force renews it" in run.err) == (1, True)
    run = call("export", "--to", exported, "--data", stored, "--force")
    assert run.status == 0
    assert "12 of them there already" in run.out
    assert "tệp có sẵn" in call("export", "--to", exported, "--data", stored, "--force", "--lang", "vi").out


def test_some_kinds_of_a_folder_of_events(tmp_path):
    run = call("export", "--to", tmp_path / "x", "--from", TINY, "--kind", "case", "--kind", "place")
    assert run.status == 0
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == ["case", "manifest.json", "place"]
    run = call("export", "--to", tmp_path / "y", "--from", TINY, "--kind", "cases")
    assert (run.status, "there is no 'cases'" in run.err) == (2, True)


def test_a_damaged_file_is_named(exported):
    part = exported / "case" / "part.parquet"
    part.write_bytes(part.read_bytes()[:-1])
    run = call("ingest", exported)
    assert (run.status, str(part) in run.err) == (1, True)
