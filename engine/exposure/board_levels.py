"""What the board keeps of a level: the label of each person there, as columns by person code."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.clock import FOREVER
from engine.exposure.infectiousness import EXPECTED, KNOWN
from engine.exposure.pairs import Courses

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
NEVER = FOREVER
"""Moment of a person who has no label at a level."""


class Passing(Protocol):
    """Who passes on at a level."""

    def windows(self, person: Codes) -> tuple[Ints, Ints]:
        """Start and end of the window in which each passes on; empty for whoever does not."""

    def moments(self, person: Codes) -> Ints:
        """The arrival of each who passes on."""


class Level:
    """Labels of one level. Columns are indexed by person code."""

    def __init__(self, people: int, passes_on: bool) -> None:
        self.passes_on = passes_on
        self.moment = np.full(people, NEVER, np.int64)
        """Arrival; NEVER: no label."""
        self.start = np.full(people if passes_on else 0, NEVER, np.int64)
        self.end = np.zeros(len(self.start), np.int64)
        """The window in which this person passes on; empty: none. No rows at the last level."""
        self.via = np.full(people, -1, np.int32)
        """Who passed it on; -1: nobody."""
        self.channels = np.zeros(people, np.uint8)
        """One bit per channel of the evidence from everybody a level nearer."""
        self.settled = np.zeros(people, np.bool_)
        """Whether ``via`` and ``channels`` are those of the newest state; looked up again when asked for."""

    def forget(self) -> None:
        """No labels any more; who passes on stays, and columns that somebody else still has stay as they are."""
        fresh = Level(len(self.moment), passes_on=False)
        self.moment, self.via, self.channels, self.settled = fresh.moment, fresh.via, fresh.channels, fresh.settled

    def windows(self, person: Codes) -> tuple[Ints, Ints]:
        """See :class:`Passing`."""
        return self.start[person], self.end[person]

    def moments(self, person: Codes) -> Ints:
        """See :class:`Passing`."""
        return self.moment[person]

    def still(self) -> "Still":
        """Who passes on as it is now. Cost: one pass over everybody; memory: those who do."""
        person = np.flatnonzero(self.start < self.end)
        return Still(person, self.start[person], self.end[person], self.moment[person])

    def grow(self, more: int) -> None:
        """Room for so many people more. Cost: linear in everybody."""
        fresh = Level(more, self.passes_on)
        for name in ("moment", "start", "end", "via", "channels", "settled"):
            setattr(self, name, np.concatenate([getattr(self, name), getattr(fresh, name)]))


@dataclass(frozen=True)
class Still:
    """Who passes on at a level at one moment, ordered by code; updates do not change it. See :class:`Passing`."""

    person: Ints
    start: Ints
    end: Ints
    moment: Ints

    def windows(self, person: Codes) -> tuple[Ints, Ints]:
        """See :class:`Passing`."""
        at = places_of(self.person, person)
        return np.append(self.start, NEVER)[at], np.append(self.end, 0)[at]

    def moments(self, person: Codes) -> Ints:
        """See :class:`Passing`."""
        return np.append(self.moment, NEVER)[places_of(self.person, person)]


def places_of(known: Ints | Codes, wanted: Codes) -> Ints:
    """Where each stands among the ``known``, which ascend; -1: nowhere."""
    at = np.searchsorted(known, wanted)
    there = np.append(known, -1)[at] == wanted
    return np.where(there, at, -1)


class Log:
    """Labels of a level as they get other moments, and what those were."""

    def __init__(self, level: Level) -> None:
        self._moment = level.moment
        self._person: list[Codes] = []
        self._before: list[Ints] = []

    def remember(self, person: Codes) -> None:
        """These labels may change now. What was remembered first counts."""
        self._person.append(person)
        self._before.append(self._moment[person])

    def improve(self, person: Codes, moment: Ints, lost: Mask | None = None) -> None:
        """Take the earlier moments; whoever is in ``lost`` (by person code) but is no worse after all is taken off."""
        if lost is not None:
            lost[person[moment <= self._moment[person]]] = False
        rows = np.flatnonzero(moment < self._moment[person])
        self.remember(np.unique(person[rows]))
        np.minimum.at(self._moment, person[rows], moment[rows])

    def changed(self) -> Codes:
        """Whose moment is another than at first, ordered by code."""
        if not self._person:
            return np.empty(0, np.int32)
        person, first = np.unique(np.concatenate(self._person), return_index=True)
        differs: Mask = self._moment[person] != np.concatenate(self._before)[first]
        return person[differs]


@dataclass(frozen=True)
class Moved:
    """People at a level whose window, or infectiousness in it, is another now. All columns have one length."""

    person: Codes
    old_start: Ints
    old_end: Ints
    start: Ints
    end: Ints

    def lost(self) -> tuple[Codes, Ints, Ints]:
        """Parts of the old windows that the new ones do not hold: (person, start, end), none empty."""
        gone = self.start >= self.end
        ends = np.where(gone, self.old_end, np.minimum(self.old_end, self.start))
        starts = np.where(gone, self.old_end, np.maximum(self.old_start, self.end))
        person = np.tile(self.person, 2)
        start, end = np.concatenate([self.old_start, starts]), np.concatenate([ends, self.old_end])
        some = start < end
        return person[some], start[some], end[some]

    def now(self) -> tuple[Codes, Ints, Ints]:
        """The new windows that are not empty: (person, start, end)."""
        some = self.start < self.end
        return self.person[some], self.start[some], self.end[some]


class CaseTable:
    """F0s and their courses."""

    def __init__(self) -> None:
        self.person = np.empty(0, np.int32)
        self.origin = np.empty(0, np.int64)
        self.factor = np.empty(0)
        self._row = np.empty(0, np.int32)
        """By person code; -1: no F0."""

    def grow(self, more: int) -> None:
        """Room for so many people more."""
        self._row = np.append(self._row, np.full(more, -1, np.int32))

    def replace(self, person: Codes, origin: Ints, factor: Floats) -> Codes:
        """These are the F0s now; returns everybody who became one, ceased to be one, or has another course."""
        at = self._row[person]
        differs = at < 0
        known = np.flatnonzero(~differs)
        before = at[known]
        differs[known] = (self.origin[before] != origin[known]) | (self.factor[before] != factor[known])
        ended = np.setdiff1d(self.person, person)
        self._row[self.person] = -1
        self._row[person] = np.arange(len(person), dtype=np.int32)
        self.person, self.origin, self.factor = person, origin, factor
        return np.concatenate([person[differs], ended])

    def holds(self, person: Codes) -> Mask:
        """Whether each is an F0."""
        return np.asarray(self._rows(person) >= 0, np.bool_)

    def _rows(self, person: Codes) -> Ints | Codes:
        return self._row[person]

    def still(self) -> "StillCases":
        """The F0s as they are now. Cost: a sort of them."""
        return StillCases(self)

    def courses(self, person: Codes, moment: Ints) -> Courses:
        """The course of each person: an F0 follows its own, anybody else the expected one from ``moment``."""
        origin, factor = moment.copy(), np.ones(len(person))
        course = np.full(len(person), EXPECTED, np.int64)
        row = self._rows(person)
        own = np.flatnonzero(row >= 0)
        origin[own], factor[own], course[own] = self.origin[row[own]], self.factor[row[own]], KNOWN
        return Courses(origin, course, factor)


class StillCases(CaseTable):
    """F0s and their courses at one moment; updates do not change it."""

    def __init__(self, cases: CaseTable) -> None:
        order = np.argsort(cases.person)
        self.person, self.origin, self.factor = cases.person[order], cases.origin[order], cases.factor[order]

    def _rows(self, person: Codes) -> Ints | Codes:
        return places_of(self.person, person)
