"""Disclosure control: which parts of the map may be published, as one partition of everything.

The rules, why they are safe and what they do not hide are in ``docs/semantics/disclosure.md``. Pure functions: who
was where goes in, disjoint units with at least :data:`MIN_PEOPLE` people and :data:`MIN_CASES` cases each come out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine import params
from engine.errors import BadParameterError
from engine.geo.cells import Cells, parents, resolution_of, to_text
from engine.risk.disclosure_remainders import REST, Chain, Node, remainders

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
MIN_PEOPLE = int(params.PUBLIC_MIN_PEOPLE.low)
"""Distinct people behind everything that is published, at least. Configuration can only raise it."""
MIN_CASES = int(params.PUBLIC_MIN_CASES.low)
"""Distinct F0s with infectious time behind everything that is published, at least; can only be raised."""
FINEST, COARSEST = 9, 7
"""Resolutions of published cells."""
AREA = -1
"""Stands for the resolution of a unit that is the remainder of an area."""


@dataclass(frozen=True)
class Floors:
    """How many must stand behind a published unit.

    Raises:
        BadParameterError: lower than the floors in the code.
    """

    people: int = MIN_PEOPLE
    cases: int = MIN_CASES

    def __post_init__(self) -> None:
        if self.people < MIN_PEOPLE or self.cases < MIN_CASES:
            raise BadParameterError(
                f"nothing is published with fewer than {MIN_PEOPLE} people and {MIN_CASES} cases behind it, "
                f"not {self.people} and {self.cases}: these floors can only be raised"
            )

    def reached(self, people: Ints, cases: Ints) -> Flags:
        """Whether each pair of counts reaches both floors."""
        return np.asarray((people >= self.people) & (cases >= self.cases), np.bool_)


@dataclass(frozen=True)
class Behind:
    """Who was where in a window of time: rows of one length, in any order; (cell, person) may repeat.

    Raises:
        BadParameterError: columns of different lengths, cells that are not of resolution 9, a row without presence.
    """

    cell: Cells
    """Of resolution 9."""
    person: npt.NDArray[np.int32]
    infectious: Ints
    """Decayed infectious time of F0s, 2^-20 s; 0: no case here."""
    present: Ints
    """Decayed time present, 2^-10 s, > 0."""

    def __post_init__(self) -> None:
        if len({len(self.cell), len(self.person), len(self.infectious), len(self.present)}) != 1:
            raise BadParameterError("cell, person, infectious and present must be columns of one length")
        if len(self.cell) and not (resolution_of(self.cell) == FINEST).all():
            raise BadParameterError(f"what is published begins with cells of resolution {FINEST}")
        if (self.present <= 0).any() or (self.infectious < 0).any():
            raise BadParameterError("every row needs time present above 0, and infectious time of at least 0")


@dataclass(frozen=True)
class Partition:
    """Disjoint units that together hold every row, or none at all; columns ordered by unit.

    It holds counts and exact sums: never to be published itself, see :func:`engine.risk.disclosure_views.views`.
    """

    resolution: npt.NDArray[np.int8]
    """Of the cell that the unit is: 9, 8 or 7; ``AREA`` for the remainder of an area."""
    unit: tuple[str, ...]
    """The cell as text, or the code of the area; "": the remainder of everything."""
    people: Ints
    cases: Ints
    infectious: Ints
    present: Ints
    cell: Cells
    """Cells of resolution 9 with anybody, ascending, ..."""
    unit_of_cell: Ints
    """... and the unit that holds each."""


def partition(behind: Behind, areas: Sequence[Chain] = (), floors: Floors | None = None) -> Partition:
    """Units that may be published, each as fine as the rules allow.

    Args:
        behind: who was where; must be disjoint in time from whatever was published before.
        areas: for cells of resolution 7 the areas they lie in, narrowest first; missing ones lie in none.
        floors: higher floors than the declared ones.

    Returns:
        Units ordered by resolution (areas first), then name. Empty when not even everything together
        reaches the floors.

    Raises:
        BadParameterError: an area lies in two different wider areas.

    Cost: a few sorts of the rows, about 1 us a row.
    """
    limits = floors or Floors()
    cell, of_cell = np.unique(behind.cell, return_inverse=True)
    of_cell = of_cell.astype(np.int64)
    fits = _reached(behind, of_cell, len(cell), limits)
    chosen = np.where(fits, FINEST, AREA).astype(np.int8)
    for resolution in range(FINEST - 1, COARSEST - 1, -1):
        chosen = _rolled_up(behind, cell, of_cell, chosen, resolution, limits)
    names = _names(cell, chosen)
    widest, of_widest = np.unique(parents(cell, COARSEST), return_inverse=True)
    covered = np.ones(len(widest), np.bool_)
    np.logical_and.at(covered, of_widest, chosen > AREA)
    pooled = remainders(_nodes(behind, widest, of_widest[of_cell], covered), areas, limits.people, limits.cases)
    if pooled is None:
        none = np.empty(0, np.int64)
        return Partition(np.empty(0, np.int8), (), none, none, none, none, np.empty(0, np.uint64), none)
    for n in range(len(cell)):
        area = pooled.get(int(widest[of_widest[n]]))
        if area is not None:
            chosen[n], names[n] = AREA, area
    return _summed(behind, cell, of_cell, chosen, names)


def _distinct(group: Ints, person: npt.NDArray[np.int32], groups: int) -> Ints:
    """Distinct people of each group, shape (groups,)."""
    span = int(person.max(initial=0)) + 1
    pairs = np.unique(group * span + person)
    return np.bincount(pairs // span, minlength=groups).astype(np.int64)


def _counts(behind: Behind, group: Ints, groups: int) -> tuple[Ints, Ints]:
    """(people, cases) of each group of rows."""
    case = np.flatnonzero(behind.infectious > 0)
    return _distinct(group, behind.person, groups), _distinct(group[case], behind.person[case], groups)


def _reached(behind: Behind, group: Ints, groups: int, floors: Floors) -> Flags:
    return floors.reached(*_counts(behind, group, groups))


def _rolled_up(
    behind: Behind, cell: Cells, of_cell: Ints, chosen: npt.NDArray[np.int8], resolution: int, floors: Floors
) -> npt.NDArray[np.int8]:
    """Where the children of a cell of ``resolution`` are not all published: the cell itself, or nothing of it."""
    upper, of_upper = np.unique(parents(cell, resolution), return_inverse=True)
    whole = np.ones(len(upper), np.bool_)
    np.logical_and.at(whole, of_upper, chosen > AREA)
    fits = _reached(behind, of_upper[of_cell].astype(np.int64), len(upper), floors)
    instead = np.where(fits, resolution, AREA)
    return np.where(whole[of_upper], chosen, instead[of_upper]).astype(np.int8)


def _nodes(behind: Behind, widest: Cells, of_row: npt.NDArray[np.intp], covered: Flags) -> list[Node]:
    """The cells of resolution 7, each with the people and the cases in it."""
    order = np.argsort(of_row, kind="stable")
    edges = np.searchsorted(of_row[order], np.arange(len(widest) + 1))
    nodes = []
    for n, cell in enumerate(widest.tolist()):
        rows = order[edges[n] : edges[n + 1]]
        people = np.unique(behind.person[rows])
        cases = np.unique(behind.person[rows[behind.infectious[rows] > 0]])
        nodes.append(Node((cell,), people, cases, bool(covered[n])))
    return nodes


def _names(cell: Cells, chosen: npt.NDArray[np.int8]) -> list[str]:
    """The published cell that holds each cell; where none does, the remainder of everything stands in."""
    names = [REST] * len(cell)
    for resolution in range(COARSEST, FINEST + 1):
        here = np.flatnonzero(chosen == resolution)
        for n, text in zip(here.tolist(), to_text(parents(cell[here], resolution)), strict=True):
            names[n] = text
    return names


def _summed(behind: Behind, cell: Cells, of_cell: Ints, chosen: npt.NDArray[np.int8], names: list[str]) -> Partition:
    """Units with what stands behind them."""
    keys = list(zip(chosen.tolist(), names, strict=True))
    units = sorted(set(keys))
    at = {key: n for n, key in enumerate(units)}
    unit_of_cell = np.array([at[key] for key in keys], np.int64)
    group = unit_of_cell[of_cell]
    people, cases = _counts(behind, group, len(units))
    sums = np.zeros((2, len(units)), np.int64)
    np.add.at(sums[0], group, behind.infectious)
    np.add.at(sums[1], group, behind.present)
    return Partition(
        resolution=np.array([u[0] for u in units], np.int8),
        unit=tuple(u[1] for u in units),
        people=people,
        cases=cases,
        infectious=sums[0],
        present=sums[1],
        cell=cell,
        unit_of_cell=unit_of_cell,
    )
