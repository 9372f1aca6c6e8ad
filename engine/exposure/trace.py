"""Tracing: levels F1..Fk from one or many F0s, forward in time or backward, with arrival per level.

A *label* is a person reached at a level, with the moment of arrival there. A label is kept when it arrives
strictly earlier (backward: later) than every label of the same person at a lower level: only those can lead to
anybody new. The level of a person is that of the first kept label.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.clock import FOREVER
from engine.cores import in_parallel
from engine.exposure.kernels import fields as f
from engine.exposure.kernels.answering import WORDS, as_columns
from engine.exposure.reached import Each, Question, Reached, Seed, Trace, stack_each
from engine.exposure.tracing import Work, asked_of, work_in
from engine.graph.near_book import known_book, make_if_it_pays, searched
from engine.graph.rooms import room
from engine.graph.view import GraphView
from engine.ids import Keys

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
MAX_DEPTH = 6
_NOBODY = np.empty(0, np.int32)
TOGETHER = 32
"""Cases traced together: enough that waits for memory overlap, few enough that what they reach stays in the cache."""


def trace(view: GraphView, people: Keys, question: Question) -> Trace:
    """Levels of everybody within ``question.depth`` of the seeds.

    Deterministic: ties go to the earlier (backward: later) moment, then the greater dose, then the smaller key.
    Cost: proportional to the evidence of the people reached below the last level.
    """
    asked = asked_of(view, people, question, question.depth, places=True)
    with room() as here:
        work = work_in(here)
        work.run(view, asked, question, _by_key(people, question.seeds), alone=False)
        levels = work.levels()
        reached = _reached(work)
        return Trace(reached, work.rows(f.LABEL_ROWS, 8 * levels[-1]).copy(), tuple(levels))


def trace_each(view: GraphView, people: Keys, question: Question, depth: int | None = None) -> Each:
    """Levels of everybody within ``depth`` (else the question's) of each seed, each as if it were the only one.

    Ordered by seed, then level. The same people, levels, moments, witnesses and chances as a trace of each seed
    alone. Cost: the evidence of the people reached below the last level of each seed, on as many cores as there are.
    """
    seeds = question.seeds

    asked = asked_of(view, people, question, question.depth if depth is None else depth, places=False)

    def some(first: int) -> Each:
        with room() as here:
            work = work_in(here)
            work.run(view, asked, question, seeds[first : first + TOGETHER], alone=True)
            return _each(work, first)

    groups, done = range(0, len(seeds), TOGETHER), []
    if len(groups) > 1 and asked.numbers[f.FIXES] and known_book(view, asked.eligibility) is None:
        before = searched(view)
        done = [some(0)]
        make_if_it_pays(view, asked.eligibility, before + (searched(view) - before) * len(groups))
    return stack_each(done + in_parallel(some, groups[len(done) :]))


def _by_key(people: Keys, seeds: tuple[Seed, ...]) -> Sequence[Seed]:
    if len(seeds) < 2:
        return seeds
    ranks = people.ranks(np.array([s.person for s in seeds], np.int32))
    return [seeds[i] for i in np.argsort(ranks).tolist()]


def _answers(work: Work, first_seed: int) -> tuple[Ints, Floats, Codes, npt.NDArray[np.int8]]:
    """First, last, seconds, channels and seed; dose and chance; person and via; level; all in one piece of memory."""
    n = int(work.table[f.ANSWERS])
    out = np.empty(WORDS * n, np.int64)
    as_columns(work.table, first_seed, out)
    reals, codes = out[5 * n : 7 * n].view(np.float64), out[7 * n : 8 * n].view(np.int32)
    return out[: 5 * n].reshape(5, n), reals.reshape(2, n), codes.reshape(2, n), out[8 * n :].view(np.int8)[:n]


def _reached(work: Work) -> Reached:
    (first, last, seconds, channels, _), (dose, chance), (person, via), level = _answers(work, 0)
    shared = place = _NOBODY
    if count := int(work.table[f.SHARES]):
        both = np.sort(work.rows(f.SHARE_ROWS, count))
        shared, place = (both >> 32).astype(np.int32), both.astype(np.int32)
    return Reached(person, level, first, last, seconds, dose, chance, channels, via, shared, place)


def _each(work: Work, first_seed: int) -> Each:
    (first, last, seconds, channels, seed), (dose, chance), (person, via), level = _answers(work, first_seed)
    return Each(seed, person, level, first, last, seconds, dose, chance, channels, via)


def isolation_of(isolation: Ints, codes: Codes) -> Ints:
    """Moment of isolation of each person, FOREVER for people the column does not reach."""
    out = np.full(len(codes), FOREVER, np.int64)
    inside = codes < len(isolation)
    out[inside] = isolation[codes[inside]]
    return out
