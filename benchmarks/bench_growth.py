"""Growth from 1 to 10 million records (100 in the large run): slopes on log-log lines, and the picture of them."""

import json
from pathlib import Path

from benchmarks.beside import LARGE, sized
from benchmarks.growth import LARGER, SIZES, draw, slopes, steady

GOALS = {"ingest_s": 1.1, "growth_bytes": 1.1, "p50_ms": 0.1, "p99_ms": 0.1}
TOLD = {"ingest_s": "time to take them in", "growth_bytes": "memory", "p50_ms": "F1 and F2 of a case, median",
        "p99_ms": "F1 and F2 of a case, 99 %"}  # fmt: skip


def test_growth(beside):
    sizes = [sized(n) for n in (*SIZES, *(LARGER if LARGE else ()))]
    found = []
    more = "" if LARGE else f" (the goal is meant up to {LARGER[-1]:,}: make growth, and Growth in docs/performance.md)"
    job = f"{sizes[0]:,} -> {sizes[-1]:,} records, people and places growing alike, memory in hand{more}"

    def ingest():
        found[:] = [steady(n) for n in sizes]
        return slopes(found)["ingest_s"]

    beside.figure(
        "growth-ingest_s", f"{job}: {TOLD['ingest_s']}", ingest, "slope", GOALS["ingest_s"], True, lock=False,
        note="CPU time; pages had from the host before the clock runs, python -m benchmarks.growth --fresh counts them",
    )  # fmt: skip
    for name in ("growth_bytes", "p50_ms", "p99_ms"):
        ends = f"{found[0][name]:.3g} to {found[-1][name]:.3g} ms" if name.endswith("ms") else ""
        beside.more(
            f"growth-{name}", f"{job}: {TOLD[name]}", [slopes(found)[name]], "slope", goal=GOALS[name], at_most=True,
            note=ends,
        )  # fmt: skip
    picture = Path("var/bench/growth.png")
    draw(found, picture)
    picture.with_suffix(".json").write_text(json.dumps(found, indent=1))
