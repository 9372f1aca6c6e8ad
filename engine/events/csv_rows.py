"""Events as CSV: a header line that names the columns, one row a line (quoted values may span lines).

Blocks are parsed by Arrow; a block in which Arrow's count of rows is not the count of lines (quoted line
ends, stray quotes, bytes that are not UTF-8) is parsed again line by line.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from engine.errors import UnreadableFileError
from engine.events.arrow_rows import wanted_columns
from engine.events.batches import BLOCK_BYTES, Piece, line_blocks
from engine.events.rejections import Rejected, malformed

_MAX_LINES = 50
"""Most lines one row may span: beyond, its opening quote is taken for a stray one."""


@dataclass(frozen=True)
class _Shape:
    """What the header says."""

    names: tuple[str, ...]
    wanted: tuple[str, ...]
    delimiter: str
    field: re.Pattern[str]


def csv_pieces(stream: BinaryIO, kind: str | None, block_bytes: int = BLOCK_BYTES) -> Iterator[Piece]:
    """CSV in UTF-8, separated by comma, semicolon or tab as the header shows. Memory: a few blocks.

    Every value is text; an empty one is missing. Blank lines are no rows. A row with too few or too many
    values, or that is not UTF-8, becomes a ``malformed_row``.

    Raises:
        UnreadableFileError: the header names no known column, or one twice.
    """
    shape: _Shape | None = None
    first, tail = 0, b""
    for block in line_blocks(stream, block_bytes):
        if shape is None:
            header, _, block = block.lstrip(b"\r\n").partition(b"\n")
            if not header:
                continue
            shape = _shape(header, kind)
        piece, tail = _parsed(tail + block, shape, first, last=False)
        first += piece.table.num_rows + len(piece.malformed)
        yield piece
    if tail and shape is not None:
        yield _parsed(tail, shape, first, last=True)[0]


def _shape(header: bytes, kind: str | None) -> _Shape:
    try:
        text = header.decode().rstrip("\r")
    except UnicodeDecodeError:
        raise UnreadableFileError("the header is not UTF-8; save the file as CSV UTF-8") from None
    delimiter = max(",;\t", key=text.count)
    field = re.compile(rf'(?:"((?:[^"]|"")*+)"([^{delimiter}]*)|((?!")[^{delimiter}]*))({delimiter}|\Z)')
    cells = _cells(text, field)
    if cells is None:
        raise UnreadableFileError("a quote in the header is not closed")
    names = tuple(cell.strip() for cell in cells)
    wanted = tuple(wanted_columns(names, kind))
    # Columns nobody reads may share a name, or have none.
    unique = tuple(name if name in wanted else f"{position} {name}" for position, name in enumerate(names))
    return _Shape(unique, wanted, delimiter, field)


def _parsed(block: bytes, shape: _Shape, first: int, last: bool) -> tuple[Piece, bytes]:
    """The rows of a block, and the end of it that may go on in the next block."""
    count = _lines_in(block)
    # A lone carriage return is a line end to Arrow and to nobody else.
    if count and block.count(b"\r") == block.count(b"\r\n") and not _ends_open(block, shape):
        piece = _by_arrow(block, shape, first)
        if piece is not None and piece.table.num_rows + len(piece.malformed) == count:
            return piece, b""
    return _by_line(block, shape, first, last)


def _ends_open(block: bytes, shape: _Shape) -> bool:
    """Whether the last row leaves a quote open, which Arrow takes for the end of that row."""
    filled = block.rstrip(b"\r\n")
    last = filled[filled.rfind(b"\n") + 1 :]
    return b'"' in last and _row_at([last], 0, shape)[0] == 0


def _lines_in(block: bytes) -> int:
    """Lines that are not blank."""
    if block[:1] in (b"\r", b"\n") or b"\n\n" in block or b"\n\r\n" in block:
        return sum(1 for line in block.split(b"\n") if line.strip(b"\r"))
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == 10))


def _by_arrow(block: bytes, shape: _Shape, first: int) -> Piece | None:
    if not _is_utf8(block):
        return None  # the handler below would be called with text that cannot be made
    refused: list[Rejected] = []

    def refuse(row: Any) -> str:
        refused.append(_wrong_width(first + row.number - 1, row.actual_columns, len(shape.names), row.text.encode()))
        return "skip"

    try:
        table = pacsv.read_csv(
            pa.BufferReader(block),
            pacsv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=shape.names),
            pacsv.ParseOptions(delimiter=shape.delimiter, invalid_row_handler=refuse),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(shape.names, pa.string()),
                strings_can_be_null=False,
                include_columns=shape.wanted,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return Piece(table, tuple(refused))


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _wrong_width(row: int, found: int, expected: int, raw: bytes) -> Rejected:
    return malformed(row, f"{found} values where the header has {expected}", raw)


def _by_line(block: bytes, shape: _Shape, first: int, last: bool) -> tuple[Piece, bytes]:
    lines = [line + b"\n" for line in block.split(b"\n")[:-1]]
    rows: list[Sequence[str]] = []
    refused: list[Rejected] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip(b"\r\n"):
            at += 1
            continue
        row = first + len(rows) + len(refused)
        used, cells = _row_at(lines, at, shape)
        if used == 0:
            if not last and len(lines) - at < _MAX_LINES:
                break
            refused.append(malformed(row, "a quote is not closed", lines[at]))
        elif cells is None:
            refused.append(malformed(row, "not UTF-8; save the file as CSV UTF-8", lines[at]))
        elif len(cells) != len(shape.names):
            refused.append(_wrong_width(row, len(cells), len(shape.names), lines[at]))
            used = 1
        else:
            rows.append(cells)
        at += max(used, 1)
    places = {name: shape.names.index(name) for name in shape.wanted}
    table = pa.table({n: pa.array([cells[i] for cells in rows], pa.string()) for n, i in places.items()})
    return Piece(table, tuple(refused)), b"".join(lines[at:])


def _row_at(lines: Sequence[bytes], at: int, shape: _Shape) -> tuple[int, Sequence[str] | None]:
    """(lines used, cells) of the row that starts at line ``at``: no lines when a quote stays open, no cells
    when it is not UTF-8."""
    text = ""
    for used, line in enumerate(lines[at : at + _MAX_LINES], 1):
        try:
            text += line.decode()
        except UnicodeDecodeError:
            return (1, None) if used == 1 else (0, None)
        cells = _cells(text.removesuffix("\n").removesuffix("\r"), shape.field)
        if cells is not None:
            return used, cells
    return 0, None


def _cells(text: str, field: re.Pattern[str]) -> list[str] | None:
    """The values of one row, or None when a quote is not closed."""
    cells: list[str] = []
    at = 0
    while True:
        match = field.match(text, at)
        if match is None:
            return None
        quoted, rest, plain, delimiter = match.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"') + rest)
        if not delimiter:
            return cells
        at = match.end()
