"""One consistent state that answers are computed from: immutable views, names, and a memory of recent traces."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from engine.errors import UnknownCaseError, UnknownPersonError
from engine.exposure.infectiousness import Course
from engine.exposure.windows import course_of
from engine.graph.layout import SECOND_BITS
from engine.graph.segments import major
from engine.graph.view import GraphView
from engine.ids import Keys
from engine.people.timelines import F0, PeopleView

T = TypeVar("T")
REMEMBERED = 256
"""Answers kept per state; the oldest goes first."""
REMEMBERED_BYTES = 2**28
"""Bytes of all of them, but for the newest: a deep trace in a large city takes hundreds of millions by itself."""


@dataclass(frozen=True)
class Snapshot:
    """What the engine knew at journal sequence ``as_of``."""

    graph: GraphView
    people: PeopleView
    person_keys: Keys
    place_keys: Keys
    place_data: dict[str, dict[str, Any]]
    as_of: int
    latest: int
    """Latest moment among accepted events, UTC s."""
    courses: dict[int, Course]
    _memory: dict[Hashable, Any] = field(default_factory=dict)
    _sizes: dict[Hashable, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def person(self, key: str) -> int:
        """Code of a person whom a live event names.

        Raises:
            UnknownPersonError: there is none.
        """
        code = self.person_keys.find(key)
        if code is None or not self._is_named(code, key):
            raise UnknownPersonError(f"no accepted event names {key!r}; check the id")
        return code

    def case(self, key: str) -> F0:
        """The F0 with this key.

        Raises:
            UnknownPersonError: no accepted event names this person.
            UnknownCaseError: known, but not an F0.
        """
        code = self.person(key)
        f0 = self.people.cases.get(code)
        if f0 is None:
            raise UnknownCaseError(f"{key!r} is not an F0: no case event and no positive PCR names this person")
        return f0

    def _is_named(self, code: int, key: str) -> bool:
        if code in self.people.cases or code in self.people.named:
            return True
        for segment in self.graph.bluetooth:
            if _has(segment.groups, code) or _has(segment.rows.k1, code << SECOND_BITS, 1 << SECOND_BITS):
                return True
        if any(_has(segment.groups, code) for segment in self.graph.check_in):
            return True
        days = self.graph.location
        return any(_has(segment.rows.k1, code << SECOND_BITS, 1 << SECOND_BITS) for segment in days)

    def remember(self, key: Hashable, make: Callable[[], T], size: Callable[[T], int] = lambda _: 0) -> T:
        """The value under ``key``, made at most about once per state; ``size``: its bytes, where they are many."""
        found: T | None = self._memory.get(key)
        if found is not None:
            return found
        value = make()
        took = size(value)
        with self._lock:
            self._drop(key)
            held = sum(self._sizes.values())
            while self._memory and (len(self._memory) >= REMEMBERED or held + took > REMEMBERED_BYTES):
                held -= self._drop(next(iter(self._memory)))
            self._memory[key], self._sizes[key] = value, took
        return value

    def _drop(self, key: Hashable) -> int:
        self._memory.pop(key, None)
        return self._sizes.pop(key, 0)


def courses_of(people: PeopleView) -> dict[int, Course]:
    """Infectiousness of every F0, by person code."""
    return {code: course_of(f0) for code, f0 in people.cases.items()}


def named(state: Snapshot) -> tuple[int, int]:
    """How many people, and how many places, live events name. Cost: linear in the events."""
    graph = state.graph
    people = [np.fromiter(state.people.named, np.int64, len(state.people.named))]
    places = [state.place_keys.found(list(state.place_data)).astype(np.int64)]
    reporters = (*graph.bluetooth, *graph.location)
    people += [np.unique(major(segment.rows.k1)).astype(np.int64) for segment in reporters]
    people += [s.groups.astype(np.int64) for s in (*graph.bluetooth, *graph.check_in)]
    places += [segment.majors.astype(np.int64) for segment in graph.check_in]
    return len(np.unique(np.concatenate(people))), len(np.unique(np.concatenate(places)))


def _has(ascending: Any, low: int, span: int = 1) -> bool:
    at = int(ascending.searchsorted(low))
    return at < len(ascending) and int(ascending[at]) < low + span
