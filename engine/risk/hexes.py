"""The hex score: where infectious people were, compared with everybody's time there; smoothed, 0-100, with an interval.

It says where people *were*; it is no official level and never drawn like one. The exact meaning, with examples that
run, is in ``docs/semantics/hexes.md``.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError
from engine.exposure.labels import Labelled
from engine.geo.cells import Cells
from engine.risk import kernels
from engine.risk.footfall import DayFootfall, days_of, decay_of, footfall
from engine.risk.infectious import LEVELS, Infectious, f0s_of, infectious_people
from engine.risk.lattice import Lattice, Slots
from engine.risk.layers import PER_HOUR_D, PER_HOUR_N, Layer
from engine.risk.person_time import FINEST, NO_CELL, PersonTime, place_cells, time_of_people
from engine.risk.settings import HexSettings

Real = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
RESOLUTIONS = range(7, FINEST + 1)
NOBODY = np.empty(0, np.int32)


@dataclass(frozen=True)
class HexScores:
    """The hex map at one moment, as columns of one length, ordered by cell."""

    resolution: int
    at: int
    h3: Cells
    score: Real
    """0..100"""
    band: npt.NDArray[np.int8]
    """0 below 50, 1 from 50, 2 from 70, 3 from 90"""
    low: Real
    high: Real
    reliability: npt.NDArray[np.int8]
    """0: little smoothed footfall; 1: the interval spans three or more bands; 2: otherwise"""
    infectious_h: Real
    """Decayed infectious person-hours of F0s in the cell itself, before smoothing."""
    contact_h: Real
    """The same of F1s and F2s, weighted."""
    footfall_h: Real
    """Decayed person-hours of everybody in the cell itself."""
    persons: Ints
    """Distinct F0s in the cell or its two rings."""


class HexSums:
    """Everything behind the hex maps of one moment, at all resolutions. Not thread-safe: its owner takes a lock.

    Lattices are kept from one moment to the next, so that a second map of the same city costs less.
    """

    def __init__(self, settings: HexSettings | None = None) -> None:
        self.settings = settings or HexSettings()
        lattice = Lattice(RESOLUTIONS[0] - 1, None)
        layer = Layer(lattice, None, self.settings)
        self.layers = {lattice.resolution: layer}
        for resolution in RESOLUTIONS:
            lattice = Lattice(resolution, lattice)
            layer = Layer(lattice, layer, self.settings)
            self.layers[resolution] = layer
        self.at = 0
        self.state: Labelled | None = None
        """Of which the sums are; None: nothing yet."""
        self.people = Infectious(*(np.empty(0, t) for t in (np.int32, np.int8, *[np.int64] * 3, np.float64)))
        self.place_cells = np.empty(0, np.uint64)
        """By place code."""
        self.days: dict[int, Ints] = {}
        """Footfall of each day in 2^-20 s at its end, by slot of the finest lattice."""
        self._f0: tuple[npt.NDArray[np.int32], Slots] | None = None
        self._made: dict[int, _Made] = {}
        self._current: set[int] = set()
        """Resolutions of which what was made is still right."""
        self._f0s: tuple[Labelled, int, Infectious] | None = None

    @property
    def base(self) -> Layer:
        """The finest layer, which the others are sums of."""
        return self.layers[FINEST]

    def rebuild(self, state: Labelled, at: int) -> None:
        """Sum everything of ``state`` up to ``at`` anew.

        Cost: 0.3 us a stay or fix of F0, F1 and F2; footfall as :func:`engine.risk.footfall.footfall`; 0.1 us a cell.
        """
        self.state = None
        view = state.state.view
        self.place_cells = place_cells(view.places)
        self.people = self.infectious(state, at)
        time = time_of_people(view, self.place_cells, self.people, at, self.settings)
        walked = list(footfall(view, self.place_cells, at, self.settings.half_life_d))
        self.assemble(at, time, walked, self.place_cells)
        self.state = state

    def infectious(self, state: Labelled, at: int) -> Infectious:
        """:func:`engine.risk.infectious.infectious_people`; the F0s' part is remembered while they stay the same."""
        known = self._f0s
        if known is None or known[0].state.people is not state.state.people or known[1:2] != (at,):
            known = self._f0s = (state, at, f0s_of(state, at))
        return infectious_people(state, at, self.settings, known[2])

    def assemble(self, at: int, time: PersonTime, walked: list[DayFootfall], places: Cells) -> None:
        """Sum up parts: infectious time, footfall by day, and the cells of places (NO_CELL: not known)."""
        self.at = at
        lattice = self.base.lattice
        slots = lattice.add(time.cell)
        day_slots = [lattice.add(part.cell) for part in walked]
        place_slots = lattice.add(places[places != NO_CELL])
        for layer in self.layers.values():
            layer.clear()
        self._made.clear()
        self._current.clear()
        base = self.base
        for level in range(LEVELS):
            here = time.level == level
            kernels.add_up(slots[here], time.units[here], base.time[level])
        self.days = {day: np.zeros(lattice.size, np.int64) for day in days_of(at)}
        for part, where in zip(walked, day_slots, strict=True):
            kernels.add_up(where, part.units, self.days[part.day_start])
        base.footfall[:] = self.decayed(np.arange(lattice.size))
        np.add.at(base.places, place_slots, 1)
        for resolution in reversed(RESOLUTIONS):
            fine, coarse = self.layers[resolution], self.layers[resolution - 1]
            for level in range(LEVELS):
                kernels.add_up(fine.lattice.parent, fine.time[level], coarse.time[level])
            kernels.add_up(fine.lattice.parent, fine.footfall, coarse.footfall)
            kernels.add_up(fine.lattice.parent, fine.places, coarse.places)
        f0 = time.level == 0
        self._f0 = time.person[f0], slots[f0]

    def decayed(self, slots: Ints | Slots) -> Ints:
        """Footfall of cells of the finest lattice at the map's moment, 2^-10 s: the sum of its days, each rounded."""
        total = np.zeros(len(slots), np.int64)
        for day, units in self.days.items():
            total += np.rint(units[slots] * decay_of(day, self.at, self.settings.half_life_d)).astype(np.int64)
        return total

    def derive(self, resolution: int) -> Layer:
        """The layer of a resolution, with its scores.

        Raises:
            BadParameterError: resolution out of bounds.
        """
        if resolution not in RESOLUTIONS:
            raise BadParameterError(f"resolution is {resolution}; it must be 7 to 10")
        layer = self.layers[resolution]
        if not layer.derived:
            layer.lattice.add_reach(np.flatnonzero(layer.total > 0))
            self.grow()
            layer.derive()
            layer.count(*self.f0_slots(resolution), 1)
        layer.rescore()
        return layer

    def grow(self) -> None:
        """Room in every layer for the cells that have come into its lattice."""
        for layer in self.layers.values():
            layer.grow()
        size = self.base.lattice.size
        for day, units in self.days.items():
            if len(units) < size:
                self.days[day] = np.append(units, np.zeros(size - len(units), np.int64))

    def slots_at(self, resolution: int, slots: Slots) -> Slots:
        """The slots of the ancestors at ``resolution`` of slots of the finest lattice."""
        for r in range(FINEST, resolution, -1):
            slots = self.layers[r].lattice.parent[slots]
        return slots

    def f0_slots(self, resolution: int) -> tuple[npt.NDArray[np.int32], Slots]:
        """(F0, slot) of every cell where an F0 spent infectious time; pairs may repeat."""
        if self._f0 is None:
            if self.state is None:
                return NOBODY, NOBODY
            f0s = self.people.take(self.people.level == 0)
            time = time_of_people(self.state.state.view, self.place_cells, f0s, self.at, self.settings)
            self._f0 = time.person, self.base.lattice.find(time.cell)
        person, slots = self._f0
        return person, self.slots_at(resolution, slots)

    def forget_f0s(self) -> None:
        """The F0s' time is another now."""
        self._f0 = None

    def forget_scores(self) -> None:
        """The sums are others now."""
        self._current.clear()

    def scores(self, resolution: int) -> HexScores:
        """The map at a resolution; the same object until something changes. Raises as :meth:`derive`.

        Cost: copying the columns of the last one, when only scores changed and no cell came or went.
        """
        if resolution not in self._current:
            layer = self.derive(resolution)
            self._made[resolution] = _made_of(layer, self.at, self._made.get(resolution))
            self._current.add(resolution)
        return self._made[resolution].scores


@dataclass(frozen=True)
class _Made:
    """Columns, and where each slot of the lattice is in them (-1: nowhere)."""

    scores: HexScores
    place: Ints


def _made_of(layer: Layer, at: int, last: _Made | None) -> _Made:
    news = layer.news()
    if last is not None and len(last.place) == layer.lattice.size:
        place = last.place[news]
        there = place >= 0
        if np.array_equal(layer.seen(news), there):
            columns = {name: column.copy() for name, column in vars(last.scores).items() if name in _CHANGING}
            for name, values in _columns(layer, news[there]).items():
                columns[name][place[there]] = values
            return _Made(replace(last.scores, **columns), last.place)
    slots = layer.members()
    place = np.full(layer.lattice.size, -1, np.int64)
    place[slots] = np.arange(len(slots))
    cells = layer.lattice.cells[slots]
    return _Made(HexScores(layer.lattice.resolution, at, cells, **_columns(layer, slots)), place)


_CHANGING = frozenset(f.name for f in fields(HexScores)) - {"resolution", "at", "h3"}


def _columns(layer: Layer, slots: Ints) -> dict[str, npt.NDArray[Any]]:
    """What the map says of cells."""
    time = layer.time[:, slots]
    return {
        "score": layer.score[slots, 0],
        "band": layer.flags[slots, 0],
        "low": layer.score[slots, 1],
        "high": layer.score[slots, 2],
        "reliability": layer.flags[slots, 1],
        "infectious_h": time[0] / PER_HOUR_N,
        "contact_h": (time[1] + time[2]) / PER_HOUR_N,
        "footfall_h": layer.footfall[slots] / PER_HOUR_D,
        "persons": layer.persons[slots],
    }
