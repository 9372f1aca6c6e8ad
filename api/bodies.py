"""Request bodies: read to the end, never further than the limit, gzip undone on the way."""

import zlib

from fastapi import Request

from api.problems import ProblemError

MAX_BODY = 128 * 2**20
"""Bytes of a body, after gzip is undone, that are read unless the application is told another limit."""
_GZIP = zlib.MAX_WBITS | 16


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, decoded.

    Raises:
        ProblemError: 413 beyond ``limit`` bytes (counted after gzip, so that a small body cannot swell), 415
            for an encoding other than gzip, 400 for broken gzip.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise ProblemError("unsupported_encoding", headers={"Accept-Encoding": "gzip"})
    if _declared(request) > limit:
        raise too_large(limit)
    unzip = Gunzip(limit) if encoding != "identity" else None
    parts: list[bytes] = []
    size = packed = 0
    async for chunk in request.stream():
        packed += len(chunk)
        if packed > limit:
            raise too_large(limit)  # gzip can go on for ever without giving a byte
        part = unzip.feed(chunk) if unzip is not None else chunk
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
    if unzip is not None:
        unzip.finish()
    return b"".join(parts)


def too_large(limit: int) -> ProblemError:
    """The refusal of a body over ``limit`` bytes."""
    return ProblemError("body_too_large", limit=limit, headers={"Connection": "close"})


class Gunzip:
    """Gzip undone chunk by chunk, at most ``limit`` bytes; several members in a row count as one body."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._given = 0
        self._member = zlib.decompressobj(_GZIP)
        self._fresh = True

    def feed(self, chunk: bytes) -> bytes:
        """What ``chunk`` adds to the body.

        Raises:
            ProblemError: not gzip, or more than ``limit`` bytes in all.
        """
        out: list[bytes] = []
        while chunk:
            if self._member.eof:
                self._member, self._fresh = zlib.decompressobj(_GZIP), True
            try:
                part = self._member.decompress(chunk, self._limit - self._given + 1)
            except zlib.error:
                raise ProblemError("bad_input", "bad_gzip") from None
            self._fresh = False
            self._given += len(part)
            if self._given > self._limit:
                raise too_large(self._limit)
            out.append(part)
            chunk = self._member.unconsumed_tail or self._member.unused_data
        return b"".join(out)

    def finish(self) -> None:
        """Check that the last member is whole.

        Raises:
            ProblemError: the body was cut short.
        """
        if not self._member.eof and not self._fresh:
            raise ProblemError("bad_input", "bad_gzip")


def _declared(request: Request) -> int:
    text = request.headers.get("content-length", "")
    return int(text) if text.isdecimal() else 0
