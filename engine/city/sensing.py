"""What the systems see of the truth: Bluetooth looks, QR check-ins, location fixes."""

from dataclasses import dataclass

import numpy as np

from engine.city.districts import METRES_PER_DEGREE
from engine.city.kernels.meet import Radio
from engine.city.kernels.spots import Folk, Rooms, spots
from engine.city.movement import Stays
from engine.city.rng import Stream, generator, kernel_key
from engine.city.tables import BUS, HOME, Bools, City, Floats, Int32, Int64
from engine.clock import HOUR, MINUTE
from engine.params import (
    ACCURACY_SIGMAS,
    ATTENUATION_AT_1M,
    ATTENUATION_SLOPE,
    CITY_BLUETOOTH_ON_SHARE,
    CITY_BODY_DB_SD,
    CITY_CHECK_OUT_SHARE,
    CITY_HOME_LOOK_SHARE,
    CITY_IOS_BACKGROUND_MISS,
    CITY_LOOK_DB_SD,
    CITY_MISSED_LOOK_SHARE,
    CITY_NIGHT_LOOK_SHARE,
    CITY_PLATFORM_DB_SHARE,
    CITY_QR_VISIT_SHARE,
    CITY_RADIO_LIMIT_DB,
    SCAN_PERIOD_S,
)

_CLOSE_RSSI = np.array([[-86.0, -69.0], [-88.0, -74.0]])
"""Bluezone's thresholds of "close", dBm, observer by observed, Android before iOS."""
_RANGE_M = 10.0
_ACCURACY_M = (5.0, 60.0)
_INDOOR_LN, _OUTDOOR_LN, _WIDE_LN = 3.0, 2.2, 0.5
"""Means and deviation of ln(accuracy in m): about 20 m indoors, 9 m outdoors."""
_OUT_STEP_S, _HOME_STEP_S, _WAY_STEP_S, _NIGHT_STEP_S = 840, 60 * MINUTE, 5 * MINUTE, 3 * HOUR
_SLOW_S = 3 * MINUTE
"""Scanning at the door takes up to this long."""


@dataclass(frozen=True)
class CheckIns:
    """Rows of check-ins: UTC seconds, ``left_at`` -1 when missing."""

    person: Int32
    place: Int32
    entered_at: Int64
    left_at: Int64


@dataclass(frozen=True)
class Fixes:
    """Rows of location fixes: UTC seconds, degrees, metres."""

    person: Int32
    at: Int64
    lat: Floats
    lng: Floats
    accuracy_m: Floats


def radio() -> Radio:
    """How phones see each other, from ``engine.params``."""
    offset = (_CLOSE_RSSI.mean() - _CLOSE_RSSI) * CITY_PLATFORM_DB_SHARE.value
    return Radio(
        scan_s=int(SCAN_PERIOD_S.value),
        slope=ATTENUATION_SLOPE.value,
        at_1m=ATTENUATION_AT_1M.value,
        body_sd=CITY_BODY_DB_SD.value,
        look_sd=CITY_LOOK_DB_SD.value,
        platform_db=offset,
        limit_db=CITY_RADIO_LIMIT_DB.value,
        seen=1 - CITY_MISSED_LOOK_SHARE.value,
        ios_seen=1 - CITY_IOS_BACKGROUND_MISS.value,
        home_share=CITY_HOME_LOOK_SHARE.value,
        night_share=CITY_NIGHT_LOOK_SHARE.value,
        on_share=CITY_BLUETOOTH_ON_SHARE.value,
        range_m=_RANGE_M,
    )


def check_ins(seed: int, block: int, day: int, midnight: int, stays: Stays, city: City) -> CheckIns:
    """QR scans of a block's people on a day: a share of people and visits, few with a time of leaving."""
    rng = generator(seed, Stream.QR, block, day)
    shares = rng.random((2, len(stays.person)))
    delay, early = rng.uniform(0, _SLOW_S, (2, len(stays.person)))
    scans = city.people.scans_qr[stays.person] & (city.places.kind[stays.place] != HOME)
    scans &= shares[0] < CITY_QR_VISIT_SHARE.value
    rows = np.flatnonzero(scans)
    s = stays.take(rows)
    length = s.end - s.start
    entered = s.start + np.minimum(delay[rows], length / 3).astype(np.int64)
    left = s.end - np.minimum(early[rows], length / 3).astype(np.int64)
    leaves = shares[1, rows] < CITY_CHECK_OUT_SHARE.value
    return CheckIns(s.person, s.place, midnight + entered, np.where(leaves, midnight + left, -1))


@dataclass(frozen=True)
class _Legs:
    """Stretches of time on which fixes are taken: at a place, or between two."""

    person: Int32
    start: Int64
    end: Int64
    origin: Int32
    target: Int32
    step_s: Int64
    moves: Bools


def location_fixes(
    seed: int, block: int, day: int, midnight: int, stays: Stays, city: City, folk: Folk, rooms: Rooms
) -> Fixes:
    """Fixes of a block's people on a day: true position plus an error that fits the stated accuracy.

    The error is a round Gaussian whose 68 % radius is the accuracy. The true position within a place is the
    one that Bluetooth and the virus use; on the way it is interpolated between the places.
    """
    rng = generator(seed, Stream.FIXES, block, day)
    legs = _legs(stays.take(city.people.sends_location[stays.person]), city)
    wait = rng.random(len(legs.start)) * np.minimum(legs.step_s, legs.end - legs.start)
    begin = legs.start + wait.astype(np.int64)
    count = (legs.end - 1 - begin) // legs.step_s + 1
    leg = np.repeat(np.arange(len(count)), count)
    turn = np.arange(len(leg)) - np.repeat(np.cumsum(count) - count, count)
    jitter = rng.integers(0, MINUTE, len(leg))
    at = np.minimum(begin[leg] + turn * legs.step_s[leg] + jitter, legs.end[leg] - 1)
    fresh = np.r_[True, (at[1:] != at[:-1]) | (leg[1:] != leg[:-1])] if len(at) else np.empty(0, bool)
    leg, at = leg[fresh], at[fresh]
    where, a, b = city.places, legs.origin[leg], legs.target[leg]
    done = np.where(legs.moves[leg], (at - legs.start[leg]) / (legs.end - legs.start)[leg], 0.0)
    lat = where.lat[a] + (where.lat[b] - where.lat[a]) * done
    lng = where.lng[a] + (where.lng[b] - where.lng[a]) * done
    x, y = spots(kernel_key(seed, Stream.SPOTS), day, at.astype(np.int32), legs.person[leg], a, folk, rooms)
    inside = where.indoor[a] & ~legs.moves[leg]
    ln = np.where(inside, _INDOOR_LN, _OUTDOOR_LN) + rng.normal(0, _WIDE_LN, len(at))
    accuracy = np.round(np.clip(np.exp(ln), *_ACCURACY_M), 1)
    error = rng.normal(size=(2, len(at))) * accuracy / ACCURACY_SIGMAS.value
    still = ~legs.moves[leg]
    lat += (y * still + error[0]) / METRES_PER_DEGREE
    lng += (x * still + error[1]) / (METRES_PER_DEGREE * np.cos(np.radians(lat)))
    return Fixes(legs.person[leg], midnight + at, np.round(lat, 7), np.round(lng, 7), accuracy)


def _legs(stays: Stays, city: City) -> _Legs:
    """Stays and the ways between them; a bus ride belongs to the way."""
    on_foot = city.places.kind[stays.place] != BUS
    s = stays.take(on_foot)
    follows = np.flatnonzero(s.person[1:] == s.person[:-1])
    follows = follows[s.start[follows + 1] - s.end[follows] > MINUTE]
    night = (s.start < 6 * HOUR) & (s.place == city.people.home[s.person])
    out = s.place != city.people.home[s.person]
    # A night at home has its own slow rhythm until 06:00, then the day's.
    wake = np.minimum(s.end[night], 6 * HOUR)
    day_start = np.where(night, np.minimum(s.end, 6 * HOUR), s.start)
    rest = s.end > day_start
    parts = (
        (s.person[night], s.start[night], wake, s.place[night], s.place[night], _NIGHT_STEP_S, False),
        (s.person[rest], day_start[rest], s.end[rest], s.place[rest], s.place[rest],
         np.where(out[rest], _OUT_STEP_S, _HOME_STEP_S), False),
        (s.person[follows], s.end[follows], s.start[follows + 1], s.place[follows], s.place[follows + 1],
         _WAY_STEP_S, True),
    )  # fmt: skip
    step = np.concatenate([np.broadcast_to(p[5], len(p[0])) for p in parts]).astype(np.int64)
    moves = np.concatenate([np.full(len(p[0]), p[6]) for p in parts])
    column = [np.concatenate([p[c] for p in parts]) for c in range(5)]
    order = np.lexsort((column[1], column[0]))
    return _Legs(
        column[0][order], column[1][order].astype(np.int64), column[2][order].astype(np.int64),
        column[3][order], column[4][order], step[order], moves[order],
    )  # fmt: skip
