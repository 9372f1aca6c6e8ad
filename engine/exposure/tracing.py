"""Traces as kernels do them: what is asked and what they work with, in one table of numbers and addresses."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY, HOUR
from engine.exposure.infectiousness import FIRST_DAY, STEP_S, Course, tables
from engine.exposure.kernels import fields as f
from engine.exposure.kernels.tracing import spread
from engine.exposure.reached import Question, Seed
from engine.exposure.walk import Walk
from engine.graph import rooms
from engine.graph.atlas import Kept, atlas_of
from engine.graph.eligibility import Eligibility
from engine.graph.evidence import TALLY, buckets, near_lines, records_examined
from engine.graph.kernels import found
from engine.graph.lists import known_lists
from engine.graph.near_book import known_book, note_search
from engine.graph.presences import Queries
from engine.graph.rooms import Room
from engine.graph.view import GraphView
from engine.ids import Keys

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Columns = tuple[Ints, Ints, Ints, Floats]
LABELS_WITH_FIXES = 512
"""Labels looked at together where fixes count: their own fixes and the cells round them are made beforehand."""
MANY_POLICIES = 64
"""After so many policies asked about in one view, what is known of them is thrown away."""
_AT_FIRST = 16
"""So many labels are looked at together before it is known how much evidence they have."""
_LEVELS = 256
_ACCUMULATE = {"window": 0, "24h": 1, "single": 2}


class Asked:
    """What questions about one view have in common, as the first numbers of a trace's table.

    Never changed, so that threads may share it; and it keeps alive all that it has the addresses of.
    """

    def __init__(self, view: GraphView, people: Keys, question: Question, depth: int, places: bool) -> None:
        policy = self.policy = question.policy
        self.eligibility: Eligibility = policy.eligibility(question.channels)
        self.atlas, self.keys = atlas_of(view), people.bytes_table()
        self._courses, self._count = question.courses, len(question.courses)
        self._columns = course_columns(view, question.courses) if len(question.courses) > f.FEW else None
        self.isolation = np.ascontiguousarray(question.isolation, np.int64)
        self.tables = tables()
        channels, slack = self.eligibility.channels, self.eligibility.slack_s
        numbers = self.numbers = np.zeros(f.SELF, np.int64)
        numbers[f.OPEN_CASE], numbers[f.TOGETHER] = -1, _AT_FIRST
        numbers[f.FORWARD], numbers[f.LATENT] = question.forward, round(policy.latent_hours * HOUR)
        numbers[f.OWN_SLACK if question.forward else f.OTHER_SLACK] = slack
        most = round(min(300.0, self.eligibility.max_attenuation_db) * 100)
        numbers[f.ATTENUATION] = most if "bluetooth" in channels and view.bluetooth else -1
        numbers[f.STAYS] = "check_in" in channels and self.eligibility.same_place and bool(view.check_in)
        numbers[f.FIXES] = "location" in channels and bool(view.location)
        numbers[f.ACCUMULATE], numbers[f.DEPTH], numbers[f.PLACES] = _ACCUMULATE[policy.accumulate], depth, places
        numbers[f.ISOLATION], numbers[f.ISOLATIONS] = self.isolation.ctypes.data, len(self.isolation)
        numbers[f.KEYS], numbers[f.KEY_STARTS] = (column.ctypes.data for column in self.keys)
        numbers[f.ATLAS], numbers[f.ATLAS_SIZE] = self.atlas.ctypes.data, len(self.atlas)
        numbers[f.TABLES], numbers[f.STEPS] = self.tables.ctypes.data, self.tables.shape[1]
        numbers[f.FIRST_S], numbers[f.STEP_S] = FIRST_DAY * DAY, STEP_S
        if self._columns is not None:
            numbers[f.CASES : f.CASE_COUNT] = [column.ctypes.data for column in self._columns]
            numbers[f.CASE_COUNT] = len(question.courses)
        fractions = numbers.view(np.float64)
        fractions[f.RATE], fractions[f.LEAST_S] = params.RATE_PER_HOUR.value, policy.min_minutes * 60
        fractions[f.UNKNOWN], fractions[f.BUCKETS : f.ASKED] = params.BURDEN_MEAN_INFECTIOUSNESS.value, buckets()

    def fits(self, view: GraphView, people: Keys, question: Question) -> bool:
        """Whether this is of that question, but for its seeds, its time and few courses of cases."""
        held, starts = people.bytes_table()
        return (
            question.policy is self.policy
            and (question.isolation is self.isolation or len(question.isolation) == len(self.isolation) == 0)
            and held is self.keys[0]
            and starts is self.keys[1]
            and (self._columns is None or question.courses is self._courses)
            and (len(question.courses) <= f.FEW if self._columns is None else len(question.courses) == self._count)
            and atlas_of(view) is self.atlas
        )


def asked_of(view: GraphView, people: Keys, question: Question, depth: int, places: bool) -> Asked:
    """What is asked; remembered with the view for the last question of each policy, direction and depth."""
    kept = view.memory.get("asked of")
    if kept is None or kept.value is None or len(kept.value) > MANY_POLICIES:
        view.memory["asked of"] = kept = Kept({})
    kind = id(question.policy), question.channels, question.forward, depth, places
    found: Asked | None = kept.value.get(kind)
    if found is None or not found.fits(view, people, question):
        kept.value[kind] = found = Asked(view, people, question, depth, places)
    return found


def course_columns(view: GraphView, courses: dict[int, Course]) -> Columns:
    """Person, origin, course and factor of every case, by person code; those of the last dictionary are remembered."""
    kept = view.memory.get("courses")
    if kept is not None and kept[0] is courses and len(kept[1][0]) == len(courses):
        found: Columns = kept[1]
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


class Work:
    """The memory of a trace: the table, and the rows that it has the addresses of. Used again and again."""

    def __init__(self) -> None:
        self.table = np.zeros(f.TABLE, np.int64)
        self._fractions = self.table.view(np.float64)
        self._scratch = np.empty((found.SCRATCH, 8), np.int64)
        self._self = self.table.ctypes.data
        self.table[[f.SELF, f.SCRATCH, f.TALLY]] = self._self, self._scratch.ctypes.data, TALLY.ctypes.data
        self._few = self._self + 8 * (f.FEW_CASES + f.FEW * np.arange(4))
        self._block, self._at = np.empty(0, np.int64), dict.fromkeys(f.ROW_BYTES, 0)
        self._near: tuple[Ints, Floats] | None = None
        self._walk = Walk()
        self.examined = 0
        """Sightings and stays that the last trace looked at; roughly, when several run at once."""
        self._more_rows(rooms.FEWEST)
        self._more_evidence(rooms.FEWEST)
        self._more_ranges(rooms.FEWEST)

    def run(self, view: GraphView, asked: Asked, question: Question, seeds: Sequence[Seed], alone: bool) -> None:
        """Trace from all seeds together, ordered by key; or ``alone``: from each as a case of its own.

        Sightings and stays are read out of the view's lists if it has any.
        """
        table, numbers, lists, self.examined = self.table, asked.numbers, known_lists(view), 0
        table[: f.SELF], table[f.LISTED] = numbers, 0
        if lists is not None:
            self._walk.ask(view, lists, question, int(numbers[f.DEPTH]), asked.isolation)
            table[f.LISTED] = self._walk.q.ctypes.data
        table[f.UNTIL], table[f.NEAR_COUNT], held = question.until, 0, None
        if question.courses and not numbers[f.CASE_COUNT]:
            self._few_courses(question.courses)
        if len(seeds) == 1:
            (seed,) = seeds
            table[f.ALONE], table[f.SEED_COUNT], table[f.SEEDS] = 1, 1, self._self + 8 * f.ONE_SEED
            table[f.ONE_SEED], table[f.ONE_SEED + 1], table[f.ONE_SEED + 2] = seed.person, seed.start, seed.end
        elif seeds:
            held = np.array([(seed.person, seed.start, seed.end) for seed in seeds], np.int64)
            table[f.ALONE], table[f.SEED_COUNT], table[f.SEEDS] = alone, len(seeds), held.ctypes.data
            table[f.OPENED] = question.seeds[0].start
            self._has_room(len(seeds), (len(seeds) if alone else 1) * (int(numbers[f.DEPTH]) + 1))
        examined = records_examined()
        while (said := int(spread(table))) != f.DONE:
            self.examined += records_examined() - examined
            if said == f.MORE_FIXES:
                self._look_at_fixes(view, asked)
            elif said == f.MORE_EVIDENCE:
                self._more_evidence(2 * int(table[f.NEEDED]))
            else:
                self._more_rows(int(table[f.NEEDED]))
            examined = records_examined()
        self.examined += records_examined() - examined

    def levels(self) -> list[int]:
        """Where the labels of each level begin, and the last ones end."""
        levels: list[int] = self._ranges[: int(self.table[f.AT_LEVEL]) + 1].tolist()
        return levels

    def rows(self, kind: int, words: int) -> Ints:
        """The first ``words`` numbers of the rows of a kind; of use only as long as one has the room."""
        at = self._at[kind]
        return self._block[at : at + words]

    @property
    def nbytes(self) -> int:
        """Memory of all rows."""
        return self._block.nbytes + self._evidence.nbytes + self._ranges.nbytes

    def _few_courses(self, courses: dict[int, Course]) -> None:
        count, at, table = len(courses), f.FEW_CASES, self.table
        for n, person in enumerate(sorted(courses)):
            table[at + n] = person
            table[at + f.FEW + n], table[at + 2 * f.FEW + n], self._fractions[at + 3 * f.FEW + n] = courses[person]
        table[f.CASES : f.CASE_COUNT], table[f.CASE_COUNT] = self._few, count

    def _look_at_fixes(self, view: GraphView, asked: Asked) -> None:
        """The evidence of the location channel of the labels that are next, ordered by label."""
        table = self.table
        at = int(table[f.NEXT])
        to = min(at + LABELS_WITH_FIXES, int(table[f.LEVEL_END]))
        labels = self.rows(f.LABEL_ROWS, 8 * to).view(f.LABEL_ROW)[at:]
        queries = Queries(labels["person"], labels["start"], labels["end"], bool(table[f.FORWARD]))
        book = known_book(view, asked.eligibility)
        if book is None:
            note_search(view, queries)
        near, parts = self._near = book.lines(queries) if book else near_lines(view, queries, asked.eligibility)
        near[:, found.PERSON] += at
        table[f.TO], table[f.NEAR_COUNT] = to, len(near)
        table[f.NEAR], table[f.NEAR_PARTS] = near.ctypes.data, parts.ctypes.data

    def _has_room(self, seeds: int, ranges: int) -> None:
        if seeds >= self.table[f.ROWS]:
            self._more_rows(2 * seeds)
        if 2 * ranges + _LEVELS > len(self._ranges):
            self._more_ranges(4 * ranges)

    def _more_rows(self, rows: int) -> None:
        """More room for all but evidence. What is there already stays, but the table of people is made anew."""
        rows, before, had = -8 * (-rows // 8), self._block, int(self.table[f.ROWS])
        self._block = np.empty(rows * sum(f.ROW_BYTES.values()) // 8 + 8, np.int64)
        at = -self._block.ctypes.data // 8 % 8
        for kind, size in f.ROW_BYTES.items():
            words, was = had * size // 8, self._at[kind]
            self._block[at : at + words] = before[was : was + words]
            self._at[kind], self.table[kind] = at, self._block.ctypes.data + 8 * at
            at += rows * size // 8
        self.table[f.ROWS], self.table[f.MASK] = rows, 0

    def _more_evidence(self, lines: int) -> None:
        self._evidence = np.empty(10 * lines + 8, np.int64)
        at = self._evidence.ctypes.data
        self.table[f.WHOLE], self.table[f.PARTS], self.table[f.EVIDENCE] = at, at + 64 * lines, lines

    def _more_ranges(self, ranges: int) -> None:
        self._ranges = np.zeros(2 * ranges + _LEVELS, np.int64)
        at = self._ranges.ctypes.data
        self.table[f.LEVELS], self.table[f.RANGES] = at, at + 8 * _LEVELS


def work_in(here: Room) -> Work:
    """The memory of traces that a room has."""
    work: Work = here.kept("trace", Work)
    return work
