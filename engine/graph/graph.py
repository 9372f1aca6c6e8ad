"""The contact graph as it grows: canonical tables in, immutable views out. One writer."""

from collections.abc import Iterator, Sequence
from typing import Any
from weakref import ref

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine import params
from engine.events.register import Register
from engine.events.schemas import PLACE
from engine.geo.cells import cells_of
from engine.graph.batches import Batch
from engine.graph.kernels.batches import seconds_since_midnight
from engine.graph.saving import Piece, load, pieces_of
from engine.graph.segments import Columns, Rows
from engine.graph.store import EventLog
from engine.graph.tables import table_of
from engine.graph.view import GraphView, Places, extended, place_columns
from engine.ids import Keys

BULK = ("bluetooth", "check_in", "location")
Coded = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32] | None]
"""Codes of ``person``, and of ``peer`` where the kind has one, by row."""
CHUNK = 1 << 16
"""Rows that columns are made of at a time: what is made on the way needs no new pages."""


def _seconds(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Moments as UTC seconds, 0 where missing."""
    return _filled(column.cast(pa.int64()), 0)


def _filled(column: pa.ChunkedArray, missing: float | bool) -> npt.NDArray[Any]:
    return np.asarray((column.fill_null(missing) if column.null_count else column).to_numpy())


def _scaled(
    column: pa.ChunkedArray, factor: float, dtype: type[np.generic], most: float | None = None
) -> npt.NDArray[Any]:
    """Numbers (0 where missing) times ``factor``, rounded; from 1 to ``most`` where that is given."""
    values = _filled(column, 0.0)
    out = np.empty(len(values), dtype)
    for first in range(0, len(out), CHUNK):
        some = np.rint(values[first : first + CHUNK] * factor)
        out[first : first + CHUNK] = some if most is None else np.clip(some, 1, most)
    return out


def _cells(rows: Rows) -> npt.NDArray[np.uint64]:
    out, resolution = np.empty(len(rows), np.uint64), int(params.FIX_CELL_RESOLUTION.value)
    for first in range(0, len(out), CHUNK):
        lat, lng = (rows.payload[name][first : first + CHUNK] / 1e7 for name in ("lat_e7", "lng_e7"))
        out[first : first + CHUNK] = cells_of(lat, lng, resolution)
    return out


class ContactGraph:
    """Presence and encounters of coded people at coded places."""

    def __init__(self, people: Keys, places: Keys) -> None:
        self.people = people
        self.places = places
        self.reference = Register(PLACE)
        self._logs = {k: EventLog(k, _cells if k == "location" else None) for k in BULK}
        self._columns: Places | None = None
        self._coded: tuple[ref[pa.Table], Coded] | None = None

    def apply(self, kind: str, table: pa.Table) -> npt.NDArray[np.uint8]:
        """Take in a canonical table of a bulk kind or of places; returns one outcome per row."""
        if kind == PLACE.name:
            self._columns = None
            self.places.encode(table.column("place"))
            return self.reference.apply(table)
        return self.take(self._batch(kind, table))

    def take(self, batch: Batch) -> npt.NDArray[np.uint8]:
        """Take in rows of codes, which must be those of ``people`` and ``places``; returns one outcome per row.

        This is what :meth:`apply` does once ids are looked up. Cost: linear, about 50 ns a row where all keys are new.
        """
        return self._logs[batch.kind].apply(batch)

    def _batch(self, kind: str, table: pa.Table) -> Batch:
        person = self.people.encode(table.column("person"))
        peer = self.people.encode(table.column("peer")) if kind == "bluetooth" else None
        self._coded = ref(table, self._forget), (person, peer)
        retract = _filled(table.column("retract"), False)
        revision = _filled(table.column("revision"), 0)
        special = retract if retract.any() else None, revision.astype(np.int32) if revision.any() else None
        payload: Columns
        if peer is not None:
            payload = {
                "duration_s": _filled(table.column("duration_s"), 1).astype(np.uint16),
                "attenuation_cdb": _scaled(table.column("attenuation_db"), 100, np.int16),
            }
            return Batch(kind, person, _seconds(table.column("at")), peer, payload, *special)
        if kind == "check_in":
            at = _seconds(table.column("entered_at"))
            place, left = self.places.encode(table.column("place")), np.empty(len(at), np.int32)
            known = table.column("left_at").is_valid().to_numpy()
            seconds_since_midnight(_seconds(table.column("left_at")), known, at, left)
            return Batch(kind, place, at, person, {"left_at": left}, *special)
        payload = {
            "lat_e7": _scaled(table.column("lat"), 1e7, np.int32),
            "lng_e7": _scaled(table.column("lng"), 1e7, np.int32),
            "accuracy_dm": _scaled(table.column("accuracy_m"), 10, np.uint16, most=65_535),
        }
        return Batch(kind, person, _seconds(table.column("at")), None, payload, *special)

    def coded(self, table: pa.Table) -> Coded | None:
        """Codes of the people of the table taken in last, if it is this very one: no need to look them up again."""
        return self._coded[1] if self._coded is not None and self._coded[0]() is table else None

    def _forget(self, table: "ref[pa.Table]") -> None:
        """Whoever asks for codes holds the table; without it they are of no use."""
        if self._coded is not None and self._coded[0] is table:
            self._coded = None

    def pieces(self) -> Iterator[Piece]:
        """What a checkpoint stores of the bulk events."""
        for log in self._logs.values():
            yield from pieces_of(log)

    def restore(self, pieces: Sequence[Piece]) -> None:
        """Take back what :meth:`pieces` gave, into an empty graph."""
        for log in self._logs.values():
            load(log, pieces)

    def days(self, kind: str) -> list[int]:
        """Days (since 1970-01-01) with events of a bulk kind, or with retracted ones."""
        return self._logs[kind].days()

    def table(self, kind: str, day: int) -> pa.Table:
        """Canonical table of a bulk kind's events of one day, retracted keys included."""
        self._logs[kind].seal()
        return table_of(self._logs[kind], day, self.people, self.places)

    def publish(self) -> GraphView:
        """An immutable view of everything taken in so far. Cost: the days that changed."""
        sealed = {kind: log.seal() for kind, log in self._logs.items()}
        if self._columns is None:
            known: dict[int, dict[str, Any]] = {}
            for (key,), data in self.reference.items():
                known[self.places.add(key)] = data
            self._columns = place_columns(len(self.places), known)
        elif len(self._columns.stay_s) < len(self.places):
            self._columns = extended(self._columns, place_columns(len(self.places) - len(self._columns.stay_s), {}))
        return GraphView(sealed["bluetooth"], sealed["check_in"], sealed["location"], self._columns)
