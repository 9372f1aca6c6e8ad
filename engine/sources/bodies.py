"""The body of a message -> raw rows: the content types and encodings of HTTP, for every queue."""

import zlib

import zstandard

from engine.errors import UnreadableFileError
from engine.events.batches import RawBatch
from engine.events.readers import parse_arrow, parse_json, parse_ndjson
from engine.events.schemas import kind_named

JSON, NDJSON, ARROW = "application/json", "application/x-ndjson", "application/vnd.apache.arrow.stream"
MAX_BODY = 128 << 20
"""Bytes of one message after its packing is undone."""
_STEP = 512
"""Bytes of zstd undone at a time: what they can swell to (some MiB) is looked at before more is."""
_WINDOW = 128 << 20
_PARSE = {JSON: parse_json, NDJSON: parse_ndjson, ARROW: parse_arrow}


def decode(kind: str, body: bytes, content_type: str | None, encoding: str | None) -> RawBatch:
    """The rows of one message. ``content_type`` None means JSON; parameters (``; charset=utf-8``) are ignored.

    Raises:
        UnknownKindError: no such kind.
        UnreadableFileError: of a type or encoding not read here, packed wrongly, too large, or not events.
    """
    kind_named(kind)
    of_type = (content_type or JSON).partition(";")[0].strip().lower()
    if of_type not in _PARSE:
        raise UnreadableFileError(f"Content-Type must be one of {', '.join(_PARSE)}")
    return _PARSE[of_type](unpack(body, encoding), kind)


def unpack(body: bytes, encoding: str | None, limit: int = MAX_BODY) -> bytes:
    """``body`` without its packing: gzip, zstd (several members or frames in a row too) or none.

    Raises:
        UnreadableFileError: another encoding, damaged, or more than ``limit`` bytes.
    """
    named = (encoding or "identity").strip().lower()
    if named in ("identity", ""):
        if len(body) > limit:
            raise _too_large(limit)
        return body
    if named in ("gzip", "x-gzip"):
        return _gunzip(body, limit)
    if named == "zstd":
        return _unzstd(body, limit)
    raise UnreadableFileError("Content-Encoding must be gzip, zstd or absent")


def _gunzip(body: bytes, limit: int) -> bytes:
    out = bytearray()
    while body:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            out += member.decompress(body, limit - len(out) + 1)
        except zlib.error:
            raise UnreadableFileError("the body is not gzip, as its Content-Encoding says") from None
        if len(out) > limit:
            raise _too_large(limit)
        if not member.eof:
            raise UnreadableFileError("the gzip body was cut short")
        body = member.unused_data
    return bytes(out)


def _unzstd(body: bytes, limit: int) -> bytes:
    out = bytearray()
    while body:
        frame = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
        for start in range(0, len(body), _STEP):
            try:
                out += frame.decompress(body[start : start + _STEP])
            except zstandard.ZstdError:
                raise UnreadableFileError("the body is not zstd, as its Content-Encoding says") from None
            if len(out) > limit:
                raise _too_large(limit)
            if frame.eof:
                body = frame.unused_data + body[start + _STEP :]
                break
        else:
            raise UnreadableFileError("the zstd body was cut short")
    return bytes(out)


def _too_large(limit: int) -> UnreadableFileError:
    return UnreadableFileError(f"the body has more than {limit >> 20} MiB unpacked; send it in several parts")
