"""Files, bodies and streams of events -> batches of raw rows: one entry for each way in."""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from engine.errors import UnreadableFileError
from engine.events.arrow_rows import ipc_pieces, parquet_pieces
from engine.events.batches import BLOCK_BYTES, Piece, Progress, RawBatch, batched, whole
from engine.events.csv_rows import csv_pieces
from engine.events.folders import FORMATS, PACKED, files_of, format_of, kind_of
from engine.events.json_rows import document_piece, ndjson_pieces
from engine.events.manifest import check_whole
from engine.events.schemas import KINDS, kind_named

__all__ = [
    "BATCH_ROWS",
    "RawBatch",
    "files_of",
    "kind_of",
    "parse_arrow",
    "parse_json",
    "parse_ndjson",
    "read_path",
    "read_stream",
]

BATCH_ROWS = 500_000
"""Rows of a batch when the caller does not say."""


def read_path(
    path: Path, kind: str | None = None, batch_rows: int = BATCH_ROWS, block_bytes: int = BLOCK_BYTES
) -> Iterator[RawBatch]:
    """A file's rows in order, at most ``batch_rows`` a batch; the format follows from the file's name.

    Memory is bounded by ``batch_rows`` and ``block_bytes``, whatever the file's size (a ``.json`` document
    alone is held whole). Lines that cannot be parsed are in ``RawBatch.malformed``; the rest is kept.

    Raises:
        UnreadableFileError: missing, of unknown format or kind, or torn; earlier batches were handed on. Nothing is
            handed on of a file of an export that differs from its checksum.
        UnknownKindError: there is no such ``kind``.
    """
    form = format_of(path)
    if form is None:
        raise UnreadableFileError(f"{path}: its name must end in one of {', '.join(FORMATS)} (text formats also .gz)")
    of_kind = kind if kind is not None else kind_of(path)
    if of_kind is None:
        raise UnreadableFileError(
            f"{path}: say which kind of events it holds, or begin its name with one of {', '.join(KINDS)}"
        )
    kind_named(of_kind)
    rows = 0
    check_whole(path)
    try:
        total = path.stat().st_size
        with path.open("rb") as file:
            pieces = _pieces_of_file(path, file, form, of_kind, batch_rows, block_bytes)
            for batch in batched(pieces, of_kind, batch_rows, Progress(file.tell, total)):
                rows += batch.rows
                yield batch
    except (UnreadableFileError, OSError, EOFError, zlib.error) as error:
        why = error if isinstance(error, UnreadableFileError) else _plain(error)
        kept = f" ({rows} rows before that were read)" if rows else ""
        raise UnreadableFileError(f"{path}: {why}{kept}") from None


def _plain(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"the compressed data are damaged ({error}); pack the file again"


def _pieces_of_file(
    path: Path, file: BinaryIO, form: tuple[str, bool], kind: str, batch_rows: int, block_bytes: int
) -> Iterator[Piece]:
    name, packed = form
    if name == "parquet":
        return parquet_pieces(path, kind, batch_rows)
    if name == "arrow":
        return ipc_pieces(pa.OSFile(str(path)), kind, batch_rows)
    stream: BinaryIO = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]  # a GzipFile reads as any binary file
    return _pieces_of_text(name, stream, kind, block_bytes)


def _pieces_of_text(name: str, stream: BinaryIO, kind: str | None, block_bytes: int) -> Iterator[Piece]:
    if name == "csv":
        return csv_pieces(stream, kind, block_bytes)
    if name == "ndjson":
        return ndjson_pieces(stream, kind, block_bytes)
    return iter([document_piece(stream.read(), kind)])


def read_stream(
    stream: BinaryIO,
    kind: str,
    form: str = "ndjson",
    batch_rows: int = BATCH_ROWS,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[RawBatch]:
    """Rows of a byte stream, such as standard input: ``form`` is ndjson, json, csv or arrow (a stream).

    Raises:
        UnreadableFileError: torn, or no such form.
    """
    kind_named(kind)
    if isinstance(stream, io.RawIOBase):
        stream = io.BufferedReader(stream)
    if form == "arrow":
        pieces = ipc_pieces(pa.PythonFile(stream, mode="r"), kind, batch_rows)
    elif form in PACKED:
        pieces = _pieces_of_text(form, stream, kind, block_bytes)
    else:
        raise UnreadableFileError(f"a stream is ndjson, json, csv or arrow, not {form}")
    yield from batched(pieces, kind, batch_rows, Progress())


def parse_json(body: bytes, kind: str | None = None) -> RawBatch:
    """A JSON document ``{"events": [...]}`` (or the list alone) as one batch.

    Raises:
        UnreadableFileError: not such a document.
    """
    return whole([document_piece(body, kind)], kind or "")


def parse_ndjson(body: bytes | BinaryIO, kind: str | None = None) -> RawBatch:
    """Newline-delimited JSON as one batch, held in memory; ``read_stream`` takes endless ones."""
    held = body if isinstance(body, bytes) else body.read()
    # In one block, so the last line too must have its end: blocks may disagree on the type of a column.
    lines = held if held.endswith(b"\n") else held + b"\n"
    return whole(ndjson_pieces(io.BytesIO(lines), kind, len(lines)), kind or "")


def parse_arrow(body: bytes | BinaryIO, kind: str | None = None) -> RawBatch:
    """An Arrow IPC stream (or file, when given as bytes) as one batch.

    Raises:
        UnreadableFileError: torn or not Arrow.
    """
    source = pa.BufferReader(body) if isinstance(body, bytes) else pa.PythonFile(body, mode="r")
    return whole(ipc_pieces(source, kind, 2**62), kind or "")
