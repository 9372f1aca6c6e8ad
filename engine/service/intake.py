"""How events get in: checked, made durable together with whatever else waits, taken into the growing state.

There is no committing thread. Whoever brings a batch puts it in the queue and asks for the journal; the one who gets
it stores everything that waits in one transaction, asks for the state, and gives the journal away: while the batches
of one transaction are taken in, the next ones are stored. The others find their work done.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Condition, Lock
from time import monotonic
from typing import Protocol

import numpy as np
import pyarrow as pa

from engine.clock import Clock
from engine.errors import BusyError, JournalError
from engine.events.outcome import DUPLICATE, RETRACTED
from engine.events.schemas import canonical_schema, kind_named
from engine.events.validate import Rejected, check
from engine.journal.blobs import encode
from engine.journal.journal import Journal
from engine.service.metrics import Metrics
from engine.service.rejected import reject_rows, retracted_rows
from engine.service.results import IngestReply
from engine.service.snapshot import Snapshot
from engine.service.state import Outcomes, State
from engine.service.work import Work, dead_rows, reply_of

log = logging.getLogger("truyvet.intake")
GROUP_ROWS = 1_000_000
"""Rows stored in one transaction: more wait for the next."""


class Heard(Protocol):
    """Who is told of every batch that was taken in, while the state's lock is held: it must be quick."""

    def __call__(self, kind: str, table: pa.Table, outcomes: Outcomes) -> None:
        """A batch and one outcome per row."""


class Intake:
    """The one way into a state. Thread-safe."""

    def __init__(self, clock: Clock, metrics: Metrics, queue_rows: int) -> None:
        self.state = State()
        self.journal: Journal | None = None
        self.lock = Lock()
        """Held while a batch is taken in, a new snapshot is made out of what was, or all that a checkpoint or an export
        must hold is copied (the keys, the kinds with few events): what readers may wait for."""
        self.heard: Heard | None = None
        self._clock = clock
        self._metrics = metrics
        self._most = queue_rows
        self._storing = Lock()
        """Whoever holds it is the one who writes to the journal; readers never wait for it."""
        self._taking = Lock()
        """Whoever holds it is the one who changes the state. Asked for with ``_storing`` held: batches are taken in in
        the order of the journal. Readers never wait for it."""
        self._room = Condition()
        self._turn = Condition()
        """Guards who stores next."""
        self._busy = False
        """Whether somebody stores what waits, or is about to."""
        self._waiting: list[Work] = []
        self._rows = 0
        self._snapshot: Snapshot | None = None
        self._asked = False
        """Whether somebody has waited for a snapshot since the last batch."""
        self._last_received = self._last_number = 0

    # -- taking in ------------------------------------------------------------------------------------

    def ingest(
        self,
        kind: str,
        raw: pa.Table,
        malformed: Sequence[Rejected] = (),
        first_row: int = 0,
        source: str = "api",
        wait: bool = True,
    ) -> IngestReply:
        """Check a batch, store its good rows and the refused ones, take the good ones in.

        Returns when the batch is on disk and every later snapshot holds it.

        Raises:
            UnknownKindError: no such kind.
            BusyError: more rows wait than may, and the caller would not (``wait`` false).
            JournalError: the batch could not be stored; nothing of it was accepted.
        """
        kind_named(kind)
        now = self._clock()
        checked = check(kind, raw, now, first_row, malformed)
        table = checked.table.select(canonical_schema(kind).names)
        self._reserve(table.num_rows, wait)
        try:
            entry = None
            if self.journal is not None and (table.num_rows or checked.rejected):
                entry = encode(kind, table, now, reject_rows(checked, raw, first_row, source))
            work = Work(checked, table, entry, now, source)
            with self._turn:
                self._waiting.append(work)
            while self._must_store(work):
                self._commit()
        finally:
            self._release(table.num_rows)
        self._metrics.batch(monotonic() - work.began)
        if work.reply is None:
            raise work.error or RuntimeError("a batch ended without an answer")
        self._metrics.accepted(kind, work.reply.accepted)
        if work.reply.rejected:
            self._metrics.rejected(kind, len(work.reply.rejected))
        return work.reply

    def _reserve(self, rows: int, wait: bool) -> None:
        """Room in the queue. A batch larger than the whole queue passes when it is alone."""
        with self._room:
            while self._rows and self._rows + rows > self._most:
                if not wait:
                    raise BusyError("more events wait than can be held; send this batch again in a second")
                self._room.wait()
            self._rows += rows
            self._metrics.queue(self._rows)

    def _release(self, rows: int) -> None:
        with self._room:
            self._rows -= rows
            self._metrics.queue(self._rows)
            self._room.notify_all()

    # -- the one writer ---------------------------------------------------------------------------------

    def _must_store(self, work: Work) -> bool:
        """Wait until ``work`` is done (False), or until nobody stores and it waits: then the caller must (True)."""
        with self._turn:
            self._turn.wait_for(lambda: work.done or not (work.in_hand or self._busy))
            if not work.done:
                self._busy = True
            return not work.done

    def _commit(self) -> None:
        """Store what waits in one transaction, then take it in; every work of the group gets its reply or error."""
        group: list[Work] = []
        took = False
        try:
            try:
                with self._storing:
                    group = self._next_group()
                    seqs = self._store(group)
                    took = self._taking.acquire()
            finally:
                with self._turn:
                    self._busy = False
                    self._turn.notify_all()
            self._take_group(group, seqs)
        except BaseException as error:
            for one in group:
                if not one.done:
                    one.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            if took:
                self._taking.release()
            with self._turn:
                self._turn.notify_all()

    def _next_group(self) -> list[Work]:
        with self._turn:
            count = rows = 0
            for work in self._waiting:
                rows += work.table.num_rows
                if count and rows > GROUP_ROWS:
                    break
                count += 1
            group, self._waiting = self._waiting[:count], self._waiting[count:]
            for work in group:
                work.in_hand = True
        return group

    def _store(self, group: list[Work]) -> list[int | None]:
        """The sequence number of each batch; None for one without good rows."""
        if self.journal is None:
            return [self._number() if work.table.num_rows else None for work in group]
        for work in group:  # the clock may step back; the order of receipt does not
            last = max(self._last_received, self.state.received_at)
            self._last_received = work.received_at = max(work.received_at, last)
        entries = [replace(w.entry, received_at=w.received_at) for w in group if w.entry is not None]
        seqs = iter(self.journal.append(entries) if entries else [])
        self._metrics.committed(len(entries))
        return [next(seqs) if work.entry is not None else None for work in group]

    def _number(self) -> int:
        self._last_number = max(self._last_number, self.state.seq) + 1
        return self._last_number

    def _take_group(self, group: list[Work], seqs: list[int | None]) -> None:
        replies: list[IngestReply] = []
        try:
            for work, seq in zip(group, seqs, strict=True):
                replies.append(self._take(work, seq))
            self._keep_retracted(group)
        finally:
            for work, reply in zip(group, replies, strict=False):
                work.reply = reply

    def _take(self, work: Work, seq: int | None) -> IngestReply:
        outcomes = np.empty(0, np.uint8)
        if seq is not None:
            if seq > self.state.seq + 1 and self.journal is not None:
                self._follow(seq - 1)  # another process wrote in between
            outcomes = self._apply(work.checked.kind, work.table, seq, work.received_at)
        work.dead = dead_rows(work.checked, outcomes)
        return reply_of(work, outcomes, self.state.seq)

    def _keep_retracted(self, group: list[Work]) -> None:
        """Rows whose key is retracted are known as such only now; keep them beside the other refused ones."""
        if self.journal is None:
            return
        entries = []
        for work in group:
            if work.dead and work.entry is not None:
                rows = retracted_rows(work.checked.kind, work.table, work.dead, work.source)
                entries.append(encode(work.checked.kind, work.table.slice(0, 0), work.received_at, rows))
        try:
            if entries:
                self.journal.append(entries)
        except JournalError as error:
            # Their batches are stored and hold them; the reasons went to whoever sent them.
            log.warning("rows refused as retracted are not among the refused rows: %s", error.code)

    def _follow(self, upto: int | None) -> None:
        if self.journal is None:
            return
        for stored in self.journal.replay(after=self.state.seq, upto=upto):
            self._apply(stored.kind, stored.table, stored.seq, stored.received_at)

    def _apply(self, kind: str, table: pa.Table, seq: int, received_at: int) -> Outcomes:
        with self.lock:
            if self._asked:  # who asks while this batch is taken in has the state up to here, without waiting
                self.current()
                self._asked = False
            outcomes = self.state.apply(kind, table, seq, received_at)
            news = bool(((outcomes != DUPLICATE) & (outcomes != RETRACTED)).any())
            old = self._snapshot
            self._snapshot = replace(old, as_of=seq) if old is not None and not news else None
            if news and self.heard is not None:
                self.heard(kind, table, outcomes)
        return outcomes

    # -- what the engine asks of it ---------------------------------------------------------------------

    def begin(self, state: State, journal: Journal | None) -> None:
        """Go on from a state, writing to a journal."""
        self.state, self.journal, self._snapshot = state, journal, None
        self._last_received, self._last_number = state.received_at, state.seq

    def catch_up(self) -> None:
        """Take in what other processes have written since.

        Raises:
            JournalError: the journal cannot be read.
        """
        if self.journal is not None and self.journal.last_seq() > self.state.seq:
            with self._storing, self._taking:
                self._follow(None)

    def replace_state(self, made: Callable[[], State]) -> None:
        """Put another state of the same journal in place; nobody writes while it is put there.

        It may take long to make: the old one goes on meanwhile, and what was stored since is taken into the new one.
        """
        state = made()
        with self._storing, self._taking:
            for stored in self.journal.replay(after=state.seq) if self.journal is not None else ():
                state.apply(stored.kind, stored.table, stored.seq, stored.received_at)
            with self.lock:
                self.state, self._snapshot = state, None

    def snapshot(self) -> Snapshot:
        """The newest state; made once after a change, then shared by every reader."""
        state = self._snapshot
        if state is not None:
            return state
        self._asked = True
        with self.lock:
            return self.current()

    def current(self) -> Snapshot:
        """The newest state, for callers that hold ``lock``."""
        if self._snapshot is None:
            self._snapshot = self.state.publish()
        return self._snapshot

    def drain(self) -> None:
        """Wait for the batches that are being written."""
        with self._storing, self._taking:
            pass
