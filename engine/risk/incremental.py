"""A hex map that follows a growing state: only what differs between two states is looked at.

Two states are compared, not told apart by events: whose level, window or course is another, and which stays and fixes
are gone or have come. Both sides are summed as a full computation would, and the difference is added to the integer
sums, so the map is bit for bit that of a full computation. Then the cells whose sums (or whose parent's, or whose
neighbours') changed are scored.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from engine.exposure.labels import Labelled
from engine.geo.cells import Cells
from engine.risk import kernels
from engine.risk.footfall import footfall_of_rows
from engine.risk.hexes import RESOLUTIONS, HexSums
from engine.risk.infectious import LEVELS, Infectious
from engine.risk.lattice import Slots
from engine.risk.person_time import (
    FINEST,
    NO_CELL,
    PersonTime,
    extended_cells,
    joined,
    time_of,
    time_of_people,
)
from engine.risk.rows import PresenceRows, differences, presence_rows

Codes = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
MOST = 0.25
"""When more than this share of everybody who counts is another, all is summed anew: that is quicker."""
FEW = 256
"""So many may always be."""


@dataclass(frozen=True)
class _Change:
    """What to take off and what to add."""

    minus: PersonTime
    plus: PersonTime
    f0s: Codes
    """Whose time is counted anew as a whole among them: F0s before or now."""
    gone: list[PresenceRows]
    come: list[PresenceRows]
    places: Cells
    """Of places that were not there before."""


def follow(sums: HexSums, state: Labelled, at: int) -> None:
    """Bring ``sums`` to ``state`` and ``at``.

    Another moment, other keys, or a place whose position or usual stay is another have everything summed anew. So has
    a failure: the sums are then of no state. Cost else: the stays and fixes of the people whose label changed, and the
    rows that are not in both states.
    """
    old = sums.state
    if old is state and sums.at == at:
        return
    cells = None
    if old is not None and sums.at == at and old.state.keys is state.state.keys and old.policy == state.policy:
        cells = extended_cells(old.state.view.places, sums.place_cells, state.state.view.places)
    if old is None or cells is None:
        sums.rebuild(state, at)
        return
    sums.state = None
    people = sums.infectious(state, at)
    moved = _moved(sums.people, people)
    if len(moved) > max(FEW, MOST * len(people)):
        sums.rebuild(state, at)
        return
    _apply(sums, _change(sums, old, state, people, moved, cells))
    sums.people, sums.place_cells, sums.state = people, cells, state


def _moved(old: Infectious, new: Infectious) -> Codes:
    """Whose row is another, or is in one of them only, ascending."""
    at = np.searchsorted(old.person, new.person)
    if len(old):
        at = np.minimum(at, len(old) - 1)
        same = old.person[at] == new.person
        for f in fields(new):
            same &= getattr(old, f.name)[at] == getattr(new, f.name)
    else:
        same = np.zeros(len(new), np.bool_)
    ended = np.ones(len(old), np.bool_)
    ended[at[same]] = False
    return np.union1d(new.person[~same], old.person[ended]).astype(np.int32)


def _change(sums: HexSums, old: Labelled, state: Labelled, people: Infectious, moved: Codes, cells: Cells) -> _Change:
    before, after, at = old.state.view, state.state.view, sums.at
    found = differences(before, after, at)
    # Distinct F0s cannot be told from the rows that changed alone: theirs are all looked at.
    f0s = np.union1d(sums.people.person[sums.people.level == 0], people.person[people.level == 0])
    whole = np.union1d(moved, np.intersect1d(f0s, found.people())).astype(np.int32)
    gone = [presence_rows(s, rows, sums.place_cells, before.places.stay_s) for s, rows in found.gone]
    come = [presence_rows(s, rows, cells, after.places.stay_s) for s, rows in found.come]
    minus = [time_of_people(before, sums.place_cells, sums.people.of(whole), at, sums.settings)]
    plus = [time_of_people(after, cells, people.of(whole), at, sums.settings)]
    minus += [_time_of_rows(sums, rows, sums.people, whole) for rows in gone]
    plus += [_time_of_rows(sums, rows, people, whole) for rows in come]
    return _Change(
        joined(minus), joined(plus), np.intersect1d(whole, f0s).astype(np.int32), gone, come,
        cells[len(sums.place_cells) :],
    )  # fmt: skip


def _time_of_rows(sums: HexSums, rows: PresenceRows, people: Infectious, but: Codes) -> PersonTime:
    """Infectious time of rows of people who count, but for those whose time is looked at as a whole."""
    if len(people) == 0:
        return joined([])
    who = np.minimum(np.searchsorted(people.person, rows.person), len(people) - 1)
    here = np.flatnonzero((people.person[who] == rows.person) & (rows.cell != NO_CELL) & ~np.isin(rows.person, but))
    return time_of(people, who[here], rows.start[here], rows.end[here], rows.cell[here], sums.at, sums.settings)


def _apply(sums: HexSums, change: _Change) -> None:
    lattice = sums.base.lattice
    minus, plus = lattice.add(change.minus.cell), lattice.add(change.plus.cell)
    half_life = sums.settings.half_life_d
    walked = [
        (part.day_start, lattice.add(part.cell), sign * part.units)
        for sign, parts in ((-1, change.gone), (1, change.come))
        for part in (footfall_of_rows(rows, sums.at, half_life) for rows in parts)
        if part.day_start in sums.days
    ]
    places = lattice.add(change.places[change.places != NO_CELL])
    for resolution in reversed(RESOLUTIONS):
        layer = sums.layers[resolution]
        if layer.derived:
            layer.lattice.add_reach(np.unique(sums.slots_at(resolution, plus)))
    sums.grow()

    slots = np.unique(np.concatenate([minus, plus, places, *(where for _, where, _ in walked)])).astype(np.int32)
    time = np.zeros((LEVELS, len(slots)), np.int64)
    for part, where, sign in ((change.minus, minus, -1), (change.plus, plus, 1)):
        at = np.searchsorted(slots, where)
        for level in range(LEVELS):
            here = part.level == level
            kernels.add_up(at[here], sign * part.units[here], time[level])
    for day, where, units in walked:
        kernels.add_up(where, units, sums.days[day])
    more = sums.decayed(slots) - sums.base.footfall[slots]
    known = np.zeros(len(slots), np.int64)
    np.add.at(known, np.searchsorted(slots, places), 1)
    _spread(sums, slots, time, more, known)
    if len(change.f0s):
        sums.forget_f0s()
        for part, where, sign in ((change.minus, minus, -1), (change.plus, plus, 1)):
            _recount(sums, part, where, sign)
    if len(slots):
        sums.forget_scores()


def _spread(sums: HexSums, slots: Slots, time: Ints, walked: Ints, places: Ints) -> None:
    """Add to the sums of cells of the finest layer, and of all their ancestors; mark what is to be scored.

    Who has the same parent lies within two rings: nobody else's score hangs on a parent's change.
    """
    for resolution in range(FINEST, RESOLUTIONS[0] - 2, -1):
        layer = sums.layers[resolution]
        some = time.any(0) | (walked != 0) | (places != 0)
        slots, time, walked, places = slots[some], time[:, some], walked[some], places[some]
        layer.change(slots, time, walked, places)
        if resolution < RESOLUTIONS[0]:
            return
        up, where = np.unique(layer.lattice.parent[slots], return_inverse=True)
        sums_up = [np.zeros(len(up), np.int64) for _ in range(LEVELS + 2)]
        for column, out in zip((*time, walked, places), sums_up, strict=True):
            np.add.at(out, where, column)
        slots, time, walked, places = up, np.stack(sums_up[:LEVELS]), sums_up[LEVELS], sums_up[LEVELS + 1]


def _recount(sums: HexSums, part: PersonTime, slots: Slots, sign: int) -> None:
    """Count F0s off the cells that they were near, or on to those that they are near."""
    f0 = part.level == 0
    for resolution in RESOLUTIONS:
        layer = sums.layers[resolution]
        if layer.derived:
            layer.count(part.person[f0], sums.slots_at(resolution, slots[f0]), sign)
