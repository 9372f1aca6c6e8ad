"""Where everybody lives, for scenarios: area, cell and household, from where people stay at night or most."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.clock import DAY
from engine.geo.cells import Cells, cells_of, disk
from engine.geo.units import TIERS, Units
from engine.graph.presences import Presences, Queries, fix_columns, fixes_of, stays_of
from engine.people.timelines import F0
from engine.scenarios.people_columns import numbered
from engine.scenarios.world import NOBODY, Codes
from engine.service.homes import home_areas, longest
from engine.service.scenario_catchments import areas_by_visits
from engine.service.scenario_companions import by_night, companions, nights_of
from engine.service.snapshot import Snapshot

Ints = npt.NDArray[np.int64]
CELL_RESOLUTION = 9
LOOK_BACK = 14 * DAY
CHUNK = 20_000
"""People whose presences are looked at together: bounds the memory."""
NEAR_RINGS = 10
"""A cell without a place of known area is taken to lie in the area of the nearest cell with one, so many rings off."""


@dataclass(frozen=True)
class PlaceFacts:
    """Places by code of the graph."""

    home: npt.NDArray[np.bool_]
    """Whether its kind is ``home``."""
    duty: npt.NDArray[np.bool_]
    """Whether people are there because they work or learn there: it says little of where they live."""
    area: Codes
    """Index of the area, -1 where it is not known."""
    cell: Cells
    """Cell of resolution 9, 0 where it is not known."""


@dataclass(frozen=True)
class Homes:
    """By person asked about, in their order."""

    area: Codes
    """Index of the area, -1 where it is not known."""
    cell: Cells
    """0 where it is not known."""
    household: Codes
    """Numbers from 0; -1: alone or not known."""


def homes_of(state: Snapshot, people: Codes, places: PlaceFacts, end: int) -> Homes:
    """Home of each of ``people`` (codes of the graph) in the 14 days before ``end`` (UTC s).

    The first of these that tells: the place of kind ``home`` where the person was longest; the cell of the fixes in
    which most hours between 22:00 and 06:00 were spent; the home of the person who was seen longest in those hours by
    Bluetooth, and whose home is known so; the area where most visitors of the same places live, see
    :func:`engine.service.scenario_catchments.areas_by_visits`, places of work and schools left out if there are others,
    and the cell in it with the longest stays; the cell of all fixes. The area of a cell is that of most places in it,
    or in the nearest cell that has any within ten rings. Of equals the smaller code counts. People with the same home
    place share a household.

    Cost: the presences of those days, sorted.
    """
    found = [_some(state, people[at : at + CHUNK], places, end, at) for at in range(0, len(people), CHUNK)]
    if not found:
        return Homes(np.empty(0, np.int32), np.empty(0, np.uint64), np.empty(0, np.int32))
    area, cell, home, last_cell, who, where, spans = (np.concatenate(parts) for parts in zip(*found, strict=True))
    _place_of_cells(area, cell, places)
    sure = (area >= 0) | (cell != 0)
    nights = nights_of(state, people, np.flatnonzero(~sure), end - LOOK_BACK, end)
    beside = companions(nights, sure)
    told = np.flatnonzero(beside >= 0)
    area[told], cell[told] = area[beside[told]], cell[beside[told]]
    lost, known = (area < 0) & (cell == 0), area.copy()  # a guess is no evidence for the next one
    for some in (~places.duty[where], np.ones(len(where), np.bool_)):
        rows = np.flatnonzero(some)
        lives = areas_by_visits(who[rows], where[rows], spans[rows], known, places.area, (nights.asked, nights.other))
        guessed = np.flatnonzero(lost & (area < 0) & (lives >= 0))
        area[guessed] = lives[guessed]
    _cells_of_visits(cell, area, lost, places, who, where, spans)
    bare = np.flatnonzero((area < 0) & (cell == 0))
    cell[bare] = last_cell[bare]
    _place_of_cells(area, cell, places)
    return Homes(area.astype(np.int32), cell, numbered(home))


def _some(
    state: Snapshot, people: Codes, places: PlaceFacts, end: int, at: int
) -> tuple[Ints, Cells, Ints, Cells, Ints, Ints, Ints]:
    """Of some people, from position ``at`` on.

    Area or -1, cell or 0, of where the nights are spent; home place or -1; cell of all fixes or 0; and their visits as
    (position, place, seconds), a row a person and place.
    """
    count = len(people)
    q = Queries(people, np.full(count, end - LOOK_BACK, np.int64), np.full(count, end, np.int64))
    stays, fixes = stays_of(state.graph, q), fixes_of(state.graph, q)
    asked, spans, where = stays.query.astype(np.int64), _clipped(stays, q), stays.place.astype(np.int64)
    at_home = places.home[where]
    home = longest(asked[at_home], where[at_home], spans[at_home], count)
    area, cell = np.full(count, NOBODY, np.int64), np.zeros(count, np.uint64)
    told = np.flatnonzero(home >= 0)
    area[told], cell[told] = places.area[home[told]], places.cell[home[told]]
    lat, lng = fix_columns(state.graph, fixes, "lat_e7", "lng_e7")
    cells, seen = np.unique(cells_of(lat / 1e7, lng / 1e7, CELL_RESOLUTION), return_inverse=True)
    stood, seen = _clipped(fixes, q), seen.astype(np.int64)
    night, ever = (
        longest(fixes.query.astype(np.int64), seen, s, count)
        for s in (np.where(by_night(fixes.start), stood, 0), stood)
    )
    slept = np.flatnonzero((night >= 0) & (cell == 0) & (area < 0))
    cell[slept] = cells[night[slept]]
    last_cell = np.zeros(count, np.uint64)
    last_cell[ever >= 0] = cells[ever[ever >= 0]]
    pair, which = np.unique(asked << 32 | where, return_inverse=True)
    seconds = np.zeros(len(pair), np.int64)
    np.add.at(seconds, which, spans)
    return area, cell, home, last_cell, (pair >> 32) + at, pair & 0xFFFFFFFF, seconds


def _place_of_cells(area: Ints, cell: Cells, places: PlaceFacts) -> None:
    """The area of the cell, for those of whom only that is known."""
    bare = np.flatnonzero((area < 0) & (cell != 0))
    area[bare] = areas_of_cells(cell[bare], places)


def _cells_of_visits(
    cell: Cells, area: Ints, lost: npt.NDArray[np.bool_], places: PlaceFacts, who: Ints, where: Ints, spans: Ints
) -> None:
    """The cell with the longest stays, in the person's area where one is known, of those who were ``lost``."""
    mapped = np.flatnonzero(lost[who] & (places.cell[where] != 0))
    mapped = mapped[(area[who[mapped]] < 0) | (area[who[mapped]] == places.area[where[mapped]])]
    distinct, index = np.unique(places.cell[where[mapped]], return_inverse=True)
    best = longest(who[mapped], index.astype(np.int64), spans[mapped], len(area))
    cell[best >= 0] = distinct[best[best >= 0]]


def _clipped(own: Presences, q: Queries) -> Ints:
    spans: Ints = np.maximum(np.minimum(own.end, q.end[own.query]) - np.maximum(own.start, q.start[own.query]), 0)
    return spans


def areas_of_cells(cells: Cells, places: PlaceFacts) -> Codes:
    """Index of the area of each cell, -1 where no place with a known one is near; shape (n,)."""
    known = np.flatnonzero((places.area >= 0) & (places.cell != 0))
    mapped, which = np.unique(places.cell[known], return_inverse=True)
    out = np.full(len(cells), NOBODY, np.int32)
    if len(mapped) == 0 or len(cells) == 0:
        return out
    ones = np.ones(len(known), np.int64)
    area = longest(which.astype(np.int64), places.area[known].astype(np.int64), ones, len(mapped))
    distinct, back = np.unique(cells, return_inverse=True)
    offsets, near, _ = disk(distinct, NEAR_RINGS)
    at = np.minimum(np.searchsorted(mapped, near), len(mapped) - 1)
    hits = np.flatnonzero(mapped[at] == near)
    first = np.searchsorted(hits, offsets[:-1])
    there = np.flatnonzero(first < len(hits))
    there = there[hits[first[there]] < offsets[there + 1]]
    found = np.full(len(distinct), NOBODY, np.int64)
    found[there] = area[at[hits[first[there]]]]
    out[:] = found[back]
    return out


def homes_by_units(state: Snapshot, units: Units, people: Codes, end: int) -> dict[int, str]:
    """The narrowest unit that each person lives in by :func:`engine.service.homes.home_areas`, where one is known."""
    as_cases = {p: F0(p, end, None, None, None, ()) for p in people.tolist()}
    asked = replace(state, people=replace(state.people, cases=as_cases))
    found: dict[int, str] = {}
    for tier in TIERS[1:]:  # from the widest to the narrowest
        found |= {p: code for p, code in home_areas(asked, units, tier, end).items() if code is not None}
    return found


def chain_of(units: Units, code: str, day: date) -> tuple[str, ...]:
    """A code and those of the units it lies in, provinces last; the code alone where it was not loaded."""
    unit = units.get(code, day) or units.get(code)
    if unit is None:
        return (code,)
    above = [c for c in units.ancestors(code, day if unit.in_force(day) else None) if units.unit(c).tier != TIERS[0]]
    return (code, *above)
