"""Replies over HTTP: the hex map of a city of 50,000 cells, kept, and the other routes that are read most; by wrk.

The server is a process of its own, as ``truyvet serve`` starts it; wrk reads on the same two cores. The table of
``python -m benchmarks.wrk`` has more rows.
"""

import json
import shutil

import pytest

from benchmarks import wrk
from benchmarks.beside import sized

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


@pytest.mark.parametrize("row", ROWS)
def test_replies(beside, server, row):
    case = json.loads(server.get("/v1/cases?limit=5", "officer", {})[1])["cases"][2]["person"]
    line = next(line for line in wrk.lines(case) if line.name == ROWS[row])
    goal = GOALS.get(line.name)
    job = f"replies over HTTP, {CELLS:,} cells, 64 connections, wrk on the same two cores: {line.name}"
    rate = lambda: wrk.measured(server, line, SECONDS).rate
    beside.figure(row, job, rate, "requests/s", goal, rounds=3 if goal else 1)
