"""Sinks that remember what they were given, and fail when told to."""

import threading
import time
from dataclasses import dataclass, field

from engine.errors import JournalError
from engine.events.schemas import canonical_schema, kind_named
from engine.events.validate import check
from engine.service.results import IngestReply, Rejection
from tests.waiting import PATIENCE_S

NOW = 2_000_000_000


@dataclass
class MemorySink:
    """A journal in memory: batches as they came, and the set of events they make."""

    failures: int = 0
    """So many calls fail before one succeeds."""
    pause_s: float = 0.0
    batches: list = field(default_factory=list)
    events: set = field(default_factory=set)
    refused: list = field(default_factory=list)
    sources: list = field(default_factory=list)
    duplicates: int = 0
    log: list = field(default_factory=list)
    """What happened, in order: ("failed"|"stored"|"refused", kind, rows)."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def _fail(self, kind, rows):
        if self.failures:
            self.failures -= 1
            self.log.append(("failed", kind, rows))
            raise JournalError("the disk is away")

    def take(self, kind, batch, source):
        time.sleep(self.pause_s)
        with self.lock:
            self._fail(kind, batch.rows)
            checked = check(kind, batch.table, NOW, batch.first_row, batch.malformed)
            table = checked.table.select(canonical_schema(kind).names)
            names = kind_named(kind).natural_key
            keys = [(kind, *row) for row in zip(*(table[n].to_pylist() for n in names), strict=True)]
            new = set(keys) - self.events
            self.events |= new
            self.duplicates += len(keys) - len(new)
            self.batches.append(table)
            self.sources.append(source)
            self.log.append(("stored", kind, batch.rows))
            rejected = tuple(Rejection(r.row, r.code, r.detail) for r in checked.rejected)
            return IngestReply(len(new), len(keys) - len(new), rejected, len(self.batches))

    def refuse(self, kind, code, detail, body, source):
        with self.lock:
            self._fail(kind, 1)
            self.refused.append((kind, code, detail, body, source))
            self.log.append(("refused", kind, 1))


class Running:
    """A source at work in a thread."""

    def __init__(self, source, sink):
        self.stop_flag = threading.Event()
        self.thread = threading.Thread(target=source.run, args=(sink, self.stop_flag), daemon=True)
        self.thread.start()

    def stop(self):
        self.stop_flag.set()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def fixes(first, count, person="p"):
    """``count`` fixes of one person, one a second."""
    return [
        {
            "person": person,
            "at": f"2021-07-01T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}Z",
            "lat": 10.7,
            "lng": 106.7,
        }
        for s in range(first, first + count)
    ]
