"""A state that takes in batches and tells a board of each: what a service does, without the service."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from engine.events.schemas import canonical_schema
from engine.events.validate import check
from engine.exposure.board import UNTIL, Board, BoardState
from engine.exposure.deltas import Delta, delta_of, merge
from engine.exposure.policies import Policy
from engine.exposure.reached import Question, Seed, Trace
from engine.exposure.trace import trace
from engine.exposure.windows import course_of, infectious_window
from engine.graph.graph import ContactGraph
from engine.ids import Keys
from engine.people.timelines import PERSONAL, PeopleView, Timelines
from tests.oracles.state import Event
from tests.worlds import NOW, wire


class Live:
    """The growing state, and the deltas that no board was told yet."""

    def __init__(self) -> None:
        self.people, self.places = Keys(), Keys()
        self.graph = ContactGraph(self.people, self.places)
        self.timelines = Timelines(self.people)
        self.seq = 0
        self.pending: list[Delta] = []
        self._view: PeopleView | None = None

    def tell(self, kind: str, events: Iterable[Event]) -> None:
        """Take in a batch."""
        names = sorted({name for event in events for name in event})
        rows = [wire(event) for event in events]
        raw = pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})
        table = check(kind, raw, NOW).table.select(canonical_schema(kind).names)
        self.take(kind, table)

    def take(self, kind: str, table: pa.Table) -> None:
        """Take in a canonical table."""
        (self.timelines if kind in PERSONAL else self.graph).apply(kind, table)
        if kind in PERSONAL:
            self._view = None
        self.pending.append(delta_of(kind, table, self.people))
        self.seq += 1

    def state(self) -> BoardState:
        """The newest state."""
        if self._view is None:
            self._view = self.timelines.publish()
        courses = {code: course_of(f0) for code, f0 in self._view.cases.items()}
        return BoardState(self.graph.publish(), self.people, self._view, courses, self.seq)

    def delta(self) -> Delta:
        """What changed since this was last asked."""
        found, self.pending = merge(self.pending), []
        return found


def traced(state: BoardState, policy: Policy, depth: int = 2) -> Trace:
    """The full computation: a trace from all F0s at once."""
    seeds = tuple(Seed(f.person, *infectious_window(f, policy, UNTIL)) for f in state.people.cases.values())
    question = Question(seeds, depth, UNTIL, policy, state.courses, state.people.isolation)
    return trace(state.view, state.keys, question)


def expected_rows(state: BoardState, policy: Policy, depth: int = 2) -> dict[str, tuple[object, ...]]:
    """(level, moment, via, case, channels) by person key, out of the full computation."""
    answer, key = traced(state, policy, depth), state.keys.key
    rows: dict[str, tuple[object, ...]] = {}
    for f0 in state.people.cases.values():
        rows[key(f0.person)] = (0, infectious_window(f0, policy, UNTIL)[0], None, None, 0)
    reached = answer.reached
    for i in range(len(reached.person)):
        code, level = int(reached.person[i]), int(reached.level[i])
        index = int(np.flatnonzero(answer.labels[level].person == code)[0])
        for k in range(level, 0, -1):
            index = int(answer.labels[k].parent[index])
        root = int(answer.labels[0].person[index])
        row = (level, int(reached.first[i]), key(int(reached.via[i])), key(root), int(reached.channels[i]))
        rows[key(code)] = row
    return rows


def rows_of(board: Board, state: BoardState) -> dict[str, tuple[object, ...]]:
    """What the board says, in the same shape."""
    rows, key = board.rows(), state.keys.key
    columns = (rows.person, rows.level, rows.moment, rows.via, rows.case, rows.channels)
    out: dict[str, tuple[object, ...]] = {}
    for person, level, moment, via, case, channels in zip(*(c.tolist() for c in columns), strict=True):
        out[key(person)] = (
            level, moment, key(via) if via >= 0 else None, key(case) if case >= 0 else None, channels
        )  # fmt: skip
    return out
