"""The engine: one object that takes events in, publishes what it knows, answers, and looks after what it stores."""

import secrets
from collections.abc import Collection
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING

from engine.clock import Clock, system_clock
from engine.errors import HistoryGoneError, JournalError, TruyvetError
from engine.exposure.policies import policy_named
from engine.journal.journal import Journal
from engine.journal.rejects import Rejects
from engine.params import RETENTION_D
from engine.service.areas import Areas
from engine.service.entrance import Entrance
from engine.service.exporting import ExportReport, export
from engine.service.history import History, Past, PinnedState
from engine.service.intake import Intake
from engine.service.live import Live
from engine.service.maintenance import Maintenance
from engine.service.mapnews import MapNews
from engine.service.metrics import Metrics
from engine.service.now import Now
from engine.service.progress import Progress
from engine.service.publishing import Published, Publishing
from engine.service.questions import AnyPolicy, Questions
from engine.service.rehearsal import END, rehearse
from engine.service.results import PurgeReport
from engine.service.settings import Settings
from engine.service.storage import Storage
from engine.service.stream import MAP, Hub
from engine.service.territory import Held, Territory

if TYPE_CHECKING:
    from engine.service.scenario_jobs import ScenarioJobs
    from engine.service.scenarios import Scenarios

__all__ = ["AnyPolicy", "Engine", "Settings"]


class Engine(Entrance, Territory, Published):
    """Ingest, publish, query. Thread-safe: one writer at a time, readers never wait for the journal."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.metrics = Metrics(clock)
        self.stream = Hub(secrets.token_hex(6))
        self.map_stream = Hub(secrets.token_hex(6), refetch=MAP)
        self.release_stream = Hub(secrets.token_hex(6), refetch=MAP)
        self.share = 0.0
        """How much of the journal is loaded, 0 to 1."""
        self.rehearsed = 0.0
        """How much of the rehearsal is done, 0 to 1: see :mod:`engine.service.rehearsal`."""
        self.failure: TruyvetError | None = None
        """Why it will never be ready, if so."""
        policy = policy_named(settings.default_policy)
        self._clock = clock
        self._intake = Intake(clock, self.metrics, settings.queue_rows)
        self._live = Live(self._intake, policy, self.stream, self.metrics, clock)
        super().__init__(Now(self._intake, self._live, clock, policy), policy)
        self._storage: Storage | None = None
        self._history: History | None = None
        self._areas, self._held = Areas(None, clock), Held()
        self._publishing = Publishing(None, self._known, self.areas, settings, clock)
        analytic = (self.stream, self.map_stream)
        self._news = MapNews(self.hexes, self.release, analytic, self.release_stream)
        self._maintenance: Maintenance | None = None
        self._jobs: ScenarioJobs | None = None
        self._jobs_turn = Lock()
        self._ready = self._closed = False
        town = partial(Engine.open, Settings(), lambda: END)
        self._rehearsal = Thread(target=rehearse, args=(town, self._rehearsed), name="truyvet-rehearsal", daemon=True)

    def _rehearsed(self, share: float) -> None:
        self.rehearsed = share

    # -- opening and closing --------------------------------------------------------------------------

    @classmethod
    def open(cls, settings: Settings, clock: Clock = system_clock, progress: Progress | None = None) -> "Engine":
        """An engine with everything that is stored; returns when it can be asked.

        Raises:
            JournalError: the data cannot be used, or a stored batch is damaged.
        """
        engine = cls(settings, clock)
        engine._load(progress)
        return engine

    @classmethod
    def begin(cls, settings: Settings, clock: Clock = system_clock) -> "Engine":
        """An engine that loads by itself and then keeps its board live: for servers. Watch ``ready``, ``failure``."""
        engine = cls(settings, clock)
        engine._rehearsal.start()
        Thread(target=engine._load_and_live, name="truyvet-load", daemon=True).start()
        return engine

    def _load(self, progress: Progress | None, serve: bool = False) -> None:
        began = monotonic()

        def tell(what: str, share: float) -> None:
            self.share = share
            self.metrics.replay(share, monotonic() - began)
            if progress is not None:
                progress(what, share)

        self._storage = Storage.open(self.settings)
        if self._storage is not None:
            state = self._storage.load(progress=tell)
            self._intake.begin(state, self._storage.journal)
            self._history = History(self._storage, self._policy)
            self._areas = Areas(self._storage.journal, self._clock)
            journal = self._storage.journal
            self._publishing = Publishing(journal, self._known, self.areas, self.settings, self._clock)
            self._maintenance = Maintenance(self._storage, self._intake, self._live, self.metrics, self.settings)
            self._maintenance.renewed += [self.forget_maps, lambda: self._held.renew(self.snapshot)]
            self._maintenance.renewed.append(lambda: self.scenario_jobs.forget_worlds())
        self.share = 1.0
        if serve:
            self.scenario_jobs.start()
            self._rehearsal.join()
        self._ready = True
        if self._closed:  # asked last: who closes may come at any moment
            self._ready = False
        self.metrics.replay(1.0, monotonic() - began)

    def _load_and_live(self) -> None:
        try:
            self._load(None, serve=True)
            if self._closed:
                # By somebody who did not wait; what was opened here is nobody else's to close.
                self.scenario_jobs.stop()
                if self._storage is not None:
                    self._storage.close()
                return
            self._live.start()
            self._news.start()
            if self._maintenance is not None:
                due = (self.hold_levels, self._publishing.publish_if_due)
                self._maintenance.start(self._clock, self._history, due)
        except TruyvetError as error:
            self.failure, self._ready = error, False
        except Exception as error:
            self.failure, self._ready = JournalError(f"the data could not be loaded: {type(error).__name__}"), False
            raise

    def close(self) -> None:
        """Finish what is being written, leave a checkpoint for a quick start, let go. May be called twice."""
        if self._closed:
            return
        self._closed, self._ready = True, False
        if self._jobs is not None:
            self._jobs.stop()
        self._news.stop()
        self._live.stop()
        self._intake.drain()
        if self._maintenance is not None:
            self._maintenance.stop()
        if self._storage is not None:
            self._storage.close()

    @property
    def ready(self) -> bool:
        """Whether queries may be asked."""
        return self._ready

    @property
    def board_made(self) -> bool:
        """Whether the live board of a server was made once: who asks for it before waits for that."""
        return self._live.made

    # -- under other rules ------------------------------------------------------------------------------

    @property
    def scenarios(self) -> "Scenarios":
        """What would have happened under other rules: scenarios over what is known."""
        from engine.service.scenarios import Scenarios  # noqa: PLC0415 - half a second that other commands need not wait

        return Scenarios(self)

    @property
    def scenario_jobs(self) -> "ScenarioJobs":
        """Scenarios that clients submitted; servers run them."""
        from engine.service.scenario_jobs import ScenarioJobs  # noqa: PLC0415 - as above

        with self._jobs_turn:
            if self._jobs is None:
                journal = None if self._storage is None else self._storage.journal
                self._jobs = ScenarioJobs(self, journal, self.settings, self._clock, self.metrics)
            return self._jobs

    # -- the past -------------------------------------------------------------------------------------

    @property
    def as_of(self) -> int:
        """Journal sequence of the last batch taken in."""
        return self._intake.state.seq

    def at(self, as_of: int) -> "Questions":
        """Everything as it was known after batch ``as_of``: the same questions, asked of the past.

        Raises:
            HistoryGoneError: no such batch, before the retention, or an engine that stores nothing.
        """
        state = self._intake.snapshot()
        if as_of == state.as_of:
            return Past(PinnedState(state, self._known, self._clock()), self._policy)
        if self._history is None:
            raise HistoryGoneError("this engine stores nothing, so it knows no past; open it with a data folder")
        return self._history.at(as_of)

    def seq_at(self, moment: int) -> int:
        """The last batch received at or before a moment (UTC s).

        Raises:
            HistoryGoneError: there is none.
        """
        seq = self._storage.journal.seq_at(moment) if self._storage is not None else 0
        if seq == 0:
            raise HistoryGoneError("nothing had been received by then")
        return seq

    # -- looking after what is stored -----------------------------------------------------------------

    @property
    def journal(self) -> Journal:
        """The journal.

        Raises:
            JournalError: this engine stores nothing.
        """
        if self._storage is None:
            raise JournalError("this engine stores nothing; open it with a data folder or a database")
        return self._storage.journal

    @property
    def rejects(self) -> Rejects:
        """Refused rows, to be listed, put right and sent again. Raises as :attr:`journal`."""
        return self.journal.rejects

    def checkpoint(self) -> int | None:
        """Write a checkpoint now; the batch up to which it holds, None when the newest one already does.

        Raises:
            JournalError: it could not be written, or this engine stores nothing.
        """
        return self._kept().checkpoint(self._clock())

    def purge(self, now: int | None = None, dry: bool = False) -> PurgeReport:
        """Take away everything received more than the retention ago that is tied to no case, from everywhere.

        ``dry``: only count. Raises as :meth:`checkpoint`.
        """
        return self._kept().purge(self._clock() if now is None else now, self._history, dry)

    def export(
        self, to: Path, kinds: Collection[str] | None = None, force: bool = False, progress: Progress | None = None
    ) -> ExportReport:
        """Write everything known now below ``to``: see :func:`engine.service.exporting.export`."""
        journal, now = self._storage.journal if self._storage is not None else None, self._clock()
        report = export(self._intake, journal, to, now, kinds, force, progress)
        if journal is not None:
            journal.audit("local", "export", str(to.resolve()), f"as of {report.as_of}, {report.rows} rows", now)
        return report

    @property
    def retention_days(self) -> int:
        """How many days after receipt raw events tied to no case are kept."""
        days = self.settings.retention_days or int(RETENTION_D.value)
        return days if self._maintenance is None else self._maintenance.retention_days

    def _kept(self) -> Maintenance:
        if self._maintenance is None:
            raise JournalError("this engine stores nothing; open it with a data folder or a database")
        return self._maintenance
