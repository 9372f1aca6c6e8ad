"""How a board begins: all labels of a level in one pass, from the side of those who pass on.

Everybody's label from their own side (:mod:`engine.exposure.board_settle`) costs the evidence of everybody; whoever
passes on is a small part of them, and looking at their evidence once tells it all.
"""

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.clock import DAY
from engine.cores import in_parallel
from engine.exposure.board_levels import NEVER, CaseTable, Level
from engine.exposure.infectiousness import FIRST_DAY, STEP_S, tables
from engine.exposure.kernels.passing import best_of, contacts_of
from engine.exposure.policies import Policy
from engine.graph.eligibility import CHANNELS, LOCATION
from engine.graph.evidence import gather
from engine.graph.near_many import Near, near_of_many, pays
from engine.graph.presences import Queries
from engine.graph.view import GraphView
from engine.ids import Keys

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Array = npt.NDArray[Any]
Found = tuple[Array, Array, Array, Array, Array, Array]
"""Evidence as columns: query, other, start, end, weight, channel."""
CHUNK = 512
"""People who pass on looked at together: bounds memory in a dense city."""
BLOCK = 128 * CHUNK
"""People whose evidence of the location channel is found together, where that is quicker: bounds memory, too."""
_ACCUMULATE = {"window": 0, "24h": 1, "single": 2}


def label_all(view: GraphView, keys: Keys, policy: Policy, nearer: Level, cases: CaseTable, level: Level) -> None:
    """Fill in ``level``, which has no labels yet, from the windows one level nearer to the F0s; all are settled.

    Ties as in a trace: earlier moment, greater dose, smaller key. Cost: the evidence of those who pass on in their
    windows, on as many cores as there are; and a few columns by person.
    """
    person = np.flatnonzero(nearer.start < nearer.end).astype(np.int32)
    person = person[np.argsort(keys.ranks(person))]
    labelling = _Labelling(view, policy, nearer, cases, level, person)
    for first in range(0, len(person), BLOCK):
        last = min(first + BLOCK, len(person))
        labelling.prepare(first, last)
        in_parallel(labelling.take, range(first, last, CHUNK))
    labelling.tell()


@dataclass(frozen=True)
class _Sources:
    """Who passes on, and how: columns of a chunk."""

    queries: Queries
    course: Ints
    origin: Ints
    factor: npt.NDArray[np.float64]


class _Nearby:
    """Evidence of the location channel, chunk by chunk of those who pass on."""

    def __init__(self, near: Near, person: Codes, first: int) -> None:
        number = np.zeros(int(person.max(initial=-1)) + 1, np.int64)
        number[person] = np.arange(first, first + len(person))
        source = number[near.person]
        self._order = np.argsort(source, kind="stable")
        self._source = source[self._order]
        self._near = near

    def behind(self, found: Found, first: int, many: int) -> Found:
        """What was found of other channels, and behind it the rows of those numbered from ``first`` on."""
        a, b = np.searchsorted(self._source, (first, first + many))
        rows, near = self._order[a:b], self._near
        return (
            np.append(found[0], (self._source[a:b] - first).astype(np.int32)),
            np.append(found[1], near.other[rows]),
            np.append(found[2], near.start[rows]),
            np.append(found[3], near.end[rows]),
            np.append(found[4], near.weight[rows]),
            np.append(found[5], np.full(len(rows), LOCATION, np.int8)),
        )


class _Labelling:
    """The labels of a level while they are found."""

    def __init__(
        self, view: GraphView, policy: Policy, nearer: Level, cases: CaseTable, level: Level, person: Codes
    ) -> None:
        self._view = view
        self._policy = policy
        self._nearer = nearer
        self._cases = cases
        self._level = level
        self._person = person
        """Who passes on, by key."""
        self._turn = Lock()
        people = len(level.moment)
        self._dose = np.zeros(people)
        self._source = np.full(people, -1, np.int32)
        self._latest: list[Ints] = []
        """Columns by person that nobody works with now."""
        self._eligibility = policy.eligibility()
        self._near: _Nearby | None = None

    def prepare(self, first: int, last: int) -> None:
        """Find what chunks of these who pass on have in common."""
        person, eligibility = self._person[first:last], self._policy.eligibility()
        opens, closes = np.full(len(self._level.moment), NEVER, np.int64), np.zeros(len(self._level.moment), np.int64)
        opens[person], closes[person] = self._nearer.windows(person)
        near = None
        if pays(self._view, opens, closes, eligibility):
            near = near_of_many(self._view, opens, closes, eligibility)
        self._near = None if near is None else _Nearby(near, person, first)
        channels = CHANNELS if near is None else CHANNELS - {"location"}
        self._eligibility = self._policy.eligibility(channels)

    def take(self, first: int) -> None:
        """The contacts of a chunk of those who pass on. Any number of threads."""
        sources = self._sources(self._person[first : first + CHUNK])
        evidence = gather(self._view, sources.queries, self._eligibility)
        found = evidence.query, evidence.other, evidence.start, evidence.end, evidence.weight, evidence.channel
        if self._near is not None:
            found = self._near.behind(found, first, len(sources.course))
        contacts = self._contacts(found, sources, first)
        with self._turn:
            best_of(*contacts, self._level.moment, self._dose, self._source, self._level.channels)

    def tell(self) -> None:
        """Once all chunks are done: who passed it on to whom."""
        some = np.flatnonzero(self._source >= 0)
        self._level.via[some] = self._person[self._source[some]]
        self._level.settled[:] = True

    def _sources(self, person: Codes) -> _Sources:
        queries = Queries(person, *self._nearer.windows(person))
        courses = self._cases.courses(person, self._nearer.moments(person))
        return _Sources(queries, courses.course, courses.origin, courses.factor)

    def _contacts(self, found: Found, sources: _Sources, first: int) -> tuple[Array, Array, Array, Array, Array]:
        """Others, first moments, doses, numbers of the sources, and channels."""
        n, policy = len(found[0]), self._policy
        out = np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n), np.empty(n, np.int32), np.empty(n, np.uint8)
        try:
            latest = self._latest.pop()
        except IndexError:
            latest = np.zeros(len(self._level.moment), np.int64)
        count = contacts_of(
            *found, sources.course, sources.origin, sources.factor, tables(), FIRST_DAY * DAY, STEP_S,
            float(policy.min_minutes * 60), _ACCUMULATE[policy.accumulate], first, latest, *out,
        )  # fmt: skip
        self._latest.append(latest)
        return out[0][:count], out[1][:count], out[2][:count], out[3][:count], out[4][:count]
