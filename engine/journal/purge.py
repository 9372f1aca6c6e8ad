"""Takes away what the retention does not allow to be kept, to the last byte.

In steps of which each leaves whole batches, so that a purge killed anywhere is completed by the next one:

1. Every old batch loses its plain rows, in a short transaction of its own.
2. Retractions and higher revisions that must go are *answers* to other rows: without them, those rows would come back
   to life. So they go in one transaction together with every row, in older and newer batches, that they overrule.
3. Old refused rows go.
4. The files are written anew, so that no dead byte is left in them.

An emptied batch keeps its number: the sequence stays without gaps.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection, Row, func, select, update

from engine.errors import JournalError
from engine.journal.blobs import decode, encode
from engine.journal.database import Database
from engine.journal.entries import Purged
from engine.journal.facts import fact, remember
from engine.journal.overruled import Overruling, weighty
from engine.journal.tables import batches, rejects
from engine.journal.vacuum import vacuum

Keep = Callable[[str, pa.Table], npt.NDArray[np.bool_]]
Mask = npt.NDArray[np.bool_]
DOING = "the purge could not be finished; the next one goes on"
CHANGED = "another purge of this database is running; this one stopped, the next one goes on"
DUE = "vacuum_due"
REWRITTEN = "rewritten"
"""How many batches purges have rewritten so far: what was made of the journal before holds what is gone."""


@dataclass
class _Work:
    before: int
    rows: int = 0
    batches: set[int] = field(default_factory=set)
    waiting: dict[str, dict[int, tuple[str, Mask]]] = field(default_factory=dict)
    """By kind and batch: its checksum, and the weighty rows of it that must go."""
    overruling: dict[str, Overruling] = field(default_factory=dict)


def purge(database: Database, before: int, keep: Keep, dry: bool = False) -> Purged:
    """See :meth:`engine.journal.journal.Journal.purge`. ``dry`` counts what the old batches would lose."""
    work = _Work(before)
    if not dry:
        with database.write(DOING) as connection:
            # First of all: from here on, the past before the cutoff is not whole any more.
            remember(connection, "purged_before", str(max(before, int(fact(connection, "purged_before") or 0))))
    with database.read() as connection:
        old = connection.scalars(
            select(batches.c.seq).where(batches.c.received_at < before, batches.c.rows > 0).order_by(batches.c.seq)
        ).all()
    for seq in old:
        _plain_rows(database, seq, keep, work, dry)
    if dry:
        with database.read() as connection:
            refused = connection.scalar(select(func.count()).where(rejects.c.received_at < before))
        waiting = {seq for kind in work.waiting.values() for seq in kind}
        weight = sum(int(mask.sum()) for kind in work.waiting.values() for _, mask in kind.values())
        return Purged(len(work.batches | waiting), work.rows + weight, int(refused or 0))
    for kind in work.waiting:
        _weighty_rows(database, kind, work)
    with database.write(DOING) as connection:
        refused = connection.execute(rejects.delete().where(rejects.c.received_at < before)).rowcount
        if refused:
            remember(connection, DUE, "1")
    with database.read() as connection:
        due = fact(connection, DUE) is not None
    if due:
        vacuum(database, DOING)
        with database.write(DOING) as connection:
            remember(connection, DUE, None)
    return Purged(len(work.batches), work.rows, int(refused))


def _plain_rows(database: Database, seq: int, keep: Keep, work: _Work, dry: bool) -> None:
    while True:
        with database.read(DOING) as connection:
            row = _batch(connection, seq)
        table = decode(row.payload, row.sha256, seq, row.kind)
        gone = ~np.asarray(keep(row.kind, table), np.bool_)
        heavy = gone & weighty(table)
        light = gone & ~heavy
        digest = row.sha256
        if light.any():
            if not dry:
                with database.write(DOING) as connection:
                    new = _rewrite(connection, row, table, light, work.before)
                if new is None:  # changed since it was read
                    continue
                digest = new
            work.rows += int(light.sum())
            work.batches.add(seq)
        if heavy.any():
            work.waiting.setdefault(row.kind, {})[seq] = (digest, heavy[~light])
            work.overruling.setdefault(row.kind, Overruling(row.kind)).add(table, heavy)
        return


def _weighty_rows(database: Database, kind: str, work: _Work) -> None:
    """The rows of ``kind`` that are waiting, and all that they overrule, in one transaction."""
    waiting, overruling = work.waiting[kind], work.overruling[kind]
    found, newest = set(waiting), 0
    while True:
        # Looked for outside the transaction, which then holds up writers for the few batches concerned only.
        seqs = _later(database, kind, newest)
        if not seqs:
            break
        for seq in seqs:
            with database.read(DOING) as connection:
                row = _batch(connection, seq)
            if row.rows and overruling.mask(decode(row.payload, row.sha256, seq, kind), True).any():
                found.add(seq)
        newest = seqs[-1]
    rows = 0
    with database.write(DOING) as connection:
        found |= set(connection.scalars(select(batches.c.seq).where(batches.c.kind == kind, batches.c.seq > newest)))
        for seq in sorted(found):
            row = _batch(connection, seq)
            if not row.rows:
                continue
            table = decode(row.payload, row.sha256, seq, kind)
            digest, own = waiting.get(seq, (row.sha256, np.zeros(table.num_rows, np.bool_)))
            if digest != row.sha256:
                raise JournalError(CHANGED)
            gone = own | overruling.mask(table, row.received_at < work.before)
            if gone.any():
                _rewrite(connection, row, table, gone, work.before)
                rows += int(gone.sum())
                work.batches.add(seq)
    work.rows += rows


def _later(database: Database, kind: str, seq: int) -> list[int]:
    chosen = select(batches.c.seq).where(batches.c.kind == kind, batches.c.seq > seq, batches.c.rows > 0)
    with database.read(DOING) as connection:
        return list(connection.scalars(chosen.order_by(batches.c.seq)))


def _batch(connection: Connection, seq: int) -> Row[Any]:
    return connection.execute(select(batches).where(batches.c.seq == seq)).one()


def _rewrite(connection: Connection, row: Row[Any], table: pa.Table, gone: Mask, before: int) -> str | None:
    """Store the batch without the rows ``gone``; its new checksum, or None: it is not as it was read."""
    entry = encode(row.kind, table.filter(pa.array(~gone)), row.received_at)
    done = connection.execute(
        update(batches)
        .where(batches.c.seq == row.seq, batches.c.sha256 == row.sha256)
        .values(
            rows=entry.rows,
            first_day=entry.first_day,
            last_day=entry.last_day,
            payload=entry.payload,
            sha256=entry.sha256,
            purged_at=before,
        )
    )
    if not done.rowcount:
        return None
    remember(connection, DUE, "1")
    remember(connection, REWRITTEN, str(int(fact(connection, REWRITTEN) or 0) + 1))
    return entry.sha256
