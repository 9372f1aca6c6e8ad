"""Entries into tables."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from engine.journal.entries import MAX_EVENT, Entry, RejectRow
from engine.journal.tables import batches, rejects

# Made once: a statement that is made anew is looked up by all of its parts.
_NEWEST = select(func.max(batches.c.seq))
_PUT_BATCHES, _PUT_REJECTS = batches.insert(), rejects.insert()


def store(connection: Connection, entries: Sequence[Entry]) -> list[int | None]:
    """Put entries into the tables, in a transaction that holds the writer lock."""
    newest = int(connection.scalar(_NEWEST) or 0)
    seqs: list[int | None] = []
    rows = []
    refused = []
    for entry in entries:
        if entry.rows:
            newest += 1
            rows.append(_columns(newest, entry))
        seqs.append(newest if entry.rows else None)
        refused += [_refused(reject, entry.received_at) for reject in entry.rejects]
    if rows:
        connection.execute(_PUT_BATCHES, rows)
    if refused:
        connection.execute(_PUT_REJECTS, refused)
    return seqs


def _refused(reject: RejectRow, received_at: int) -> dict[str, object]:
    # What a refused row holds is anybody's guess; it must never make the good rows beside it fail.
    return {
        "kind": writable(reject.kind),
        "source": writable(reject.source),
        "row": int(reject.row),
        "code": reject.code,
        "detail": writable(reject.detail),
        "event": writable(reject.event[:MAX_EVENT]),
        "received_at": int(received_at),
        "state": "open",
    }


def writable(text: str) -> str:
    """``text`` without what a database cannot hold: zero bytes, and halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _columns(seq: int, entry: Entry) -> dict[str, object]:
    return {
        "seq": seq,
        "kind": entry.kind,
        "received_at": int(entry.received_at),
        "first_day": entry.first_day,
        "last_day": entry.last_day,
        "rows": entry.rows,
        "sha256": entry.sha256,
        "purged_at": None,
        "payload": entry.payload,
    }
