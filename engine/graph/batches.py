"""A batch of one bulk kind as coded columns, and the rule that makes one row of several with one key."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.clock import DAY
from engine.graph.kernels.batches import day_starts, seconds_of_day, sort_day, span_of_days, split_by_day, take_into
from engine.graph.segments import Codes, Columns, Ints, Rows

MOST_DAYS = 1 << 16
"""Batches that span more days than this are split with a sort instead of counts."""


@dataclass(frozen=True)
class Batch:
    """Valid rows of one kind, in any order. All columns have one length.

    ============  ===============  ========  ==============================================================
    kind          first            other     payload (see :data:`engine.graph.segments.PAYLOAD`)
    ============  ===============  ========  ==============================================================
    bluetooth     person           peer      duration_s, attenuation_cdb
    check_in      place            person    left_at, s from the beginning of the day of ``at``, -1 unknown
    location      person           -         lat_e7, lng_e7, accuracy_dm
    ============  ===============  ========  ==============================================================
    """

    kind: str
    first: Codes
    at: Ints
    """When it began, UTC s."""
    other: Codes | None
    payload: Columns
    retract: npt.NDArray[np.bool_] | None = None
    """None: no row is retracted."""
    revision: Codes | None = None
    """None: every row has revision 0."""

    def __len__(self) -> int:
        return len(self.first)

    def days(self) -> Iterator[tuple[int, "DayRows"]]:
        """Each day (since 1970-01-01) and its rows, in the order given. Cost: linear."""
        n = len(self)
        if n == 0:
            return
        at, (low, high) = self.at, span_of_days(self.at)
        days = np.arange(low, min(high, low + MOST_DAYS) + 1)
        if high - low >= MOST_DAYS:
            days, number = np.unique(at // DAY, return_inverse=True)
            at, low = number * DAY + at % DAY, 0
        starts, in_order = day_starts(at, low, len(days))
        other = np.empty(0, np.int32) if self.other is None else self.other
        second, row = np.empty(n, np.int32), np.empty(n, np.int32)
        if in_order:
            code, peer = self.first, other
            seconds_of_day(at, second, row)
        else:
            code, peer = np.empty(n, np.int32), np.empty(len(other), np.int32)
            split_by_day(self.first, at, other, low, starts, code, second, peer, row)
        for i in np.flatnonzero(np.diff(starts)).tolist():
            here = slice(starts[i], starts[i + 1])
            yield int(days[i]), DayRows(self, code[here], second[here], peer[here], row[here])


@dataclass(frozen=True)
class DayRows:
    """Rows of one day of a batch, in the order given."""

    batch: Batch
    code: Codes
    second: Codes
    peer: Codes
    """Empty: there is no second code."""
    row: Codes
    """Number in the batch."""

    def where(self, mask: npt.NDArray[np.bool_]) -> "DayRows":
        """The rows where ``mask``."""
        peer = self.peer[mask] if len(self.peer) else self.peer
        return DayRows(self.batch, self.code[mask], self.second[mask], peer, self.row[mask])

    def sorted(self) -> tuple[Rows, Codes, bool]:
        """The rows by key; the number of each in the batch; whether a key comes twice.

        Rows of one key stay in the order given. Cost: linear, about 20 ns a row.
        """
        n = len(self.code)
        k1, k2, source = np.empty(n, np.int64), np.empty(len(self.peer), np.int32), np.empty(n, np.int32)
        keys, room = np.empty(n, np.int64), np.empty(n, np.int64)
        twice = sort_day(self.code, self.second, self.peer, self.row, keys, room, k1, k2, source)
        payload = {}
        for name, column in self.batch.payload.items():
            payload[name] = np.empty(n, column.dtype)
            take_into(column, source, payload[name])
        return Rows(self.batch.kind, k1, k2, payload), source, bool(twice)


def merged(kind: str, old: Columns, new: Columns) -> Columns:
    """Rows of one natural key and revision become one: a commutative rule, so that order never matters."""
    if kind == "bluetooth":
        return {
            "duration_s": np.maximum(old["duration_s"], new["duration_s"]),
            "attenuation_cdb": np.minimum(old["attenuation_cdb"], new["attenuation_cdb"]),
        }
    if kind == "check_in":
        return {"left_at": np.maximum(old["left_at"], new["left_at"])}
    names = ("accuracy_dm", "lat_e7", "lng_e7")
    better = np.zeros(len(new["lat_e7"]), np.bool_)
    tied = np.ones(len(better), np.bool_)
    for name in names:
        better |= tied & (new[name] < old[name])
        tied &= new[name] == old[name]
    return {name: np.where(better, new[name], old[name]).astype(old[name].dtype) for name in old}


def differs(a: Columns, b: Columns) -> npt.NDArray[np.bool_]:
    """Where the columns are not the same."""
    return np.asarray(np.logical_or.reduce([a[name] != b[name] for name in a]), np.bool_)
