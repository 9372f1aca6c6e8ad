"""How many different people, and how many F0s, stand behind each cell: what decides whether it may be published."""

import numpy as np
import numpy.typing as npt

from engine.clock import DAY
from engine.exposure.labels import Labelled
from engine.geo.cells import Cells, parents
from engine.graph.segments import Segment, major, second
from engine.graph.view import GraphView
from engine.risk import kernels
from engine.risk.footfall import days_of
from engine.risk.infectious import f0s_of, infectious_people
from engine.risk.person_time import NO_CELL, place_cells, time_of_people
from engine.risk.settings import HexSettings

Ints = npt.NDArray[np.int64]
_PERSON = 32
"""Pairs are packed as the cell's number above so many bits of the person's code."""


def people_behind(state: Labelled, at: int, resolution: int) -> tuple[Cells, Ints, Ints]:
    """Distinct people present, and distinct F0s with infectious time, in each cell in what the map of ``at`` counts.

    Returns:
        Cells with anybody, ascending; people (F0s among them); F0s.

    Exact: a person is counted once however long the look-back. Cost: a batch job; 0.1 us a fix or check-in of the
    look-back, and 8 bytes for each different (cell, person) of a day.
    """
    view, settings = state.state.view, HexSettings()
    places = place_cells(view.places)
    everybody = infectious_people(state, at, settings, f0s_of(state, at))
    time = time_of_people(view, places, everybody.take(everybody.level == 0), at, settings)
    f0_cell = parents(time.cell, resolution)
    fixes = [(s, parents(s.groups.astype(np.uint64), resolution)) for s in view.location if s.day_start in days_of(at)]
    known = places.copy()
    known[places != NO_CELL] = parents(places[places != NO_CELL], resolution)
    cells = np.unique(np.concatenate([f0_cell, known[known != NO_CELL], *(c for _, c in fixes)]))
    packed = [_of_fixes(s, np.searchsorted(cells, here), at) for s, here in fixes]
    packed += _of_check_ins(view, cells, known, at)
    f0s = np.unique(np.searchsorted(cells, f0_cell) << _PERSON | time.person)
    people = np.unique(np.concatenate([f0s, *packed]))
    present, cases = (np.bincount(pairs >> _PERSON, minlength=len(cells)) for pairs in (people, f0s))
    some = present > 0
    return cells[some], present[some].astype(np.int64), cases[some].astype(np.int64)


def _of_fixes(s: Segment, number: Ints, at: int) -> Ints:
    """Distinct (cell, person) of a segment's fixes before ``at``; ``number`` is each group's cell."""
    where, who = np.empty(len(s.rows), np.int64), np.empty(len(s.rows), np.int64)
    found = kernels.pairs_of_groups(s.rows.k1, s.group_start, s.by_group, number, at - s.day_start, where, who)
    return np.unique(where[:found] << _PERSON | who[:found])


def _of_check_ins(view: GraphView, cells: Cells, places: Cells, at: int) -> list[Ints]:
    """Distinct (cell, person) of the check-ins before ``at``, segment by segment."""
    out = []
    for s in view.check_in:
        if s.day_start not in days_of(at):
            continue
        clock, left = second(s.rows.k1), s.rows.payload["left_at"]
        place = major(s.rows.k1)
        here = (clock < min(at - s.day_start, DAY)) & ((left < 0) | (left > clock)) & (places[place] != NO_CELL)
        out.append(np.unique(np.searchsorted(cells, places[place[here]]) << _PERSON | s.rows.k2[here]))
    return out
