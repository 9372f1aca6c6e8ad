"""What a trace asks and answers, as columns."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.exposure.infectiousness import Course
from engine.exposure.policies import Policy

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Seed:
    """Where a trace begins: a person and the window in which contacts count."""

    person: int
    start: int
    end: int


@dataclass(frozen=True)
class Question:
    """What to trace. ``courses`` holds the course of every F0, by person code."""

    seeds: tuple[Seed, ...]
    depth: int
    until: int
    policy: Policy
    courses: dict[int, Course]
    isolation: Ints
    """Moment of isolation by person code (FOREVER: none); may be shorter than the number of people."""
    channels: frozenset[str] | None = None
    forward: bool = True


@dataclass(frozen=True)
class Labels:
    """Kept labels of one level, ordered by person key; ``parent`` indexes the labels one level nearer the seeds."""

    person: Codes
    moment: Ints
    """Arrival (forward) or latest moment (backward)."""
    probability: Floats
    parent: Ints
    start: Ints
    end: Ints
    """The window in which this person passes on (forward) or was infected (backward)."""


@dataclass(frozen=True)
class Reached:
    """People at their level; all columns have one length. Ordered by level, then person key."""

    person: Codes
    level: npt.NDArray[np.int8]
    first: Ints
    last: Ints
    seconds: Ints
    dose: Floats
    probability: Floats
    channels: npt.NDArray[np.int64]
    via: Codes
    shared_person: Codes
    """With ``shared_place``: distinct places of shared check-ins behind a level, ordered by person code."""
    shared_place: Codes

    def take(self, index: npt.NDArray[np.int64]) -> "Reached":
        """The people at ``index``, in that order."""
        shared = {"shared_person", "shared_place"}
        return Reached(**{n: c if n in shared else c[index] for n, c in vars(self).items()})

    def places(self) -> list[list[int]]:
        """Codes of the places shared on the way to each person's level."""
        lo = np.searchsorted(self.shared_person, self.person)
        hi = np.searchsorted(self.shared_person, self.person, side="right")
        codes: list[int] = self.shared_place.tolist()
        return [codes[a:b] for a, b in zip(lo.tolist(), hi.tolist(), strict=True)]


@dataclass(frozen=True)
class Trace:
    """The answer: people at their levels, and all kept labels by level (0: the seeds) for chains."""

    reached: Reached
    labels: tuple[Labels, ...]


def stack(found: list[Reached]) -> Reached:
    """The people of all levels, nearest first."""
    if not found:
        none, never = np.empty(0, np.int32), np.empty(0, np.int64)
        real = np.empty(0)
        return Reached(none, np.empty(0, np.int8), never, never, never, real, real, never, none, none, none)
    columns = {name: np.concatenate([vars(f)[name] for f in found]) for name in vars(found[0])}
    by_person = np.argsort(columns["shared_person"], kind="stable")
    for name in ("shared_person", "shared_place"):
        columns[name] = columns[name][by_person]
    return Reached(**columns)
