"""What a trace asks and answers, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

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
    shared: Ints
    """Distinct places of shared check-ins behind a level: person code << 32 | place code, in no order."""

    def take(self, index: npt.NDArray[np.int64]) -> "Reached":
        """The people at ``index``, in that order."""
        columns = {column.name: getattr(self, column.name) for column in fields(self)}
        return Reached(**{name: c if name == "shared" else c[index] for name, c in columns.items()})

    @property
    def nbytes(self) -> int:
        """Memory of all columns."""
        return sum(getattr(self, column.name).nbytes for column in fields(self))

    @cached_property
    def shared_by_person(self) -> tuple[Codes, Codes]:
        """The same as person and place, ordered by these. Cost: a sort, when first asked for."""
        both = np.sort(self.shared)
        return (both >> 32).astype(np.int32), both.astype(np.int32)

    def places(self) -> list[list[int]]:
        """Codes of the places shared on the way to each person's level."""
        person, place = self.shared_by_person
        lo, hi = np.searchsorted(person, self.person), np.searchsorted(person, self.person, side="right")
        codes: list[int] = place.tolist()
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


EACH_TYPES: dict[str, np.dtype[Any]] = {
    **dict.fromkeys(("seed", "first", "last", "seconds", "channels"), np.dtype(np.int64)),
    **dict.fromkeys(("dose", "probability"), np.dtype(np.float64)),
    **dict.fromkeys(("person", "via"), np.dtype(np.int32)),
    "level": np.dtype(np.int8),
}
"""Of the columns, the widest first."""
EACH_BYTES = sum(dtype.itemsize for dtype in EACH_TYPES.values())


def stack_each(parts: Sequence[Each]) -> Each:
    """The rows of all parts, one after the other, in one new piece of memory."""
    n = sum(len(part) for part in parts)
    block, columns = np.empty(-(-n * EACH_BYTES // 8), np.int64).view(np.uint8), {}
    for name, dtype in EACH_TYPES.items():
        columns[name], block = block[: n * dtype.itemsize].view(dtype), block[n * dtype.itemsize :]
        if parts:
            np.concatenate([getattr(part, name) for part in parts], out=columns[name])
    return Each(**columns)
