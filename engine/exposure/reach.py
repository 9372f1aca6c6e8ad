"""Who is reached at which level and when, from many cases at once, each as if alone; nothing else about it.

Dose, chance, witness and places are what a trace (:mod:`engine.exposure.trace`) takes most of its time for. Without
them, and with a view's lists (:mod:`engine.graph.lists`), a case costs a twentieth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.cores import in_parallel, threads
from engine.exposure.kernels import reaching_fields as f
from engine.exposure.kernels.reaching import reach
from engine.exposure.reached import Codes, Each, Ints, Question, Seed
from engine.exposure.trace import trace_each
from engine.exposure.walk import Walk
from engine.graph.evidence import TALLY, records_examined
from engine.graph.lists import Lists, known_lists, lists_if_they_pay
from engine.graph.view import GraphView
from engine.ids import Keys

TRIED = 32
"""Cases traced to see what a case costs, before lists are made for the rest."""
NS_SAVED = 100
"""What a record examined costs less with lists, CPU time."""
_WITH_STAYS, _WITHOUT = 16, 512
"""Fewer cases are not handed to another thread."""
_ROWS, _MOST_KEPT, _MOST_IDLE = 4_096, 1 << 20, 4
"""What a workplace begins with; the largest that is kept; and how many."""
_idle: list["_Work"] = []


@dataclass(frozen=True)
class Levels:
    """People reached by many seeds, each as if alone; all columns have one length. Ordered by seed, then level."""

    seed: Codes
    """Index into the question's seeds."""
    person: Codes
    level: npt.NDArray[np.int8]
    moment: Ints
    """Arrival at that level (backward: latest moment), UTC s."""

    def __len__(self) -> int:
        return len(self.seed)


def reach_each(view: GraphView, people: Keys, question: Question, depth: int | None = None) -> Levels:
    """Levels of everybody within ``depth`` (else the question's) of each seed, each as if it were the only one.

    The same people, levels and moments as :func:`engine.exposure.trace.trace_each`. The view's lists are made once so
    many records have been asked for that they pay. Where a minimum time or fixes count, cases are traced.
    Cost: with lists about 10 ns a sighting and 30 ns a stay examined, on as many cores as there are.
    """
    depth = question.depth if depth is None else depth
    if not _by_lists_alone(view, question, depth):
        return _traced(view, people, question, slice(None), depth)
    lists, seeds = known_lists(view) or lists_if_they_pay(view, 0), question.seeds
    parts: list[Levels] = []
    if lists is None:
        before = records_examined()
        parts = [_traced(view, people, question, slice(TRIED), depth)]
        cost = NS_SAVED * (records_examined() - before)
        lists, seeds = lists_if_they_pay(view, cost * max(TRIED, len(seeds)) // TRIED), seeds[TRIED:]
    if seeds and lists is None:
        parts.append(_traced(view, people, question, slice(TRIED, None), depth))
    elif lists is not None:
        parts += by_lists(view, lists, question, seeds, depth)
    return _stacked(parts)


def direct_counts(view: GraphView, people: Keys, question: Question) -> dict[int, int]:
    """How many F1 each seed has, by person code, all seeds at once; each as if it were the only one.

    Cost: the evidence of the seeds.
    """
    found = reach_each(view, people, question, 1)
    counts = np.bincount(found.seed, minlength=len(question.seeds)).tolist()
    return {seed.person: count for seed, count in zip(question.seeds, counts, strict=True)}


def by_lists(view: GraphView, lists: Lists, question: Question, seeds: Sequence[Seed], depth: int) -> list[Levels]:
    """Levels of the last ``seeds`` of the question, in order."""
    stays = bool(view.check_in)
    share = max(_WITH_STAYS if stays else _WITHOUT, -(-len(seeds) // (4 * threads())))
    before = len(question.seeds) - len(seeds)
    isolation = np.ascontiguousarray(question.isolation, np.int64)

    def some(first: int) -> Levels:
        try:
            here = _idle.pop()
        except IndexError:
            here = _Work()
        here.walk.ask(view, lists, question, depth, isolation)
        found = here.reach(seeds[first : first + share], first + before)
        if here.rows <= _MOST_KEPT and len(_idle) < _MOST_IDLE:
            _idle.append(here)
        return found

    return in_parallel(some, range(0, len(seeds), share))


def _by_lists_alone(view: GraphView, question: Question, depth: int) -> bool:
    channels = question.policy.eligibility(question.channels).channels
    return depth < f.RANGE and question.policy.min_minutes == 0 and not ("location" in channels and view.location)


def _traced(view: GraphView, people: Keys, question: Question, which: slice, depth: int) -> Levels:
    """Levels of some of the seeds, by tracing."""
    found = _of(trace_each(view, people, replace(question, seeds=question.seeds[which]), depth), question.forward)
    return replace(found, seed=found.seed + np.int32(which.start or 0))


def _of(each: Each, forward: bool) -> Levels:
    return Levels(each.seed.astype(np.int32), each.person, each.level, each.first if forward else each.last)


def _stacked(parts: Sequence[Levels]) -> Levels:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Levels(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0, np.int64))
    return Levels(**{name: np.concatenate([vars(p)[name] for p in parts]) for name in vars(parts[0])})


class _Work:
    """The column that the kernel reads, and the arrays that it works in."""

    def __init__(self) -> None:
        self.walk = Walk()
        self.q = self.walk.q
        self.rows = _ROWS
        self._answers = self._room(self.rows)
        self._make()

    @staticmethod
    def _room(rows: int) -> tuple[npt.NDArray[Any], ...]:
        return tuple(np.empty(rows, dtype) for dtype in (np.int32, np.int32, np.int8, np.int64))

    def _make(self) -> None:
        """All arrays, for so many rows; the answers there are stay."""
        rows, known = self.rows, self._answers
        self._answers = self._room(4 * rows)
        for column, before in zip(self._answers, known, strict=True):
            column[: len(before)] = before
        self._held = (
            np.empty((rows, f.LABEL), np.int64), np.empty((rows, f.LABEL), np.int64),
            np.empty((f.TOGETHER, f.RANGE, 2), np.int64), np.empty((rows, 2), np.int64),
            np.full(4 * rows, f.FREE, np.int64), np.empty(2 * rows, np.int64), np.empty(f.BUFFER + 1, np.int64),
        )  # fmt: skip
        addresses = [column.ctypes.data for column in (*self._held, *self._answers)]
        self.q[f.ARRAYS] = addresses
        self.q[f.ROOMS] = rows, rows, 4 * rows, 2 * rows, 4 * rows

    def reach(self, seeds: Sequence[Seed], first: int) -> Levels:
        """The levels of seeds, of which the first has the number ``first``."""
        q, windows = self.q, np.fromiter(chain.from_iterable(seeds), np.int64, f.SEED * len(seeds))
        q[f.SEEDS : f.FIRST + 1] = windows.ctypes.data, len(seeds), first
        q[f.NEXT] = q[f.ROWS] = q[f.EXAMINED] = 0
        while not reach(q):
            self.rows *= 2
            self._make()
        TALLY[0] += q[f.EXAMINED]
        seed, person, level, moment = (column[: q[f.ROWS]].copy() for column in self._answers)
        return Levels(seed, person, level, moment)
