"""Releases: what was published, as the public sees it. Scores of units and nothing else, ever."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.clock import DAY
from engine.errors import BadParameterError, JournalError
from engine.geo.boxes import Box, points_in
from engine.geo.cells import Degrees, centres, from_text
from engine.risk.disclosure import AREA
from engine.risk.disclosure_views import RESOLUTIONS, Records, View
from engine.risk.disclosure_windows import SHOWN_D

SCHEMA = pa.schema(
    [
        ("view", pa.int8()),
        ("unit_resolution", pa.int8()),
        ("unit", pa.string()),
        ("score", pa.int8()),
        ("band", pa.int8()),
        ("since", pa.int64()),
    ]
)
"""Everything that is stored of a release, beside its moments."""
RECORDS = pa.schema(
    [("resolution", pa.int8()), ("unit", pa.string()), ("infectious", pa.int64()), ("present", pa.int64())]
)
"""What later releases need of a window: the sums of its units. Never shown."""
_MOMENTS = ("at", "start", "end", "as_of")


@dataclass(frozen=True)
class ReleaseColumns:
    """A release at one resolution: columns of one length, ordered by unit resolution, then unit."""

    resolution: int
    unit_resolution: npt.NDArray[np.int8]
    """Of the cell that the unit is; -1: the remainder of an area."""
    unit: tuple[str, ...]
    """The cell as text, or the code of the area; "": the remainder of everything."""
    score: npt.NDArray[np.int8]
    """0, 5, .. 100"""
    band: npt.NDArray[np.int8]
    """Of the rounded score, as in :class:`engine.service.results.HexColumns`."""
    since: npt.NDArray[np.int64]
    """When the newest of what is in the unit was published, UTC s."""


@dataclass(frozen=True, eq=False)
class Release:
    """What was published at one time."""

    id: int
    at: int
    """Its publishing time, UTC s."""
    start: int
    end: int
    """[start, end): the whole days in Viet Nam that are new in it, UTC s."""
    as_of: int
    """Journal sequence of the last batch behind it."""
    table: pa.Table
    """Its units in every view, as stored."""
    _shown: dict[int, tuple[ReleaseColumns, tuple[Degrees, Degrees]]] = field(default_factory=dict, init=False)

    @property
    def until(self) -> int:
        """From here on it is shown no more, UTC s."""
        return self.end + SHOWN_D * DAY

    def columns(self, resolution: int, bbox: Box | None = None) -> ReleaseColumns:
        """The units shown at a resolution: 7 to 9, and for 10 those of 9.

        ``bbox`` cuts by whole units: cells whose centre lies in it, and the remainder of every area.

        Raises:
            BadParameterError: coarser than 7, finer than 10, or not such a box.
        """
        shown = min(resolution, RESOLUTIONS[-1])
        if shown not in RESOLUTIONS or resolution > RESOLUTIONS[-1] + 1:
            raise BadParameterError(f"resolution is {resolution}; it must be 7 to 9 (10 is answered with 9)")
        if shown not in self._shown:
            self._shown[shown] = _laid_out(self.table, shown)
        whole, (lat, lng) = self._shown[shown]
        if bbox is None:
            return whole
        keep = np.flatnonzero((whole.unit_resolution == AREA) | points_in(lat, lng, bbox))
        columns = {n: getattr(whole, n)[keep] for n in ("unit_resolution", "score", "band", "since")}
        return ReleaseColumns(resolution=shown, unit=tuple(whole.unit[n] for n in keep.tolist()), **columns)


def _laid_out(table: pa.Table, resolution: int) -> tuple[ReleaseColumns, tuple[Degrees, Degrees]]:
    """A view as columns, and the centres of its cells (NaN for areas)."""
    rows = table.filter(pc.equal(table["view"], resolution))
    unit = tuple(rows["unit"].to_pylist())
    columns = {n: rows[n].to_numpy() for n in ("unit_resolution", "score", "band", "since")}
    cells = np.flatnonzero(columns["unit_resolution"] != AREA)
    lat, lng = np.full(len(unit), np.nan), np.full(len(unit), np.nan)
    lat[cells], lng[cells] = centres(from_text([unit[n] for n in cells.tolist()]))
    return ReleaseColumns(resolution=resolution, unit=unit, **columns), (lat, lng)


def to_bytes(views: list[View], at: int, start: int, end: int, as_of: int) -> bytes:
    """A release as an Arrow IPC stream."""
    columns = {
        "view": np.concatenate([np.full(len(v.unit), v.resolution, np.int8) for v in views]),
        "unit_resolution": np.concatenate([v.unit_resolution for v in views]),
        "unit": [unit for v in views for unit in v.unit],
        "score": np.concatenate([v.score for v in views]),
        "band": np.concatenate([v.band for v in views]),
        "since": np.concatenate([v.since for v in views]),
    }
    return _stream(columns, SCHEMA, dict(zip(_MOMENTS, (at, start, end, as_of), strict=True)))


def records_to_bytes(records: Records) -> bytes:
    """Records as an Arrow IPC stream."""
    columns = {name: getattr(records, name) for name in RECORDS.names}
    return _stream(columns, RECORDS, {"end": records.end, "at": records.at})


def _stream(columns: dict[str, object], schema: pa.Schema, told: dict[str, int]) -> bytes:
    table = pa.table(columns, schema.with_metadata({name: str(value) for name, value in told.items()}))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def from_bytes(ident: int, payload: bytes) -> Release:
    """The release in a stored document.

    Raises:
        JournalError: it is not one.
    """
    table, told = _read(payload, _MOMENTS)
    return Release(id=ident, table=table, **told)


def records_from_bytes(payload: bytes) -> Records:
    """The records in a stored document.

    Raises:
        JournalError: it holds none.
    """
    table, told = _read(payload, ("end", "at"))
    return Records(
        resolution=table["resolution"].to_numpy(),
        unit=tuple(table["unit"].to_pylist()),
        infectious=table["infectious"].to_numpy(),
        present=table["present"].to_numpy(),
        **told,
    )


def _read(payload: bytes, names: tuple[str, ...]) -> tuple[pa.Table, dict[str, int]]:
    try:
        table = pa.ipc.open_stream(payload).read_all()
        return table, {name: int(table.schema.metadata[name.encode()]) for name in names}
    except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise JournalError("a release cannot be read: restore the database from a backup") from error
