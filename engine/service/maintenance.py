"""What has to be done by itself, or on command: checkpoints, and the daily purge."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

from engine.clock import DAY, Clock, in_viet_nam
from engine.errors import TruyvetError
from engine.service.exporting import renew_exports
from engine.service.history import History
from engine.service.intake import Intake
from engine.service.live import Live
from engine.service.metrics import Metrics
from engine.service.results import PurgeReport
from engine.service.retention import keeper
from engine.service.settings import Settings
from engine.service.storage import Storage
from engine.sources.source import Backoff

log = logging.getLogger("truyvet.maintenance")
LOOK_S = 10.0
"""How often there is a look at what is due."""
MOST_WAIT_S = 1_800.0
"""The longest wait before a job that failed is tried again: each try may read and write whole disks."""
CHECKPOINT_ROWS = 5_000_000
"""A checkpoint is written when this many rows would have to be replayed, ..."""
CHECKPOINT_S = 3_600.0
"""... or this long after the last one, if anything came."""
WORTH_ROWS = 100_000
"""At the end a checkpoint is left when it saves the replay of this many rows."""
PURGE_HOUR = 3
"""Hour of the day in Viet Nam from which the daily purge is due."""
LEASE_S = 4 * 3_600
PURGE = "purge"
"""Name of the daily job."""


Job = Callable[[int], None]
"""Something to look after, at a moment (UTC s)."""


class Retried:
    """A job that, while it fails, is tried more and more seldom; others go on meanwhile."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._backoff = Backoff(LOOK_S, MOST_WAIT_S)
        self._from = 0.0

    def __call__(self, now: int) -> None:
        """Do it, unless it failed a short while ago."""
        if monotonic() < self._from:
            return
        try:
            self._job(now)
            self._backoff.succeeded()
        except TruyvetError as error:
            self._from = monotonic() + self._backoff.after_failure()
            log.warning("maintenance is tried again: %s", error.code)
        except Exception:
            self._from = monotonic() + self._backoff.after_failure()
            log.exception("maintenance is tried again")


class Maintenance:
    """Keeps restarts quick and old events out."""

    def __init__(self, storage: Storage, intake: Intake, live: Live, metrics: Metrics, settings: Settings) -> None:
        self._storage = storage
        self._intake = intake
        self._live = live
        self._metrics = metrics
        storage.settle_retention(settings.retention_days)
        self._lock = Lock()
        """One checkpoint or purge at a time."""
        self._saved_seq = self._newest_seq()
        self._saved_at = monotonic()
        self._purging = ""
        """Name of the journal at the last look, where it was not that of the state."""
        self._stop = Event()
        self._thread: Thread | None = None
        self.renewed: list[Callable[[], None]] = []
        """Called when the state was replaced: nothing of the old one may live on."""

    def _newest_seq(self) -> int:
        files = self._storage.checkpoints
        try:
            # One of another journal, or from before a purge, saves no replay.
            fit = [i for i in files.list() if i.journal == self._storage.ident] if files is not None else []
        except TruyvetError as error:
            log.warning("the newest checkpoint is not known: %s", error.code)
            return 0
        newest = max(fit, key=lambda info: info.seq, default=None)
        if newest is None:
            return 0
        self._metrics.checkpoint(newest.seq, 0.0, newest.received_at)
        return newest.seq

    @property
    def retention_days(self) -> int:
        """How many days raw events are kept; another process may have said so since."""
        return self._storage.settle_retention(None)

    # -- checkpoints --------------------------------------------------------------------------------------

    def checkpoint(self, now: int) -> int | None:
        """Write a checkpoint of the state as it is; its sequence number, None when there is one already.

        Raises:
            JournalError: it could not be written; older ones stay.
        """
        with self._lock:
            return self._checkpoint(now)

    def _checkpoint(self, now: int) -> int | None:
        began = monotonic()
        with self._intake.lock:
            saved = self._intake.state.saved()
        written = self._storage.save(saved, now - self.retention_days * DAY)
        self._saved_seq, self._saved_at = max(self._saved_seq, saved.seq), monotonic()
        if not written:
            return None
        self._metrics.checkpoint(saved.seq, monotonic() - began)
        log.info("checkpoint", extra={"fields": {"seq": saved.seq, "seconds": round(monotonic() - began, 3)}})
        return saved.seq

    def _worth(self, rows: int) -> bool:
        files = self._storage.checkpoints
        return files is not None and self._storage.journal.rows_after(self._saved_seq) >= rows

    # -- retention ----------------------------------------------------------------------------------------

    def purge(self, now: int, history: History | None, dry: bool = False) -> PurgeReport:
        """Take away what was received more than the retention before ``now`` (UTC s) and is tied to no case.

        From the journal first, then from memory and checkpoints, which are made anew from what is left, then from
        the exports there are. A purge that was cut short is completed by the next.

        Raises:
            JournalError: it could not be finished.
        """
        began = monotonic()
        with self._lock:
            before = now - self.retention_days * DAY
            self._intake.catch_up()  # a case that another process has accepted ties what it touches, too
            board, state = self._live.refresh(now=True)
            gone = self._storage.journal.purge(before, keeper(board, state.person_keys), dry)
            exports: list[Path] = []
            if not dry:
                # Also when an earlier purge was cut short before it came to this.
                self._storage.forget_purged()
                if self._storage.ident != self._intake.state.ident:
                    self._renew(now, history)
                    self._checkpoint(now)
                exports = renew_exports(self._storage.journal, self._intake)
                self._metrics.purge(gone.rows)
                told = f"{gone.rows} rows of {gone.batches} batches received before {before}"
                self._storage.journal.audit("maintenance", "purge", "", told, now)
                log.info("purge", extra={"fields": {"batches": gone.batches, "rows": gone.rows}})
        return PurgeReport(before, gone.batches, gone.rows, gone.rejects, tuple(exports), monotonic() - began)

    def _renew(self, now: int, history: History | None) -> None:
        self._intake.replace_state(partial(self._storage.load, mark_after=now - self.retention_days * DAY))
        self._live.forget()
        if history is not None:
            history.forget()
        for forget in self.renewed:
            forget()

    # -- by itself ----------------------------------------------------------------------------------------

    def start(self, clock: Clock, history: History | None, also: Sequence[Callable[[int], None]] = ()) -> None:
        """Look every few seconds at what is due, in a thread of its own, until :meth:`stop`.

        ``also``: what else to call with the time, for jobs that know themselves when they are due.
        """
        arguments = (clock, history, also)
        thread = Thread(target=self._run, args=arguments, name="truyvet-maintenance", daemon=True)
        thread.start()
        self._thread = thread  # once it may be waited for: who closes may come at any moment

    def _run(self, clock: Clock, history: History | None, also: Sequence[Callable[[int], None]]) -> None:
        own = (self._follow_purge, self._checkpoint_if_due, self._purge_if_due)
        jobs = [*(Retried(partial(job, history=history)) for job in own), *map(Retried, also)]
        while not self._stop.wait(LOOK_S):
            for job in jobs:
                job(clock())

    def _checkpoint_if_due(self, now: int, history: History | None) -> None:
        due = self._worth(1) and monotonic() - self._saved_at > CHECKPOINT_S
        if due or self._worth(CHECKPOINT_ROWS):
            self.checkpoint(now)

    def _purge_if_due(self, now: int, history: History | None) -> None:
        local, tasks = in_viet_nam(now), self._storage.journal.tasks
        last = tasks.last(PURGE)
        done = last is not None and (last.finished_at or 0) >= last.started_at
        if done and last is not None and in_viet_nam(last.started_at).date() >= local.date():
            return
        if local.hour < PURGE_HOUR or not tasks.claim(PURGE, now, LEASE_S):
            return
        report = self.purge(now, history)
        tasks.done(PURGE, now, f"{report.rows} rows of {report.batches} batches")

    def _follow_purge(self, now: int, history: History | None) -> None:
        """Another process has purged: what it took away must not live on here.

        Two looks must find the same: the name changes with every batch that a purge rewrites.
        """
        ident = self._storage.ident
        if ident != self._intake.state.ident:
            if ident != self._purging:
                self._purging = ident
                return
            with self._lock:
                self._storage.forget_purged()
                self._renew(now, history)

    def stop(self) -> None:
        """End the thread, and leave a checkpoint when that makes the next start much quicker."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self._storage.forget_purged()
            if self._worth(WORTH_ROWS):
                with self._intake.lock:
                    now = self._intake.state.received_at
                self.checkpoint(now)
        except TruyvetError as error:
            log.warning("no checkpoint at the end: %s", error.code)
