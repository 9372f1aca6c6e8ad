"""Administrative units as bytes and back: an Arrow IPC file (zstd) with the polygons as WKB."""

import io
from typing import Any

import pyarrow as pa
import shapely

from engine.errors import JournalError
from engine.geo.units import Population, Unit, Units

_FIGURE = pa.struct([("date", pa.date32()), ("people", pa.int64()), ("source", pa.string())])
SCHEMA = pa.schema(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("tier", pa.string(), nullable=False),
        pa.field("parent", pa.string()),
        pa.field("name_vi", pa.string(), nullable=False),
        pa.field("name_en", pa.string(), nullable=False),
        pa.field("name_en_derived", pa.bool_(), nullable=False),
        pa.field("kind", pa.string()),
        pa.field("since", pa.date32()),
        pa.field("until", pa.date32()),
        pa.field("population", pa.list_(_FIGURE)),
        pa.field("replaced_by", pa.list_(pa.string())),
        pa.field("sources", pa.list_(pa.string())),
        pa.field("geometry", pa.binary()),
    ]
)
_PLAIN = ("code", "tier", "parent", "name_vi", "name_en", "name_en_derived", "kind", "since", "until")


def to_bytes(units: Units) -> bytes:
    """The units with all that is known of them. Equal units give equal bytes."""
    columns: dict[str, Any] = {name: [getattr(u, name) for u in units] for name in _PLAIN}
    columns["population"] = [[p._asdict() for p in u.population] for u in units]
    columns["replaced_by"] = [list(u.replaced_by) for u in units]
    columns["sources"] = [list(u.sources) for u in units]
    columns["geometry"] = list(shapely.to_wkb(units.polygons))
    out = io.BytesIO()
    with pa.ipc.new_file(out, SCHEMA, options=pa.ipc.IpcWriteOptions(compression="zstd")) as file:
        file.write_table(pa.table(columns, schema=SCHEMA))
    return out.getvalue()


def from_bytes(payload: bytes) -> Units:
    """The units that :func:`to_bytes` wrote.

    Raises:
        JournalError: it wrote no such thing.
    """
    try:
        table = pa.ipc.open_file(payload).read_all()
        rows = table.drop_columns(["geometry"]).to_pylist()
        polygons = shapely.from_wkb(table.column("geometry").to_numpy(zero_copy_only=False))
    except (pa.ArrowException, OSError, KeyError, shapely.GEOSException) as error:
        raise JournalError(f"the stored areas cannot be read: {error}; load them again") from None
    return Units([_unit(row) for row in rows], polygons)


def _unit(row: dict[str, Any]) -> Unit:
    row["population"] = tuple(Population(**p) for p in row["population"])
    row["replaced_by"], row["sources"] = tuple(row["replaced_by"]), tuple(row["sources"])
    return Unit(**row)
