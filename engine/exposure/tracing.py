"""Traces as kernels do them: what is asked and what they work with, as arrays; level by level, case by case."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY, HOUR
from engine.exposure.infectiousness import EXPECTED, FIRST_DAY, STEP_S, Course, tables
from engine.exposure.kernels import fields as f
from engine.exposure.kernels.tracing import spread
from engine.exposure.reached import Question, Seed
from engine.graph.atlas import asked as looked_up
from engine.graph.atlas import atlas_of
from engine.graph.evidence import TALLY, buckets, near_lines
from engine.graph.kernels import found
from engine.graph.presences import Queries
from engine.graph.rooms import Room
from engine.graph.view import GraphView
from engine.ids import Keys

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
LABELS_WITH_FIXES = 512
"""Labels looked at together where fixes count: their own fixes and the cells round them are made beforehand."""
_ACCUMULATE = {"window": 0, "24h": 1, "single": 2}


@dataclass(frozen=True)
class Traced:
    """What a trace leaves in its room; of use only as long as one has the room."""

    labels: Ints
    """(LABEL, n) of all levels, the nearest first; ``levels`` says where each begins and the last ends."""
    chances: Floats
    levels: list[int]
    answers: Ints
    """(ANSWER, n), by level."""
    answer_parts: Floats
    shares: Ints
    """(2, n): person and place, in any order."""


class Asked:
    """A question, as kernels read it; and what keeps the columns alive whose addresses they get."""

    def __init__(self, view: GraphView, people: Keys, question: Question, depth: int, places: bool) -> None:
        self.view = view
        self.question = question
        self.eligibility = question.policy.eligibility(question.channels)
        self.atlas = atlas_of(view)
        isolation = np.ascontiguousarray(question.isolation, np.int64)
        cases = course_columns(view, question.courses)
        keys, starts = people.bytes_table()
        self._kept = (isolation, cases, keys, starts)
        channels, policy = self.eligibility.channels, question.policy
        numbers = self.numbers = np.zeros(f.NUMBERS, np.int64)
        numbers[f.FORWARD], numbers[f.UNTIL] = question.forward, question.until
        numbers[f.LATENT] = round(policy.latent_hours * HOUR)
        slack = self.eligibility.slack_s
        numbers[f.OWN_SLACK if question.forward else f.OTHER_SLACK] = slack
        most = round(min(300.0, self.eligibility.max_attenuation_db) * 100)
        numbers[f.ATTENUATION] = most if "bluetooth" in channels and view.bluetooth else -1
        numbers[f.STAYS] = "check_in" in channels and self.eligibility.same_place and bool(view.check_in)
        numbers[f.ACCUMULATE] = _ACCUMULATE[policy.accumulate]
        numbers[f.ISOLATION], numbers[f.ISOLATIONS] = isolation.ctypes.data, len(isolation)
        numbers[f.CASES : f.CASE_COUNT] = [column.ctypes.data for column in cases]
        numbers[f.CASE_COUNT] = len(cases[0])
        numbers[f.KEYS], numbers[f.KEY_STARTS] = keys.ctypes.data, starts.ctypes.data
        numbers[f.DEPTH], numbers[f.PLACES] = depth, places
        self.fractions = np.zeros(f.FRACTION_COUNT)
        self.fractions[: f.RATE] = buckets()
        self.fractions[f.RATE :] = (
            params.RATE_PER_HOUR.value, policy.min_minutes * 60, FIRST_DAY * DAY, STEP_S,
            params.BURDEN_MEAN_INFECTIOUSNESS.value,
        )  # fmt: skip
        self.fixes = "location" in channels and bool(view.location)


def course_columns(view: GraphView, courses: dict[int, Course]) -> tuple[Ints, Ints, Ints, Floats]:
    """Person, origin, course and factor of every case, by person code; those of the last dictionary are remembered."""
    kept = view.memory.get("courses")
    if kept is not None and kept[0] is courses and len(kept[1][0]) == len(courses):
        found: tuple[Ints, Ints, Ints, Floats] = kept[1]
        return found
    person = np.array(sorted(courses), np.int64)
    rows = [courses[p] for p in person.tolist()]
    columns = (
        person,
        np.array([c.origin for c in rows], np.int64),
        np.array([c.course for c in rows], np.int64),
        np.array([c.factor for c in rows], np.float64),
    )
    view.memory["courses"] = courses, columns
    return columns


def run(asked: Asked, here: Room, groups: Sequence[Sequence[Seed]], alone: Ints | None) -> Traced:
    """Trace each group of seeds (ordered by key) as a case of its own.

    ``alone``: the one person each case began with, who is no contact of anybody; None: cases begin with several.
    """
    work = _Work(here, sum(map(len, groups)), len(groups), int(asked.numbers[f.DEPTH]))
    numbers, state, question = asked.numbers, work.state, asked.question
    numbers[f.ALONE] = alone.ctypes.data if alone is not None else 0
    numbers[f.OPENED] = question.seeds[0].start if question.seeds else 0
    _seed(asked, work, groups)
    levels = [0, int(state[f.LABELS])]
    for level in range(1, int(numbers[f.DEPTH]) + 1):
        first, last = levels[-2:]
        if first == last:
            break
        numbers[f.AT_LEVEL], numbers[f.LEVEL_END] = level, last
        state[f.NEXT], state[f.OPEN_CASE] = first, -1
        for to, near, near_parts in _stretches(asked, work, first, last):
            numbers[f.TO], numbers[f.NEAR] = to, len(near)
            while (said := work.go(asked, near, near_parts)) != f.DONE:
                work.grow(said)
        levels.append(int(state[f.LABELS]))
    if numbers[f.ATTENUATION] >= 0:
        looked_up(asked.view, levels[-2] if len(levels) > 2 else levels[-1])
    return work.traced(levels)


def _seed(asked: Asked, work: "_Work", groups: Sequence[Sequence[Seed]]) -> None:
    question, n = asked.question, 0
    for case, group in enumerate(groups):
        for seed in group:
            end = min(seed.end, question.until)
            course = question.courses.get(seed.person) if question.forward else None
            moment = seed.start if question.forward else end
            origin, kind, factor = course or (moment, EXPECTED, 1.0)
            work.labels[:, n] = (seed.person, seed.start, end, case, moment, -1, origin, kind)
            work.chances[:, n] = 1.0, factor
            n += 1
    work.state[f.LABELS] = n


def _stretches(asked: Asked, work: "_Work", first: int, last: int) -> Iterator[tuple[int, Ints, Floats]]:
    """Where to go on to with what evidence of the location channel, ordered by label."""
    if not asked.fixes:
        yield last, np.empty((0, found.INTEGERS), np.int64), np.empty((0, found.FRACTIONS))
        return
    for at in range(first, last, LABELS_WITH_FIXES):
        to = min(at + LABELS_WITH_FIXES, last)
        labels = work.labels[:, at:to]
        queries = Queries(labels[f.PERSON], labels[f.START], labels[f.END], asked.question.forward)
        near, parts = near_lines(asked.view, queries, asked.eligibility)
        near[:, found.PERSON] += at
        yield to, near, parts


class _Work:
    """The arrays of one trace, in a room."""

    def __init__(self, here: Room, seeds: int, cases: int, depth: int) -> None:
        self._here = here
        self.state = np.zeros(f.STATE, np.int64)
        self._stamp = here.zeros("stamp", 1)
        self.state[f.STAMP], self.state[f.OPEN_CASE] = self._stamp[0], -1
        self._ranges = np.zeros((cases, depth + 1, 2), np.int64)
        self._scratch = here.ints("scratch", found.SCRATCH, 8)
        self._whole = here.ints("evidence", 0, found.INTEGERS)
        self._parts = here.reals("fractions", 0, found.FRACTIONS)
        self._fetch(seeds + 1)

    def _fetch(self, rows: int) -> None:
        here = self._here
        self.labels, self.chances = here.columns("labels", f.LABEL, rows), here.real_columns("chances", 2, rows)
        self._nodes, self._sums = here.ints("nodes", rows, f.NODE), here.reals("sums", rows, 4)
        self._pool, self._touched = here.ints("pool", rows, 4), here.columns("touched", 2, rows)
        self._answers, self._answer_parts = here.columns("answers", f.ANSWER, rows), here.real_columns("dose", 2, rows)
        self._shares = here.columns("shares", 2, rows)
        self._sorting()
        self._slots = here.zeros("slots", 2 << max(10, (4 * rows).bit_length())).reshape(-1, 2)

    def _sorting(self) -> None:
        """Room to sort the evidence of one label, or the pieces of contact of one case."""
        rows = max(len(self._whole), len(self._pool) + 1)
        self._times, self._weights = self._here.columns("times", 5, rows), self._here.real_columns("weights", 2, rows)

    def go(self, asked: Asked, near: Ints, near_parts: Floats) -> int:
        """Go on as far as there is room."""
        said = spread(
            asked.atlas, asked.numbers, asked.fractions, tables(), self.state, TALLY, self.labels, self.chances,
            self._nodes, self._sums, self._slots, self._pool, self._touched, self._ranges, self._whole, self._parts,
            near, near_parts, self._answers, self._answer_parts, self._shares, self._scratch,
            self._times, self._weights,
        )  # fmt: skip
        self._stamp[0] = self.state[f.STAMP]
        return int(said)

    def grow(self, said: int) -> None:
        """More room, for what the kernel needs; what is there already stays."""
        needed = int(self.state[f.NEEDED])
        if said == f.MORE_EVIDENCE:
            self._whole = self._here.ints("evidence", 2 * needed, found.INTEGERS)
            self._parts = self._here.reals("fractions", 2 * needed, found.FRACTIONS)
            self._sorting()
            return
        self._fetch(needed)
        self.state[f.MASK] = 0  # the table of the open case is made anew

    def traced(self, levels: list[int]) -> Traced:
        """What there is now."""
        answers, shares = int(self.state[f.ANSWERS]), int(self.state[f.SHARES])
        return Traced(
            self.labels[:, : levels[-1]],
            self.chances[:, : levels[-1]],
            levels,
            self._answers[:, :answers],
            self._answer_parts[:, :answers],
            self._shares[:, :shares],
        )
