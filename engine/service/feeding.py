"""Sources at work: threads that read a watched folder or a NATS server into an engine."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from engine.clock import Clock, system_clock
from engine.errors import JournalError, TruyvetError
from engine.events.batches import RawBatch
from engine.events.rejections import RAW, Rejected
from engine.events.schemas import KINDS, RETRACT
from engine.journal.entries import Entry, RejectRow
from engine.journal.journal import Journal
from engine.service.results import IngestReply
from engine.sources.folder import FolderSource
from engine.sources.nats import NatsSource
from engine.sources.source import Backoff, Source

_log = logging.getLogger("truyvet.feeding")
LONGEST_KIND = 64
"""Characters of a kind that is none, as it is kept with a refused row."""


class Fed(Protocol):
    """What sources need of the engine."""

    @property
    def ready(self) -> bool:
        """Whether it can take events in."""

    @property
    def retention_days(self) -> int:
        """How long raw events are kept."""

    @property
    def journal(self) -> Journal:
        """Its journal."""

    def ingest(
        self,
        kind: str,
        raw: pa.Table,
        malformed: Sequence[Rejected] = (),
        first_row: int = 0,
        source: str = "api",
        wait: bool = True,
    ) -> IngestReply:
        """Take in a batch; waits for room."""


class EngineSink:
    """Where sources put events: the engine. See :class:`engine.sources.source.Sink`."""

    def __init__(self, engine: Fed, clock: Clock = system_clock) -> None:
        self._engine = engine
        self._clock = clock

    def take(self, kind: str, batch: RawBatch, source: str) -> IngestReply:
        """Take in a batch; durable and applied when it returns."""
        return self._engine.ingest(kind, batch.table, batch.malformed, batch.first_row, source=source, wait=True)

    def refuse(self, kind: str, code: str, detail: str, body: bytes, source: str) -> None:
        """Keep what is no events at all as one refused row."""
        raw = body[:RAW].decode("utf-8", "replace")
        if kind in KINDS:
            nothing = pa.table({RETRACT.name: pa.array([], pa.bool_())})
            self._engine.ingest(kind, nothing, (Rejected(0, code, detail, raw),), source=source, wait=True)
            return
        row = RejectRow(kind[:LONGEST_KIND], source, 0, code, detail, raw)
        self._engine.journal.append([Entry(kind[:LONGEST_KIND], 0, 0, 0, b"", "", self._clock(), (row,))])


class Feeding:
    """Running sources."""

    def __init__(self, engine: Fed, sources: Sequence[Source], clock: Clock = system_clock) -> None:
        self._engine, self._sink = engine, EngineSink(engine, clock)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._feed, args=(source,), name=f"source-{source.name}", daemon=True)
            for source in sources
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Have every source finish what it is handing on; waits for that at most ``timeout`` seconds each."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout)

    def _feed(self, source: Source) -> None:
        while not self._engine.ready:
            if self._stop.wait(0.1):
                return
        backoff = Backoff()
        while not self._stop.is_set():
            try:
                source.run(self._sink, self._stop)
            except Exception as error:
                # A source must not end while the server goes on; texts of unforeseen errors may hold events.
                code = error.code if isinstance(error, TruyvetError) else type(error).__name__
                _log.exception("the source %s broke (%s) and starts again", source.name, code, exc_info=False)
                self._stop.wait(backoff.after_failure())


def start_sources(engine: Fed, watch: Path | None, nats: str | None) -> Feeding:
    """Read the folder ``watch`` and the NATS server at ``nats`` into ``engine``, each in a thread (None: not).

    Raises:
        BadInputError: the library for NATS is not installed.
        JournalError: the folder cannot be made.
    """
    sources: list[Source] = []
    if watch is not None:
        try:
            watch.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(f"{watch} cannot be watched: {error.strerror}") from None
        sources.append(FolderSource(watch, keep_days=lambda: engine.retention_days))
    if nats is not None:
        sources.append(NatsSource(nats, keep_days=lambda: engine.retention_days))
    return Feeding(engine, sources)
