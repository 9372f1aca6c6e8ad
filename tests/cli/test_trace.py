"""trace, sources, chain, cases, clusters: the answers of the hand-worked sample, as people and machines read them."""

import json

import pytest

from api.app import create_app
from engine.service.engine import Engine, Settings
from tests.api.conftest import TOKENS, Caller
from tests.cli.conftest import TINY, call, table_rows

F1 = {"binh", "an", "dung", "ha", "khoa"}
F2 = {"giang", "minh", "lan"}


@pytest.fixture(scope="module")
def api(stored):
    return Caller(create_app(Engine.open(Settings(data=stored)), TOKENS))


def test_trace_prints_levels_in_order(stored):
    run = call("trace", "son", "--depth", 3, "--data", stored)
    rows = table_rows(run.out)
    assert run.status == 0
    assert {r[0] for r in rows if r[1] == "F1"} == F1
    assert {r[0] for r in rows if r[1] == "F2"} == F2
    assert {r[0] for r in rows if r[1] == "F3"} == {"nga (F0)", "chi"}
    assert [r[1] for r in rows] == sorted(r[1] for r in rows)
    assert "F1: 5, F2: 3, F3: 2; 10 people." in run.out
    assert "Infectious window 02/07/2021 08:00 - 08/07/2021 06:00" in run.out


def test_a_folder_of_events_answers_as_the_data_folder(stored):
    told = [call("trace", "son", "--format", "csv", *where).raw for where in (("--from", TINY), ("--data", stored))]
    assert told[0] == told[1]


def test_limit_cuts_the_table_and_says_so(stored):
    run = call("trace", "son", "--limit", 2, "--data", stored)
    assert len(table_rows(run.out)) == 2
    assert "2 of 8 rows" in run.out
    assert len(table_rows(call("trace", "son", "--limit", 0, "--data", stored).out)) == 8


@pytest.mark.parametrize("form", ["csv", "json", "geojson"])
@pytest.mark.parametrize(("command", "route"), [("trace", "exposures"), ("sources", "sources")])
def test_exports_are_the_bytes_of_the_api(api, stored, command, route, form):
    told = api.get(f"/v1/cases/nga/{route}?depth=2&format={form}").content
    assert call(command, "nga", "--depth", 2, "--format", form, "--data", stored).raw == told
    assert call(command, "nga", "--depth", 2, "--out", f"x.{form}", "--data", stored).status == 0
    with open(f"x.{form}", "rb") as file:
        assert file.read() == told


def test_the_workbook_is_the_api_s(api, stored, tmp_path):
    assert call("trace", "son", "--out", tmp_path / "x.xlsx", "--data", stored).status == 0
    assert (tmp_path / "x.xlsx").read_bytes() == api.get("/v1/cases/son/exposures?format=xlsx").content


def test_a_text_file_gets_the_table(stored, tmp_path):
    run = call("trace", "son", "--out", tmp_path / "deep" / "x.txt", "--data", stored)
    assert (run.status, run.out) == (0, "")
    assert len(table_rows((tmp_path / "deep" / "x.txt").read_text("utf-8"))) == 8


def test_channels_policy_and_probability_narrow(stored):
    rows = json.loads(call("trace", "son", "--channels", "check_in", "--format", "json", "--data", stored).raw)
    assert {r["person"] for r in rows["exposures"] if r["level"] == 1} == {"dung", "ha", "khoa"}
    rows = json.loads(call("trace", "son", "--policy", "who", "--depth", 1, "--format", "json", "--data", stored).raw)
    assert {r["person"] for r in rows["exposures"]} == {"ha", "khoa"}
    assert "Nobody." in call("trace", "son", "--min-probability", 1, "--data", stored).out


def test_until_stops_the_trace(stored):
    run = call("trace", "son", "--until", "2021-07-04T12:00:00+07:00", "--format", "csv", "--data", stored)
    assert {line.split(",")[0] for line in run.out.splitlines()[1:]} == {"binh", "an", "chi"} - {"chi"}


def test_sources_count_levels_backwards(stored):
    run = call("sources", "nga", "--data", stored)
    assert {r[0]: r[1] for r in table_rows(run.out)} == {"lan": "-1", "giang": "-1"}
    assert "May have been infected" in run.out
    run = call("sources", "nga", "--since", "2021-07-08T00:00:00+07:00", "--data", stored)
    assert {r[0] for r in table_rows(run.out)} == {"giang"}


def test_chain_tells_each_step_with_its_contacts(stored):
    run = call("chain", "chi", "--case", "son", "--data", stored)
    lines = [line.lstrip("│└├─ ") for line in run.out.splitlines()]
    assert [line.split("  ")[0] for line in lines if line.startswith("F")] == ["F0 son", "F1 binh", "F2 an", "F3 chi"]
    assert "Bluetooth 03/07/2021 08:00 - 08:07 · 7 min · 50 dB · events: 2" in lines


def test_chain_of_somebody_far_is_no_mistake(stored):
    run = call("chain", "phuc", "--case", "son", "--data", stored)
    assert (run.status, run.out.strip()) == (0, "phuc is not reached from son within 3 levels.")


def test_chain_draws_both_formats(stored, tmp_path):
    png, svg = tmp_path / "p" / "c.png", tmp_path / "c.svg"
    assert call("chain", "chi", "--png", png, "--svg", svg, "--data", stored).status == 0
    assert png.read_bytes().startswith(b"\x89PNG")
    assert ">binh<" in svg.read_text("utf-8")


def test_cases_lists_windows(stored):
    rows = table_rows(call("cases", "--data", stored).out)
    assert [r[0] for r in rows] == ["nga", "son"]
    assert rows[1][5] == "02/07/2021 08:00 - 08/07/2021 06:00"


def test_clusters_names_the_place_and_the_cases(tmp_path):
    lines = {
        "place": [{"place": "m1", "name": "Chợ Một", "kind": "market", "lat": 10.7, "lng": 106.7}],
        "case": [{"person": p, "onset_at": "2021-07-05T08:00:00+07:00"} for p in "ab"],
        "check_in": [
            {
                "person": p,
                "place": "m1",
                "entered_at": f"2021-07-05T08:{m}:00+07:00",
                "left_at": "2021-07-05T09:00:00+07:00",
            }
            for p, m in (("a", "00"), ("b", "30"))
        ],
    }
    for kind, events in lines.items():
        (tmp_path / f"{kind}.ndjson").write_text("\n".join(json.dumps(e) for e in events))
    (row,) = table_rows(call("clusters", "--from", tmp_path, "--lang", "vi").out)
    assert row[:3] == ["m1", "Chợ Một", "chợ"]
    assert row[5] == "2: a, b"


def test_no_clusters_is_said(stored):
    assert call("clusters", "--data", stored).out.strip() == "No place was shared by two F0."


def test_ids_are_printed_as_they_are(tmp_path):
    odd = "[/red] :smile: \x1b[31m"
    events = {
        "case": {"person": odd, "onset_at": "2021-07-05T08:00:00Z"},
        "bluetooth": {"person": odd, "peer": "[x]", "at": "2021-07-05T09:00:00Z", "attenuation_db": 50},
    }
    for kind, event in events.items():
        (tmp_path / f"{kind}.ndjson").write_text(json.dumps(event))
    run = call("chain", "[x]", "--from", tmp_path)
    assert run.status == 0
    assert "[/red] :smile: \N{REPLACEMENT CHARACTER}[31m" in run.out
    assert "\x1b" not in run.out
    assert table_rows(call("trace", odd, "--from", tmp_path).out)[0][0] == "[x]"
