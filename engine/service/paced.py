"""Answers that cost much are shared for a moment: a million readers of a map must not make it a million times."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")
DEAR_S = 0.03
"""An answer that took longer to make is kept ..."""
SHARE = 4
"""... for this many times as long as it took, ..."""
MOST_S = 0.5
"""... but no longer: everything accepted is visible within a second."""


class Paced(Generic[T]):
    """Values by key, made by whoever asks first; others who ask meanwhile wait or get an older one. Thread-safe."""

    def __init__(self, most: int = 16) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, tuple[T, float]] = OrderedDict()
        self._turns: dict[Hashable, Lock] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value under ``key``, made anew unless it is young and was dear.

        While one caller makes it anew, others get the one before, for ``MOST_S`` more.
        """
        with self._lock:
            turn = self._turns.setdefault(key, Lock())
            found = self._made.get(key)
        if not turn.acquire(blocking=False):
            if found is not None and monotonic() < found[1] + MOST_S and found[1] > 0:
                return found[0]
            turn.acquire()
        try:
            return self._newest(key, make)
        finally:
            turn.release()

    def young(self, key: Hashable) -> T | None:
        """The value under ``key``, if :meth:`get` would give it without making anything. Never waits."""
        found = self._made.get(key)
        return found[0] if found is not None and monotonic() < found[1] else None

    def _newest(self, key: Hashable, make: Callable[[], T]) -> T:
        """For the caller whose turn it is."""
        found = self._made.get(key)
        if found is not None and monotonic() < found[1]:
            return found[0]
        began = monotonic()
        try:
            value = make()
        except BaseException:
            with self._lock:
                self._turns.pop(key, None)
            raise
        took = monotonic() - began
        until = monotonic() + min(MOST_S, SHARE * took) if took > DEAR_S else 0.0
        with self._lock:
            self._made[key] = (value, until)
            while len(self._made) > self._most:
                old, _ = self._made.popitem(last=False)
                self._turns.pop(old, None)
        return value
