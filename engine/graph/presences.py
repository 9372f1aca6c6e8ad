"""Where people were: stays at places and location fixes, as intervals."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.graph.atlas import atlas_of
from engine.graph.kernels import stays as kernels
from engine.graph.kernels.fixes import FIX, FROM, TO, WHERE, WHO, fixes_of_people
from engine.graph.kernels.found import ROUND, SCRATCH
from engine.graph.rooms import room
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

    def columns(self) -> tuple[Ints, Ints, Ints]:
        """Person, start, end as kernels take them."""
        columns = (self.person, self.start, self.end)
        person, start, end = (np.ascontiguousarray(column, np.int64) for column in columns)
        return person, start, end


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
    """Check-in presences that overlap the window of their query, widened by ``slack`` seconds; by query and start."""
    atlas, asked, tally = atlas_of(view), q.columns(), np.zeros(1, np.int64)
    found: list[Ints] = []
    with room() as here:
        stays, items = here.ints("stays", 0, kernels.STAY), here.ints("scratch", SCRATCH, 8)
        p = s = j = 0
        while p < len(q.person) and view.check_in:
            n, p, s, j = kernels.stays_of_people(
                atlas, *asked, slack, p, s, j, len(q.person), stays, tally, items[:ROUND]
            )
            found.append(stays[:n].copy())
    lines = np.concatenate(found) if found else np.empty((0, kernels.STAY), np.int64)
    who, place, segment, row = (
        lines[:, n].astype(np.int32) for n in (kernels.WHO, kernels.PLACE, kernels.SEGMENT, kernels.ROW)
    )
    return Presences(who, place, lines[:, kernels.FROM].copy(), lines[:, kernels.TO].copy(), segment, row)


def fixes_of(view: GraphView, q: Queries, worst_accuracy_dm: int = 65_535) -> Presences:
    """Presences of location fixes, no vaguer than given, that overlap the window of their query; by query and start."""
    lines = fix_lines(view, q, worst_accuracy_dm)
    where = lines[:, WHERE]
    return Presences(
        lines[:, WHO].astype(np.int32),
        np.full(len(lines), -1, np.int32),
        lines[:, FROM].copy(),
        lines[:, TO].copy(),
        (where >> 32).astype(np.int32),
        (where & 0xFFFFFFFF).astype(np.int32),
    )


def fix_lines(view: GraphView, q: Queries, worst_accuracy_dm: int) -> Ints:
    """The same, with coordinates and accuracy, as lines of :mod:`engine.graph.kernels.fixes`: shape (fixes, FIX)."""
    atlas, asked, tally, n = atlas_of(view), q.columns(), np.zeros(1, np.int64), len(q.person)
    if not view.location:
        return np.empty((0, FIX), np.int64)
    with room() as here:
        lines, items = here.ints("fixes", 0, FIX), here.ints("scratch", SCRATCH, 8)
        while True:
            found = fixes_of_people(atlas, *asked, 0, n, worst_accuracy_dm, lines, tally, items)
            if found <= len(lines):
                return np.array(lines[:found])
            lines = here.ints("fixes", found, FIX)


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
