"""Tracing: levels F1..Fk from one or many F0s, forward in time or backward, with arrival per level.

A *label* is a person reached at a level, with the moment of arrival there. A label is kept when it arrives
strictly earlier (backward: later) than every label of the same person at a lower level: only those can lead to
anybody new. The level of a person is that of the first kept label.
"""

import numpy as np
import numpy.typing as npt

from engine.clock import FOREVER
from engine.cores import in_parallel
from engine.exposure.kernels import fields as f
from engine.exposure.reached import Each, Labels, Question, Reached, Seed, Trace, stack_each
from engine.exposure.tracing import Asked, Traced, run
from engine.graph.rooms import room
from engine.graph.view import GraphView
from engine.ids import Keys

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
MAX_DEPTH = 6
TOGETHER = 32
"""Cases traced together: enough that waits for memory overlap, few enough that what they reach stays in the cache."""


def trace(view: GraphView, people: Keys, question: Question) -> Trace:
    """Levels of everybody within ``question.depth`` of the seeds.

    Deterministic: ties go to the earlier (backward: later) moment, then the greater dose, then the smaller key.
    Cost: proportional to the evidence of the people reached below the last level.
    """
    asked = Asked(view, people, question, question.depth, places=True)
    seeds = _by_key(people, question.seeds)
    alone = np.array([seeds[0].person], np.int64) if len(seeds) == 1 else None
    with room() as here:
        done = run(asked, here, [seeds], alone)
        return Trace(_reached(done), tuple(_labels(done, k) for k in range(len(done.levels) - 1)))


def trace_each(view: GraphView, people: Keys, question: Question, depth: int | None = None) -> Each:
    """Levels of everybody within ``depth`` (else the question's) of each seed, each as if it were the only one.

    Ordered by seed, then level. The same people, levels, moments, witnesses and chances as a trace of each seed
    alone. Cost: the evidence of the people reached below the last level of each seed, on as many cores as there are.
    """
    seeds = question.seeds
    asked_depth = question.depth if depth is None else depth

    def some(first: int) -> Each:
        asked = Asked(view, people, question, asked_depth, places=False)
        group = seeds[first : first + TOGETHER]
        alone = np.array([s.person for s in group], np.int64)
        with room() as here:
            return _each(run(asked, here, [[s] for s in group], alone), first)

    return stack_each(in_parallel(some, range(0, len(seeds), TOGETHER)))


def direct_counts(view: GraphView, people: Keys, question: Question) -> dict[int, int]:
    """How many F1 each seed has, by person code, all seeds at once; each as if it were the only one.

    Cost: the evidence of the seeds.
    """
    found = trace_each(view, people, question, 1)
    counts = np.bincount(found.seed, minlength=len(question.seeds)).tolist()
    return {seed.person: count for seed, count in zip(question.seeds, counts, strict=True)}


def _by_key(people: Keys, seeds: tuple[Seed, ...]) -> list[Seed]:
    if len(seeds) < 2:
        return list(seeds)
    ranks = people.ranks(np.array([s.person for s in seeds], np.int32))
    return [seeds[i] for i in np.argsort(ranks).tolist()]


def _reached(done: Traced) -> Reached:
    a, parts = done.answers.copy(), done.answer_parts.copy()
    both = np.sort((done.shares[0] << 32) | done.shares[1])
    return Reached(
        a[f.A_PERSON].astype(np.int32),
        a[f.A_LEVEL].astype(np.int8),
        a[f.A_FIRST],
        a[f.A_LAST],
        a[f.A_SECONDS],
        parts[f.A_DOSE],
        parts[f.A_CHANCE],
        a[f.A_CHANNELS],
        a[f.A_VIA].astype(np.int32),
        (both >> 32).astype(np.int32),
        (both & 0xFFFFFFFF).astype(np.int32),
    )


def _labels(done: Traced, level: int) -> Labels:
    here = slice(done.levels[level], done.levels[level + 1])
    columns = done.labels[:, here].copy()
    if level:
        columns[f.PARENT] -= done.levels[level - 1]
    return Labels(
        columns[f.PERSON].astype(np.int32),
        columns[f.MOMENT],
        done.chances[f.CHANCE, here].copy(),
        columns[f.PARENT],
        columns[f.START],
        columns[f.END],
    )


def _each(done: Traced, first_seed: int) -> Each:
    order = np.argsort(done.answers[f.A_CASE], kind="stable")
    a, parts = done.answers[:, order], done.answer_parts[:, order]
    return Each(
        a[f.A_CASE] + first_seed,
        a[f.A_PERSON].astype(np.int32),
        a[f.A_LEVEL].astype(np.int8),
        a[f.A_FIRST],
        a[f.A_LAST],
        a[f.A_SECONDS],
        parts[f.A_DOSE],
        parts[f.A_CHANCE],
        a[f.A_CHANNELS],
        a[f.A_VIA].astype(np.int32),
    )


def isolation_of(isolation: Ints, codes: Codes) -> Ints:
    """Moment of isolation of each person, FOREVER for people the column does not reach."""
    out = np.full(len(codes), FOREVER, np.int64)
    inside = codes < len(isolation)
    out[inside] = isolation[codes[inside]]
    return out
