"""What the public sees of the records of the last days: a score in steps of five and a band for every unit.

A record is a unit of a partition with its exact sums. Everything here is arithmetic on records, which are disjoint and
each above the floors: whatever is computed from them tells nothing about fewer people than one of them does.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.geo.cells import from_text, parents, to_text
from engine.risk.disclosure import AREA, COARSEST, FINEST, Partition

Real = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
STEP = 5
"""Published scores are multiples of it."""
RESOLUTIONS = range(COARSEST, FINEST + 1)
CHILDREN = 7
_INFECTIOUS_S, _PRESENT_S = 2.0**-20, 2.0**-10
Unit = tuple[int, str]
"""(resolution, cell as text), or (AREA, code)"""


@dataclass(frozen=True)
class Records:
    """The units of one partition with their sums, as columns; decayed to the end of their window."""

    end: int
    """Of the window, UTC s."""
    at: int
    """When they were published, UTC s."""
    resolution: npt.NDArray[np.int8]
    unit: tuple[str, ...]
    infectious: Ints
    present: Ints


@dataclass(frozen=True)
class View:
    """The map as it is shown at one resolution: columns of one length, ordered by unit resolution, then unit."""

    resolution: int
    """Asked for: no cell is finer."""
    unit_resolution: npt.NDArray[np.int8]
    """Of the cell; ``AREA`` for the remainder of an area."""
    unit: tuple[str, ...]
    """The cell as text, or the code of the area; "": the remainder of everything."""
    score: npt.NDArray[np.int8]
    """0, 5, .. 100."""
    band: npt.NDArray[np.int8]
    """Of the rounded score."""
    since: Ints
    """When the newest record of the unit was published, UTC s."""


def records_of(partition: Partition, end: int, at: int) -> Records:
    """What is kept of a partition: no counts of people, no cells inside a unit."""
    sums = partition.infectious, partition.present
    return Records(end, at, partition.resolution, partition.unit, *sums)


def score_of(infectious_s: Real, present_s: Real) -> npt.NDArray[np.int8]:
    """Published score: 100 (1 - 2^(-share / half)), share the infectious part of the time present, to the next five."""
    share = infectious_s / present_s
    score = -100.0 * np.expm1(-np.log(2) / params.HEX_HALF_RATE.value * share)
    return np.asarray(STEP * np.rint(score / STEP), np.int8)


def views(records: Sequence[Records]) -> list[View]:
    """The map at each published resolution, finest first, from the records of the last days, newest first.

    Every cell of resolution 7 is shown in the units of its newest records, every area by its newest remainder; the
    score of a unit is that of all records inside it, and of those round it by its share of their area, decayed.
    All children of a cell are in units of their own, or none: coarser views are made of sums of units.

    Cost: about 20 us a unit and window.
    """
    sums = [_sums(r) for r in records]
    decay = params.HEX_HALF_LIFE_D.value * DAY
    weights = [2.0 ** (-(records[0].end - r.end) / decay) for r in records]
    shown = _shown(records)
    return [_view(shown, resolution, sums, weights) for resolution in reversed(RESOLUTIONS)]


def merged(units: Sequence[Unit], resolution: int) -> tuple[list[Unit], Ints]:
    """The units shown at ``resolution``, in order, and which of them holds each of ``units``."""
    names = list(units)
    finer = [n for n, (r, _) in enumerate(units) if r > resolution]
    inside = to_text(parents(from_text([units[n][1] for n in finer]), resolution))
    for n, text in zip(finer, inside, strict=True):
        names[n] = resolution, text
    found = sorted(set(names))
    at = {unit: n for n, unit in enumerate(found)}
    return found, np.array([at[unit] for unit in names], np.int64)


def _shown(records: Sequence[Records]) -> dict[Unit, int]:
    """The units of the finest view, and when each was last published."""
    shown: dict[Unit, int] = {}
    settled: set[str] = set()
    for r in records:
        here: set[str] = set()
        units = list(zip(r.resolution.tolist(), r.unit, strict=True))
        for unit, (_, seven) in zip(units, _at(units, COARSEST), strict=True):
            if unit[0] == AREA:
                shown.setdefault(unit, r.at)
            elif seven not in settled:
                shown[unit] = r.at
                here.add(seven)
        settled |= here
    return shown


def _at(units: Sequence[Unit], resolution: int) -> list[Unit]:
    found, into = merged(units, resolution)
    return [found[n] for n in into.tolist()]


@dataclass(frozen=True)
class _Sums:
    """Sums of one window, (infectious, present)."""

    own: dict[Unit, Real]
    """Of the records themselves."""
    inside: dict[Unit, Real]
    """Of all records in each cell of each resolution, themselves included."""


def _sums(r: Records) -> _Sums:
    units = list(zip(r.resolution.tolist(), r.unit, strict=True))
    values = np.stack([r.infectious * _INFECTIOUS_S, r.present * _PRESENT_S], axis=1)
    inside: dict[Unit, Real] = defaultdict(lambda: np.zeros(2))
    for resolution in RESOLUTIONS:
        for unit, up, value in zip(units, _at(units, resolution), values, strict=True):
            if unit[0] >= resolution:
                inside[up] = inside[up] + value
    return _Sums(dict(zip(units, values, strict=True)), dict(inside))


def _view(shown: dict[Unit, int], resolution: int, sums: Sequence[_Sums], weights: Sequence[float]) -> View:
    finest = list(shown)
    units, into = merged(finest, resolution)
    since = np.zeros(len(units), np.int64)
    np.maximum.at(since, into, np.array(list(shown.values()), np.int64))
    round_it = {r: _at(units, r) for r in RESOLUTIONS}
    totals = np.zeros((len(units), 2))
    for window, weight in zip(sums, weights, strict=True):
        for n, unit in enumerate(units):
            totals[n] += weight * _of_unit(window, unit, [round_it[r][n] for r in RESOLUTIONS if r < unit[0]])
    score = score_of(totals[:, 0], totals[:, 1])
    return View(
        resolution=resolution,
        unit_resolution=np.array([u[0] for u in units], np.int8),
        unit=tuple(u[1] for u in units),
        score=score,
        band=np.digitize(score, params.HEX_BANDS).astype(np.int8),
        since=since,
    )


def _of_unit(window: _Sums, unit: Unit, wider: list[Unit]) -> Real:
    """Sums of a unit in one window: what is inside it, and its share of records round it."""
    total = window.own.get(unit, np.zeros(2)) if unit[0] == AREA else window.inside.get(unit, np.zeros(2))
    for above in wider:
        if above in window.own:
            total = total + window.own[above] / CHILDREN ** (unit[0] - above[0])
    return total
