"""How long the live board takes for a batch: python -m benchmarks.bench_board [million rows] [F0s] [rows] [policy].

One random day (fixes, sightings and check-ins as in ``make_bulk.py``), of which the last rows arrive live, in batches
of so many rows of mixed kinds. Prints the start from nothing, then the updates, and what a page and the alerts cost.
"""

import statistics
import sys
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from benchmarks.make_bulk import MOMENT, PEOPLE, START, names, tables
from engine.events.schemas import canonical_schema
from engine.events.validate import check
from engine.exposure.board import Board, BoardState
from engine.exposure.deltas import delta_of, merge
from engine.exposure.policies import policy_named
from engine.exposure.windows import course_of
from engine.graph.graph import ContactGraph
from engine.ids import Keys
from engine.people.timelines import Timelines
from engine.service.alerts import alerts

NOW = START + 30 * 86_400
SHARES = {"location": 0.74, "bluetooth": 0.185, "check_in": 0.075}
BATCHES = 30


def day_of_rows(millions: float) -> dict[str, pa.Table]:
    """Canonical tables of one day, in the order of their moments."""
    found = {}
    for kind, share in SHARES.items():
        wanted, parts = int(millions * 1e6 * share), []
        generated: Iterator[pa.Table] = tables(kind, wanted * 14)
        while sum(part.num_rows for part in parts) < wanted:
            parts.append(check(kind, next(generated), NOW).table.select(canonical_schema(kind).names))
        found[kind] = pa.concat_tables(parts).slice(0, wanted)
    return found


def cases(count: int) -> pa.Table:
    rng = np.random.default_rng(5)
    person = rng.choice(PEOPLE, count, replace=False)
    onset = pa.array(START + rng.integers(0, 2 * 86_400, count)).cast(MOMENT)
    raw = pa.table({"person": names("P", person), "onset_at": onset})
    return check("case", raw, NOW).table.select(canonical_schema("case").names)


def main(millions: float, count: int, rows: int, policy: str) -> None:
    people, places = Keys(), Keys()
    graph, timelines = ContactGraph(people, places), Timelines(people)
    day = day_of_rows(millions)
    live = {kind: int(rows * SHARES[kind]) * BATCHES for kind in day}
    for kind, table in day.items():
        graph.apply(kind, table.slice(0, table.num_rows - live[kind]))
    timelines.apply("case", cases(count))
    view = timelines.publish()
    courses = {code: course_of(f0) for code, f0 in view.cases.items()}
    board = Board(policy_named(policy))

    def state(seq: int) -> BoardState:
        return BoardState(graph.publish(), people, view, courses, seq)

    first = state(1)
    began = time.perf_counter()
    board.update(first, merge([]))
    took = time.perf_counter() - began
    levels = np.bincount(board.people()[1])
    print(f"start: {took:.2f} s for {millions:g} M rows, F0..F2 {levels.tolist()} of {len(people)} people")
    spent, told, changed = [], [], 0
    for n in range(BATCHES):
        deltas = []
        for kind, table in day.items():
            size = live[kind] // BATCHES
            part = table.slice(table.num_rows - live[kind] + n * size, size)
            graph.apply(kind, part)
            deltas.append(delta_of(kind, part, people))
        newer = state(n + 2)
        began = time.perf_counter()
        changes = board.update(newer, merge(deltas))
        spent.append(time.perf_counter() - began)
        began = time.perf_counter()
        alerts(board, people, changes, n + 2, NOW)
        told.append(time.perf_counter() - began)
        changed += len(changes)
    ms = [1000 * t for t in spent[1:]]
    print(f"update of {rows} rows: median {statistics.median(ms):.0f} ms, max {max(ms):.0f} ms; {changed} changes")
    print(f"alerts: median {1000 * statistics.median(told):.0f} ms a batch")
    page = board.people()[0][:1000]
    for what in ("a page of 1,000", "the same again"):
        began = time.perf_counter()
        board.rows(page)
        print(f"{what}: {1000 * (time.perf_counter() - began):.0f} ms")


if __name__ == "__main__":
    given = dict(zip(("millions", "count", "rows", "policy"), sys.argv[1:], strict=False))
    main(
        float(given.get("millions", 5)),
        int(given.get("count", 500)),
        int(given.get("rows", 5000)),
        given.get("policy", "vn-2021-07"),
    )
