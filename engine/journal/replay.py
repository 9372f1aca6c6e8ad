"""Reads batches back in order, checked, and decoded ahead in a thread while the caller takes them in."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, func, select

from engine.cores import ahead
from engine.errors import JournalError
from engine.journal.blobs import ADVICE, decode
from engine.journal.database import Database
from engine.journal.entries import Stored
from engine.journal.tables import batches

PAGE_ROWS, PAGE_BATCHES = 200_000, 256
"""A page of batches that one short transaction reads ends at either."""


def replay(database: Database, after: int, upto: int | None, prefetch: int) -> Iterator[Stored]:
    """See :meth:`engine.journal.journal.Journal.replay`."""
    return ahead(_decoded(database, after, upto), prefetch, "journal-replay")


def _decoded(database: Database, after: int, upto: int | None) -> Iterator[Stored]:
    for row in _rows(database, after, upto):
        if row.rows:
            table = decode(row.payload, row.sha256, row.seq, row.kind)
            if table.num_rows != row.rows:
                raise JournalError(f"batch {row.seq} of the journal does not hold as many rows as it says: {ADVICE}")
            yield Stored(row.seq, row.kind, row.received_at, table)


def _rows(database: Database, after: int, upto: int | None) -> Iterator[Row[Any]]:
    """Rows of the table in order; no transaction outlives a page, so that a log never grows because of readers."""
    if upto is None:
        with database.read() as connection:
            upto = int(connection.scalar(select(func.max(batches.c.seq))) or 0)
    done = after
    while done < upto:
        with database.read() as connection:
            found = connection.execute(
                select(batches.c.seq, batches.c.rows)
                .where(batches.c.seq > done, batches.c.seq <= upto)
                .order_by(batches.c.seq)
                .limit(PAGE_BATCHES)
            ).all()
            last = _page([(int(seq), int(rows)) for seq, rows in found], done)
            if last is None:
                return
            page = connection.execute(
                select(batches).where(batches.c.seq > done, batches.c.seq <= last).order_by(batches.c.seq)
            ).all()
        yield from page
        done = last


def _page(sizes: Sequence[tuple[int, int]], done: int) -> int | None:
    """The sequence number that ends the next page; None: nothing follows."""
    rows = 0
    for i, (seq, size) in enumerate(sizes):
        if seq != done + 1 + i:
            raise JournalError(f"the journal lacks batch {done + 1 + i}: {ADVICE}")
        rows += size
        if rows >= PAGE_ROWS:
            return seq
    return sizes[-1][0] if sizes else None
