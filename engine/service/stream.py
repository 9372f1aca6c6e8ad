"""Live events to many subscribers: encoded once, kept in one bounded ring, read by cursors.

A subscriber that is slow costs no memory: when the ring has moved past its cursor it is told so with one event,
``missed``, and goes on from the newest event.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock
from typing import Any

import orjson

BLOCK_BYTES = 64 * 1024
"""Frames are kept, sent and forgotten in blocks of about this size, so that most subscribers share one object."""
JOINED = 8
"""Ranges of several blocks kept joined, for the other subscribers at the same place."""
REFETCH = "/v1/board"
"""What tells a subscriber who missed events where everybody stands."""
MAP = "/v1/risk/hexes"
"""The same for subscribers who hear of maps alone."""

Wake = Callable[[], None]


@dataclass(frozen=True)
class _Block:
    """Consecutive frames: of the events ``first``, ``first + 1``, ...; ``ends`` are the ends of the frames."""

    first: int
    frames: bytes
    ends: tuple[int, ...]

    @property
    def after(self) -> int:
        """Number of the event behind the last one."""
        return self.first + len(self.ends)


class Hub:
    """Publishes events to subscribers. Thread-safe; memory is bounded by ``limit_events`` and ``limit_bytes``.

    The newest event is always kept, even one that is larger than ``limit_bytes`` by itself.
    """

    def __init__(
        self, run: str, limit_events: int = 50_000, limit_bytes: int = 32 * 2**20, refetch: str = REFETCH
    ) -> None:
        self.run = run
        """Token of this process: ids of another run are not understood."""
        self._refetch = refetch
        self._limit_events = limit_events
        self._limit_bytes = limit_bytes
        self._block_events = max(1, min(1_000, limit_events // 4))
        self._lock = Lock()
        self._publishing = Lock()
        """Held while events are encoded, so that they get their numbers in order; readers do not wait for it."""
        self._blocks: list[_Block] = []
        self._bytes = 0
        self._next = 1
        self._as_of = 0
        self._joined: dict[tuple[int, int], tuple[bytes, int]] = {}
        """What was read since the last publication, by cursor and limit."""
        self._wakes: dict[int, Wake] = {}
        self._tickets = 0

    @property
    def subscribers(self) -> int:
        """How many are subscribed now."""
        return len(self._wakes)

    @property
    def as_of(self) -> int:
        """Journal sequence up to which everything was published."""
        return self._as_of

    def publish(self, as_of: int, events: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Append events (name, data), in order, and wake every subscriber once; without events only ``as_of`` moves.

        Cost: one encoding an event and one call a subscriber.
        """
        with self._publishing:
            blocks = self._encoded(events)
            with self._lock:
                self._as_of = as_of
                if not blocks:
                    return
                self._next = blocks[-1].after
                self._blocks += blocks
                self._bytes += sum(len(block.frames) for block in blocks)
                self._joined.clear()
                self._forget()
                wakes = list(self._wakes.items())
        for ticket, wake in wakes:
            try:
                wake()
            except RuntimeError:
                # The event loop behind it is closed: nobody reads there any more.
                self._leave(ticket)

    def _encoded(self, events: Sequence[tuple[str, Mapping[str, Any]]]) -> list[_Block]:
        blocks: list[_Block] = []
        frames: list[bytes] = []
        number, size = self._next, 0
        for name, data in events:
            frames.append(frame(name, data, f"{self.run}-{number + len(frames)}"))
            size += len(frames[-1])
            if size >= BLOCK_BYTES or len(frames) >= self._block_events:
                blocks.append(_block(number, frames))
                number, size, frames = blocks[-1].after, 0, []
        return [*blocks, _block(number, frames)] if frames else blocks

    def _forget(self) -> None:
        """Drop the oldest blocks while there is too much; holds the lock."""
        drop = 0
        while drop + 1 < len(self._blocks):
            if self._next - self._blocks[drop].first <= self._limit_events and self._bytes <= self._limit_bytes:
                break
            self._bytes -= len(self._blocks[drop].frames)
            drop += 1
        del self._blocks[:drop]

    def subscribe(self, last_event_id: str | None, wake: Wake) -> "Subscription":
        """Follow from now on, or from behind ``last_event_id``.

        ``wake`` is called from the publisher's thread after every publication: it must return at once. Take once
        right after subscribing: there may be something already.
        """
        with self._lock:
            cursor = self._place_of(last_event_id) if last_event_id else self._next
            self._tickets += 1
            self._wakes[self._tickets] = wake
            return Subscription(self, self._tickets, cursor)

    def _place_of(self, event_id: str) -> int | None:
        """Number of the event behind this one, None when it is not known any more, or never was."""
        run, _, text = event_id.strip().rpartition("-")
        if run != self.run or not (text.isascii() and text.isdigit() and len(text) < 20):
            return None
        after = int(text) + 1
        return after if self._oldest() <= after <= self._next else None

    def _oldest(self) -> int:
        return self._blocks[0].first if self._blocks else self._next

    def _leave(self, ticket: int) -> None:
        with self._lock:
            self._wakes.pop(ticket, None)

    def _read(self, cursor: int | None, limit: int) -> tuple[bytes, int]:
        """(frames from ``cursor`` on, about ``limit`` bytes at most but at least one frame; the next cursor)."""
        with self._lock:
            if cursor is None or cursor < self._oldest():
                newest = f"{self.run}-{self._next - 1}"
                return frame("missed", {"refetch": self._refetch, "as_of": self._as_of}, newest), self._next
            if cursor == self._next:
                return b"", cursor
            found = self._joined.get((cursor, limit))
            if found is None:
                parts, after = self._parts(cursor, limit)
                found = (parts[0] if len(parts) == 1 else b"".join(parts)), after
                if len(self._joined) == JOINED:
                    self._joined.pop(next(iter(self._joined)))
                self._joined[cursor, limit] = found
            return found

    def _parts(self, cursor: int, limit: int) -> tuple[list[bytes], int]:
        """Whole blocks while they fit; the rest of one begun, or as much of one as fits, alone."""
        at = bisect_right(self._blocks, cursor, key=lambda block: block.first) - 1
        block = self._blocks[at]
        begun = cursor - block.first
        if begun or len(block.frames) > limit:
            begin = block.ends[begun - 1] if begun else 0
            fits = max(begun + 1, bisect_right(block.ends, begin + limit))
            return [block.frames[begin : block.ends[fits - 1]]], block.first + fits
        parts: list[bytes] = []
        for block in self._blocks[at:]:
            limit -= len(block.frames)
            if limit < 0:
                break
            parts.append(block.frames)
            cursor = block.after
        return parts, cursor


class Subscription:
    """One reader of a hub: a cursor. Use from one thread or task."""

    def __init__(self, hub: Hub, ticket: int, cursor: int | None) -> None:
        self._hub = hub
        self._ticket = ticket
        self._cursor = cursor

    def take(self, limit_bytes: int = 256 * 1024) -> bytes:
        """The next frames, joined; empty when up to date, so take until it is. At least one frame, however long.

        After events were missed the first frame is ``missed``: what it knows is to be fetched again, and the frames
        that follow are of later events.
        """
        found, self._cursor = self._hub._read(self._cursor, limit_bytes)
        return found

    def heartbeat(self) -> bytes:
        """A frame that says the line is alive and up to which sequence everything was published.

        Its id is that of the last event taken: a reader who comes back with it misses nothing.
        """
        last = None if self._cursor is None else f"{self._hub.run}-{self._cursor - 1}"
        return frame("heartbeat", {"as_of": self._hub.as_of}, last)

    def close(self) -> None:
        """Leave the hub."""
        self._hub._leave(self._ticket)


def frame(name: str, data: Mapping[str, Any], event_id: str | None) -> bytes:
    """One server-sent event; JSON has no line breaks, so the data are one line."""
    head = "" if event_id is None else f"id: {event_id}\n"
    return b"".join((head.encode(), b"event: ", name.encode(), b"\ndata: ", orjson.dumps(data), b"\n\n"))


def _block(first: int, frames: list[bytes]) -> _Block:
    return _Block(first, b"".join(frames), tuple(accumulate(len(f) for f in frames)))
