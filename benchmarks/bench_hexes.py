"""How long the hex map takes: python -m benchmarks.bench_hexes [million fixes] [F0s].

Fourteen random days (fixes and check-ins as in ``make_bulk.py``, on 60,000 cells of resolution 10), and F0s with the
F1 and F2 that the board finds. Prints the full map (first, and at the next quarter of an hour), then what one fix, one
check-in and one new case cost the live map; each is checked to be the map that is summed anew.
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from benchmarks.make_bulk import DAYS, MOMENT, PEOPLE, PLACES, START, names, tables
from engine.events.schemas import canonical_schema
from engine.events.validate import check
from engine.exposure.board import Board, BoardState
from engine.exposure.deltas import delta_of, merge
from engine.exposure.labels import Labelled, labels_of
from engine.exposure.policies import policy_named
from engine.exposure.windows import course_of
from engine.graph.graph import ContactGraph
from engine.ids import Keys
from engine.people.timelines import PERSONAL, Timelines
from engine.risk.hexes import RESOLUTIONS, HexSums
from engine.risk.incremental import follow

END = START + DAYS * 86_400
NOW = END + 86_400
REPEATS = 15


class World:
    """A graph, its cases, and the board of both."""

    def __init__(self) -> None:
        self.people, self.places = Keys(), Keys()
        self.graph, self.timelines = ContactGraph(self.people, self.places), Timelines(self.people)
        self.board = Board(policy_named("vn-2021-07"))
        self.seq = 0
        self.deltas: list = []
        self.view = self.timelines.publish()

    def tell(self, kind: str, raw: pa.Table) -> None:
        table = check(kind, raw, NOW).table.select(canonical_schema(kind).names)
        (self.timelines if kind in PERSONAL else self.graph).apply(kind, table)
        if kind in PERSONAL:
            self.view = self.timelines.publish()
        self.deltas.append(delta_of(kind, table, self.people))
        self.seq += 1

    def state(self) -> Labelled:
        courses = {code: course_of(f0) for code, f0 in self.view.cases.items()}
        state = BoardState(self.graph.publish(), self.people, self.view, courses, self.seq)
        self.board.update(state, merge(self.deltas))
        self.deltas = []
        return labels_of(self.board)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def at(moment: int) -> pa.Array:
    return pa.array([moment]).cast(MOMENT)


def places() -> pa.Table:
    rng = np.random.default_rng(3)
    lat, lng = rng.uniform(10.6, 10.868, PLACES), rng.uniform(106.5, 106.768, PLACES)
    return pa.table({"place": names("L", np.arange(PLACES)), "lat": lat, "lng": lng})


def case(rng: np.random.Generator, count: int) -> pa.Table:
    onset = START + rng.integers((DAYS - 9) * 86_400, DAYS * 86_400, count)
    person = rng.choice(PEOPLE, count, replace=False)
    isolated = pa.array(onset + 2 * 86_400).cast(MOMENT)
    return pa.table({"person": names("P", person), "onset_at": pa.array(onset).cast(MOMENT), "isolated_at": isolated})


def one(rng: np.random.Generator, kind: str) -> pa.Table:
    person = names("P", rng.integers(0, PEOPLE, 1))
    moment = END - int(rng.integers(60, 3600))
    if kind == "case":
        return case(rng, 1)
    if kind == "check_in":
        return pa.table({"person": person, "place": names("L", rng.integers(0, PLACES, 1)), "entered_at": at(moment)})
    where = {"lat": rng.uniform(10.6, 10.86, 1), "lng": rng.uniform(106.5, 106.76, 1), "accuracy_m": [10.0]}
    return pa.table({"person": person, "at": at(moment), **where})


def same(sums: HexSums, state: Labelled) -> bool:
    other = HexSums()
    other.rebuild(state, sums.at)
    pairs = [(vars(sums.scores(r)), vars(other.scores(r))) for r in RESOLUTIONS]
    return all(np.array_equal(a[name], b[name]) for a, b in pairs for name in a)


def forget(state: Labelled) -> None:
    """Drop the sums that segments remember; where their rows are (the atlas) is part of the graph."""
    for segment in (*state.state.view.location, *state.state.view.check_in):
        for name in [known for known in segment.memory if known != "atlas"]:
            del segment.memory[name]


def main(millions: float, count: int) -> None:
    rng = np.random.default_rng(11)
    world = World()
    world.tell("place", places())
    for kind, share in (("location", 1.0), ("check_in", 0.1)):
        for table in tables(kind, int(millions * 1e6 * share)):
            world.tell(kind, table)
    world.tell("case", case(rng, count))
    state = world.state()
    levels = np.bincount(state.level, minlength=3)
    print(f"{millions:g} M fixes; {count} F0, {levels[1]} F1, {levels[2]} F2 of {len(world.people)} people")
    warm = HexSums()
    warm.rebuild(state, END)
    warm.scores(10)
    forget(state)
    sums = HexSums()
    first = seconds(lambda: (sums.rebuild(state, END), sums.scores(10)))
    quarter = seconds(lambda: (sums.rebuild(state, END + 900), sums.scores(10)))
    print(
        f"full, {len(sums.scores(10).h3)} cells: {1000 * first:.0f} ms; a quarter of an hour on {1000 * quarter:.0f} ms"
    )
    for resolution in RESOLUTIONS:
        sums.scores(resolution)
    for kind in ("location", "check_in", "case"):
        spent, touched, labels = [], [], []
        for _ in range(REPEATS):
            world.tell(kind, one(rng, kind))
            before, state = state, world.state()
            labels.append(len(state.person) - len(before.person))
            spent.append(seconds(lambda state=state: (follow(sums, state, END + 900), sums.scores(10))))
            touched.append(sum(sums.layers[r].rescored for r in [10]))
        ms = [1000 * t for t in spent]
        print(
            f"one {kind}: median {statistics.median(ms):.1f} ms, max {max(ms):.1f} ms; cells scored: median "
            f"{statistics.median(touched):.0f}; people on the board: median {statistics.median(labels):+.0f}; "
            f"as summed anew: {same(sums, state)}"
        )


if __name__ == "__main__":
    given = dict(zip(("millions", "count"), sys.argv[1:], strict=False))
    main(float(given.get("millions", 5)), int(given.get("count", 300)))
