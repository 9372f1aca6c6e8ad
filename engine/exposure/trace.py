"""Tracing: levels F1..Fk from one or many F0s, forward in time or backward, with arrival per level.

A *label* is a person reached at a level, with the moment of arrival there. A label is kept when it arrives
strictly earlier (backward: later) than every label of the same person at a lower level: only those can lead to
anybody new. The level of a person is that of the first kept label.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import FOREVER, HOUR
from engine.exposure import kernels
from engine.exposure.infectiousness import CONSTANT, EXPECTED, Course
from engine.exposure.pairs import Courses, Pairs, probability, summarise
from engine.exposure.reached import Labels, Question, Reached, Trace, stack
from engine.graph.evidence import Evidence, gather
from engine.graph.presences import Queries
from engine.graph.view import GraphView
from engine.ids import Keys

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
MAX_DEPTH = 6
CHUNK = 512
"""Labels looked at together: bounds the memory of a trace in a dense city."""


def trace(view: GraphView, people: Keys, question: Question) -> Trace:
    """Levels of everybody within ``question.depth`` of the seeds.

    Deterministic: ties go to the earlier (backward: later) moment, then the greater dose, then the smaller key.
    Cost: proportional to the evidence of the people reached below the last level.
    """
    current = _seed_labels(people, question)
    seeds = current.person
    known = _Best(question.forward)
    all_labels = [current]
    found: list[Reached] = []
    for level in range(1, question.depth + 1):
        if not (current.start < current.end).any():
            break
        parts = list(_contacts(view, question, current, seeds))
        pairs = _joined(parts)
        if len(pairs.query) == 0:
            break
        current, rows = _next_level(people, question, current, pairs, known, level, seeds)
        all_labels.append(current)
        found.append(rows)
    return Trace(stack(found), tuple(all_labels))


def direct_counts(view: GraphView, people: Keys, question: Question) -> dict[int, int]:
    """How many F1 each seed has, by person code, all seeds at once; each as if it were the only one.

    Cost: the evidence of the seeds, without a trace for each.
    """
    seeds = _seed_labels(people, question)
    found = np.concatenate([p.query for p in _contacts(view, question, seeds, seeds.person)] or [np.empty(0, np.int32)])
    counts = np.bincount(found, minlength=len(seeds.person))
    return dict(zip(seeds.person.tolist(), counts.tolist(), strict=True))


def _seed_labels(people: Keys, question: Question) -> Labels:
    codes = np.array([s.person for s in question.seeds], np.int32)
    order = np.argsort(people.ranks(codes))
    start = np.array([s.start for s in question.seeds], np.int64)[order]
    end = np.minimum(np.array([s.end for s in question.seeds], np.int64), question.until)[order]
    moment = start if question.forward else end
    none = np.full(len(codes), -1, np.int64)
    return Labels(codes[order], moment, np.ones(len(codes)), none, start, end)


def _contacts(view: GraphView, question: Question, labels: Labels, seeds: Codes) -> Iterator[Pairs]:
    """Qualifying contacts of the labels, chunk by chunk, with ``query`` counting labels. Never with a seed."""
    eligibility = question.policy.eligibility(question.channels)
    active = np.flatnonzero(labels.start < labels.end)
    for at in range(0, len(active), CHUNK):
        chunk = active[at : at + CHUNK]
        queries = Queries(labels.person[chunk], labels.start[chunk], labels.end[chunk], question.forward)
        evidence = gather(view, queries, eligibility)
        if len(seeds) == 1:
            evidence = evidence.take(evidence.other != seeds[0])
        if question.forward:
            pairs = summarise(evidence, _courses_of_labels(question, labels, chunk), question.policy)
        else:
            evidence = _before_isolation(evidence, question.isolation)
            courses = _courses_of_sources(question, evidence.other)
            pairs = summarise(evidence, courses, question.policy, of_other=True)
        yield Pairs(**{**vars(pairs), "query": chunk[pairs.query].astype(np.int32)})


def _courses_of_labels(question: Question, labels: Labels, chunk: Ints) -> Courses:
    """An F0 follows its own course; anybody else the expected one, from arrival."""
    own = [question.courses.get(p) for p in labels.person[chunk].tolist()]
    moments = labels.moment[chunk].tolist()
    rows = [c if c is not None else Course(t, EXPECTED, 1.0) for c, t in zip(own, moments, strict=True)]
    return _columns(rows)


def _courses_of_sources(question: Question, others: Codes) -> Courses:
    """An F0 follows its own course; the course of any other possible source is not known."""
    unknown = Course(0, CONSTANT, params.BURDEN_MEAN_INFECTIOUSNESS.value)
    distinct, inverse = np.unique(others, return_inverse=True)
    return _columns([question.courses.get(p, unknown) for p in distinct.tolist()]).take(inverse)


def _columns(rows: list[Course]) -> Courses:
    return Courses(
        np.array([c.origin for c in rows], np.int64),
        np.array([c.course for c in rows], np.int64),
        np.array([c.factor for c in rows], np.float64),
    )


def isolation_of(isolation: Ints, codes: Codes) -> Ints:
    """Moment of isolation of each person, FOREVER for people the column does not reach."""
    out = np.full(len(codes), FOREVER, np.int64)
    inside = codes < len(isolation)
    out[inside] = isolation[codes[inside]]
    return out


def _before_isolation(evidence: Evidence, isolation: Ints) -> Evidence:
    end = np.minimum(evidence.end, isolation_of(isolation, evidence.other))
    clipped = Evidence(**{**vars(evidence), "end": end})
    return clipped.take(clipped.start < clipped.end)


def _joined(parts: list[Pairs]) -> Pairs:
    shift, moved = 0, []
    for p in parts:
        moved.append({**vars(p), "piece_pair": p.piece_pair + shift, "shared_pair": p.shared_pair + shift})
        shift += len(p.query)
    return Pairs(**{name: np.concatenate([m[name] for m in moved]) for name in moved[0]})


class _Best:
    """The best moment of each person over the levels so far, as sorted columns."""

    def __init__(self, forward: bool) -> None:
        self.sign = 1 if forward else -1
        self.person = np.empty(0, np.int32)
        self.moment = np.empty(0, np.int64)

    def look_up(self, person: Codes) -> tuple[npt.NDArray[np.bool_], Ints]:
        """Whether each person was reached before, and the best moment then."""
        at = np.minimum(np.searchsorted(self.person, person), max(0, len(self.person) - 1))
        if len(self.person) == 0:
            return np.zeros(len(person), np.bool_), np.zeros(len(person), np.int64)
        return self.person[at] == person, self.moment[at]

    def update(self, person: Codes, moment: Ints) -> None:
        """Take in kept labels (each better than what was known of its person)."""
        other = ~np.isin(self.person, person)
        person, moment = np.append(self.person[other], person), np.append(self.moment[other], moment)
        order = np.argsort(person)
        self.person, self.moment = person[order], moment[order]


def _next_level(
    people: Keys, question: Question, current: Labels, pairs: Pairs, known: _Best, level: int, seeds: Codes
) -> tuple[Labels, Reached]:
    sign = known.sign
    moment = pairs.first if question.forward else pairs.last
    ordered = np.lexsort((pairs.query, -pairs.dose, sign * moment, pairs.other))
    person, heads = np.unique(pairs.other[ordered], return_index=True)
    witness = ordered[heads]
    before, best = known.look_up(person)
    kept = ~before | (sign * moment[witness] < sign * best)
    person, witness, fresh = person[kept], witness[kept], ~before[kept] & ~np.isin(person[kept], seeds)
    by_key = np.argsort(people.ranks(person))
    person, witness, fresh = person[by_key], witness[by_key], fresh[by_key]
    group = _positions(person, pairs.other)
    labels = Labels(
        person,
        moment[witness],
        _combined(group, pairs, current, len(person)),
        pairs.query[witness].astype(np.int64),
        *_windows(question, person, moment[witness]),
    )
    known.update(person, labels.moment)
    return labels, _report(labels, current, pairs, group, fresh, level)


def _positions(person: Codes, wanted: Codes) -> Ints:
    """Index of each wanted person in ``person`` (any order, distinct), -1 where absent."""
    if len(person) == 0:
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(person)
    at = np.minimum(np.searchsorted(person[order], wanted), len(person) - 1)
    found = person[order][at] == wanted
    return np.where(found, order[at], -1)


def _windows(question: Question, person: Codes, moment: Ints) -> tuple[Ints, Ints]:
    latent = round(question.policy.latent_hours * HOUR)
    if question.forward:
        return moment + latent, np.minimum(isolation_of(question.isolation, person), question.until)
    return np.full(len(person), question.seeds[0].start, np.int64), moment - latent


def _combined(group: Ints, pairs: Pairs, current: Labels, people: int) -> Floats:
    """1 - prod(1 - P(label) p(contact)) over the labels a level nearer; multiplied in key order."""
    chance = current.probability[pairs.query] * probability(pairs.dose)
    rows = np.flatnonzero(group >= 0)
    rows = rows[np.lexsort((pairs.query[rows], group[rows]))]
    escaped = np.ones(people)
    np.multiply.at(escaped, group[rows], 1.0 - chance[rows])
    return 1.0 - escaped


def _report(
    labels: Labels, current: Labels, pairs: Pairs, group: Ints, fresh: npt.NDArray[np.bool_], level: int
) -> Reached:
    n = len(labels.person)
    mine = group >= 0
    first = np.full(n, np.iinfo(np.int64).max)
    last = np.full(n, np.iinfo(np.int64).min)
    np.minimum.at(first, group[mine], pairs.first[mine])
    np.maximum.at(last, group[mine], pairs.last[mine])
    channels = np.zeros(n, np.int64)
    np.bitwise_or.at(channels, group[mine], pairs.channels[mine])
    in_key_order = np.flatnonzero(mine)
    in_key_order = in_key_order[np.lexsort((pairs.query[in_key_order], group[in_key_order]))]
    dose = np.zeros(n)
    np.add.at(dose, group[in_key_order], pairs.dose[in_key_order])
    piece_group = group[pairs.piece_pair]
    pieces = np.flatnonzero(piece_group >= 0)
    pieces = pieces[np.lexsort((pairs.piece_start[pieces], piece_group[pieces]))]
    seconds = kernels.union_lengths(piece_group[pieces], pairs.piece_start[pieces], pairs.piece_end[pieces], n)
    shared_group = group[pairs.shared_pair]
    told = np.flatnonzero(shared_group >= 0)
    told = told[fresh[shared_group[told]]]
    shared = np.unique(np.stack([labels.person[shared_group[told]], pairs.shared_place[told]]), axis=1)
    return Reached(
        labels.person[fresh],
        np.full(int(fresh.sum()), level, np.int8),
        first[fresh],
        last[fresh],
        seconds[fresh],
        dose[fresh],
        labels.probability[fresh],
        channels[fresh],
        current.person[labels.parent[fresh]],
        *shared,
    )
