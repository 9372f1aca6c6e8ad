"""The traces of many F0s at once, each as if it were the only one: :func:`engine.exposure.trace.trace` in batches."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.clock import HOUR
from engine.exposure.infectiousness import EXPECTED
from engine.exposure.pairs import Courses, probability, summarise
from engine.exposure.reached import Question
from engine.exposure.trace import CHUNK, isolation_of
from engine.graph.evidence import gather
from engine.graph.presences import Queries
from engine.graph.view import GraphView
from engine.ids import Keys

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """Who was found from which F0; columns of one length, ordered by seed, level, person code."""

    seed: Ints
    """Index into ``question.seeds``."""
    person: Codes
    level: npt.NDArray[np.int8]
    first: Ints
    """First moment of eligible contact at that level, UTC s ..."""
    last: Ints
    """... and the last."""
    probability: Floats

    def take(self, index: npt.NDArray[np.bool_] | Ints) -> "Found":
        """The rows at ``index`` (or where a mask is true), in that order."""
        return Found(**{name: column[index] for name, column in vars(self).items()})

    def __len__(self) -> int:
        return len(self.seed)


@dataclass(frozen=True)
class _Labels:
    """Kept labels of one level, ordered by seed, then person key."""

    seed: Ints
    person: Codes
    probability: Floats
    moment: Ints
    start: Ints
    end: Ints


@dataclass(frozen=True)
class _Pairs:
    label: Ints
    other: Codes
    first: Ints
    last: Ints
    chance: Floats


def trace_each(view: GraphView, keys: Keys, question: Question, first_seed: int = 0) -> Found:
    """Levels of everybody within ``question.depth`` of each seed, seed by seed (forward only).

    The same people, levels, moments and probabilities as a trace of each seed alone. ``first_seed`` is added to the
    numbers of the seeds. Cost: the evidence of the people reached below the last level of each seed, as for traces
    one by one, without what each of these costs beside; memory: CHUNK labels' evidence and all contacts of a level.
    """
    seeds = np.array([s.person for s in question.seeds], np.int32)
    start = np.array([s.start for s in question.seeds], np.int64)
    end = np.minimum(np.array([s.end for s in question.seeds], np.int64), question.until)
    current = _Labels(np.arange(len(seeds)), seeds, np.ones(len(seeds)), start, start, end)
    best_key, best = np.empty(0, np.int64), np.empty(0, np.int64)
    found: list[Found] = []
    for level in range(1, question.depth + 1):
        pairs = _contacts(view, question, current, seeds)
        if len(pairs.label) == 0:
            break
        key, moment, last, chance = _grouped(current, pairs)
        place = np.searchsorted(best_key, key)
        before = np.append(best_key, -1)[place] == key
        kept = ~before | (moment < np.append(best, 0)[place])
        fresh = ~before
        found.append(
            Found(
                (key >> 32)[fresh] + first_seed,
                (key & 0xFFFFFFFF)[fresh].astype(np.int32),
                np.full(int(fresh.sum()), level, np.int8),
                moment[fresh],
                last[fresh],
                chance[fresh],
            )
        )
        best_key, best = _better(best_key, best, key[kept], moment[kept])
        current = _labels(keys, question, key[kept], moment[kept], chance[kept])
    return joined(found)


def joined(parts: list[Found]) -> Found:
    """Rows of all parts, ordered by seed, level, person code."""
    if not parts:
        never, none = np.empty(0, np.int64), np.empty(0, np.int32)
        return Found(never, none, np.empty(0, np.int8), never, never, np.empty(0))
    whole = Found(**{name: np.concatenate([vars(p)[name] for p in parts]) for name in vars(parts[0])})
    return whole.take(np.lexsort((whole.person, whole.level, whole.seed)))


def _contacts(view: GraphView, question: Question, labels: _Labels, seeds: Codes) -> _Pairs:
    """Qualifying contacts of the labels, never with the F0 their own trace began with."""
    eligibility = question.policy.eligibility(question.channels)
    active = np.flatnonzero(labels.start < labels.end)
    parts = []
    for at in range(0, len(active), CHUNK):
        chunk = active[at : at + CHUNK]
        evidence = gather(view, Queries(labels.person[chunk], labels.start[chunk], labels.end[chunk]), eligibility)
        evidence = evidence.take(evidence.other != seeds[labels.seed[chunk[evidence.query]]])
        pairs = summarise(evidence, _courses(question, labels, chunk), question.policy, places=False)
        label = chunk[pairs.query]
        chance = labels.probability[label] * probability(pairs.dose)
        parts.append(_Pairs(label, pairs.other, pairs.first, pairs.last, chance))
    if not parts:
        never = np.empty(0, np.int64)
        return _Pairs(never, np.empty(0, np.int32), never, never, np.empty(0))
    return _Pairs(**{name: np.concatenate([vars(p)[name] for p in parts]) for name in vars(parts[0])})


def _courses(question: Question, labels: _Labels, chunk: Ints) -> Courses:
    """An F0 follows its own course; anybody else the expected one, from arrival."""
    origin = labels.moment[chunk].copy()
    course, factor = np.full(len(chunk), EXPECTED, np.int64), np.ones(len(chunk))
    for i, person in enumerate(labels.person[chunk].tolist()):
        own = question.courses.get(person)
        if own is not None:
            origin[i], course[i], factor[i] = own
    return Courses(origin, course, factor)


def _grouped(labels: _Labels, pairs: _Pairs) -> tuple[Ints, Ints, Ints, Floats]:
    """By (seed, person), ascending: key, first and last moment, 1 - prod(1 - p) multiplied in the order of keys."""
    of_pair = (labels.seed[pairs.label] << 32) | pairs.other
    order = np.lexsort((pairs.label, of_pair))
    key, heads = np.unique(of_pair[order], return_index=True)
    moment = np.minimum.reduceat(pairs.first[order], heads)
    last = np.maximum.reduceat(pairs.last[order], heads)
    escaped = np.multiply.reduceat(1.0 - pairs.chance[order], heads)
    return key, moment, last, 1.0 - escaped


def _better(known: Ints, best: Ints, key: Ints, moment: Ints) -> tuple[Ints, Ints]:
    """The best moments with kept labels (each better than what was known of its key) taken in; keys ascending."""
    other = ~np.isin(known, key)
    keys, moments = np.append(known[other], key), np.append(best[other], moment)
    order = np.argsort(keys)
    return keys[order], moments[order]


def _labels(keys: Keys, question: Question, key: Ints, moment: Ints, chance: Floats) -> _Labels:
    seed, person = key >> 32, (key & 0xFFFFFFFF).astype(np.int32)
    distinct, inverse = np.unique(person, return_inverse=True)
    order = np.lexsort((keys.ranks(distinct)[inverse], seed))
    seed, person, moment = seed[order], person[order], moment[order]
    latent = round(question.policy.latent_hours * HOUR)
    end = np.minimum(isolation_of(question.isolation, person), question.until)
    return _Labels(seed, person, chance[order], moment, moment + latent, end)
