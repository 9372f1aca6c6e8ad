"""Bodies of requests -> batches of raw rows, for edges that may not look into ``engine.events`` themselves."""

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from engine.events.arrow_rows import ipc_pieces
from engine.events.batches import Progress, batched
from engine.events.readers import RawBatch, read_stream
from engine.events.schemas import kind_named

BATCH_ROWS = 50_000
"""Rows handed to the engine at once."""
BLOCK_BYTES = 4 << 20
"""Text is parsed in blocks of this size; also the longest line of NDJSON."""


def batches_of(body: bytes | BinaryIO, kind: str, form: str, batch_rows: int = BATCH_ROWS) -> Iterator[RawBatch]:
    """The rows of ``body`` in order, at most ``batch_rows`` a batch; ``form`` is json, ndjson or arrow.

    Bytes are parsed where they lie; a stream is read no further than the next block (a JSON document: whole).

    Raises:
        UnknownKindError: no such kind.
        UnreadableFileError: torn, or not of this form; batches before the tear were handed on.
    """
    kind_named(kind)
    if form == "arrow" and isinstance(body, bytes):
        yield from batched(ipc_pieces(pa.BufferReader(body), kind, batch_rows), kind, batch_rows, Progress())
        return
    stream = _Held(body) if isinstance(body, bytes) else body
    yield from read_stream(stream, kind, form, batch_rows, BLOCK_BYTES)  # type: ignore[arg-type]  # _Held reads, no more


class _Held:
    """Bytes to be read once, without a copy where all of them are asked for."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        end = len(self._body) if size < 0 else min(self._at + size, len(self._body))
        found = self._body[self._at : end]
        self._at = end
        return found
