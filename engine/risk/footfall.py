"""Footfall: decayed person-time of everybody, by cell; what infectious time is compared with.

A stay weighs 2^-(age / half-life), its age counted from the moment it began, times the seconds it lasts (up to the
map's moment). Within a UTC day weights are whole multiples of 2^-20 relative to the day's end, so that the sums of a
day are exact and stay with its segments; a day as a whole is then decayed to the map's moment, cell by cell, and
rounded to whole units of 2^-10 s.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.geo.cells import Cells, parents
from engine.graph.segments import Segment
from engine.graph.view import GraphView
from engine.risk import kernels
from engine.risk.person_time import FINEST, NO_CELL
from engine.risk.rows import PresenceRows

Ints = npt.NDArray[np.int64]
UNIT_S = 2.0**-10
_STEPS = 2**20
ALWAYS = 2**40
"""A limit that cuts nothing off, s."""


@dataclass(frozen=True)
class DayFootfall:
    """Footfall of (a part of) one UTC day, in 2^-20 s at the day's end; cells may repeat."""

    day_start: int
    cell: Cells
    units: Ints


def first_day(at: int) -> int:
    """Start of the first whole UTC day that a map looks back on."""
    return -(-(at - round(params.HEX_CUT_D.value * DAY)) // DAY) * DAY


def days_of(at: int) -> range:
    """Starts of the days that a map looks back on."""
    return range(first_day(at), at, DAY)


def decay_of(day_start: int, at: int, half_life_d: float) -> float:
    """What turns units of a day into 2^-10 s at ``at``."""
    return float(2.0 ** (-(at - day_start - DAY) / (half_life_d * DAY)) / (_STEPS * UNIT_S))


@cache
def weights(half_life_d: float) -> Ints:
    """Weight of what began in each second of a day, at the day's end, in 2^-20, shape (86400,)."""
    left = (DAY - np.arange(DAY)) / DAY
    out: Ints = np.rint(np.exp2(-left / half_life_d) * _STEPS).astype(np.int64)
    out.setflags(write=False)
    return out


def footfall(view: GraphView, places: Cells, at: int, half_life_d: float) -> Iterator[DayFootfall]:
    """Footfall of every segment of the look-back; ``places``: cells by place code.

    Cost: 10 ns a row; of segments that end before ``at`` the sums are remembered.
    """
    weight = weights(half_life_d)
    for s in _within(view.location, at):
        yield _of_fixes(s, weight, at, half_life_d)
    for s in _within(view.check_in, at):
        yield _of_check_ins(s, places, view.places.stay_s, weight, at)


def _within(segments: Iterable[Segment], at: int) -> list[Segment]:
    days = days_of(at)
    return [s for s in segments if s.day_start in days]


def _of_fixes(s: Segment, weight: Ints, at: int, half_life_d: float) -> DayFootfall:
    whole = s.last_end + int(params.FIX_MAX_GAP_S.value) <= at
    name = f"footfall {half_life_d}"
    if whole and name in s.memory:
        found: DayFootfall = s.memory[name]
        return found
    limit = ALWAYS if whole else at - s.day_start
    sums = kernels.footfall_of_fixes(s.rows.k1, s.stay_s, s.group_start, s.by_group, weight, limit)
    cells = parents(s.groups.astype(np.uint64), FINEST)
    first = np.flatnonzero(np.append(True, cells[1:] != cells[:-1])) if len(cells) else np.empty(0, np.int64)
    made = DayFootfall(s.day_start, cells[first], np.add.reduceat(sums, first) if len(first) else sums)
    if whole:
        s.memory[name] = made
    return made


def _of_check_ins(s: Segment, places: Cells, usual: npt.NDArray[np.int32], weight: Ints, at: int) -> DayFootfall:
    sums = kernels.footfall_of_check_ins(
        s.rows.k1, s.rows.payload["left_at"], s.majors, usual, weight, at - s.day_start
    )
    cells = places[s.majors]
    known = cells != NO_CELL
    return DayFootfall(s.day_start, cells[known], sums[known])


def footfall_of_rows(rows: PresenceRows, at: int, half_life_d: float) -> DayFootfall:
    """Footfall of some rows of one day, as :func:`footfall` counts them."""
    units = weights(half_life_d)[rows.start - rows.day_start] * (np.minimum(rows.end, at) - rows.start)
    some = (units > 0) & (rows.cell != NO_CELL)
    return DayFootfall(rows.day_start, rows.cell[some], units[some])
