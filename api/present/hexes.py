"""The hex map as columns: JSON or an Arrow IPC stream, with an ETag that costs no map to make."""

import hashlib

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
from fastapi import Response

from api.negotiate import MEDIA
from api.present.wire import moment
from engine.service.results import HexColumns

FORMATS = ("json", "arrow")
Reals = npt.NDArray[np.float64]


def etag_of(*asked: object) -> str:
    """A weak ETag of everything the map depends on."""
    return f'W/"{hashlib.blake2b(repr(asked).encode(), digest_size=12).hexdigest()}"'


def same_etag(if_none_match: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` names ``etag`` (weak comparison, RFC 9110)."""
    if if_none_match is None:
        return False
    given = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in given or etag.removeprefix("W/") in given


def map_headers(etag: str, as_of: int) -> dict[str, str]:
    """Headers of the map, and of 304 in its place: keep it, but ask each time."""
    return {
        "ETag": etag,
        "As-Of": str(as_of),
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization",
    }


def hexes_reply(columns: HexColumns, form: str, etag: str) -> Response:
    """The map as ``form``. Numbers have two decimals, cut so that no score crosses the edge of its band."""
    headers = map_headers(etag, columns.as_of)
    cells = [f"{cell:x}" for cell in columns.h3.tolist()]
    score, low = _cut(columns.score), _cut(columns.low)
    high = np.ceil(columns.high * 100) / 100
    if form == "arrow":
        return Response(_arrow(columns, cells, score, low, high), headers=headers, media_type=MEDIA["arrow"])
    body = {
        "resolution": columns.resolution,
        "at": moment(columns.at),
        "as_of": columns.as_of,
        "h3": cells,
        "score": score,
        "band": np.ascontiguousarray(columns.band),
        "low": low,
        "high": high,
    }
    return Response(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY), headers=headers, media_type=MEDIA["json"])


def _cut(values: Reals) -> Reals:
    cut: Reals = np.floor(values * 100) / 100
    return cut


def _arrow(columns: HexColumns, cells: list[str], score: Reals, low: Reals, high: Reals) -> bytes:
    about = {
        "resolution": str(columns.resolution),
        "at": moment(columns.at) or "",
        "as_of": str(columns.as_of),
    }
    batch = pa.record_batch(
        [
            pa.array(cells, pa.string()),
            pa.array(score),
            pa.array(columns.band),
            pa.array(low),
            pa.array(high),
        ],
        names=["h3", "score", "band", "low", "high"],
    ).replace_schema_metadata(about)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    body: bytes = sink.getvalue().to_pybytes()
    return body
