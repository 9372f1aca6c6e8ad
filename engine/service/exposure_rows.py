"""The rows of a trace as columns: records are made of those that are looked at, JSON without any."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import overload

import numpy as np
import numpy.typing as npt

from engine.clock import EARLIEST, LATEST
from engine.exposure.reached import Reached
from engine.graph.eligibility import CHANNEL_NAMES, channels_of
from engine.ids import Keys
from engine.kernels.exposure_csv import rows_csv
from engine.kernels.exposure_json import FIXED, rows_json
from engine.service.results import ExposureRow

NAMES = np.frombuffer("".join(CHANNEL_NAMES).encode(), np.uint8)
"""What the bits of channels are called, one name after the other ..."""
NAME_STARTS = np.array([0, *accumulate(map(len, CHANNEL_NAMES))], np.int64)
"""... each of which begins here, and the last ends."""
PIECE = 2_000
"""Rows that are written together where there are many: half a megabyte of JSON."""
ESCAPED = 6
"""Bytes of JSON that a byte of a key takes at most."""


class ExposureRows(Sequence[ExposureRow]):
    """People reached, in the order given. Immutable."""

    def __init__(self, reached: Reached, is_case: npt.NDArray[np.bool_], people: Keys, places: Keys) -> None:
        self._reached = reached
        self._is_case = is_case
        self._people, self._places = people, places
        self._records: tuple[ExposureRow, ...] | None = None

    def __len__(self) -> int:
        return len(self._reached.person)

    @overload
    def __getitem__(self, index: int) -> ExposureRow: ...
    @overload
    def __getitem__(self, index: slice) -> "ExposureRows": ...
    def __getitem__(self, index: int | slice) -> "ExposureRow | ExposureRows":
        if isinstance(index, slice):
            at = range(len(self))[index]
            if at == range(len(self)):
                return self
            chosen = np.arange(at.start, at.stop, at.step)
            return ExposureRows(self._reached.take(chosen), self._is_case[chosen], self._people, self._places)
        if self._records is not None:
            return self._records[index]
        row = range(len(self))[index]
        return self[row : row + 1].records()[0] if len(self) > 1 else self.records()[0]

    def __iter__(self) -> Iterator[ExposureRow]:
        return iter(self.records())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __deepcopy__(self, memo: object) -> "ExposureRows":
        return self  # immutable

    __hash__ = None  # type: ignore[assignment]  # like a list: equal to other sequences

    def records(self) -> tuple[ExposureRow, ...]:
        """All rows as records; made once."""
        if self._records is None:
            self._records = self._made()
        return self._records

    def _made(self) -> tuple[ExposureRow, ...]:
        reached = self._reached
        columns = zip(
            self._people.keys(reached.person.tolist()),
            reached.level.tolist(),
            reached.first.tolist(),
            reached.last.tolist(),
            (reached.seconds / 60).tolist(),
            reached.probability.tolist(),
            reached.dose.tolist(),
            self._is_case.tolist(),
            (channels_of(bits) for bits in reached.channels.tolist()),
            self._people.keys(reached.via.tolist()),
            (tuple(sorted(self._places.keys(places))) for places in reached.places()),
            strict=True,
        )
        return tuple(ExposureRow(*row) for row in columns)

    def json(self) -> bytes:
        """The rows as JSON objects separated by commas. Cost: a microsecond a row."""
        return self._written(rows_json)

    def csv(self) -> bytes:
        """The rows as lines of CSV that end in CR LF. Cost: a microsecond a row."""
        return self._written(rows_csv)

    def pieces(self) -> "Iterator[ExposureRows]":
        """The rows in order, ``PIECE`` at a time; none when there are none."""
        return (self[at : at + PIECE] for at in range(0, len(self), PIECE))

    def _written(self, kernel: Callable[..., int]) -> bytes:
        r = self._reached
        place_start, place = self._shared()
        people, places = self._people.bytes_table(), self._places.bytes_table()
        # Parentheses: a key of each table and all places of a row.
        keys = bytes_of(people[1], r.person) + bytes_of(people[1], r.via) + bytes_of(places[1], place)
        out = np.empty(len(self) * FIXED + keys * ESCAPED + 3 * len(place), np.uint8)
        size = kernel(
            r.person, r.level, np.clip(r.first, EARLIEST, LATEST), np.clip(r.last, EARLIEST, LATEST), r.seconds,
            r.probability, r.dose, self._is_case, r.channels, r.via, place_start, place,
            *people, *places, NAMES, NAME_STARTS, out,
        )  # fmt: skip
        return out[:size].tobytes()

    def _shared(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Places of each row, ordered by key: where they begin by row, and their codes."""
        r = self._reached
        who, places = r.shared_by_person
        lo = np.searchsorted(who, r.person)
        counts = np.searchsorted(who, r.person, side="right") - lo
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        row = np.repeat(np.arange(len(self)), counts)
        place = places[np.arange(int(start[-1])) - start[row] + lo[row]]
        return start, place[np.lexsort((self._places.ranks(place), row))]


def bytes_of(starts: npt.NDArray[np.int64], codes: npt.NDArray[np.int32]) -> int:
    """Bytes of the keys with these codes, each as often as it is there."""
    return int((starts[codes + 1] - starts[codes]).sum())
