"""A sealed segment as its one writer holds it: changes since the last sealing are on copies of its columns."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.graph.kernels.search import find_places, mark_known
from engine.graph.segments import Columns, Rows, Segment, ends_of, major, merge_segments, second, without

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


class Part:
    """Rows of one day that readers may already hold. Readers' arrays are never written: columns are copied first."""

    def __init__(self, segment: Segment, version: object | None = None) -> None:
        self._hold(segment)
        self.version = version or object()
        """Another one whenever the segment becomes another."""

    def _hold(self, segment: Segment) -> None:
        self._sealed = segment
        self._payload: Columns = segment.rows.payload
        self._stay = segment.stay_s
        self._own: set[str] = set()
        """Columns that no reader has seen yet."""
        self._touched: list[Ints] = []

    def __len__(self) -> int:
        return len(self._sealed.rows)

    @property
    def k1(self) -> Ints:
        """The first keys, ascending."""
        return self._sealed.rows.k1

    @property
    def day_start(self) -> int:
        """UTC second at which the day begins."""
        return self._sealed.day_start

    def find(self, rows: Rows) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Where each key of ``rows`` is or would be, and whether it is there."""
        at, known = find_places(self._sealed.rows.k1, self._sealed.rows.k2, rows.k1, rows.k2)
        return at, known

    def mark(self, rows: Rows, known: npt.NDArray[np.bool_]) -> None:
        """Mark the sorted ``rows`` whose keys are here."""
        here = self._sealed.rows
        first_s, last_s = here.span
        mark_known(here.k1, here.k2, first_s, last_s, rows.k1, rows.k2, known)

    def payload(self, at: Ints) -> Columns:
        """Payload of the rows at ``at``."""
        return {name: column[at] for name, column in self._payload.items()}

    @property
    def stay_s(self) -> npt.NDArray[np.uint16]:
        """How long each fix holds, as known now."""
        return self._stay

    def put(self, at: Ints, payload: Columns) -> None:
        """Replace the payload of rows; their keys and cells stay."""
        if not self._own & payload.keys():
            self._payload = dict(self._payload)
        for name, column in payload.items():
            if name not in self._own:
                self._payload[name] = self._payload[name].copy()
                self._own.add(name)
            self._payload[name][at] = column
        self._touched.append(at)

    def hold(self, at: Ints, stay: Array) -> None:
        """Set how long fixes hold."""
        if len(at) == 0:
            return
        if "stay_s" not in self._own:
            self._stay = self._stay.copy()
            self._own.add("stay_s")
        self._stay[at] = stay

    def remove(self, gone: npt.NDArray[np.bool_]) -> None:
        """Drop rows."""
        self._hold(without(self.sealed(), gone))
        self.version = object()

    def sealed(self) -> Segment:
        """The segment as it is now; a new one only when something changed."""
        if self._own:
            old = self._sealed
            rows = Rows(old.rows.kind, old.rows.k1, old.rows.k2, self._payload)
            self._sealed = _stretched(replace(old, rows=rows, stay_s=self._stay), self._touched)
            self._own, self._touched, self.version = set(), [], object()
        return self._sealed

    def merged(self, other: "Part") -> "Part":
        """This part and another of its day as one."""
        return Part(merge_segments(self.sealed(), other.sealed()))


def _stretched(segment: Segment, touched: list[Ints]) -> Segment:
    """The segment with its extent widened by rows that now end later (merging never makes one end earlier)."""
    if segment.rows.kind == "location" or not touched:
        return segment
    rows = segment.rows.take(np.concatenate(touched))
    end = ends_of(rows)
    length = end - second(rows.k1)
    longest = segment.major_longest
    if rows.kind == "check_in":
        longest = longest.copy()
        np.maximum.at(longest, np.searchsorted(segment.majors, major(rows.k1)), length)
    return replace(
        segment,
        longest_s=max(segment.longest_s, int(length.max(initial=0))),
        major_longest=longest,
        last_end=max(segment.last_end, segment.day_start + int(end.max(initial=0))),
    )
