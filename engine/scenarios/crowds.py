"""Stays of one day by place, and places with so many visitors that each meets only some of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.graph.scanning import Scan
from engine.scenarios.kernels.observed import crowd_stays, ranks_in_crowd, steps_in_crowd
from engine.scenarios.world import Codes

Ints = npt.NDArray[np.int64]


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
    crowded: npt.NDArray[np.bool_]
    """Whether each place has more other visitors than one can meet, shape (places,)."""

    @classmethod
    def of(
        cls, place: Codes, person: Codes, start: Codes, end: Codes, places: int, crowd: int, shared: bool
    ) -> "Stays":
        """From rows in any order; not ``shared``: only the visitors are wanted. Cost: one sort."""
        both = np.unique((place.astype(np.int64) << 32) | person)
        visitors = np.bincount(both >> 32, minlength=places).astype(np.int32)
        order = np.lexsort((end, person, start, place)) if shared else np.empty(0, np.int64)
        first = np.concatenate([[0], np.cumsum(np.bincount(place[order], minlength=places))]).astype(np.int64)
        return cls(first, place[order], person[order], start[order], end[order], visitors, visitors - 1 > crowd)


def crowd_overlaps(scan: Scan, stays: Stays, day: int, crowd: int, part: int, parts: int) -> None:
    """Overlaps at crowded places, into ``scan``: (a, b, start, end, row of a stay of that place).

    The visitors of a place stand in a ring in random order, and ``crowd // 2`` random steps say who is whose: everybody
    has the same number of others, and is one of theirs. Order and steps follow from day, place and people alone. Cost:
    visitors times ``crowd // 2``, and a sort.
    """
    for place in np.flatnonzero(stays.crowded & (np.diff(stays.first) > 0)).tolist():
        rows = slice(int(stays.first[place]), int(stays.first[place + 1]))
        person = stays.person[rows]
        rank = ranks_in_crowd(place, person, day)
        order = np.lexsort((stays.start[rows], person, rank))
        person = person[order]
        heads = np.flatnonzero(np.diff(person, prepend=-1))
        steps = steps_in_crowd(place, len(heads), day, crowd // 2)
        scan.run(
            0, crowd_stays, np.append(heads, len(person)), person, stays.start[rows][order], stays.end[rows][order],
            rows.start, steps, part, parts,
        )  # fmt: skip
