"""A batch of one bulk kind as coded columns, and the rule that makes one row of several with one key."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.graph.kernels.batches import day_rows, span_of_days, split_by_day, taken
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

    def days(self) -> Iterator[tuple[int, Codes]]:
        """Each day (since 1970-01-01) and its rows, in the order given. Cost: linear."""
        if not len(self):
            return
        low, high = span_of_days(self.at)
        if high - low >= MOST_DAYS:
            day, number = np.unique(self.at // 86_400, return_inverse=True)
            starts, rows = split_by_day(number * 86_400, 0, len(day))
        else:
            starts, rows = split_by_day(self.at, low, high - low + 1)
            day = np.arange(low, high + 1)
        for i in np.flatnonzero(np.diff(starts)).tolist():
            yield int(day[i]), rows[starts[i] : starts[i + 1]]

    def rows(self, index: Codes) -> tuple[Rows, Codes, bool]:
        """The rows at ``index``, which are of one day, sorted; the number of each; whether a key comes twice.

        Rows of one key stay in the order given. Cost: linear, about 30 ns a row.
        """
        none = np.empty(0, np.int32)
        k1, k2, source, twice = day_rows(self.first, self.at, none if self.other is None else self.other, index)
        payload = {name: taken(column, source) for name, column in self.payload.items()}
        return Rows(self.kind, k1, k2, payload), source, bool(twice)


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
