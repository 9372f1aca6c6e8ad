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
from engine.graph.lists import known_lists, lists_if_they_pay
from engine.graph.near_book import known_book, make_if_it_pays, searched
from engine.graph.rooms import room
from engine.graph.view import GraphView
from engine.ids import Keys

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
MAX_DEPTH = 6
TOGETHER = 32
"""Cases traced together: enough that waits for memory overlap, few enough that what they reach stays in the cache."""
NS_SAVED = 50
"""What a record examined costs less with lists, CPU time."""
MOST_IDLE, MOST_WORDS = 16, 1 << 20
"""Pieces of memory for the answers of a group that are kept, and the longest of them."""
_idle: list[Ints] = []


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
    blocks: list[Ints] = []

    def some(first: int) -> tuple[Each, int]:
        with room() as here:
            work = work_in(here)
            work.run(view, asked, question, seeds[first : first + TOGETHER], alone=True)
            blocks.append(_block(WORDS * int(work.table[f.ANSWERS])))
            return _each(work, first, blocks[-1]), work.examined

    groups, done = range(0, len(seeds), TOGETHER), []
    searches = asked.numbers[f.FIXES] and known_book(view, asked.eligibility) is None
    if len(groups) > 1 and (searches or known_lists(view) is None):
        before = searched(view)
        done = [some(0)]
        if searches:
            make_if_it_pays(view, asked.eligibility, before + (searched(view) - before) * len(groups))
        if known_lists(view) is None:
            lists_if_they_pay(view, NS_SAVED * done[0][1] * len(groups))
    found = stack_each([each for each, _ in done + in_parallel(some, groups[len(done) :])])
    _idle.extend([block for block in blocks if len(block) <= MOST_WORDS][: MOST_IDLE - len(_idle)])
    return found


def _block(words: int) -> Ints:
    """Memory for so many numbers, used before if there is some: fresh pages cost as much as what is written there."""
    try:
        known = _idle.pop()
    except IndexError:
        known = np.empty(0, np.int64)
    return known if len(known) >= words else np.empty(words, np.int64)


def _by_key(people: Keys, seeds: tuple[Seed, ...]) -> Sequence[Seed]:
    if len(seeds) < 2:
        return seeds
    ranks = people.ranks(np.array([s.person for s in seeds], np.int32))
    return [seeds[i] for i in np.argsort(ranks).tolist()]


def _answers(work: Work, first_seed: int, out: Ints) -> tuple[Ints, Floats, Codes, npt.NDArray[np.int8]]:
    """First, last, seconds, channels and seed; dose and chance; person and via; level; all in ``out``."""
    n = int(work.table[f.ANSWERS])
    as_columns(work.table, first_seed, out)
    reals, codes = out[5 * n : 7 * n].view(np.float64), out[7 * n : 8 * n].view(np.int32)
    return out[: 5 * n].reshape(5, n), reals.reshape(2, n), codes.reshape(2, n), out[8 * n :].view(np.int8)[:n]


def _reached(work: Work) -> Reached:
    out = np.empty(WORDS * int(work.table[f.ANSWERS]), np.int64)
    (first, last, seconds, channels, _), (dose, chance), (person, via), level = _answers(work, 0, out)
    shared = work.rows(f.SHARE_ROWS, int(work.table[f.SHARES])).copy()
    return Reached(person, level, first, last, seconds, dose, chance, channels, via, shared)


def _each(work: Work, first_seed: int, out: Ints) -> Each:
    (first, last, seconds, channels, seed), (dose, chance), (person, via), level = _answers(work, first_seed, out)
    return Each(seed, person, level, first, last, seconds, dose, chance, channels, via)


def isolation_of(isolation: Ints, codes: Codes) -> Ints:
    """Moment of isolation of each person, FOREVER for people the column does not reach."""
    out = np.full(len(codes), FOREVER, np.int64)
    inside = codes < len(isolation)
    out[inside] = isolation[codes[inside]]
    return out
