"""Where people were last known to be: who of them is in an area."""

import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError
from engine.geo.cells import cell_named, cells_of, resolution_of
from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.graph.segments import major
from engine.graph.view import NOWHERE
from engine.service.snapshot import Snapshot

Codes = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).min


def people_in(state: Snapshot, area: str, people: Codes) -> Codes:
    """Those of ``people`` whose latest known presence is in ``area``: an official code of places, or an H3 cell.

    A check-in is at its place, a fix where it says. Somebody without either is in no area.

    Raises:
        BadParameterError: neither a known area code nor a cell.
    Cost: per day back to the oldest latest presence, log n a person.
    """
    inside_places = [key for key, data in state.place_data.items() if data.get("area_code") == area]
    cell = cell_named(area)
    if cell is None and not inside_places:
        raise BadParameterError(f"area must be an H3 cell or the area code of a place, not {area!r}")
    in_area = np.zeros(len(state.graph.places.stay_s), np.bool_)
    if cell is None:
        in_area[state.place_keys.found(inside_places)] = True
    else:
        lat, lng = state.graph.places.lat_e7, state.graph.places.lng_e7
        known = lat != NOWHERE
        in_area[known] = _in_cell(lat[known], lng[known], cell)
    latest, here = np.full(len(people), NEVER, np.int64), np.zeros(len(people), np.bool_)
    days = sorted({s.day_start for s in (*state.graph.check_in, *state.graph.location)}, reverse=True)
    for day in days:
        missing = np.flatnonzero(latest == NEVER)
        if len(missing) == 0:
            break
        who = people[missing]
        at, inside = _on_day(state, day, who, in_area, cell)
        latest[missing], here[missing] = at, inside
    return people[here]


def _on_day(
    state: Snapshot, day: int, people: Codes, in_area: npt.NDArray[np.bool_], cell: int | None
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Moment of each person's last presence that began on a day (``NEVER``: none), and whether it was inside."""
    latest, here = np.full(len(people), NEVER, np.int64), np.zeros(len(people), np.bool_)
    for s in state.graph.check_in:
        if s.day_start != day or len(s.groups) == 0:
            continue
        g = np.minimum(np.searchsorted(s.groups, people), len(s.groups) - 1)
        known = np.flatnonzero(s.groups[g] == people)
        row: npt.NDArray[np.integer] = s.rows_at(s.group_start[g[known] + 1] - 1)
        at = day + (s.rows.k1[row] & SECOND_MASK)
        later = at > latest[known]
        latest[known[later]] = at[later]
        here[known[later]] = in_area[major(s.rows.k1[row[later]])]
    for s in state.graph.location:
        if s.day_start != day or len(s.rows) == 0:
            continue
        row = np.searchsorted(s.rows.k1, (people.astype(np.int64) + 1) << SECOND_BITS) - 1
        known = np.flatnonzero((row >= 0) & (major(s.rows.k1[np.maximum(row, 0)]) == people))
        row = row[known]
        at = day + (s.rows.k1[row] & SECOND_MASK)
        later = at > latest[known]
        latest[known[later]] = at[later]
        lat, lng = s.rows.payload["lat_e7"][row[later]], s.rows.payload["lng_e7"][row[later]]
        here[known[later]] = _in_cell(lat, lng, cell) if cell is not None else False
    return latest, here


def _in_cell(lat_e7: npt.NDArray[np.int32], lng_e7: npt.NDArray[np.int32], cell: int) -> npt.NDArray[np.bool_]:
    resolution = int(resolution_of(np.array([cell], np.uint64))[0])
    found = cells_of(lat_e7 / 1e7, lng_e7 / 1e7, resolution)
    return np.asarray(found == np.uint64(cell), np.bool_)
