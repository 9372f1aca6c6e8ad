"""CSV as RFC 4180 has it: CR LF, quotes where needed, UTF-8 without a byte order mark."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from engine.service.exposure_rows import ExposureRows
from engine.service.present.rows import exposure_row
from engine.service.results import ExposureRow

COLUMNS = (
    "person",
    "level",
    "first_exposed_at",
    "last_exposed_at",
    "minutes",
    "probability",
    "dose",
    "is_case",
    "channels",
    "via",
    "places",
)
"""Columns of a table of exposures, in order."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would run as a formula."""


def safe_text(text: str) -> str:
    """``text``, with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def cell(value: object) -> str:
    """One value: nothing for None, ``true``/``false``, lists joined by ``;``, text made safe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return safe_text(";".join(str(v) for v in value))
    return safe_text(value) if isinstance(value, str) else str(value)


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """A header of ``columns`` and one line for each row."""
    out = io.StringIO(newline="")
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(columns)
    for row in rows:
        write([cell(row[c]) for c in columns])
    return out.getvalue().encode()


def exposures_csv(rows: Iterable[ExposureRow]) -> bytes:
    """Rows of a trace with ``COLUMNS``, in the order given."""
    return b"".join(csv_pieces(rows))


def csv_pieces(rows: Iterable[ExposureRow]) -> Iterator[bytes]:
    """``exposures_csv`` piece by piece, each made when it is asked for."""
    if not isinstance(rows, ExposureRows):
        yield csv_bytes(COLUMNS, (exposure_row(row) for row in rows))
        return
    yield csv_bytes(COLUMNS, ())
    for piece in rows.pieces():
        yield piece.csv()
