"""Where events come from besides HTTP: what a source must do, and what it may rely on.

A source reads events somewhere (a folder, a message queue) and hands them to a :class:`Sink` in batches. The contract,
for whoever adds another one:

- **At least once.** ``Sink.take`` returns when the batch is durable and applied. Only then may the source acknowledge
  it (move the file, ack the message, commit the offset). Killed in between, it reads the batch again: events are a set
  by natural key, so that what comes twice is counted as a duplicate and changes nothing.
- **Nothing is dropped.** ``take`` waits for room, so a source needs no queue of its own; it reads no further than what
  it has handed on. When ``take`` raises a :class:`~engine.errors.JournalError` (disk full, database away) nothing of
  the batch was kept: leave it where it is, wait (:class:`Backoff`), hand it on again. What can never be read goes to
  ``Sink.refuse`` and is then acknowledged, so that it does not come again for ever.
- **Its server may go away** and come back; ``run`` survives that and returns only when ``stop`` is set, within about
  a second.
- **No personal data in logs**: counts, codes, sequence numbers; never a body, an id, a file's name or an address with
  a password.

A consumer of Kafka fits so: poll records, decode them with :func:`engine.sources.bodies.decode`, join them with
:func:`engine.sources.joining.joined`, ``take``, then commit the offsets of exactly those records.
"""

import threading
from collections.abc import Sequence
from typing import Protocol

from engine.events.batches import RawBatch


class Refused(Protocol):
    """One refused row of a reply."""

    @property
    def row(self) -> int:
        """Its index, as the batch counts (``RawBatch.first_row`` is its first)."""

    @property
    def code(self) -> str:
        """A stable code."""

    @property
    def detail(self) -> str:
        """What to do about it; may quote the row, so it is never logged."""


class Reply(Protocol):
    """What became of a batch (``engine.service.results.IngestReply``)."""

    @property
    def accepted(self) -> int:
        """Rows that changed the state."""

    @property
    def duplicates(self) -> int:
        """Rows that were known."""

    @property
    def rejected(self) -> Sequence[Refused]:
        """Refused rows, by row. They are kept with their reason; the source need not."""

    @property
    def as_of(self) -> int:
        """Journal sequence that holds the batch."""


class Sink(Protocol):
    """Where sources put events."""

    def take(self, kind: str, batch: RawBatch, source: str) -> Reply:
        """Take in a batch; durable and applied when it returns. Waits while the engine is busy.

        Raises:
            JournalError: it cannot be stored now; nothing of it was, try again later.
            BadInputError: it can never be taken (damaged columns); :meth:`refuse` it.
        """

    def refuse(self, kind: str, code: str, detail: str, body: bytes, source: str) -> None:
        """Keep what is no events at all as one refused row, for people to look at. Durable when it returns.

        Raises:
            JournalError: it cannot be stored now; try again later.
        """


class Source(Protocol):
    """One place events come from."""

    name: str
    """Short and stable, like ``folder`` or ``nats``."""

    def run(self, sink: Sink, stop: threading.Event) -> None:
        """Read until ``stop`` is set. Survives its server going away."""


class Backoff:
    """How long to wait before the next try: doubling from ``first`` to ``most`` seconds."""

    def __init__(self, first: float = 0.5, most: float = 30.0) -> None:
        self._first, self._most = first, most
        self._next = first

    def after_failure(self) -> float:
        """Seconds to wait now; the next failure in a row waits twice as long."""
        wait = self._next
        self._next = min(self._most, 2 * wait)
        return wait

    def succeeded(self) -> None:
        """Start from the shortest wait again."""
        self._next = self._first
