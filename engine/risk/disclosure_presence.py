"""Who was where in a window of time, and how long they were infectious there: what disclosure control begins with."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine.clock import DAY
from engine.geo.cells import Cells, parents
from engine.graph.presences import Presences, Queries, fix_columns, fixes_of, stays_of
from engine.graph.view import GraphView
from engine.risk.disclosure import FINEST, Behind
from engine.risk.infectious import Infectious
from engine.risk.person_time import CHUNK, NO_CELL, cells_at, place_cells, time_of
from engine.risk.settings import HexSettings

Ints = npt.NDArray[np.int64]
Columns = tuple[Cells, npt.NDArray[np.int32], Ints, Ints]
_PRESENT = 2**10
"""Units of time present in a second."""


def behind(view: GraphView, people: int, f0s: Infectious, start: int, end: int) -> Behind:
    """Everybody's presence in [start, end) by cell of resolution 9 and person, decayed to ``end``.

    A stay or fix that crosses a border of the window counts with its part inside, so that windows which do not overlap
    share no second of anybody's presence.

    Args:
        view: the contact graph.
        people: codes are 0..people - 1.
        f0s: F0s in their infectious windows, ordered by person; clipped to [start, end) here.
        start: begin of the window, UTC s.
        end: its end, at most 14 d later.

    Cost: about 1 us for each stay and fix in the window; memory for 8,192 people's at a time, and the rows.
    """
    places, settings = place_cells(view.places), HexSettings()
    parts = [
        _of_people(view, places, np.arange(n, min(n + CHUNK, people), dtype=np.int32), f0s, start, end, settings)
        for n in range(0, people, CHUNK)
    ]
    if not parts:
        none = np.empty(0, np.int64)
        return Behind(np.empty(0, np.uint64), np.empty(0, np.int32), none, none)
    return Behind(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _of_people(
    view: GraphView,
    places: Cells,
    who: npt.NDArray[np.int32],
    f0s: Infectious,
    start: int,
    end: int,
    settings: HexSettings,
) -> Columns:
    queries = Queries(who, np.full(len(who), start, np.int64), np.full(len(who), end, np.int64))
    found = list(_presences(view, places, queries))
    cell, query, came, left = (np.concatenate(column) for column in zip(*found, strict=True))
    came, left = np.maximum(came, start), np.minimum(left, end)
    inside = np.flatnonzero((came < left) & (cell != NO_CELL))
    cell, person, came, left = cell[inside], who[query[inside]], came[inside], left[inside]
    here = f0s.of(np.unique(person))
    rows = np.flatnonzero(np.isin(person, here.person))
    owner = np.searchsorted(here.person, person[rows])
    sick = time_of(here, owner, came[rows], left[rows], cell[rows], end, settings)
    none = np.zeros(len(sick), np.int64)
    present = np.maximum(np.rint(_decayed(came, left, end, settings.half_life_d) * _PRESENT).astype(np.int64), 1)
    return _by_cell(
        np.append(cell, sick.cell),
        np.append(person, sick.person),
        np.append(np.zeros(len(cell), np.int64), sick.units),
        np.append(present, none),
    )


def _presences(
    view: GraphView, places: Cells, queries: Queries
) -> Iterator[tuple[Cells, npt.NDArray[np.int32], Ints, Ints]]:
    """(cell, query, start, end) of stays and of fixes; NO_CELL where a place's position is not known."""
    stays: Presences = stays_of(view, queries)
    yield places[stays.place], stays.query, stays.start, stays.end
    fixes = fixes_of(view, queries)
    yield cells_at(*fix_columns(view, fixes, "lat_e7", "lng_e7")), fixes.query, fixes.start, fixes.end


def _decayed(start: Ints, end: Ints, at: int, half_life_d: float) -> npt.NDArray[np.float64]:
    """Integral of 2^-((at - t) / half-life) over each stay, s."""
    scale = half_life_d * DAY / np.log(2)
    return np.asarray(scale * (np.exp((end - at) / scale) - np.exp((start - at) / scale)), np.float64)


def _by_cell(cell: Cells, person: npt.NDArray[np.int32], infectious: Ints, present: Ints) -> Columns:
    """Sums by (cell of resolution 9, person)."""
    cell = parents(cell, FINEST)
    order = np.lexsort((person, cell))
    cell, person = cell[order], person[order]
    first = np.flatnonzero(np.append(True, (cell[1:] != cell[:-1]) | (person[1:] != person[:-1]))[: len(cell)])
    if not len(first):
        return cell, person, infectious, present
    return (
        cell[first],
        person[first],
        np.add.reduceat(infectious[order], first),
        np.add.reduceat(present[order], first),
    )
