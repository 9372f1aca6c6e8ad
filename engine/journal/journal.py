"""The journal: every accepted batch, in order, durable; the only truth that everything else is a fold over."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import func, select

from engine.journal.adopt import adopt
from engine.journal.database import Database
from engine.journal.documents import Documents
from engine.journal.entries import Entry, Purged, Stored
from engine.journal.facts import fact, remember
from engine.journal.ledger import Audit, AuditRow, Exports, Tasks
from engine.journal.purge import REWRITTEN, purge
from engine.journal.rejects import Rejects
from engine.journal.replay import replay
from engine.journal.schema import prepare
from engine.journal.storing import store
from engine.journal.tables import batches

KEPT_DAYS = "kept_days"
NOT_STORED = "the batch could not be stored and was not accepted"


class Journal:
    """Accepted batches in a database. Thread-safe; several processes may read and write one database.

    Every writer takes the database-wide lock, so sequence numbers are dense: 1, 2, 3, ... A caller that gets numbers
    which do not go on from its own has missed batches of another process, or of a commit whose confirmation was lost
    on its way; ``replay(after=its own, upto=the first number - 1)`` hands them over.
    """

    def __init__(self, database: Database, ident: str) -> None:
        self.ident = ident
        """Made at creation; what is derived from a journal names it."""
        self.rejects, self.tasks, self.exports = Rejects(database), Tasks(database), Exports(database)
        self.documents = Documents(database)
        self._audit = Audit(database)
        self._database = database
        self._seq = 0
        self._turn = Lock()

    @classmethod
    def open(cls, folder: Path | None, url: str | None = None) -> "Journal":
        """The journal at ``url``, else in ``folder/truyvet.db``; its tables are made or brought up to date first.

        Batches that an old release kept as files in ``folder/journal`` are taken over once.

        Raises:
            BadInputError: the URL is of no known kind, or its driver is not installed.
            StorageFullError: no room for the tables, or for what is taken over.
            JournalError: the database is away, damaged, read-only or written by a newer release.
        """
        database = Database.open(folder, url)
        try:
            journal = cls(database, prepare(database))
            if folder is not None:
                adopt(database, folder / "journal")
            journal.last_seq()
        except BaseException:
            database.close()
            raise
        return journal

    @property
    def name(self) -> str:
        """Where it is, without a password."""
        return self._database.name

    @property
    def seq(self) -> int:
        """Highest committed sequence number that this process knows."""
        return self._seq

    def append(self, entries: Sequence[Entry]) -> list[int | None]:
        """Make batches and their rejects durable in one transaction; returns their sequence numbers, in order.

        None for an entry without rows: only its rejects are kept. One commit to disk, however many entries.

        Raises:
            StorageFullError: no room is left; nothing was stored.
            JournalError: nothing was stored; or, where a PostgreSQL server went away during the commit itself, nothing
                is known to be. Then sending the events again is right: the same events twice are one.
        """
        with self._turn:
            with self._database.write(NOT_STORED) as connection:
                seqs = store(connection, entries)
            self._seen(max((s for s in seqs if s is not None), default=0))
        return seqs

    def last_seq(self) -> int:
        """Highest committed sequence number of the database; other processes may have written."""
        with self._database.read() as connection:
            self._seen(int(connection.scalar(select(func.max(batches.c.seq))) or 0))
        return self._seq

    def _seen(self, seq: int) -> None:
        self._seq = max(self._seq, seq)

    def replay(self, after: int = 0, upto: int | None = None, prefetch: int = 4) -> Iterator[Stored]:
        """Batches ``after < seq <= upto`` in order, checked, and decoded up to ``prefetch`` ahead in a thread.

        A batch that a purge emptied is left out. Memory: the batches ahead, whatever the journal's length.

        Raises:
            JournalError: a batch is missing or damaged; the message names it.
        """
        return replay(self._database, after, upto, prefetch)

    def rows_after(self, after: int) -> int:
        """Number of rows in batches later than ``after``."""
        with self._database.read() as connection:
            return int(connection.scalar(select(func.sum(batches.c.rows)).where(batches.c.seq > after)) or 0)

    def seq_at(self, moment: int) -> int:
        """Highest sequence number received at or before ``moment`` (UTC seconds); 0: none was."""
        with self._database.read() as connection:
            return int(connection.scalar(select(func.max(batches.c.seq)).where(batches.c.received_at <= moment)) or 0)

    def received(self, seq: int) -> int | None:
        """UTC seconds at which batch ``seq`` was received; None: there is no such batch."""
        with self._database.read() as connection:
            found = connection.scalar(select(batches.c.received_at).where(batches.c.seq == seq))
        return None if found is None else int(found)

    def purge(self, before: int, keep: Callable[[str, pa.Table], npt.NDArray[np.bool_]], dry: bool = False) -> Purged:
        """Take away rows received before ``before`` (UTC s) that ``keep(kind, table)`` does not hold on to.

        ``keep`` gives one bool a row, and is called outside any transaction. See :mod:`engine.journal.purge`.

        Raises:
            JournalError: it could not be finished. Every batch is whole; the next purge completes it.
        """
        return purge(self._database, before, keep, dry)

    @property
    def rewritten(self) -> int:
        """Grows whenever a purge takes rows away: what was made of the journal before then must not be used."""
        with self._database.read() as connection:
            return int(fact(connection, REWRITTEN) or 0)

    @property
    def purged_before(self) -> int:
        """Latest cutoff of a purge, also of one that was not finished; 0: there was none."""
        with self._database.read() as connection:
            return int(fact(connection, "purged_before") or 0)

    def audit(self, actor: str, action: str, subject: str, detail: str, at: int) -> None:
        """Note who did what to what, at ``at`` (UTC s). Kept by every purge: hold no events in it."""
        self._audit.add(actor, action, subject, detail, at)

    def audit_rows(self, after_id: int = 0, limit: int = 1_000) -> list[AuditRow]:
        """The audit trail in order, from after ``after_id``."""
        return self._audit.list(after_id, limit)

    @property
    def kept_days(self) -> int | None:
        """For how many days raw events are kept, where somebody has said so."""
        with self._database.read() as connection:
            said = fact(connection, KEPT_DAYS)
        return None if said is None else int(said)

    def keep_days(self, days: int) -> None:
        """Say for how many days raw events are kept, for every process from now on."""
        with self._database.write("the retention could not be noted") as connection:
            remember(connection, KEPT_DAYS, str(days))

    def close(self) -> None:
        """Close the database; this process must not use the journal any more."""
        self._database.close()
