"""The hex map as columns: JSON or an Arrow IPC stream; several days of it as one document."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from api.present.wire import moment

if TYPE_CHECKING:
    from api.maps import Sheet

FORMATS = ("json", "arrow")
Numbers = npt.NDArray[Any]


def etag_of(*asked: object) -> str:
    """A weak ETag of everything the map depends on."""
    return f'W/"{hashlib.blake2b(repr(asked).encode(), digest_size=12).hexdigest()}"'


def same_etag(if_none_match: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` names ``etag`` (weak comparison, RFC 9110)."""
    if if_none_match is None:
        return False
    given = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in given or etag.removeprefix("W/") in given


def hexes_body(sheet: "Sheet", form: str) -> bytes:
    """The map as ``form``."""
    return _arrow(sheet) if form == "arrow" else _json(sheet)


def _json(sheet: "Sheet") -> bytes:
    body: dict[str, object] = {**_about(sheet), "h3": texts(sheet.h3)}
    body |= {name: np.ascontiguousarray(column) for name, column in sheet.columns.items() if name != "since"}
    if sheet.public:
        body["since"] = _moments(sheet.columns["since"])
        rest = sheet.areas
        body["areas"] = {
            "code": () if rest is None else rest.code,
            "score": () if rest is None else rest.score.tolist(),
            "band": () if rest is None else rest.band.tolist(),
            "since": () if rest is None else _moments(rest.since),
        }
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def _about(sheet: "Sheet") -> dict[str, object]:
    about: dict[str, object] = {"resolution": sheet.resolution, "at": moment(sheet.at), "as_of": sheet.as_of}
    return about | ({"released_at": moment(sheet.at)} if sheet.public else {})


def texts(cells: npt.NDArray[np.uint64]) -> list[str]:
    """Cells as H3 strings."""
    return [f"{cell:x}" for cell in cells.tolist()]


def _moments(column: Numbers) -> list[str | None]:
    told = {t: moment(t) for t in set(column.tolist())}
    return [told[t] for t in column.tolist()]


def _arrow(sheet: "Sheet") -> bytes:
    columns: dict[str, pa.Array] = {"h3": pa.array(texts(sheet.h3), pa.string())}
    for name, column in sheet.columns.items():
        kind = pa.timestamp("s", "UTC") if name == "since" else None
        columns[name] = pa.array(column, kind)
    about = {name: "" if value is None else str(value) for name, value in _about(sheet).items()}
    batch = pa.record_batch(columns).replace_schema_metadata(about)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    body: bytes = sink.getvalue().to_pybytes()
    return body


def days_body(resolution: int, days: Sequence[date], sheets: Sequence["Sheet"]) -> bytes:
    """Maps of several days: every cell once, and for each day its scores, null where the day's map lacks the cell."""
    cells = np.unique(np.concatenate([np.empty(0, np.uint64), *(sheet.h3 for sheet in sheets)]))
    scores = []
    for sheet in sheets:
        column: list[float | None] = [None] * len(cells)
        for at, value in zip(np.searchsorted(cells, sheet.h3).tolist(), sheet.columns["score"].tolist(), strict=True):
            column[at] = value
        scores.append(column)
    return orjson.dumps(
        {
            "resolution": resolution,
            "as_of": max((s.as_of for s in sheets if s.as_of is not None), default=None),
            "days": [day.isoformat() for day in days],
            "at": [moment(sheet.at) for sheet in sheets],
            "h3": texts(cells),
            "score": scores,
        }
    )
