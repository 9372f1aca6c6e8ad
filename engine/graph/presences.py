"""Where people were: stays at places and location fixes, as intervals."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.graph.kernels.fixes import fixes_of_people
from engine.graph.kernels.stays import stays_of_people
from engine.graph.scanning import Scan, touched
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Queries:
    """Whose contacts or presences, in which half-open window. All columns have shape (queries,)."""

    person: Codes
    start: Ints
    end: Ints
    infector: bool = True
    """True: the person asked about is the infectious one; False: the exposed one (matters for slack)."""


@dataclass(frozen=True)
class Presences:
    """Presences of queries, one row each, not clipped; ``segment`` and ``row`` say where in the view."""

    query: Codes
    place: Codes
    """-1 for fixes."""
    start: Ints
    end: Ints
    segment: Codes
    row: Codes


def stays_of(view: GraphView, q: Queries, slack: int = 0) -> Presences:
    """Check-in presences that overlap the window of their query, widened by ``slack`` seconds."""
    scan = Scan(np.int32, np.int32, np.int64, np.int64, np.int32)
    start, end = q.start - slack, q.end + slack
    for at, s in touched(view.check_in, int(start.min()), int(end.max()), view.places.longest_stay_s):
        scan.run(
            at, stays_of_people, s.rows.k1, s.rows.payload["left_at"], s.groups, s.group_start,
            s.by_group, s.day_start, view.places.stay_s, q.person, start, end,
        )  # fmt: skip
    query, place, came, left, row, segment = scan.columns()
    return Presences(query, place, came, left, segment, row)


def fixes_of(view: GraphView, q: Queries, worst_accuracy_dm: int = 65_535) -> Presences:
    """Presences of location fixes, no vaguer than given, that overlap the window of their query."""
    gap = int(params.FIX_MAX_GAP_S.value)
    scan = Scan(np.int32, np.int64, np.int64, np.int32)
    for at, s in touched(view.location, int(q.start.min()), int(q.end.max()), gap):
        scan.run(
            at, fixes_of_people, s.rows.k1, s.stay_s, s.rows.payload["accuracy_dm"],
            s.day_start, gap, worst_accuracy_dm, q.person, q.start, q.end,
        )  # fmt: skip
    query, start, end, row, segment = scan.columns()
    return Presences(query, np.full(scan.rows, -1, np.int32), start, end, segment, row)


def fix_columns(view: GraphView, own: Presences, *names: str) -> list[Array]:
    """Payload columns of fixes, in the order of ``own``."""
    out: list[Array] = []
    for name in names:
        column: Array | None = None
        for at in np.unique(own.segment).tolist():
            here = own.segment == at
            values = view.location[at].rows.payload[name]
            if column is None:
                column = np.empty(len(own.segment), values.dtype)
            column[here] = values[own.row[here]]
        out.append(column if column is not None else np.empty(0, np.int32))
    return out
