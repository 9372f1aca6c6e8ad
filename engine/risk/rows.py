"""Which rows of presence differ between two views of a graph. Segments never change: equal ones are passed over."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.geo.cells import Cells
from engine.graph.kernels.search import find_places
from engine.graph.segments import Segment, major, second
from engine.graph.view import GraphView
from engine.risk.person_time import cells_at

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PresenceRows:
    """Some stays or fixes of one day, as columns of one length."""

    day_start: int
    person: npt.NDArray[np.int32]
    start: Ints
    end: Ints
    cell: Cells
    """At resolution 10; NO_CELL: at a place whose position is not known."""


def presence_rows(s: Segment, rows: Ints, places: Cells, usual: npt.NDArray[np.int32]) -> PresenceRows:
    """Rows of a segment of check-ins or fixes; ``places`` cells and ``usual`` stays are by place code."""
    k1 = s.rows.k1[rows]
    start = s.day_start + second(k1).astype(np.int64)
    if s.rows.kind == "location":
        cell = cells_at(s.rows.payload["lat_e7"][rows], s.rows.payload["lng_e7"][rows])
        return PresenceRows(s.day_start, major(k1), start, start + s.stay_s[rows], cell)
    place, left = major(k1), s.rows.payload["left_at"][rows].astype(np.int64)
    end = np.where(left < 0, start + usual[place], s.day_start + left)
    return PresenceRows(s.day_start, s.rows.k2[rows], start, end, places[place])


@dataclass(frozen=True)
class Differences:
    """Rows that are gone, and rows that have come: (segment of the old or the new view, row numbers)."""

    gone: list[tuple[Segment, Ints]]
    come: list[tuple[Segment, Ints]]

    def people(self) -> npt.NDArray[np.int32]:
        """Whose presence differs, ascending."""
        parts = [s.rows.k2[r] if s.rows.kind == "check_in" else major(s.rows.k1[r]) for s, r in self.gone + self.come]
        return np.unique(np.concatenate([np.empty(0, np.int32), *parts]))


def differences(old: GraphView, new: GraphView, until: int) -> Differences:
    """Check-ins and fixes of days that begin before ``until`` which only one of the views has, or has otherwise.

    Cost: the segments that are not the same object in both; log n a row of those whose keys differ.
    """
    gone: list[tuple[Segment, Ints]] = []
    come: list[tuple[Segment, Ints]] = []
    for kind in ("check_in", "location"):
        before: dict[int, list[Segment]] = defaultdict(list)
        after: dict[int, list[Segment]] = defaultdict(list)
        have = {id(s) for s in getattr(new, kind)}
        had = {id(s) for s in getattr(old, kind)}
        for s in getattr(old, kind):
            if id(s) not in have and s.day_start < until:
                before[s.day_start].append(s)
        for s in getattr(new, kind):
            if id(s) not in had and s.day_start < until:
                after[s.day_start].append(s)
        for day in sorted(before.keys() | after.keys()):
            _of_day(before[day], after[day], gone, come)
    return Differences(gone, come)


def _of_day(
    before: list[Segment], after: list[Segment], gone: list[tuple[Segment, Ints]], come: list[tuple[Segment, Ints]]
) -> None:
    left = [np.ones(len(s.rows), np.bool_) for s in before]
    fresh = [np.ones(len(s.rows), np.bool_) for s in after]
    for a, unmatched_a in zip(before, left, strict=True):
        for b, unmatched_b in zip(after, fresh, strict=True):
            _match(a, unmatched_a, b, unmatched_b)
    gone += [(s, np.flatnonzero(rows)) for s, rows in zip(before, left, strict=True) if rows.any()]
    come += [(s, np.flatnonzero(rows)) for s, rows in zip(after, fresh, strict=True) if rows.any()]


def _match(a: Segment, unmatched_a: Mask, b: Segment, unmatched_b: Mask) -> None:
    """Take off the rows that are alike in both segments."""
    if a.rows.k1 is b.rows.k1:  # the same rows, of which some were completed or shortened
        alike = unmatched_a & _alike(a, slice(None), b, slice(None))
        unmatched_a[alike] = unmatched_b[alike] = False
        return
    small, large = (a, b) if len(a.rows) < len(b.rows) else (b, a)
    at, known = find_places(large.rows.k1, large.rows.k2, small.rows.k1, small.rows.k2)
    rows = np.flatnonzero(known)
    rows = rows[_alike(small, rows, large, at[rows])]
    of_small, of_large = (unmatched_a, unmatched_b) if small is a else (unmatched_b, unmatched_a)
    of_small[rows] = of_large[at[rows]] = False


def _alike(a: Segment, rows_a: Any, b: Segment, rows_b: Any) -> Mask:
    """Whether rows of one key also last as long, at the same point."""
    alike = np.ones(len(a.rows.k1[rows_a]), np.bool_)
    names = ("left_at",) if a.rows.kind == "check_in" else ("lat_e7", "lng_e7")
    pairs = [(a.rows.payload[name], b.rows.payload[name]) for name in names]
    if a.rows.kind == "location":
        pairs.append((a.stay_s, b.stay_s))
    for one, other in pairs:
        if one is not other:
            alike &= one[rows_a] == other[rows_b]
    return alike
