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

A day may hold several segments; no key is in two of them. Memory per row: bluetooth 19 bytes, check_in 19,
location 23, both orders included (one more where a segment has 2^24 rows), and what :mod:`engine.graph.groups` takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.graph.groups import CellGroups, Groups, Keys, held_small
from engine.graph.kernels.batches import squeeze
from engine.graph.kernels.grouping import group, reach_of_sightings, reach_of_stays, second_span
from engine.graph.kernels.merging import (
    distinct_groups,
    merge_groups,
    merge_places,
    merge_sources,
    moments_of,
    weave,
    weave_many,
)
from engine.graph.kernels.next_fix import own_stays
from engine.graph.kernels.order import PAD, SHORT, pack
from engine.graph.layout import SECOND_BITS, SECOND_MASK

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Columns = dict[str, npt.NDArray[Any]]
WAYS = 16
"""So many runs are merged at once."""

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

    def take(self, index: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> "Rows":
        """The rows at ``index`` (or where a mask is true), in that order."""
        return Rows(self.kind, self.k1[index], self.k2[index], {n: c[index] for n, c in self.payload.items()})

    def rid_of(self, gone: npt.NDArray[np.bool_]) -> "Rows":
        """The rows but those where ``gone``. They stay in the arrays of these rows, which are not to be used again."""
        kept = {name: column[: squeeze(column, gone)] for name, column in {"k1": self.k1, **self.payload}.items()}
        k2 = self.k2 if self.kind == "location" else self.k2[: squeeze(self.k2, gone)]
        return Rows(self.kind, kept.pop("k1"), k2, kept)

    @cached_property
    def span(self) -> tuple[int, int]:
        """Least and greatest second of the day; (0, -1) of no rows. Cost: linear the first time."""
        least, most = second_span(self.k1)
        return int(least), int(most)


@dataclass(frozen=True)
class Woven:
    """How the rows of two sorted sets that share no key lie among each other."""

    place_a: Codes
    place_b: Codes

    @classmethod
    def of(cls, a: Rows, b: Rows) -> "Woven":
        """The places of ``a`` and ``b``. Cost: linear."""
        places = cls(np.empty(len(a), np.int32), np.empty(len(b), np.int32))
        # Fixes have no second key: a column of zeros is another kind of array to a kernel where it has one row.
        k2 = (a.k1, b.k1) if a.kind == "location" else (a.k2, b.k2)
        merge_places(a.k1, k2[0], b.k1, k2[1], places.place_a, places.place_b)
        return places

    def column(self, a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """One column out of both."""
        out = np.empty(len(a) + len(b), a.dtype)
        weave(a, b, self.place_a, self.place_b, out)
        return out

    def rows(self, a: Rows, b: Rows) -> Rows:
        """Every column out of both."""
        k2 = a.k2 if a.kind == "location" else self.column(a.k2, b.k2)
        payload = {name: self.column(column, b.payload[name]) for name, column in a.payload.items()}
        return Rows(a.kind, self.column(a.k1, b.k1), k2, payload)


def merge_runs(runs: Sequence[Rows]) -> Rows:
    """One run out of sorted runs that share no key. Cost: linear, about 20 ns a row for each ``WAYS`` of them."""
    left = list(runs)
    while len(left) > 2:
        left[-WAYS:] = [_merged(left[-WAYS:])]
    return Woven.of(*left).rows(*left) if len(left) == 2 else left[0]


def _merged(runs: Sequence[Rows]) -> Rows:
    """One run out of at most ``WAYS``, in one go."""
    kind, k1, sizes = runs[0].kind, [run.k1 for run in runs], np.array([len(run) for run in runs])
    k2 = [] if kind == "location" else [run.k2 for run in runs]
    source, ways = np.empty(int(sizes.sum()), np.uint8), 1 << (len(runs) - 1).bit_length()
    tree, heads = np.empty(2 * ways, np.int64), np.empty((2, ways), np.int64)
    k2_at = _addresses(k2) if k2 else np.zeros(len(runs), np.int64)
    merge_sources(_addresses(k1), k2_at, sizes, np.zeros(len(runs), np.int64), tree, heads[0], heads[1], source)
    payload = {name: _woven([run.payload[name] for run in runs], source) for name in runs[0].payload}
    return Rows(kind, _woven(k1, source), _woven(k2, source) if k2 else runs[0].k2, payload)


def _addresses(columns: Sequence[npt.NDArray[Any]]) -> Ints:
    """Where each column begins; they must be contiguous, and outlive the table."""
    return np.array([column.__array_interface__["data"][0] for column in columns], np.int64)


def _woven(columns: Sequence[npt.NDArray[Any]], source: Bytes) -> npt.NDArray[Any]:
    """The merged column."""
    out = np.empty(len(source), columns[0].dtype)
    place = np.zeros(len(columns), np.int64)
    weave_many(_addresses(columns), out.itemsize, source, place, int(_addresses([out])[0]))
    return out


@dataclass(frozen=True)
class Segment:
    """Rows of one day with their second order. Never modified after it is made.

    Rows of group g of the second order are ``by_group[group_start[g]:group_start[g + 1]]``, ascending in time.
    """

    day_start: int
    """UTC second at which the day begins."""
    rows: Rows
    grouped: Groups | CellGroups
    order: Bytes
    """:attr:`by_group`, each number in few bytes; see :mod:`engine.graph.kernels.order`."""
    longest_s: int
    """No row lasts longer (bluetooth and check_in; check-ins without left_at apart)."""
    majors: Codes
    """check_in only: distinct places, ascending, ..."""
    major_longest: Codes
    """... and the longest explicit stay that began there that day, s."""
    last_end: int
    """Latest end of a row, UTC s (check-ins without left_at and fixes count from their start)."""
    stay_s: npt.NDArray[np.uint16]
    """location only: how long each fix holds, to the person's next fix in any segment, at most the declared gap."""
    memory: dict[str, Any] = field(init=False, default_factory=dict, compare=False, repr=False)
    """What readers have computed of this segment, by name; a segment never changes, so neither does that."""

    @property
    def groups(self) -> Keys:
        """Distinct keys of the second order, ascending. Cost: of fixes they are unpacked each time, 2 ns a cell."""
        return self.grouped.keys

    @property
    def group_start(self) -> Codes:
        """Where the rows of each group begin, and the end. Cost: of fixes they are unpacked each time, 1 ns a cell."""
        return self.grouped.start

    @property
    def by_group(self) -> Codes:
        """Numbers of the rows by the second order, shape (rows,). Cost: they are unpacked each time, 2 ns a row."""
        return self.rows_at(slice(None))

    def rows_at(self, at: Ints | slice) -> Codes:
        """Numbers of the rows at some places of the second order."""
        width = self.order_width
        numbers: Codes = np.ndarray((len(self.rows),), np.int32, self.order, strides=(width,))
        return np.asarray(numbers[at] & np.int32((1 << 8 * width) - 1 if width < 4 else -1))

    @property
    def order_width(self) -> int:
        """Bytes of a number in :attr:`order`: 3, or 4 of more than 2^24 rows."""
        return width_of(self.order, len(self.rows))


def order_of(rows: int) -> Bytes:
    """Room for the numbers of so many rows."""
    order = np.empty(rows * (3 if rows <= SHORT else 4) + PAD, np.uint8)
    order[-PAD:] = 0
    return order


def width_of(order: Bytes, rows: int) -> int:
    """Bytes of one of so many numbers."""
    return (len(order) - PAD) // rows if rows else 3


def packed(by_group: Codes) -> Bytes:
    """Numbers of rows as :attr:`Segment.order` holds them."""
    order = order_of(len(by_group))
    pack(by_group, width_of(order, len(by_group)), order)
    return order


def second_key(rows: Rows, cells: npt.NDArray[np.uint64] | None) -> npt.NDArray[Any]:
    """What the second order groups by."""
    if rows.kind != "location":
        return rows.k2
    return cells if cells is not None else np.zeros(len(rows), np.uint64)


def extent_of(day_start: int, rows: Rows) -> dict[str, Any]:
    """How far rows reach: the columns of a segment from ``longest_s`` to ``last_end``."""
    none = np.empty(0, np.int32)
    longest, last, places, longest_there = 0, max(0, rows.span[1]), none, none
    if rows.kind == "bluetooth":
        longest, last = reach_of_sightings(rows.k1, rows.payload["duration_s"])
    elif rows.kind == "check_in":
        longest, last, places, longest_there = reach_of_stays(rows.k1, rows.payload["left_at"])
    return {
        "longest_s": int(longest), "last_end": day_start + int(last),
        "majors": places, "major_longest": longest_there,
    }  # fmt: skip


def ends_of(rows: Rows) -> Codes:
    """Second of the day (maybe beyond it) at which each row ends; unknown check-outs and fixes end as they begin."""
    start = second(rows.k1)
    if rows.kind == "bluetooth":
        return np.asarray(start + rows.payload["duration_s"].astype(np.int32), np.int32)
    return np.maximum(rows.payload["left_at"], start) if rows.kind == "check_in" else start


def build_segment(day_start: int, rows: Rows, cells: npt.NDArray[np.uint64] | None = None) -> Segment:
    """The segment of ``rows``; ``cells``, shape (rows,), are needed for locations. Cost: linear, about 20 ns a row."""
    grouped, by_group = _grouped(second_key(rows, cells), rows.k1)
    gap = int(params.FIX_MAX_GAP_S.value)
    stay = own_stays(rows.k1, gap) if rows.kind == "location" else np.empty(0, np.uint16)
    held = _held(rows, grouped)
    return Segment(day_start, rows, held, packed(by_group), **extent_of(day_start, rows), stay_s=stay)


def _held(rows: Rows, groups: Groups) -> Groups | CellGroups:
    return held_small(groups) if rows.kind == "location" else groups


def _grouped(by: npt.NDArray[Any], k1: Ints) -> tuple[Groups, Codes]:
    """Groups, and the rows of the second order."""
    n = len(by)
    order, first = np.empty(n, np.int32), np.empty(n + 1, np.int32)
    keys, room = np.empty(n, np.int64), np.empty(n, np.int64)
    count = group(by, k1, keys, room, order, first)
    return Groups(room[:count].astype(by.dtype), first[: count + 1].copy()), order


def merge_segments(a: Segment, b: Segment) -> Segment:
    """One segment out of two of one kind and day that share no key. Cost: linear, about 50 ns a row."""
    return merge_woven(a, b, Woven.of(a.rows, b.rows))


def merge_woven(a: Segment, b: Segment, both: Woven) -> Segment:
    """As :func:`merge_segments`, when it is known how the rows lie among each other."""
    rows = both.rows(a.rows, b.rows)
    groups_a, groups_b = a.groups, b.groups
    groups = np.empty(distinct_groups(groups_a, groups_b), groups_a.dtype)
    group_start, order = np.empty(len(groups) + 1, np.int32), order_of(len(rows))
    moments_a, moments_b = np.empty(len(a.rows), np.int64), np.empty(len(b.rows), np.int64)
    moments_of(a.order, a.order_width, a.rows.k1, both.place_a, moments_a)
    moments_of(b.order, b.order_width, b.rows.k1, both.place_b, moments_b)
    merge_groups(
        groups_a, a.group_start, moments_a, groups_b, b.group_start, moments_b, groups, group_start,
        width_of(order, len(rows)), order,
    )  # fmt: skip
    stay = both.column(a.stay_s, b.stay_s) if rows.kind == "location" else a.stay_s
    held = _held(rows, Groups(groups, group_start))
    return Segment(a.day_start, rows, held, order, stay_s=stay, **reach_of_both(a, b))


def reach_of_both(a: Segment, b: Segment) -> dict[str, Any]:
    """How far the rows of two segments reach: the columns from ``longest_s`` to ``last_end``."""
    majors = np.union1d(a.majors, b.majors).astype(np.int32)
    longest = np.zeros(len(majors), np.int32)
    for part in (a, b):
        at = np.searchsorted(majors, part.majors)
        longest[at] = np.maximum(longest[at], part.major_longest)
    return {
        "longest_s": max(a.longest_s, b.longest_s), "last_end": max(a.last_end, b.last_end),
        "majors": majors, "major_longest": longest,
    }  # fmt: skip


def without(segment: Segment, gone: npt.NDArray[np.bool_]) -> Segment:
    """The segment less the rows where ``gone``. Cost: linear."""
    kept = ~gone
    rows = segment.rows.take(kept)
    place = np.cumsum(kept) - 1
    by_group = segment.by_group
    stays = kept[by_group]
    groups, starts = segment.groups, segment.group_start
    counts = np.add.reduceat(stays.astype(np.int64), starts[:-1]) if len(groups) else stays
    filled = counts > 0
    first = np.append(0, np.cumsum(counts[filled])).astype(np.int32)
    return replace(
        segment,
        rows=rows,
        grouped=_held(rows, Groups(groups[filled], first)),
        order=packed(place[by_group[stays]].astype(np.int32)),
        stay_s=segment.stay_s[kept] if rows.kind == "location" else segment.stay_s,
        **extent_of(segment.day_start, rows),
    )
