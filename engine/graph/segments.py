"""Day segments: the immutable column arrays of one kind of event on one UTC day.

Rows are sorted by two integers, ``k1`` then ``k2``, which hold the natural key within the day:

===========  ======================  =========  ==============================  ======================
kind         k1                      k2         payload                         second order, by
===========  ======================  =========  ==============================  ======================
bluetooth    person << 17 | second   peer       duration s, attenuation cdB     peer, then second
check_in     place << 17 | second    person     left_at (-1: not known)         person, then second
location     person << 17 | second   -          lat, lng (1e-7 deg), accuracy   H3 cell, then second
                                                (dm)
===========  ======================  =========  ==============================  ======================

Memory per row: bluetooth 20 bytes, check_in 20, location 22, both orders included.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.graph.layout import SECOND_BITS, SECOND_MASK

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Columns = dict[str, npt.NDArray[Any]]

PAYLOAD: dict[str, dict[str, type[np.generic]]] = {
    "bluetooth": {"duration_s": np.uint16, "attenuation_cdb": np.int16},
    "check_in": {"left_at": np.int32},
    "location": {"lat_e7": np.int32, "lng_e7": np.int32, "accuracy_dm": np.uint16},
}


def major(k1: Ints) -> Codes:
    """The code in the upper bits of ``k1``."""
    return (k1 >> SECOND_BITS).astype(np.int32)


def second(k1: Ints) -> Codes:
    """The second of the day in the lower bits of ``k1``."""
    return (k1 & SECOND_MASK).astype(np.int32)


@dataclass(frozen=True)
class Rows:
    """Rows of one kind and day, sorted by (k1, k2), keys unique."""

    kind: str
    k1: Ints
    k2: Codes
    payload: Columns

    def __post_init__(self) -> None:
        if self.kind == "location":  # k1 alone identifies a fix: one zero stands for the whole column
            object.__setattr__(self, "k2", np.broadcast_to(np.int32(0), len(self.k1)))

    def __len__(self) -> int:
        return len(self.k1)

    def take(self, index: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> "Rows":
        """The rows at ``index`` (or where a mask is true), in that order."""
        return Rows(self.kind, self.k1[index], self.k2[index], {n: c[index] for n, c in self.payload.items()})


def concat(parts: list[Rows]) -> Rows:
    """Rows of one kind, one after the other (not sorted)."""
    return Rows(
        parts[0].kind,
        np.concatenate([p.k1 for p in parts]),
        np.concatenate([p.k2 for p in parts]),
        {n: np.concatenate([p.payload[n] for p in parts]) for n in parts[0].payload},
    )


def sort_order(k1: Ints, k2: Codes) -> npt.NDArray[np.int64]:
    """Stable order by (k1, k2). Cost: linear for concatenated sorted runs when k2 plays no part."""
    if len(k2) == 0 or not k2.any():
        return np.argsort(k1, kind="stable")
    return np.lexsort((k2, k1))


def merge_runs(runs: list[Rows]) -> Rows:
    """One run out of sorted runs; where a key repeats, the later run wins."""
    if len(runs) == 1:
        return runs[0]
    rows = concat(runs)
    order = sort_order(rows.k1, rows.k2)
    k1, k2 = rows.k1[order], rows.k2[order]
    last = np.ones(len(order), np.bool_)
    last[:-1] = (k1[1:] != k1[:-1]) | (k2[1:] != k2[:-1])
    return rows.take(order[last])


@dataclass(frozen=True)
class Segment:
    """Rows of one day with their second order. Never modified after it is made.

    ``groups``: distinct keys of the second order, ascending; rows of group g are
    ``by_group[group_start[g]:group_start[g + 1]]``, ascending in time.
    """

    day_start: int
    """UTC second at which the day begins."""
    rows: Rows
    groups: npt.NDArray[np.int32] | npt.NDArray[np.uint64]
    group_start: npt.NDArray[np.int64]
    by_group: npt.NDArray[np.int32]
    longest_s: int
    """No row lasts longer (bluetooth and check_in; check-ins without left_at apart)."""
    majors: Codes
    """check_in only: distinct places, ascending, ..."""
    major_longest: Codes
    """... and the longest explicit stay that began there that day, s."""
    last_end: int
    """Latest end of a row, UTC s (check-ins without left_at and fixes count from their start)."""


def second_key(rows: Rows, cells: npt.NDArray[np.uint64] | None) -> npt.NDArray[Any]:
    """What the second order groups by."""
    if rows.kind != "location":
        return rows.k2
    return cells if cells is not None else np.zeros(len(rows), np.uint64)


def extent_of(day_start: int, rows: Rows) -> dict[str, Any]:
    """How far rows reach: the columns of a segment from ``longest_s`` on."""
    start = second(rows.k1)
    none = np.empty(0, np.int32)
    found: dict[str, Any] = {"longest_s": 0, "majors": none, "major_longest": none}
    if rows.kind == "bluetooth":
        duration = rows.payload["duration_s"]
        found["longest_s"] = int(duration.max(initial=0))
        last_end = int((start + duration.astype(np.int32)).max(initial=0))
    elif rows.kind == "check_in":
        left = rows.payload["left_at"]
        stay = np.where(left >= 0, left - start, 0).astype(np.int32)
        found["longest_s"] = int(stay.max(initial=0))
        last_end = int(np.maximum(left, start).max(initial=0))
        place = major(rows.k1)
        first = np.flatnonzero(np.diff(place, prepend=-1))
        found["majors"] = place[first]
        found["major_longest"] = np.maximum.reduceat(stay, first) if len(first) else none
    else:
        last_end = int(start.max(initial=0))
    return {**found, "last_end": day_start + last_end}


def build_segment(day_start: int, rows: Rows, cells: npt.NDArray[np.uint64] | None = None) -> Segment:
    """The segment of ``rows``; ``cells``, shape (rows,), are needed for locations. Cost: one sort."""
    start, by = second(rows.k1), second_key(rows, cells)
    if by.dtype == np.int32:
        order = np.argsort((by.astype(np.int64) << SECOND_BITS) | start, kind="stable").astype(np.int32)
    else:
        order = np.lexsort((start, by)).astype(np.int32)
    groups, first = np.unique(by[order], return_index=True)
    group_start = np.append(first, len(order)).astype(np.int64)
    return Segment(day_start, rows, groups, group_start, order, **extent_of(day_start, rows))
