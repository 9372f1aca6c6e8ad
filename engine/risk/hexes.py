"""The hex score: where F0s spent infectious time, decayed, smoothed, 0-100, with an interval.

It says where infectious people *were*; it is no official level and never drawn like one. The exact meaning,
with examples that run, is in ``docs/semantics/hexes.md``.

Sums are kept in whole units of 2^-20 s, so that they are exact: the order of the stays changes nothing, and a
cell is exactly the sum of its children.
"""

from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from engine import params
from engine.clock import HOUR
from engine.errors import BadParameterError
from engine.geo.cells import Cells, cells_of, disk, parents, resolution_of
from engine.risk import kernels
from engine.risk.integral import decayed_seconds

Real = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
FINEST = 10
"""Stays are put into cells of this resolution; coarser maps are sums over it."""
REFERENCE = 9
"""Resolution at which ``HEX_HALF_SCORE_H`` is meant."""
RINGS = 2
TAIL = 0.05
"""Each tail of the interval."""
_UNIT = 2.0**-20


@dataclass(frozen=True)
class F0Presence:
    """Stays of F0s, as columns of one length n, in any order.

    Intervals are [start, end) in UTC seconds; ``peak`` is where infectiousness is counted from (onset, or
    what stands for it); ``factor`` is infectiousness relative to an F0 with symptoms.
    """

    person: npt.NDArray[np.int32]
    lat_e7: npt.NDArray[np.int32]
    lng_e7: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    peak: npt.NDArray[np.int64]
    factor: npt.NDArray[np.float64]


@dataclass(frozen=True)
class CellTime:
    """Infectious time by (cell, person), ordered by cell, then person; only what is not 0."""

    resolution: int
    cell: Cells
    person: npt.NDArray[np.int32]
    units: Counts
    """Decayed infectious time, in 2^-20 s."""


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
    infectious_h: Real
    """Decayed infectious person-hours in the cell itself, before smoothing."""
    persons: Counts
    """Distinct F0s behind the score: in the cell or its two rings."""


def _check(resolution: int) -> int:
    if not 0 <= resolution <= FINEST:
        raise BadParameterError(f"resolution {resolution} is not in 0..{FINEST}")
    return resolution


def cell_time(presence: F0Presence, at: int, resolution: int) -> CellTime:
    """Infectious time of every F0 in every cell, decayed to ``at``.

    Raises:
        BadParameterError: resolution not in 0..10.

    Cost: about 1 us a stay.
    """
    _check(resolution)
    seconds = decayed_seconds(presence.start, presence.end, presence.peak, presence.factor, at)
    units = np.rint(seconds / _UNIT).astype(np.int64)
    some = np.flatnonzero(units > 0)
    cell = cells_of(presence.lat_e7[some] / 1e7, presence.lng_e7[some] / 1e7, FINEST)
    cell, person, units = parents(cell, resolution), presence.person[some], units[some]
    order = np.lexsort((person, cell))
    cell, person, units = cell[order], person[order], units[order]
    first = np.flatnonzero(_starts(cell) | _starts(person))
    return CellTime(resolution, cell[first], person[first], _sums(units, first))


def _starts(sorted_column: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Where a value differs from the one before it; True at the first."""
    starts = np.ones(len(sorted_column), np.bool_)
    starts[1:] = sorted_column[1:] != sorted_column[:-1]
    return starts


def _sums(values: Counts, first: npt.NDArray[np.int64]) -> Counts:
    return np.add.reduceat(values, first) if len(first) else np.empty(0, np.int64)


def _by_cell(time: CellTime) -> tuple[Cells, Real, Counts]:
    first = np.flatnonzero(_starts(time.cell))
    seconds = _sums(time.units, first).astype(np.float64) * _UNIT
    return time.cell[first], seconds, np.diff(np.append(first, len(time.cell)))


def infectious_time(presence: F0Presence, at: int, resolution: int) -> tuple[Cells, Real, Counts]:
    """Infectious time by cell: sum over stays of the integral of infectiousness x 2^-((at - t) / half-life).

    Args:
        presence: stays of F0s.
        at: the moment of the map, UTC seconds; later stays, and those more than 14 d earlier, count nothing.
        resolution: 0..10; exact sums over the cells of resolution 10.

    Returns:
        Cells with any, ascending, shape (m,); seconds at the peak of infectiousness; distinct F0s there.

    Raises:
        BadParameterError: resolution not in 0..10.
    """
    return _by_cell(cell_time(presence, at, resolution))


def half_score_hours(resolution: int) -> float:
    """Smoothed person-hours that score 50: the declared number, scaled from resolution 9 by mean area."""
    area = h3.average_hexagon_area
    return params.HEX_HALF_SCORE_H.value * float(area(resolution, "m^2") / area(REFERENCE, "m^2"))


@dataclass(frozen=True)
class _Reach:
    """Which cells of the map (targets, ascending) each source cell reaches, and through which ring."""

    targets: Cells
    offsets: Counts
    """``slot[offsets[s]:offsets[s + 1]]`` are the targets of source s, itself first."""
    slot: Counts
    ring: npt.NDArray[np.int8]


def _reach(sources: Cells, extra: Cells) -> _Reach:
    offsets, near, ring = disk(sources, RINGS)
    targets, slot = np.unique(np.concatenate([near, extra]), return_inverse=True)
    return _Reach(targets, offsets, slot[: len(near)].astype(np.int64), ring)


def _smoothed(values: Real, reach: _Reach, resolution: int) -> Real:
    """Ring-weighted mean of the sources' ``values`` (0 elsewhere) round each target.

    Sums run in the order of the sources' cells, so equal maps give equal bits.
    """
    weights = np.array([1.0, params.HEX_RING_1.value, params.HEX_RING_2.value])
    spread = weights[reach.ring] * np.repeat(values, np.diff(reach.offsets))
    total = np.bincount(reach.slot, weights=spread, minlength=len(reach.targets))
    whole = np.full(len(reach.targets), weights @ np.array([1.0, 6.0, 12.0]))
    # Fewer cells are in reach of a cell that has one of the twelve pentagons in its own reach.
    irregular = np.flatnonzero(
        np.isin(reach.targets, disk(np.array(h3.get_pentagons(resolution), np.uint64), RINGS)[1])
    )
    if len(irregular):
        offsets, _, ring = disk(reach.targets[irregular], RINGS)
        whole[irregular] = np.add.reduceat(weights[ring], offsets[:-1])
    return np.asarray(total / whole, np.float64)


def _distinct_behind(time: CellTime, reach: _Reach) -> Counts:
    """Distinct persons in the two rings round each target."""
    source = np.cumsum(_starts(time.cell)) - 1
    order = np.argsort(time.person, kind="stable")
    person = time.person[order].astype(np.int64)
    return kernels.distinct_within_reach(person, source[order], reach.offsets, reach.slot, len(reach.targets))


def _most_in_one_cell(persons: Counts, reach: _Reach) -> Counts:
    """Without names, the distinct F0s round a target are at least the most in any one cell."""
    most = np.zeros(len(reach.targets), np.int64)
    np.maximum.at(most, reach.slot, np.repeat(np.asarray(persons, np.int64), np.diff(reach.offsets)))
    return most


def _score(hours: Real, resolution: int) -> Real:
    return np.asarray(-100.0 * np.expm1(-np.log(2) / half_score_hours(resolution) * hours), np.float64)


def hex_scores(
    cells: Cells,
    seconds: Real,
    persons: Counts,
    resolution: int,
    footfall_cells: Cells | None = None,
    at: int = 0,
    time: CellTime | None = None,
) -> HexScores:
    """Smooth, score, and put an interval round, the infectious time of cells.

    Args:
        cells: cells of ``resolution`` with infectious time, ascending and distinct, shape (m,).
        seconds: infectious time in each, >= 0.
        persons: distinct F0s in each.
        resolution: 0..10.
        footfall_cells: cells to be in the map whatever their score (where anybody was); finer ones are
            taken to their parents.
        at: the moment of the map, passed on.
        time: the (cell, person) table behind ``cells``. With it the F0s behind a smoothed score are counted
            exactly; without, the largest ``persons`` of a cell in reach stands for them (a wider interval).

    Returns:
        All ``cells``, their two rings, and the footfall cells, ascending.

    Raises:
        BadParameterError: resolution not in 0..10, or columns of different lengths.

    Cost: about 5 us a cell; 50,000 cells in under half a second.
    """
    _check(resolution)
    if not len(cells) == len(seconds) == len(persons):
        raise BadParameterError("cells, seconds and persons must be columns of one length")
    extra = np.empty(0, np.uint64) if footfall_cells is None else np.asarray(footfall_cells, np.uint64)
    if len(extra) and int(resolution_of(extra).min()) < resolution:
        raise BadParameterError(f"a footfall cell is coarser than resolution {resolution}")
    reach = _reach(np.array(cells, np.uint64), parents(extra, resolution))
    own_h = np.asarray(seconds, np.float64) / HOUR
    hours = _smoothed(own_h, reach, resolution)
    behind = _most_in_one_cell(persons, reach) if time is None else _distinct_behind(time, reach)
    infectious_h = np.zeros(len(reach.targets))
    infectious_h[reach.slot[reach.offsets[:-1]]] = own_h
    counted = np.maximum(behind, 1)
    low, high = (gammaincinv(counted + 0.5, p) / counted for p in (TAIL, 1 - TAIL))
    score = _score(hours, resolution)
    return HexScores(
        resolution=resolution,
        at=at,
        h3=reach.targets,
        score=score,
        band=np.digitize(score, params.HEX_BANDS).astype(np.int8),
        low=_score(hours * low, resolution),
        high=_score(hours * high, resolution),
        infectious_h=infectious_h,
        persons=behind,
    )


def hex_map(presence: F0Presence, at: int, resolution: int, footfall_cells: Cells | None = None) -> HexScores:
    """The hex map from stays: ``infectious_time`` and ``hex_scores`` together, F0s counted exactly."""
    time = cell_time(presence, at, resolution)
    return hex_scores(*_by_cell(time), resolution, footfall_cells, at, time)
