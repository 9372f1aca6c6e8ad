"""Where people stand within places: the one truth that radio, location fixes and the virus share."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.kernels.hashing import fold, fold3, unit

PERIOD_S = 900
"""People keep their spot for so long."""
PERIODS = 96
NIGHT_END, NIGHT_START = 24, 92
"""Periods of the day at which people get up (06:00) and go to bed (23:00)."""
_TOGETHER = 0.3
"""Chance that a household is in one room, by day."""
_LEAVE_SEAT = 0.12
_KNOT_M = 0.9
"""Radius of a knot of people: two of one knot are at most 1.8 m apart."""
AT_HOME, _SEAT, _TABLE, _ROAM = 0, 1, 2, 3
"""`engine.city.tables.Mix`, as constants of the kernels."""

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Folk(NamedTuple):
    """What matters of each person of the city; ``infected_at`` and ``peak_at`` in UTC seconds."""

    home: Int32
    main: Int32
    has_app: Bools
    ios: Bools
    phase: Int16
    device_db: Float32
    infected_at: Int64
    peak_at: Int64
    factor: Float32


class Rooms(NamedTuple):
    """What matters of each place: how people mix, knots, side of the floor (m), share of indoor hazard."""

    mix: Int8
    groups: Int32
    side_m: Floats
    air: Floats


@njit(cache=True, nogil=True)
def spot(
    key: np.uint64, day: int, period: int, person: int, place: int, home: int, main: int, rooms: Rooms
) -> tuple[float, float]:
    """Where in a place a person stands in a quarter of an hour: metres from the corner of its square floor.

    A function of its arguments alone, so radio, location fixes and the virus agree on the truth.
    """
    mix, groups = rooms.mix[place], np.uint64(rooms.groups[place])
    now = day * PERIODS + period
    if mix == AT_HOME and (period < NIGHT_END or period >= NIGHT_START):
        knot = np.uint64(1000 + (person >> 1))
    elif mix == AT_HOME and unit(fold3(key, place, now, 7)) < _TOGETHER:
        knot = np.uint64(0)
    elif mix == AT_HOME:
        knot = fold3(key, person, now, 3) % groups
    elif mix == _TABLE and main != place:
        knot = fold3(key, home, place, day) % groups
    elif (mix == _ROAM and main != place) or unit(fold3(key, person, now, 5)) < _LEAVE_SEAT:
        knot = fold3(key, person, now, place) % groups
    else:
        knot = fold3(key, person, place, 1) % groups
    centre = fold3(key, place, knot, 11)
    own = fold3(key, person, place, knot)
    r = _KNOT_M * np.sqrt(unit(fold(own, 1)))
    angle = 2 * np.pi * unit(fold(own, 2))
    side = rooms.side_m[place]
    x = unit(fold(centre, 1)) * side + r * np.cos(angle)
    y = unit(fold(centre, 2)) * side + r * np.sin(angle)
    return x, y


@njit(cache=True, nogil=True)
def spots(
    key: np.uint64, day: int, at: Int32, person: Int32, place: Int32, folk: Folk, rooms: Rooms
) -> tuple[Floats, Floats]:
    """Where people are within places at seconds ``at`` of a day, metres from the middle; shape (n,) each."""
    x, y = np.empty(len(at)), np.empty(len(at))
    for i in range(len(at)):
        p, o = person[i], place[i]
        x[i], y[i] = spot(key, day, at[i] // PERIOD_S, p, o, folk.home[p], folk.main[p], rooms)
        x[i] -= rooms.side_m[o] / 2
        y[i] -= rooms.side_m[o] / 2
    return x, y
