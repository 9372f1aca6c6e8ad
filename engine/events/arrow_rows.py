"""Events as Arrow columns: IPC streams, IPC files, Parquet."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import UnreadableFileError
from engine.events.batches import Piece
from engine.events.schemas import column_names

_FILE_MAGIC = b"ARROW1"
_READ_BYTES = 4 << 20
"""Parquet columns are read in stretches of this size, instead of a row group's column at once."""


def wanted_columns(found: Sequence[str], kind: str | None) -> list[str]:
    """Those of ``found`` that are read, in the same order.

    Raises:
        UnreadableFileError: none is, or one is there twice.
    """
    known = column_names(kind)
    wanted = [name for name in found if name in known]
    if not wanted:
        has = ", ".join(found[:20]) or "no columns"
        raise UnreadableFileError(f"it has {has}; {kind or 'an event'} is read from: {', '.join(known)}")
    if twice := [name for name in dict.fromkeys(wanted) if wanted.count(name) > 1]:
        raise UnreadableFileError(f"the column {twice[0]} is there twice; keep one")
    return wanted


def ipc_pieces(source: pa.NativeFile, kind: str | None, batch_rows: int) -> Iterator[Piece]:
    """An Arrow IPC stream or file (a Python stream cannot seek: streams only). Memory: about ``batch_rows`` rows.

    Small record batches are joined, so that they do not make small batches.

    Raises:
        UnreadableFileError: torn or not Arrow; rows before the tear were handed on.
    """
    held: list[pa.RecordBatch] = []
    rows = 0
    share: float | None = None
    for batch, share in _record_batches(source):
        held.append(batch.select(wanted_columns(batch.schema.names, kind)))
        rows += batch.num_rows
        if rows >= batch_rows:
            yield Piece(pa.Table.from_batches(held), share=share)
            held, rows = [], 0
    if held:
        yield Piece(pa.Table.from_batches(held), share=share)


def _record_batches(source: pa.NativeFile) -> Iterator[tuple[pa.RecordBatch, float | None]]:
    """Record batches and how much of an IPC file lies behind each (None: a stream)."""
    try:
        # A Python stream calls itself seekable whether it is or not.
        if not isinstance(source, pa.PythonFile):
            magic = source.read(len(_FILE_MAGIC))
            source.seek(0)
            if magic == _FILE_MAGIC:
                reader = pa.ipc.open_file(source)
                count = reader.num_record_batches
                for i in range(count):
                    yield _sound(reader.get_batch(i)), (i + 1) / count
                return
        with pa.ipc.open_stream(source) as stream:
            for batch in stream:
                yield _sound(batch), None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"not whole Arrow data ({error}); write them again") from None


def _sound(batch: pa.RecordBatch) -> pa.RecordBatch:
    # Before anything looks into the buffers: a damaged one must not be followed out of its bounds.
    batch.validate()
    # Names are decoded when first looked at, and may be damaged too.
    _ = batch.schema.names
    return batch


def parquet_pieces(path: Path, kind: str | None, batch_rows: int) -> Iterator[Piece]:
    """A Parquet file. Memory: about ``batch_rows`` rows, however large the row groups.

    Raises:
        UnreadableFileError: torn or not Parquet; rows before the tear were handed on.
    """
    try:
        with pq.ParquetFile(path, buffer_size=_READ_BYTES) as file:
            columns = wanted_columns(file.schema_arrow.names, kind)
            done = 0
            for batch in file.iter_batches(batch_size=batch_rows, columns=columns):
                done += batch.num_rows
                yield Piece(pa.Table.from_batches([batch]), share=done / file.metadata.num_rows)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"not a whole Parquet file ({error}); write it again") from None
