"""Parts of a day that have grown alike become one: small ones at once, large ones while the writer goes on.

A large merge runs on a thread of its own, over segments that nobody changes. What the writer does meanwhile to the
rows themselves is put over it at the next sealing; when rows went away meanwhile, it was in vain.
"""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from engine.cores import Turn, in_child
from engine.graph.parts import Part
from engine.graph.segments import Rows, Segment, Woven, merge_woven, reach_of_both

log = logging.getLogger("truyvet.graph")
AT_ONCE = 1 << 17
"""Rows that are merged where they stand, about 8 ms; more are merged behind the writer's back."""
MOST_PARTS = 16
"""Where rows keep going away, merges behind the writer's back are in vain: with more parts than this, none is."""

_turn = Turn()
_pools: list[ThreadPoolExecutor] = []
in_child(_pools.clear)


@dataclass(frozen=True)
class Merged:
    """Two segments and the one that they make."""

    a: Segment
    b: Segment
    both: Woven
    segment: Segment

    @classmethod
    def of(cls, a: Segment, b: Segment) -> "Merged":
        """Merge. Cost: linear."""
        both = Woven.of(a.rows, b.rows)
        return cls(a, b, both, merge_woven(a, b, both))

    def renewed(self, a: Segment, b: Segment) -> Segment | None:
        """What later states of the two make; None when rows went away. Cost: the columns that are others now."""
        if a is self.a and b is self.b:
            return self.segment
        if a.rows.k1 is not self.a.rows.k1 or b.rows.k1 is not self.b.rows.k1:
            return None
        old, payload = self.segment, dict(self.segment.rows.payload)
        for name in payload:
            now = a.rows.payload[name], b.rows.payload[name]
            if now[0] is not self.a.rows.payload[name] or now[1] is not self.b.rows.payload[name]:
                payload[name] = self.both.column(*now)
        stay = old.stay_s
        if old.rows.kind == "location" and (a.stay_s is not self.a.stay_s or b.stay_s is not self.b.stay_s):
            stay = self.both.column(a.stay_s, b.stay_s)
        rows = Rows(old.rows.kind, old.rows.k1, old.rows.k2, payload)
        return replace(old, rows=rows, stay_s=stay, **reach_of_both(a, b))


@dataclass(frozen=True)
class _Pending:
    a: Part
    b: Part
    found: "Future[Merged]"


class Merges:
    """Keeps the parts of one day few. One writer."""

    def __init__(self) -> None:
        self._pending: _Pending | None = None

    def join(self, parts: list[Part]) -> None:
        """Merge neighbours of ``parts``, all sealed, of which the second is more than half as long as the first.

        Large ones are merged at a later call, when that has been done.
        """
        self._collect(parts)
        at = len(parts) - 2
        while at >= 0:
            a, b = parts[at], parts[at + 1]
            if len(a) >= 2 * len(b) or self._holds(a) or self._holds(b):
                at -= 1
            elif len(a) + len(b) <= AT_ONCE or len(parts) > MOST_PARTS:
                parts[at : at + 2] = [a.merged(b)]
                at = min(at, len(parts) - 2)
            else:
                if self._pending is None:
                    self._pending = _Pending(a, b, _behind(a.sealed(), b.sealed()))
                at -= 1

    def _holds(self, part: Part) -> bool:
        return self._pending is not None and (part is self._pending.a or part is self._pending.b)

    def _collect(self, parts: list[Part]) -> None:
        """Put what has been merged in the place of its two parts."""
        done = self._pending
        if done is None or not done.found.done():
            return
        self._pending = None
        if done.found.exception() is not None:
            log.warning("segments stay apart: they could not be merged", exc_info=done.found.exception())
            return
        for at in range(len(parts) - 1):
            if parts[at] is done.a and parts[at + 1] is done.b:
                segment = done.found.result().renewed(done.a.sealed(), done.b.sealed())
                if segment is not None:
                    parts[at : at + 2] = [Part(segment)]
                return


def _behind(a: Segment, b: Segment) -> "Future[Merged]":
    with _turn:
        if not _pools:
            _pools.append(ThreadPoolExecutor(1, thread_name_prefix="merge"))
        return _pools[0].submit(Merged.of, a, b)
