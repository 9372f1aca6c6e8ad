"""Wishes for a day -> a day that can be lived: one place at a time, with travel in between."""

import numpy as np
import numpy.typing as npt
from numba import njit

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_METRES = 111_195.0
_SPEED = 5.5
"""Metres a second through the city, with everything."""
_SET_OUT_S = 180
_LONGEST_S = 4_800
_SHORTEST_STAY_S = 300
_WORTH_GOING_HOME_S = 1_800


@njit(cache=True, nogil=True)
def travel_s(a: int, b: int, lat: Floats, lng: Floats, bus: int, kind: npt.NDArray[np.int8]) -> int:
    """Seconds from place a to place b; boarding and leaving a bus is short, wherever it is."""
    if kind[a] == bus or kind[b] == bus:
        return _SET_OUT_S
    dy = (lat[a] - lat[b]) * _METRES
    dx = (lng[a] - lng[b]) * _METRES * 0.982
    return int(min(_LONGEST_S, _SET_OUT_S + np.sqrt(dx * dx + dy * dy) / _SPEED))


@njit(cache=True, nogil=True)
def cut(base: int, stop: int, first: int, out: int, person: Int32, place: Int32, start: Int32, end: Int32) -> int:
    """End the stays base..stop of one person at second ``out``, numbering people from ``first``; the new stop."""
    keep = base
    for r in range(base, stop):
        if start[r] < out:
            person[keep], place[keep], start[keep] = person[r] + first, place[r], start[r]
            end[keep] = min(end[r], out)
            keep += 1
    return keep


@njit(cache=True, nogil=True)
def lay_out(
    first_person: int,
    home: Int32,
    wish_place: Int32,
    wish_start: Int32,
    wish_end: Int32,
    out_s: Int64,
    lat: Floats,
    lng: Floats,
    kind: npt.NDArray[np.int8],
    bus: int,
    day_s: int,
) -> tuple[Int32, Int32, Int32, Int32]:
    """Stays of a day (person, place, start, end in seconds of the day), in order of person, then time.

    Wishes are (people, slots) in order of slot, place -1 for none. A wish that the one before leaves less
    than five minutes for is dropped; long gaps are spent at home. Nothing is later than ``out_s``, when the
    person leaves circulation.
    """
    n, slots = wish_place.shape
    cap = n * (2 * slots + 1)
    person, place = np.empty(cap, np.int32), np.empty(cap, np.int32)
    start, end = np.empty(cap, np.int32), np.empty(cap, np.int32)
    m = 0
    for i in range(n):
        here, since = home[i], 0
        base = m
        for s in range(slots):
            to = wish_place[i, s]
            if to < 0:
                continue
            t0, t1 = wish_start[i, s], min(wish_end[i, s], day_s)
            way = travel_s(here, to, lat, lng, bus, kind) if here != to else 0
            if here == home[i]:
                leave = max(since, t0 - way)
                go = leave + way if leave > 0 else t0
                if go + _SHORTEST_STAY_S > t1:
                    continue
                if leave > since:
                    person[m], place[m], start[m], end[m] = i, here, since, leave
                    m += 1
            else:
                done = end[m - 1]
                to_home = travel_s(here, home[i], lat, lng, bus, kind)
                from_home = travel_s(home[i], to, lat, lng, bus, kind)
                go = max(t0, done + way)
                if go + _SHORTEST_STAY_S > t1:
                    continue
                if go - done > to_home + from_home + _WORTH_GOING_HOME_S:
                    person[m], place[m], start[m], end[m] = i, home[i], done + to_home, go - from_home
                    m += 1
            person[m], place[m], start[m], end[m] = i, to, go, t1
            m += 1
            here, since = to, t1
        if here == home[i]:
            person[m], place[m], start[m], end[m] = i, here, since, day_s
            m += 1
        else:
            back = since + travel_s(here, home[i], lat, lng, bus, kind)
            if back < day_s:
                person[m], place[m], start[m], end[m] = i, home[i], back, day_s
                m += 1
        m = cut(base, m, first_person, out_s[i], person, place, start, end)
    return person[:m].copy(), place[:m].copy(), start[:m].copy(), end[:m].copy()
