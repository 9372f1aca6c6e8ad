"""Stays of one day by place, and places with so many people at a time that each meets only some of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.graph.scanning import Scan
from engine.scenarios.kernels.observed import crowd_stays, crowd_sweep, ranks_in_crowd, steps_in_crowd
from engine.scenarios.world import Codes

Ints = npt.NDArray[np.int64]
_CLOCK = 17
"""Bits of a second of the day."""


@dataclass(frozen=True)
class Stays:
    """Stays of one day, by place and start; seconds from the beginning of the day."""

    first: Ints
    """Place p has the rows first[p] to before first[p + 1], shape (places + 1,)."""
    place: Codes
    person: Codes
    start: Codes
    end: Codes
    visitors: Codes
    """Distinct people of each place, shape (places,)."""
    pairs: Ints
    """Pairs of stays at the same time, shape (places,)."""
    crowded: npt.NDArray[np.bool_]
    """Whether a visitor of the place is there with more others, on average, than one can meet, shape (places,)."""

    @classmethod
    def of(
        cls, place: Codes, person: Codes, start: Codes, end: Codes, places: int, crowd: int, shared: bool
    ) -> "Stays":
        """From rows in any order; not ``shared``: only the visitors are wanted. Cost: one sort."""
        both = np.unique((place.astype(np.int64) << 32) | person)
        visitors = np.bincount(both >> 32, minlength=places).astype(np.int32)
        order = np.lexsort((end, person, start, place)) if shared else np.empty(0, np.int64)
        first = np.concatenate([[0], np.cumsum(np.bincount(place[order], minlength=places))]).astype(np.int64)
        place, person, start, end = place[order], person[order], start[order], end[order]
        begins, ends = (place.astype(np.int64) << _CLOCK | t for t in (start, end))
        later = np.searchsorted(begins, ends) - np.arange(len(place)) - 1
        pairs = np.zeros(places, np.int64)
        np.add.at(pairs, place, later)
        crowded = (2 * pairs > crowd * visitors.astype(np.int64)) & (visitors - 1 > crowd)
        return cls(first, place, person, start, end, visitors, pairs, crowded)


def crowd_overlaps(scan: Scan, stays: Stays, day: int, crowd: int, part: int, parts: int) -> None:
    """Overlaps at crowded places, into ``scan``: (a, b, start, end, row of a stay of that place).

    The visitors of a place stand in a ring in random order, and random steps say who is whose: everybody has the same
    number of others, and is one of theirs. There are so many steps that a visitor has ``crowd`` others, on average, of
    those that are there at the same time. Order and steps follow from day, place and people alone. Cost: a sort, and
    the smaller of the stays that overlap and visitors times steps: at most visitors times the root of crowd x visitors.
    """
    for place in np.flatnonzero(stays.crowded & (np.diff(stays.first) > 0)).tolist():
        rows = slice(int(stays.first[place]), int(stays.first[place + 1]))
        person = stays.person[rows]
        rank = ranks_in_crowd(place, person, day)
        order = np.lexsort((stays.start[rows], person, rank))
        person = person[order]
        heads = np.flatnonzero(np.diff(person, prepend=-1))
        pairs = int(stays.pairs[place])
        steps = steps_in_crowd(place, len(heads), day, _steps(crowd, len(heads), pairs))
        if pairs < len(heads) * len(steps):
            stood, near = np.empty(len(order), np.int64), np.zeros(len(heads) // 2 + 1, np.bool_)
            stood[order] = np.repeat(np.arange(len(heads)), np.diff(np.append(heads, len(person))))
            near[steps] = True
            scan.run(
                0, crowd_sweep, stood, near, stays.person[rows], stays.start[rows], stays.end[rows], rows.start,
                part, parts,
            )  # fmt: skip
            continue
        scan.run(
            0, crowd_stays, np.append(heads, len(person)), person, stays.start[rows][order], stays.end[rows][order],
            rows.start, steps, part, parts,
        )  # fmt: skip


def _steps(crowd: int, visitors: int, pairs: int) -> int:
    """Steps, in whole numbers, of which ``crowd // 2`` lead to somebody there at the same time, of ``pairs`` in all."""
    every = (visitors - 1) // 2
    return min(every, max(1, crowd // 2 * visitors * (visitors - 1) // (2 * pairs)))
