"""What every reader hands on: rows of one kind, where they stood, and the rows that could not be parsed."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa

from engine.errors import UnreadableFileError
from engine.events.rejections import Rejected

BLOCK_BYTES = 16 << 20
"""Text formats are read in blocks of about this size; also the longest line believed."""


@dataclass(frozen=True)
class RawBatch:
    """Unchecked rows. Row ``i`` of the file is ``malformed`` or, in order, the next row of ``table``."""

    kind: str
    """Empty where the reader was not told."""
    table: pa.Table
    first_row: int
    malformed: tuple[Rejected, ...]
    """Rows that could not be parsed, ordered by row; they are not in ``table``."""
    bytes_done: int
    bytes_total: int
    """0 where unknown (a stream)."""

    @property
    def rows(self) -> int:
        """Rows read, malformed ones included."""
        return int(self.table.num_rows) + len(self.malformed)


@dataclass(frozen=True)
class Piece:
    """A stretch of rows as a format's reader found it; ``malformed`` counts from the stream's start."""

    table: pa.Table
    malformed: tuple[Rejected, ...] = ()
    share: float | None = None
    """How much of the source lies behind, 0..1, where the format knows."""


@dataclass(frozen=True)
class Progress:
    """How far a source has been read: bytes done and bytes in all (0: unknown)."""

    done: Callable[[], int] = lambda: 0
    total: int = 0


def batched(pieces: Iterable[Piece], kind: str, batch_rows: int, progress: Progress) -> Iterator[RawBatch]:
    """Pieces as batches of at most ``batch_rows`` rows, in order, numbered from 0; nothing is copied."""
    first = 0
    for piece in pieces:
        where = [refused.row for refused in piece.malformed]
        end, good = first + piece.table.num_rows + len(where), 0
        done = progress.done() if piece.share is None else int(piece.share * progress.total)
        while first < end:
            stop = min(first + batch_rows, end)
            malformed = piece.malformed[bisect_left(where, first) : bisect_left(where, stop)]
            rows = stop - first - len(malformed)
            yield RawBatch(kind, piece.table.slice(good, rows), first, malformed, done, progress.total)
            first, good = stop, good + rows


def whole(pieces: Iterable[Piece], kind: str) -> RawBatch:
    """All pieces as one batch."""
    found = list(pieces)
    table = pa.concat_tables([p.table for p in found], promote_options="default") if found else pa.table({})
    return RawBatch(kind, table, 0, tuple(r for p in found for r in p.malformed), 0, 0)


def line_blocks(stream: BinaryIO, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """A byte stream in blocks of whole lines; a byte order mark and a missing last line end are put right.

    Raises:
        UnreadableFileError: a line is longer than a block.
    """
    tail = b""
    start = True
    while block := stream.read(block_bytes):
        block = tail + block
        if start:
            block = block.removeprefix(b"\xef\xbb\xbf")
            start = len(block) < 3
        cut = block.rfind(b"\n") + 1
        tail = block[cut:]
        if len(tail) > block_bytes:
            raise UnreadableFileError(f"a line is longer than {block_bytes >> 20} MB; write one event a line")
        if cut:
            yield block[:cut]
    if tail:
        yield tail + b"\n"
