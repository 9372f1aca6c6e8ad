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
WIDTH = 15
"""Digits of a cell."""
_PAIRS = np.frombuffer(bytes(range(256)).hex().encode(), np.uint16)
"""The two digits of every byte."""


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
    body: dict[str, object] = {**_about(sheet), "h3": orjson.Fragment(_list_of(sheet.h3))}
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
    text = digits(cells).tobytes().decode()
    return [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]


def digits(cells: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Cells as hexadecimal digits, shape (cells, 15): a cell has a zero before its first digit, which is never zero."""
    pairs = _PAIRS[cells.astype(">u8").view(np.uint8)].view(np.uint8)
    return pairs.reshape(-1, WIDTH + 1)[:, 1:]


def _list_of(cells: npt.NDArray[np.uint64]) -> bytes:
    """Cells as a list of JSON texts."""
    if not len(cells):
        return b"[]"
    members = np.full((len(cells), WIDTH + 3), ord('"'), np.uint8)
    members[:, 1 : WIDTH + 1] = digits(cells)
    members[:, -1] = ord(",")
    return b"[%s]" % members.tobytes()[:-1]


def _moments(column: Numbers) -> list[str | None]:
    told = {t: moment(t) for t in set(column.tolist())}
    return [told[t] for t in column.tolist()]


def _arrow(sheet: "Sheet") -> bytes:
    begins = np.arange(0, WIDTH * len(sheet.h3) + 1, WIDTH, dtype=np.int32)
    held = pa.py_buffer(begins), pa.py_buffer(digits(sheet.h3).tobytes())
    columns: dict[str, pa.Array] = {"h3": pa.StringArray.from_buffers(len(sheet.h3), *held)}
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
