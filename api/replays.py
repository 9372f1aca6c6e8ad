"""``Idempotency-Key``: the same request sent again gets the first reply again.

Events are idempotent by themselves; this spares a sender that lost a reply the surprise of "all duplicates".
Memory is bounded by count and by bytes, oldest replies first; nothing survives a restart.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from api.problems import ProblemError

MAX_REPLIES = 4_096
MAX_BYTES = 64 * 2**20
MAX_KEY = 255
_COST = 512
"""Bytes counted for an entry beside its reply."""


@dataclass(frozen=True)
class _Entry:
    digest: bytes
    reply: bytes | None
    """None while the first request is still at work."""


class Replays:
    """Replies by key. Thread-safe."""

    def __init__(self, max_replies: int = MAX_REPLIES, max_bytes: int = MAX_BYTES) -> None:
        self._max_replies = max_replies
        self._max_bytes = max_bytes
        self._entries: OrderedDict[tuple[str, ...], _Entry] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def once(self, key: tuple[str, ...], digest: Callable[[], bytes], work: Callable[[], bytes]) -> tuple[bytes, bool]:
        """The reply under ``key``, and whether it is a repetition; ``work`` runs the first time.

        ``digest`` gives the digest of the body; it is asked for after ``work``, or in place of it. A failure of
        ``work`` is not kept: the key may be tried again.

        Raises:
            ProblemError: ``key_reused`` with another body, ``key_in_progress`` while the first is at work.
        """
        known = self._begin(key)
        if known is not None:
            if known.digest != digest():
                raise ProblemError("key_reused")
            return known.reply or b"", True
        try:
            reply = work()
            self._keep(key, _Entry(digest(), reply), len(reply) + _COST)
        except BaseException:
            with self._lock:
                self._entries.pop(key, None)
            raise
        return reply, False

    def _begin(self, key: tuple[str, ...]) -> _Entry | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                self._entries[key] = _Entry(b"", None)
                return None
            if entry.reply is None:
                raise ProblemError("key_in_progress", headers={"Retry-After": "1", "Connection": "close"})
            self._entries.move_to_end(key)
            return entry

    def _keep(self, key: tuple[str, ...], entry: _Entry, size: int) -> None:
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            self._bytes += size
            if self._fits():
                return
            for oldest in [k for k, e in self._entries.items() if e.reply is not None]:
                if self._fits():
                    break
                gone = self._entries.pop(oldest)
                self._bytes -= len(gone.reply or b"") + _COST

    def _fits(self) -> bool:
        return len(self._entries) <= self._max_replies and self._bytes <= self._max_bytes
