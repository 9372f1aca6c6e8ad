"""Infectious time by cell and person: stays at places with known position, and location fixes while they hold.

Times are kept in whole units of 2^-20 s, rounded stay by stay: sums are exact, and no order plays a part. Where a fix
and a stay overlap both count; people rarely give both for the same time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine import params
from engine.geo.cells import Cells, cells_of, parents
from engine.graph.presences import Presences, Queries, fixes_of, stays_of
from engine.graph.segments import Segment
from engine.graph.view import NOWHERE, GraphView, Places
from engine.risk.infectious import Infectious
from engine.risk.integral import decayed_seconds, expected_seconds
from engine.risk.settings import HexSettings

Ints = npt.NDArray[np.int64]
FINEST = 10
"""Times are kept in cells of this resolution; coarser cells are sums over them."""
UNIT_S = 2.0**-20
NO_CELL = np.uint64(0)
CHUNK = 8_192
"""People whose presences are looked at together: bounds the memory of a map."""


@dataclass(frozen=True)
class PersonTime:
    """Infectious time, one row a stay or fix, in any order; only what is not 0."""

    cell: Cells
    """At resolution 10."""
    person: npt.NDArray[np.int32]
    level: npt.NDArray[np.int8]
    units: Ints
    """2^-20 s, decayed and weighted."""

    def __len__(self) -> int:
        return len(self.cell)


def cells_at(lat_e7: npt.NDArray[np.int32], lng_e7: npt.NDArray[np.int32]) -> Cells:
    """The cell of resolution 10 that holds the co-presence cell (resolution 11) of each point, shape (n,)."""
    fine = int(params.FIX_CELL_RESOLUTION.value)
    return parents(cells_of(lat_e7 / 1e7, lng_e7 / 1e7, fine), FINEST)


def place_cells(places: Places) -> Cells:
    """The cell of each place by place code; NO_CELL where the position is not known."""
    out = np.full(len(places.lat_e7), NO_CELL)
    known = places.lat_e7 != NOWHERE
    out[known] = cells_at(places.lat_e7[known], places.lng_e7[known])
    return out


def extended_cells(known: Places, cells: Cells, places: Places) -> Cells | None:
    """:func:`place_cells` of ``places``, given ``cells`` of those ``known``; None when one of these is another now."""
    if places is known:
        return cells
    n = len(known.lat_e7)
    if any(not np.array_equal(a, b[:n]) for a, b in _compared(known, places)):
        return None
    more = Places(**{name: column[n:] for name, column in vars(places).items()})
    return np.concatenate([cells, place_cells(more)])


def _compared(a: Places, b: Places) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]:
    yield from ((a.lat_e7, b.lat_e7), (a.lng_e7, b.lng_e7), (a.stay_s, b.stay_s))


def time_of_people(view: GraphView, places: Cells, people: Infectious, at: int, settings: HexSettings) -> PersonTime:
    """Infectious time of ``people`` up to ``at``; ``places`` as :func:`place_cells` gives them.

    Cost: about 0.3 us for each stay and fix of theirs in their windows.
    """
    parts = [
        _time_of_chunk(view, places, people.take(np.arange(n, min(n + CHUNK, len(people)))), at, settings)
        for n in range(0, len(people), CHUNK)
    ]
    return joined(parts)


def joined(parts: list[PersonTime]) -> PersonTime:
    """All rows of ``parts``."""
    if not parts:
        return PersonTime(np.empty(0, np.uint64), np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0, np.int64))
    names = ("cell", "person", "level", "units")
    return PersonTime(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


def _time_of_chunk(view: GraphView, places: Cells, people: Infectious, at: int, settings: HexSettings) -> PersonTime:
    queries = Queries(people.person, people.start, people.end)
    stays, fixes = stays_of(view, queries), fixes_of(view, queries)
    known = np.flatnonzero(places[stays.place] != NO_CELL)
    at_places = (stays.query[known], stays.start[known], stays.end[known], places[stays.place[known]])
    at_points = (fixes.query, fixes.start, fixes.end, _cells_of_fixes(view, fixes))
    return joined([time_of(people, *columns, at, settings) for columns in (at_places, at_points)])


def _cells_of_fixes(view: GraphView, fixes: Presences) -> Cells:
    out = np.empty(len(fixes.row), np.uint64)
    for segment, first, last in _runs(view.location, fixes.segment):
        rows = fixes.row[first:last]
        out[first:last] = cells_at(segment.rows.payload["lat_e7"][rows], segment.rows.payload["lng_e7"][rows])
    return out


def _runs(segments: tuple[Segment, ...], number: npt.NDArray[np.int32]) -> Iterator[tuple[Segment, int, int]]:
    """Segments, and the rows in a row that are of each."""
    edges = np.flatnonzero(np.diff(number, prepend=-1, append=-1)).tolist()
    for first, last in pairwise(edges):
        yield segments[int(number[first])], first, last


def time_of(
    people: Infectious,
    who: npt.NDArray[np.int32] | Ints,
    start: Ints,
    end: Ints,
    cell: Cells,
    at: int,
    settings: HexSettings,
) -> PersonTime:
    """Infectious time of stays [start, end) of ``people[who]`` in cells of resolution 10, clipped to their windows."""
    level = people.level[who]
    start, end = np.maximum(start, people.start[who]), np.minimum(end, people.end[who])
    origin, factor = people.origin[who], people.factor[who]
    seconds = np.empty(len(who))
    for of_level, integral in ((level == 0, decayed_seconds), (level > 0, expected_seconds)):
        n = np.flatnonzero(of_level)
        if len(n):
            seconds[n] = integral(start[n], end[n], origin[n], factor[n], at, settings.half_life_d)
    units = np.rint(seconds / UNIT_S).astype(np.int64)
    some = np.flatnonzero(units > 0)
    return PersonTime(cell[some], people.person[who][some], level[some], units[some])
