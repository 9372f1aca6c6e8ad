"""``python -m benchmarks.results``: what was measured as a page; ``--record`` keeps it, ``--check`` compares with that.

Only ratios beside a peer are compared: an absolute figure says as much of the machine as of the code.
"""

import argparse
import json
import os
import platform
import sqlite3
import sys
import time
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks import budget
from benchmarks.beside import Row, rows, told

HERE = Path(__file__).parent
PAGE, RECORDED, REASONS = HERE / "results.md", HERE / "recorded.json", HERE / "reasons.toml"
ALLOWED = 0.2
"""A ratio may fall by this share before the check fails."""
WIDER = {"ingest-postgres": 0.35, "ingest-sqlite": 0.35}
"""Rows that may fall further: the indexes of the peer grow, so that no two of its rounds cost the same."""
PACKAGES = ("numpy", "numba", "pyarrow", "h3", "networkx", "scipy", "duckdb", "h3ronpy", "polars", "polars-h3",
            "epiworldpy", "covasim")  # fmt: skip


def machine() -> str:
    """What this ran on."""
    info = Path("/proc/cpuinfo")
    models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    name = models[0] if models else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}"


def versions() -> str:
    """Of Python and of everything compared."""
    found = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def spread(row: Row) -> str:
    """Lowest and highest round."""
    return f"{told(min(row.values))} - {told(max(row.values))}" if len(row.values) > 1 else ""


def seconds(value: float | None) -> str:
    """A time with its unit."""
    if value is None:
        return ""
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def reasons() -> dict[str, str]:
    """Why rows miss their goals, by name."""
    return tomllib.loads(REASONS.read_text())


def verdict(row: Row, why: Mapping[str, str]) -> str:
    """Met or not, by how much, and why not."""
    said = row.verdict()
    return said if row.met or row.scale != 1 else f"{said}. {why.get(row.name, 'No reason is written down.')}"


def page(found: Iterable[Row], why: Mapping[str, str], spent: Mapping[str, Any]) -> str:
    """The results as Markdown; ``spent`` as in ``budget.kept``."""
    measured = sorted(found, key=lambda row: row.name)
    with_peer, alone = [r for r in measured if r.peer], [r for r in measured if not r.peer]
    day = time.strftime("%Y-%m-%d", time.gmtime(max((r.at for r in measured), default=0)))
    load = ", ".join(f"{x:.1f}" for x in spent.get("load", ()))
    seconds_of = spent.get("seconds", {})
    lines = [
        "# Results of `make bench`", "",
        f"{day}. {machine()}; load of the last 1, 5 and 15 minutes before: {load or 'not known'}. {versions()}.", "",
        "Written by `make bench`; do not edit. Ratios are the peer's CPU time over ours, in turn, on the same data, "
        "on one thread each, after both gave the same answer: in one process where the peer is a library, in "
        "processes of their own for servers, PostgreSQL and epidemics. Median, and lowest - highest round. What "
        "either side has ready beforehand is said in the row. Figures without a peer are of the clock where the row "
        "does not say CPU time.", "",
        "| | job | peer | ours | peer's | ratio | rounds | goal |", "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    lines += [
        f"| {r.name} | {job(r)} | {r.peer} | {seconds(r.ours_s)} | {seconds(r.peer_s)} | {told(r.median)} | "
        f"{spread(r)} | {verdict(r, why)} |"
        for r in with_peer
    ]
    lines += ["", "| | job | figure | rounds | goal |", "|---|---|---|---|---|"]
    lines += [f"| {r.name} | {job(r)} | {told(r.median)} {r.unit} | {spread(r)} | {verdict(r, why)} |" for r in alone]
    lines += ["", f"Seconds, data included: {sum(seconds_of.values()):,.0f} in all.", "", "| | seconds | budget |"]
    lines += ["|---|---|---|"]
    lines += [f"| {name} | {s:.0f} | {budget.SECONDS.get(name, '')} |" for name, s in sorted(seconds_of.items())]
    return "\n".join(lines) + "\n"


def job(row: Row) -> str:
    """What was measured, with what there is to say of it."""
    small = f"; **tried out at {row.scale:g} of its size**" if row.scale != 1 else ""
    return row.job + (f" ({row.note})" if row.note else "") + small


def compared(found: Iterable[Row], recorded: dict[str, float]) -> list[tuple[str, float, float | None]]:
    """(name, recorded, now) of every recorded ratio; now is None where it was not measured."""
    now = {row.name: row.median for row in found if row.peer and row.scale == 1}
    return [(name, before, now.get(name)) for name, before in sorted(recorded.items())]


def check() -> int:
    """Print how the ratios stand to the recorded ones; 1 when one fell too far, or was not measured."""
    if not RECORDED.exists():
        print(f"nothing is recorded in {RECORDED.name}; run make bench, then make bench-record")
        return 1
    failed = 0
    for name, before, now in compared(rows(), json.loads(RECORDED.read_text())["ratios"]):
        change = None if now is None else now / before - 1
        allowed = WIDER.get(name, ALLOWED)
        bad = change is None or change < -allowed
        failed |= bad
        said = (
            "not measured" if now is None or change is None else f"{told(now)}, {change:+.0%} of -{allowed:.0%} allowed"
        )
        print(f"{'FELL ' if bad else 'holds'} {name:<20} recorded {told(before)}; now {said}")
    print("a ratio fell by more than is allowed, or was not measured" if failed else "all ratios hold")
    return int(failed)


def record() -> None:
    """Keep the ratios of whole runs."""
    ratios = {row.name: round(row.median, 4) for row in rows() if row.peer and row.scale == 1 and not row.large}
    told_of = {"machine": machine(), "versions": versions(), "ratios": dict(sorted(ratios.items()))}
    RECORDED.write_text(json.dumps(told_of, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args()
    if asked.check:
        return check()
    if asked.record:
        record()
        return 0
    asked.page.write_text(page(rows(), reasons(), budget.kept()))
    missed = [row.name for row in rows() if not row.met]
    print(f"{asked.page}: {len(rows())} rows; missed: {', '.join(missed) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
