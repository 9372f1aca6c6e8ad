"""How long the live board takes for a batch: python -m benchmarks.bench_board [million rows] [F0s] [rows] [policy].

One random day (fixes, sightings and check-ins as in ``make_bulk.py``), of which the last rows arrive live, in batches
of so many rows of mixed kinds. Prints the start from nothing, then the updates, and what a page and the alerts cost.

As one of ``make bench``: the board of a town of which nothing is known yet, beside its cases traced one by one.
"""

import statistics
import sys
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from benchmarks.beside import cores, cpu_seconds, seconds, sized
from benchmarks.make_bulk import MOMENT, PEOPLE, START, names, tables
from benchmarks.province import Size, batch_of, stream
from benchmarks.towns import keys_of
from engine.clock import DAY
from engine.events.schemas import canonical_schema
from engine.events.validate import check
from engine.exposure.board import UNTIL, Board, BoardState
from engine.exposure.deltas import delta_of, merge, nothing
from engine.exposure.policies import policy_named
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace
from engine.exposure.windows import course_of, infectious_window
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


# -- the first making, beside traces ------------------------------------------------------------------------

TOWN = Size(sized(50_000), 7, 250)
POLICY = policy_named("vn-2021-07")


def town() -> BoardState:
    """Fixes, sightings and check-ins as in ``province.py``, and cases whose onset was in the two days before last."""
    (people, p_names), (places, _) = keys_of("P", TOWN.people), keys_of("L", TOWN.places)
    graph, timelines = ContactGraph(people, places), Timelines(people)
    for _, kind, columns in stream(TOWN):
        graph.take(batch_of(kind, columns))
    rng = np.random.default_rng(5)
    ill = p_names.take(pa.array(rng.choice(TOWN.people, min(TOWN.cases, TOWN.people // 10), replace=False)))
    onset = pa.array(TOWN.end - rng.integers(2 * DAY, 4 * DAY, len(ill))).cast(MOMENT)
    told = check("case", pa.table({"person": ill, "onset_at": onset}), TOWN.end).table
    timelines.apply("case", told.select(canonical_schema("case").names))
    view = timelines.publish()
    return BoardState(graph.publish(), people, view, {code: course_of(f0) for code, f0 in view.cases.items()}, 1)


def made(state: BoardState) -> dict[int, tuple[int, int]]:
    """Level and first moment of everybody on a board that knows nothing yet, with witnesses and channels looked up."""
    board = Board(POLICY)
    board.update(state, nothing())
    rows = board.rows()
    return dict(zip(rows.person.tolist(), zip(rows.level.tolist(), rows.moment.tolist(), strict=True), strict=True))


def one_by_one(state: BoardState) -> dict[int, tuple[int, int]]:
    """The same out of a trace of each case: the least level of each person, and the first moment there."""
    found: dict[int, tuple[int, int]] = {}
    for f0 in state.people.cases.values():
        seeds = (Seed(f0.person, *infectious_window(f0, POLICY, UNTIL)),)
        asked = Question(seeds, 2, UNTIL, POLICY, state.courses, state.people.isolation)
        reached = trace(state.view, state.keys, asked).reached
        levels = zip(reached.level.tolist(), reached.first.tolist(), strict=True)
        for person, row in zip(reached.person.tolist(), levels, strict=True):
            found[person] = min(found.get(person, row), row)
    opened = {f0.person: (0, infectious_window(f0, POLICY, UNTIL)[0]) for f0 in state.people.cases.values()}
    return found | opened


def test_first_making(beside):
    state = town()
    on_board = len(made(state))
    job = f"board of {len(state.people.cases)} cases and {on_board - len(state.people.cases):,} contacts out of "
    job += f"{TOWN.records:,} records of {TOWN.people:,} people, made from nothing"
    spent: list[float] = []

    def times_faster():
        traced, rows = cpu_seconds(lambda: one_by_one(state))
        took, found = cpu_seconds(lambda: made(state))
        assert found == rows
        spent.append(took)
        return traced / took

    with cores(1):
        beside.figure("board-first", job, times_faster, "x", rounds=3, note="beside our own trace of each case")
    beside.more(
        "board-first-record", job, [1e9 * s / TOWN.records for s in spent], "ns", note="CPU time a record there is"
    )
    rates = [on_board / seconds(lambda: made(state)) for _ in range(3)]
    beside.more("board-first-people", job, rates, "people/s", note="on all cores")


if __name__ == "__main__":
    given = dict(zip(("millions", "count", "rows", "policy"), sys.argv[1:], strict=False))
    main(
        float(given.get("millions", 5)),
        int(given.get("count", 500)),
        int(given.get("rows", 5000)),
        given.get("policy", "vn-2021-07"),
    )
