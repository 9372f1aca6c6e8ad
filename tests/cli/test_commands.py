"""city, demo, evaluate, risk, serve, policies, params, help."""

import inspect
import json
import re
import shutil
import sqlite3
from collections import Counter
from contextlib import closing

import geopandas
import pytest

from engine.cli import data_commands, demo, main, serve_command
from engine.cli.help import HELP
from engine.cli.questions import near
from engine.cli.session import moment, percent
from engine.cli.tables import count, plain, shortened
from engine.exposure.policies import PRESETS
from engine.params import REGISTRY
from tests.cli.conftest import TINY, call, table_rows

SMALL = ("--people", 60, "--days", 2)
COMMANDS = [c.name for c in main.app.registered_commands]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    run = call(command, "--help")
    assert run.status == 0
    assert HELP[command][1].split(".")[0][:40] in " ".join(run.out.split())


def test_nothing_asked_shows_all_commands():
    run = call()
    assert run.status == 0
    assert all(f" {command} " in run.out for command in COMMANDS)


@pytest.mark.parametrize("key", sorted(HELP))
def test_help_has_both_languages(key):
    vi, en = HELP[key]
    assert vi.strip()
    assert en.strip()
    assert vi.count("`") == en.count("`") or "Ví dụ" in vi


def test_city_says_what_it_made(tmp_path):
    run = call("city", *SMALL, "--seed", 3, "--start", "2021-06-01", "--out", tmp_path / "c")
    plan = json.loads((tmp_path / "c" / "city.json").read_text())
    assert plan["plan"] == {"people": 60, "days": 2, "seed": 3, "last_day": "2021-06-02"}
    rows = dict(table_rows(run.out))
    assert {v.replace("\N{NO-BREAK SPACE}", "") for v in rows.values()} == {str(n) for n in plan["events"].values()}


def batches_of(folder):
    with closing(sqlite3.connect(folder / "truyvet.db")) as database:
        return database.execute("select seq, kind, sha256 from batches order by seq").fetchall()


def forget_last_batch(folder):
    """As if the process had been killed before its last batch was stored."""
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    with closing(sqlite3.connect(folder / "truyvet.db")) as database:
        database.execute("delete from batches where seq = (select max(seq) from batches)")
        database.commit()


def test_demo_makes_once_and_answers_again(tmp_path):
    first = call("demo", "--dir", tmp_path / "v", *SMALL)
    assert first.status == 0, first.err
    assert (tmp_path / "v" / "risk.png").read_bytes().startswith(b"\x89PNG")
    batches = batches_of(tmp_path / "v" / "data")
    second = call("demo", "--dir", tmp_path / "v", *SMALL)
    assert "Already ingested" in second.err
    assert batches_of(tmp_path / "v" / "data") == batches
    assert second.out in first.out
    third = call("demo", "--dir", tmp_path / "v", *SMALL, "--seed", 2)
    assert third.status == 0
    assert "Ingesting the sample city" in third.err


def test_demo_shows_f1_and_f2(tmp_path):
    run = call("demo", "--dir", tmp_path / "v", "--people", 300, "--days", 5)
    counts = re.search(r"F1: (\d+), F2: (\d+); ", run.out)
    levels = Counter(cells[1] for cells in table_rows(run.out) if cells[1] in ("F1", "F2"))
    assert counts is not None
    assert levels == {f"F{k}": min(int(counts[k]), demo.SHOWN_OF_LEVEL) for k in (1, 2)}


def test_demo_never_removes_events_of_others(tmp_path):
    assert call("ingest", TINY, "--data", tmp_path / "v" / "data").status == 0
    run = call("demo", "--dir", tmp_path / "v", *SMALL)
    assert run.status == 1
    assert "the demo did not make" in run.err
    assert call("trace", "son", "--data", tmp_path / "v" / "data").status == 0


def test_demo_keeps_what_was_added_to_its_own(tmp_path):
    assert call("demo", "--dir", tmp_path / "v", *SMALL).status == 0
    assert call("ingest", TINY, "--data", tmp_path / "v" / "data").status == 0
    assert call("demo", "--dir", tmp_path / "v", *SMALL).status == 0
    assert call("demo", "--dir", tmp_path / "v", *SMALL, "--seed", 2).status == 1
    assert call("trace", "son", "--data", tmp_path / "v" / "data").status == 0


def test_demo_begins_again_after_an_interruption(tmp_path):
    assert call("demo", "--dir", tmp_path / "v", *SMALL).status == 0
    mark = tmp_path / "v" / "data" / demo.MARK
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "batches": 0}))
    forget_last_batch(tmp_path / "v" / "data")
    run = call("demo", "--dir", tmp_path / "v", *SMALL)
    assert run.status == 0
    assert "rejected 0." in run.out


def test_serve_becomes_the_server(monkeypatch, stored):
    became = []
    monkeypatch.setattr(serve_command.os, "execve", lambda path, words, environment: became.append(words))
    assert call("serve", "--port", 8123, "--data", stored, "--lang", "vi").status == 0
    assert became[0][1:] == [
        "-m",
        "api",
        "--host",
        "127.0.0.1",
        "--port",
        "8123",
        "--data",
        str(stored),
        "--lang",
        "vi",
    ]


def test_addresses_with_passwords_are_no_arguments_of_the_server(monkeypatch, stored):
    became = []
    monkeypatch.setattr(serve_command.os, "execve", lambda _, words, environment: became.append((words, environment)))
    urls = {"TRUYVET_NATS": "nats://u:secret@n", "TRUYVET_DATABASE": "postgresql://u:secret@d"}
    given = call("serve", "--data", stored, "--nats", urls["TRUYVET_NATS"], "--database", urls["TRUYVET_DATABASE"])
    for name, url in urls.items():
        monkeypatch.setenv(name, url)
    assert given.status == call("serve", "--data", stored).status == 0
    assert len(became) == 2
    for words, environment in became:
        assert "secret" not in " ".join(words)
        assert {name: environment[name] for name in urls} == urls


def test_serve_on_any_free_port_names_it(monkeypatch, stored):
    became = []
    monkeypatch.setattr(serve_command.os, "execve", lambda path, words, environment: became.append(words))
    assert call("serve", "--port", 0, "--data", stored).status == 0
    assert int(became[0][became[0].index("--port") + 1]) > 0


def test_risk_lists_the_highest_cells_and_writes_them(stored, tmp_path):
    run = call("risk", "--data", stored, "--geojson", tmp_path / "r.geojson", "--png", tmp_path / "r.png", "--limit", 3)
    assert run.status == 0
    cells = [r for r in table_rows(run.out) if r[0].startswith("89")]
    shapes = {f["properties"]["h3"]: f for f in json.loads((tmp_path / "r.geojson").read_text())["features"]}
    assert len(cells) == 3
    unsure = sum(f["properties"]["reliability"] == 0 for f in shapes.values())
    assert f"In {unsure:,}".replace(",", " ") in run.out.replace("\u202f", " ").replace("\u00a0", " ")
    assert all(r[3].endswith(" ?") == (shapes[r[0]]["properties"]["reliability"] == 0) for r in cells)
    assert [float(r[1]) for r in cells] == sorted((float(r[1]) for r in cells), reverse=True)
    assert shapes[cells[0][0]]["properties"]["score"] == pytest.approx(float(cells[0][1]), abs=0.06)


def test_risk_writes_files_for_gis_and_a_moving_picture(stored, tmp_path):
    paths = [tmp_path / name for name in ("r.parquet", "r.gpkg", "r.gif")]
    options = zip(("--geoparquet", "--gpkg", "--gif"), paths, strict=True)
    run = call("risk", "--data", stored, *(word for pair in options for word in pair), "--days", 2)
    assert run.status == 0, run.err
    cells = [r[0] for r in table_rows(run.out) if r[0].startswith("89")]
    for frame in (geopandas.read_parquet(paths[0]), geopandas.read_file(paths[1])):
        best = frame.sort_values(["score", "h3"], ascending=[False, True])["h3"].tolist()
        assert best[: len(cells)] == cells
        assert {"low", "high", "reliability", "contact_h", "footfall_h", "persons"} <= set(frame.columns)
    assert paths[2].read_bytes().startswith(b"GIF8")


@pytest.mark.parametrize(("option", "name"), [("--geoparquet", "r.gpkg"), ("--gpkg", "r.csv"), ("--gif", "r.png")])
def test_risk_refuses_a_file_that_would_lie_about_itself(stored, option, name):
    run = call("risk", "--data", stored, option, name)
    assert run.status == 2
    assert option in run.err


def test_evaluate_compares_with_the_truth(city, tmp_path):
    run = call("evaluate", city, "--markdown", tmp_path / "a.md")
    assert run.status == 0, run.err
    page = (tmp_path / "a.md").read_text("utf-8")
    assert "people 300, days 5, seed 1" in page
    for row in table_rows(run.out):
        assert f"| {' | '.join(row)} |" in page


def test_evaluate_in_vietnamese(city):
    run = call("evaluate", city, "--lang", "vi")
    assert "Độ nhạy" in run.out
    assert "Recall" not in run.out


def test_policies_and_params_list_everything():
    rows = table_rows(call("policies").out)
    assert {r[0] for r in rows if r[0]} == set(PRESETS)
    assert set(REGISTRY) <= {r[0] for r in table_rows(call("params").out)}
    assert "Việt Nam" in call("policies", "--lang", "vi").out


@pytest.mark.parametrize(
    ("p", "text"), [(0, "0 %"), (1, "100 %"), (0.5, "50 %"), (0.0123, "1.2 %"), (0.0001, "0.01 %"), (1e-9, "< 0.01 %")]
)
def test_percent(p, text):
    assert percent(p) == text


def test_numbers_and_names_for_people():
    assert count(1234567) == "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567"
    assert moment(1625961600) == "11/07/2021 07:00"
    assert moment(None) == "-"
    assert shortened(["a", "b", "c", "d"], 2) == "a, b +2"
    assert plain("Chợ Bến Thành 12") == "Chợ Bến Thành 12"


def test_near_ids():
    assert near(" p0000063", ["P0000063", "P0000064"]) == ["P0000063"]
    assert near("P000063", ["P0000063", "x"]) == ["P0000063"]
    assert near("q", ["P0000063"]) == []


def test_exit_statuses_are_told_apart():
    assert len({0, main.CANNOT, main.WRONG_USAGE, data_commands.NOTHING_ACCEPTED, main.INTERRUPTED}) == 5
    assert "docs/cli.md" in inspect.getsource(main)
