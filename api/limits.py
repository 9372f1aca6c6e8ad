"""How much one request, and all of them together, may hold or take: declared once, handed to the application."""

import os
import threading
from dataclasses import dataclass, field

from api.problems import ProblemError

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds of the server. Bytes count after a body is unpacked unless said otherwise; times are seconds."""

    body: int = 128 * MIB
    """Bytes of one body, packed and unpacked."""
    rows: int = 1_000_000
    """Rows of one body."""
    held: int = 8 * MIB
    """Bodies up to this many bytes on the wire are read whole; longer ones are taken in as they arrive."""
    under_way: int = 512 * MIB
    """Bytes of all bodies held at one moment."""
    long_bodies: int = 4
    """Long bodies taken in at one moment: each has a thread of its own."""
    body_s: float = 120.0
    """Time that one body may keep the server waiting for its next bytes, in all."""
    idle_s: float = 20.0
    """Time that one body may go without a byte."""
    writers: int = 16
    """Threads that bring events in and wait until they are durable: apart from those that answer questions."""
    readers: int = field(default_factory=lambda: max(2, os.cpu_count() or 1))
    """Threads that answer questions. They compute, and share one interpreter with those that take events in: with
    four of them on two cores an acknowledgement took twice as long, and no question was answered sooner."""
    subscribers: int = 1_000
    """Streams open at one moment."""
    heartbeat_s: int = 15
    """Silence after which a stream says that it is alive."""


class Budget:
    """Bytes that all bodies under way may hold together. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes held now."""
        return self._used

    def share(self) -> "Share":
        """The part of one request: empty at first."""
        return Share(self)

    def change(self, by: int) -> bool:
        """Take ``by`` bytes (give back, when negative); False, and nothing taken, when there is no room."""
        with self._lock:
            if by > 0 and self._used + by > self._limit:
                return False
            self._used += by
            return True


class Share:
    """What one request holds of the budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._held = 0

    def take(self, size: int) -> None:
        """Hold ``size`` bytes more.

        Raises:
            ProblemError: 429, there is no room for them now.
        """
        if not self._budget.change(size):
            raise busy()
        self._held += size

    def release(self) -> None:
        """Give everything back."""
        self._budget.change(-self._held)
        self._held = 0


def busy(text: str = "busy", **values: object) -> ProblemError:
    """The refusal of what there is no room for at this moment; the connection ends, as its body is unread."""
    return ProblemError("busy", text, headers={"Retry-After": "1", "Connection": "close"}, **values)
