"""How ingest, memory and questions grow with the records: ``python -m benchmarks.growth [--large] [--png FILE]``.

Each size runs in a process of its own. People, places and town grow with the records, so that everybody meets as many
as before: what then grows in a question is the price of the size alone. All times are CPU times of all threads: a busy
machine lengthens them little; memory is had from the host beforehand (:func:`in_hand`). Small sizes, whose time is
tenths of a second, are run thrice and their medians taken. Prints a table, and draws a picture with the fitted slopes.
"""

import argparse
import ctypes
import gc
import json
import mmap
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from benchmarks.beside import quiet, sized
from benchmarks.towns import START, canonical, check_ins, keys_of
from engine.clock import DAY
from engine.exposure.infectiousness import KNOWN, Course
from engine.exposure.policies import PRESETS
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace
from engine.graph.graph import ContactGraph
from engine.service.engine import Engine, Settings
from engine.service.rehearsal import rehearse

SIZES, LARGER = (1_000_000, 3_000_000, 10_000_000), (30_000_000, 100_000_000)
RECORDS_A_PERSON, PEOPLE_A_PLACE, DAYS, BATCH, CASES = 30, 10, 14, 500_000, 300
FEW = 20
"""Cases asked before it counts: what is made once per state is made for them."""
NEEDED = 100
"""Bytes a record that taking it in, or publishing it, may need at once."""
RUNS = 3
"""Of each of the smaller sizes; the middle of each figure counts."""
IN_A_CITY = 35 * DAYS
"""Records of a person who is followed all day."""
SHARES = {"location": 0.6, "bluetooth": 0.2, "check_in": 0.2}
FITTED = {"ingest_s": "taking in, CPU s", "growth_bytes": "memory, MiB", "p50_ms": "F1 and F2, median, CPU ms",
          "p99_ms": "F1 and F2, 99 %, CPU ms"}  # fmt: skip


def resident() -> int:
    """Bytes of this process in memory, without what is free: the events' own tables leave much of that behind."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) * 1024


def in_hand(size: int) -> None:
    """Have so much memory among what the machine has free.

    A guest of a host that wants free memory back pays for it anew: the first touch of a page then costs 2.5 ns a byte
    instead of 0.15, 75 ns a record of 30 bytes, which say nothing about what takes the records in.
    """
    with mmap.mmap(-1, max(size, mmap.PAGESIZE), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as held:
        held.madvise(mmap.MADV_HUGEPAGE)
        for at in range(0, size, mmap.PAGESIZE):
            held[at] = 1


def batch(kind, rng, n, day, people, places):
    """One batch of a day, in the order of time, with names as a feed sends them."""
    (count, p_names), (spots, l_names) = people, places
    person, at = rng.integers(0, count, n), START + day * DAY + np.sort(rng.integers(0, DAY - 7_200, n))
    mine = p_names.take(pa.array(person))
    if kind == "location":
        side = int(np.ceil(np.sqrt(count)))
        lat = 10.4 + (person % side) * 0.0006 + rng.normal(0, 0.002, n)
        lng = 106.3 + (person // side) * 0.0006 + rng.normal(0, 0.002, n)
        return {"person": mine, "at": at, "lat": lat, "lng": lng, "accuracy_m": rng.uniform(5, 60, n)}
    if kind == "bluetooth":
        peer = (person + rng.integers(1, 12, n)) % count
        columns = {"person": mine, "peer": p_names.take(pa.array(peer)), "at": at}
        return columns | {"duration_s": np.full(n, 300, np.int32), "attenuation_db": rng.normal(60, 9, n)}
    place = (person // PEOPLE_A_PLACE + rng.integers(0, 20, n)) % spots
    left = at + rng.integers(300, 7_200, n)
    return {"person": mine, "place": l_names.take(pa.array(place)), "entered_at": at, "left_at": left}


def batches_of(day, records, shares):
    """Kind, first row and rows of each batch of a day."""
    of_day = {
        kind: round(records * s * (day + 1) / DAYS) - round(records * s * day / DAYS) for kind, s in shares.items()
    }
    return [(kind, first, min(BATCH, n - first)) for kind, n in of_day.items() for first in range(0, n, BATCH)]


def grow(
    records: int,
    shares: dict[str, float] = SHARES,
    cases: int = CASES,
    each: int = RECORDS_A_PERSON,
    fresh: bool = False,
    tell: Callable[[int], None] = lambda n: None,
) -> dict[str, float]:
    """Take in so many records, ``each`` of a person; CPU seconds, growth of the process, and what questions cost.

    ``fresh``: memory may come from a host while the clock runs; else it is :func:`in_hand` before.
    """
    count = max(100, records // each)
    spots = max(50, count // PEOPLE_A_PLACE)
    warm(shares)
    (people, p_names), (places, l_names) = keys_of("P", count), keys_of("L", spots)
    graph = ContactGraph(people, places)
    before, spent = resident(), 0.0
    ready = (lambda rows: None) if fresh or sys.platform != "linux" else (lambda rows: in_hand(NEEDED * rows))
    for day in range(DAYS):
        day_batches = batches_of(day, records, shares)
        for nth, (kind, first, n) in enumerate(day_batches, 1):
            ready(n + (records // DAYS if nth == len(day_batches) else 0))  # the last one is followed by publishing
            rng = np.random.default_rng([13, day, len(kind), first])
            table = canonical(kind, batch(kind, rng, n, day, (count, p_names), (spots, l_names)))
            began = time.process_time()
            graph.apply(kind, table)
            spent += time.process_time() - began
            tell(len(table))
            del table
        began = time.process_time()
        view = graph.publish()  # readers look at least once a day
        spent += time.process_time() - began
    found = {"records": records, "ingest_s": spent, "growth_bytes": resident() - before}
    return found | (ask(view, people, cases) if cases else {})


def ask(view, people, cases: int) -> dict[str, float]:
    """CPU milliseconds of F1 and F2 of some cases, after a few others, and how many people they reach."""
    times, reached = [], []
    for case in np.random.default_rng(1).integers(0, len(people), cases + FEW).tolist():
        began = time.process_time()
        reached.append(len(f1_f2(view, people, case).person))
        times.append(1e3 * (time.process_time() - began))
    p50, p99 = np.percentile(times[FEW:], [50, 99]).tolist()
    return {"p50_ms": p50, "p99_ms": p99, "reached": float(np.mean(reached[FEW:]))}


def f1_f2(view, people, case):
    until = START + DAYS * DAY
    seed = Seed(case, until - 5 * DAY, until - 2 * DAY)
    courses = {case: Course(until - 3 * DAY, KNOWN, 1.0)}
    question = Question((seed,), 2, until - 2 * DAY, PRESETS["vn-2021-07"], courses, np.empty(0, np.int64))
    return trace(view, people, question).reached


def warm(shares) -> None:
    """Compile or load the kernels, and what libraries allocate once."""
    rehearse(lambda: Engine.open(Settings(), lambda: START + DAY))
    (people, p_names), (places, l_names) = keys_of("P", 1_000), keys_of("L", 50)
    graph = ContactGraph(people, places)
    for kind in shares:
        rng = np.random.default_rng(1)
        for n in (1_000, 5_000):
            graph.apply(kind, canonical(kind, batch(kind, rng, n, 0, (1_000, p_names), (50, l_names))))
            graph.publish()
    f1_f2(graph.publish(), people, 1)


def hall_bytes(visitors: int) -> int:
    """Growth by the visits of one hall in one day, names apart."""
    (people, p_names), (places, l_names) = keys_of("P", visitors), keys_of("L", 1)
    rng = np.random.default_rng(6)
    came = START + 28_800 + rng.integers(0, 43_200, visitors)
    columns = rng.permutation(visitors), np.zeros(visitors, np.int64), came, came + 3_600
    graph = ContactGraph(people, places)
    before = resident()
    check_ins(graph, (p_names, l_names), *columns)
    view = graph.publish()
    return resident() - before + 0 * len(view.check_in)


def alone(
    records: int,
    shares: dict[str, float] = SHARES,
    cases: int = CASES,
    each: int = RECORDS_A_PERSON,
    fresh: bool = False,
) -> dict[str, float]:
    """The same in a fresh process."""
    asked = json.dumps([records, shares, cases, each, fresh])
    command = [sys.executable, "-m", "benchmarks.growth", "--role", asked]
    with quiet() if cases else nullcontext():
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def steady(records: int, fresh: bool = False) -> dict[str, float]:
    """The middle of each figure of some runs; a large size has one run."""
    runs = [alone(records, fresh=fresh) for _ in range(RUNS if records <= max(SIZES) else 1)]
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def slopes(found: list[dict[str, float]]) -> dict[str, float]:
    """Of each figure on a log-log line over the records."""
    size = np.log([f["records"] for f in found])
    return {name: float(np.polyfit(size, np.log([max(f[name], 1e-9) for f in found]), 1)[0]) for name in FITTED}


def draw(found: list[dict[str, float]], to: Path) -> None:
    """A panel a figure, with its fitted line."""
    size, fitted = np.array([f["records"] for f in found]), slopes(found)
    figure = Figure(figsize=(9, 7), layout="constrained")
    axes = figure.subplots(2, 2)
    for (name, title), axis in zip(FITTED.items(), axes.ravel(), strict=True):
        values = np.array([f[name] for f in found]) / (2**20 if name == "growth_bytes" else 1)
        line = np.exp(np.polyval(np.polyfit(np.log(size), np.log(values), 1), np.log(size)))
        axis.loglog(size, values, "o", color="#b2182b")
        axis.loglog(size, line, "-", color="#333333", label=f"slope {fitted[name]:.2f}")
        axis.set(title=title, xlabel="records")
        if values.max() < 10 * values.min():  # what is flat looks flat: as many decades as beside it
            axis.set_ylim(values.mean() / 10, values.mean() * 10)
        axis.grid(True, which="both", alpha=0.25)
        axis.legend(frameon=False)
    to.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(to, dpi=130)


def alone_told(asked: str) -> None:
    """The part of the process of one size: a bar on standard error, what was found on standard output."""
    given = json.loads(asked)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("records", total=given[0])
        found = grow(*given, tell=lambda n: bar.advance(task, n))
    print(json.dumps(found))


def show(found: list[dict[str, float]]) -> None:
    """The table: a line a size, and the slopes."""
    table = Table(title=f"{RECORDS_A_PERSON} records a person in {DAYS} days, shares {SHARES}")
    for title in (
        "records",
        "taking in, CPU s",
        "CPU ns a record",
        "bytes a record",
        "F1+F2, CPU ms",
        "99 %, ms",
        "reached",
    ):
        table.add_column(title, justify="right")
    for f in found:
        n = f["records"]
        table.add_row(
            f"{n:,}", f"{f['ingest_s']:.2f}", f"{1e9 * f['ingest_s'] / n:.0f}", f"{f['growth_bytes'] / n:.1f}",
            f"{f['p50_ms']:.2f}", f"{f['p99_ms']:.2f}", f"{f['reached']:.0f}",
        )  # fmt: skip
    if len(found) > 1:
        s = {name: f"{slope:.2f}" for name, slope in slopes(found).items()}
        table.add_section()
        table.add_row("slope", s["ingest_s"], "", s["growth_bytes"] + " in all", s["p50_ms"], s["p99_ms"], "")
    Console(width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="30 and 100 million as well")
    parser.add_argument("--fresh", action="store_true", help="with what the host takes to hand out memory")
    parser.add_argument("--png", type=Path, default=Path("var/bench/growth.png"))
    parser.add_argument("--role", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.role:
        alone_told(asked.role)
        return
    found: list[dict[str, float]] = []
    for n in (*SIZES, *(LARGER if asked.large else ())):
        found.append(steady(sized(n), asked.fresh))
        print(found[-1], flush=True)
        # After each size, so that a run that is ended early has left what it found.
        asked.png.parent.mkdir(parents=True, exist_ok=True)
        asked.png.with_suffix(".json").write_text(json.dumps(found, indent=1))
    show(found)
    draw(found, asked.png)


if __name__ == "__main__":
    main()
