"""Seconds that each file of ``make bench`` may take, so that all ends within 20 minutes; what each took is kept."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.beside import LARGE, RESULTS, SCALE

SECONDS = {
    "bench_board": 60,
    "bench_cells": 20,
    "bench_checkins": 60,
    "bench_evidence": 60,
    "bench_fixes": 90,
    "bench_freshness": 90,
    "bench_graph": 45,
    "bench_growth": 100,
    "bench_hall": 35,
    "bench_hexmap": 45,
    "bench_ingest": 100,
    "bench_memory": 60,
    "bench_replies": 80,
    "bench_scenarios": 170,
    "bench_trace": 60,
}
"""On two cores that nobody else uses; sum 1,075, which leaves two minutes to install the peers."""
SPENT = RESULTS.with_suffix(".seconds.json")


class Clock:
    """Adds up what the tests of each file take, its data included."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.load = os.getloadavg()

    def add(self, nodeid: str, seconds: float) -> None:
        """A part of a test took so long."""
        name = Path(nodeid.partition("::")[0]).stem
        self.spent[name] = self.spent.get(name, 0.0) + seconds

    def keep(self) -> None:
        """Put them beside the results; a run of some files leaves the others."""
        SPENT.parent.mkdir(parents=True, exist_ok=True)
        before = kept()
        load = before.get("load", self.load)
        SPENT.write_text(json.dumps({"load": load, "seconds": {**before.get("seconds", {}), **self.spent}}, indent=1))


def kept() -> dict[str, Any]:
    """``load`` of the machine (1, 5, 15 min) when the first run began, and ``seconds`` of each file."""
    return json.loads(SPENT.read_text()) if SPENT.exists() else {}


def told(spent: Mapping[str, float]) -> list[str]:
    """A line a file: seconds, budget, and whether it went beyond; then the sum."""
    lines = []
    for name, seconds in sorted(spent.items()):
        budget = SECONDS.get(name, 0)
        over = "  over its budget" if seconds > budget and SCALE == 1 and not LARGE else ""
        lines.append(f"{name:<18}{seconds:8.1f} s of {budget:4d} s{over}")
    lines.append(f"{'in all':<18}{sum(spent.values()):8.1f} s of {sum(SECONDS.get(name, 0) for name in spent):4d} s")
    return lines
