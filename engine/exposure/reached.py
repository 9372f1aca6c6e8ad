"""What a trace asks and answers, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.exposure.infectiousness import Course
from engine.exposure.kernels.fields import LABEL_ROW
from engine.exposure.policies import Policy

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


class Seed(NamedTuple):
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
    """Kept labels of one level; ``parent`` indexes the labels one level nearer the seeds.

    Ordered by person key; at the deepest level asked for, in no order.
    """

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
    """People at their level; all columns have one length. Ordered by level; by person key but for the deepest."""

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
    kept: Ints
    """All kept labels as the kernel left them, rows of :data:`engine.exposure.kernels.fields.LABEL_ROW`."""
    levels: tuple[int, ...]
    """Where the labels of each level begin, and the last ones end."""

    @cached_property
    def labels(self) -> tuple[Labels, ...]:
        """The kept labels of each level. Cost: made when first asked for, linear in all of them."""
        rows, found = self.kept.view(LABEL_ROW), []
        for level, (first, last) in enumerate(pairwise(self.levels)):
            columns = {name: rows[name][first:last].copy() for name in ("person", "moment", "start", "end")}
            parent = rows["parent"][first:last] - np.int64(self.levels[level - 1] if level else 0)
            found.append(Labels(**columns, probability=rows["chance"][first:last].copy(), parent=parent))
        return tuple(found)


@dataclass(frozen=True)
class Each:
    """People reached by many seeds, each as if alone; all columns have one length. Ordered by seed, then level."""

    seed: Ints
    """Index into the question's seeds."""
    person: Codes
    level: npt.NDArray[np.int8]
    first: Ints
    last: Ints
    seconds: Ints
    dose: Floats
    probability: Floats
    channels: npt.NDArray[np.int64]
    via: Codes

    def __len__(self) -> int:
        return len(self.seed)

    def take(self, index: npt.NDArray[np.bool_] | Ints) -> "Each":
        """The rows at ``index`` (or where a mask is true), in that order."""
        return Each(**{name: column[index] for name, column in vars(self).items()})


def stack_each(parts: Sequence[Each]) -> Each:
    """The rows of all parts, one after the other."""
    if not parts:
        none, never, real = np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0)
        return Each(never, none, np.empty(0, np.int8), never, never, never, real, real, never, none)
    return Each(**{name: np.concatenate([vars(p)[name] for p in parts]) for name in vars(parts[0])})
