"""Refused rows as the database keeps them: with their reason and what was sent, so that they can be put right."""

from bisect import bisect_left

import orjson
import pyarrow as pa

from engine.events.rejections import told
from engine.events.validate import Checked
from engine.journal.entries import MAX_EVENT, RejectRow
from engine.service.results import Rejection

MOST = 100_000
"""Refused rows of one batch that are kept; a batch of nonsense must not fill the disk."""


def reject_rows(checked: Checked, raw: pa.Table, first_row: int, source: str) -> tuple[RejectRow, ...]:
    """The refused rows of a checked batch with their content. Cost: the refused rows alone."""
    refused = checked.rejected[:MOST]
    if not refused:
        return ()
    malformed = sorted({r.row for r in checked.rejected if r.raw is not None})
    parsed = [r.row for r in refused if r.raw is None]
    rows = _content(raw, [row - first_row - bisect_left(malformed, row) for row in parsed])
    content = dict(zip(parsed, rows, strict=True))
    return tuple(
        RejectRow(
            checked.kind, source, r.row, r.code, r.detail, (content[r.row] if r.raw is None else r.raw)[:MAX_EVENT]
        )
        for r in refused
    )


def retracted_rows(
    kind: str, table: pa.Table, refused: list[tuple[int, Rejection]], source: str
) -> tuple[RejectRow, ...]:
    """Rows refused because their key is retracted; each with its index in the canonical ``table``."""
    rows = _content(table, [at for at, _ in refused[:MOST]])
    pairs = zip(refused, rows, strict=False)
    return tuple(RejectRow(kind, source, r.row, r.code, r.detail, event[:MAX_EVENT]) for (_, r), event in pairs)


def _content(table: pa.Table, rows: list[int]) -> list[str]:
    # Cell by cell: Arrow can take rows out of columns of most types only, and what was sent may be of any.
    columns = dict(zip(table.column_names, table.columns, strict=True))
    inside = ({name: told(column[at]) for name, column in columns.items()} for at in rows)
    return [orjson.dumps({k: v for k, v in row.items() if v is not None}, default=str).decode() for row in inside]
