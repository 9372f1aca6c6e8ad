"""Replies over HTTP: the hex map of a city of 50,000 cells, kept, and the other routes that are read most; by wrk.

The server is a process of its own, as ``truyvet serve`` starts it; wrk reads on the same two cores. The table of
``python -m benchmarks.wrk`` has more rows.
"""

import json
import shutil
import urllib.request

import pytest

from benchmarks import wrk
from benchmarks.beside import sized
from benchmarks.pydantic_map import same_rows

CELLS, CASES, SECONDS = sized(50_000), 300, 3
GOALS = {"map, whole": 5_000, "map, unchanged (304)": 5_000}
ROWS = {
    "hexes-read": "map, whole",
    "hexes-304": "map, unchanged (304)",
    "hexes-arrow": "map, whole, Arrow",
    "hexes-fed": "map, whole, while events come in",
    "replies-exposures": "exposures of a case",
    "replies-exposures-anew": "exposures of a case, anew",
    "replies-cases": "cases",
    "replies-board-anew": "board, 100 people, anew",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if shutil.which("wrk") is None:
        pytest.skip("wrk is not installed; on Debian and Ubuntu: apt install wrk")
    data = tmp_path_factory.mktemp("wrk") / "data"
    wrk.make_city(data, CELLS, CASES)
    with wrk.serving(data) as server:
        yield server


@pytest.mark.beside
def test_beside_pydantic(beside, server, tmp_path):
    line = next(line for line in wrk.lines("") if line.name == "map, whole")
    _, body, headers = server.get(line.path, line.role, line.headers)
    kept = tmp_path / "map.json"
    kept.write_bytes(wrk.plain(body, headers))
    with wrk.listening(wrk.Process("benchmarks.pydantic_map", wrk.PORT, kept, ready="/hexes")) as peer:
        with urllib.request.urlopen(f"http://127.0.0.1:{peer.port}/hexes") as reply:
            assert same_rows(reply.read(), kept.read_bytes())
        theirs = lambda: wrk.loaded(peer, "/hexes", SECONDS, connections=4)[1] / 1e6
        ours = lambda: wrk.measured(server, line, SECONDS).cpu_us / 1e6
        job = f"a kept map of {CELLS:,} cells over HTTP, wrk: CPU of the server a reply"
        note = "their rows are kept, but checked, written and sent plain to every reader, over 4 connections; "
        note += "ours are columns, packed once, over 64"
        beside.told("hexes-pydantic", job, ours, "FastAPI sending pydantic rows", theirs, 3, note)


@pytest.mark.parametrize("row", ROWS)
def test_replies(beside, server, row):
    case = json.loads(server.get("/v1/cases?limit=5", "officer", {})[1])["cases"][2]["person"]
    line = next(line for line in wrk.lines(case) if line.name == ROWS[row])
    goal = GOALS.get(line.name)
    job = f"replies over HTTP, {CELLS:,} cells, 64 connections, wrk on the same two cores: {line.name}"
    rate = lambda: wrk.measured(server, line, SECONDS).rate
    beside.figure(row, job, rate, "requests/s", goal, rounds=3 if goal else 1)
