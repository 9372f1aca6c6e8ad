"""The hex score, slowly: plain loops over stays, the h3 library, floats. Written from the design's words."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import h3.api.basic_int as h3
from scipy.stats import gamma

from engine import params
from engine.clock import LATEST
from tests.oracles import cases, contacts, dose
from tests.oracles.board import board
from tests.oracles.contacts import PolicyLike, Presence
from tests.oracles.state import State

DAY, HOUR = 86_400, 3_600
RINGS = (1.0, params.HEX_RING_1.value, params.HEX_RING_2.value)
CHANCE = {0: 1.0, 1: params.HEX_F1_WEIGHT.value, 2: params.HEX_F2_WEIGHT.value}


@dataclass(frozen=True)
class Stay:
    """Somebody at a point, who may have been infectious (``course``), or not (None)."""

    person: str
    lat: float
    lng: float
    start: int
    end: int
    level: int | None = None
    course: dose.Course | None = None
    window: tuple[int, int] = (0, 0)


@dataclass
class Hours:
    """Decayed hours by cell of resolution 10."""

    levels: dict[int, dict[int, float]] = field(default_factory=lambda: {k: defaultdict(float) for k in CHANCE})
    footfall: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    f0s: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    present: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    places: set[int] = field(default_factory=set)


def cell_of(lat: float, lng: float, resolution: int = 10) -> int:
    """The ancestor of the point's cell of co-presence."""
    lat, lng = round(lat * 1e7) / 1e7, round(lng * 1e7) / 1e7
    return h3.cell_to_parent(h3.latlng_to_cell(lat, lng, int(params.FIX_CELL_RESOLUTION.value)), resolution)


def decay(age_s: float) -> float:
    """What is left of a thing this old."""
    return 2 ** (-age_s / DAY / params.HEX_HALF_LIFE_D.value)


def infectious_h(stay: Stay, at: int) -> float:
    """Infectious hours of a stay inside its window, each hour decayed as at its middle, and weighted by level."""
    if stay.level is None or stay.course is None:
        return 0.0
    begin = max(stay.start, stay.window[0], round(at - params.HEX_CUT_D.value * DAY))
    stop = min(stay.end, stay.window[1], at)
    total = 0.0
    while begin < stop:
        piece = min(stop, begin + HOUR)
        total += stay.course(begin, piece) * decay(at - (begin + piece) / 2)
        begin = piece
    return total * CHANCE[stay.level]


def footfall_h(stay: Stay, at: int) -> float:
    """Hours of a stay up to ``at``, weighted by the age of its beginning; none when it began before the look-back."""
    since = math.ceil((at - params.HEX_CUT_D.value * DAY) / DAY) * DAY
    if not since <= stay.start < at:
        return 0.0
    return (min(stay.end, at) - stay.start) / HOUR * decay(at - stay.start)


def hours_of(stays: Iterable[Stay], places: Iterable[tuple[float, float]], at: int) -> Hours:
    """Everything that the map is made of."""
    found = Hours(places={cell_of(*place) for place in places})
    for stay in stays:
        cell = cell_of(stay.lat, stay.lng)
        walked, infectious = footfall_h(stay, at), infectious_h(stay, at)
        if walked > 0:
            found.footfall[cell] += walked
            found.present[cell].add(stay.person)
        if infectious > 1e-9:
            found.levels[stay.level or 0][cell] += infectious
            if stay.level == 0:
                found.f0s[cell].add(stay.person)
                found.present[cell].add(stay.person)
    return found


def hours_of_state(state: State, policy: PolicyLike, at: int) -> Hours:
    """The same of the raw events: who is F0, F1, F2, where everybody was, and every place with a position."""
    dates, levels = cases.f0s(state), board(state, policy)
    places = {e["place"]: (e["lat"], e["lng"]) for e in state.of("place") if e.get("lat") is not None}
    stays = []
    for seen in contacts.stays(state) + contacts.fixes(state):
        event = seen.event
        where = (event["lat"], event["lng"]) if "lat" in event else places.get(event["place"])
        if where is not None:
            stays.append(_stay(state, policy, dates, levels, seen, where, at))
    return hours_of(stays, places.values(), at)


def _stay(state: State, policy: PolicyLike, dates, levels, seen: Presence, where, at: int) -> Stay:
    who = seen.person
    if who in dates:
        window = cases.forward_window(state, who, policy, at)
        return Stay(who, *where, seen.start, seen.end, 0, dose.course_of_case(dates[who]), window)
    if who in levels:
        row = levels[who]
        window = (row.since, min(cases.isolation(state, who), LATEST))
        return Stay(who, *where, seen.start, seen.end, row.level, dose.course_of_infected(row.since), window)
    return Stay(who, *where, seen.start, seen.end)


@dataclass(frozen=True)
class Scored:
    """One cell of the map."""

    score: float
    low: float
    high: float
    rate: float
    persons: int
    smoothed_footfall_h: float


def up(by_cell: dict[int, float], resolution: int) -> dict[int, float]:
    """Sums over the children."""
    out: dict[int, float] = defaultdict(float)
    for cell, value in by_cell.items():
        out[h3.cell_to_parent(cell, resolution)] += value
    return out


def scores(hours: Hours, resolution: int, prior_h: float = params.HEX_PRIOR_H.value) -> dict[int, Scored]:
    """Every cell of the map."""
    infectious: dict[int, float] = defaultdict(float)
    for by_cell in hours.levels.values():
        for cell, value in by_cell.items():
            infectious[cell] += value
    n, d = up(infectious, resolution), up(hours.footfall, resolution)
    n_above, d_above = up(infectious, resolution - 1), up(hours.footfall, resolution - 1)
    members = {near for cell in n for near in h3.grid_disk(cell, 2)} | set(d)
    members |= {h3.cell_to_parent(cell, resolution) for cell in hours.places}
    people: dict[int, set[str]] = defaultdict(set)
    for cell, who in hours.f0s.items():
        for near in h3.grid_disk(h3.cell_to_parent(cell, resolution), 2):
            people[near] |= who
    out = {}
    for cell in members:
        smooth_n = smooth_d = 0.0
        for ring, weight in enumerate(RINGS):
            inner = set(h3.grid_disk(cell, ring - 1)) if ring else set()
            for near in set(h3.grid_disk(cell, ring)) - inner:
                smooth_n += weight * n.get(near, 0.0)
                smooth_d += weight * d.get(near, 0.0)
        parent = h3.cell_to_parent(cell, resolution - 1)
        whole = d_above.get(parent, 0.0) + prior_h
        above = n_above.get(parent, 0.0) / whole if whole else 0.0
        rate = (smooth_n + prior_h * above) / (smooth_d + prior_h) if smooth_d + prior_h else 0.0
        k = max(1, len(people[cell]))
        low, high = (gamma.ppf(q, k + 0.5) / k for q in (0.05, 0.95))
        found = [score(rate * part) for part in (1.0, low, high)]
        out[cell] = Scored(*found, rate, len(people[cell]), smooth_d)
    return out


def score(rate: float) -> float:
    """0-100: half of it at the declared rate."""
    return 100 * (1 - 2 ** (-rate / params.HEX_HALF_RATE.value))


def band(value: float) -> int:
    """0 below 50, 1 from 50, 2 from 70, 3 from 90."""
    return sum(value >= edge for edge in params.HEX_BANDS)


def reliability(low: float, high: float, smoothed_footfall_h: float) -> int:
    """0: little footfall; 1: three or more bands are possible; 2: otherwise."""
    if smoothed_footfall_h < params.HEX_MIN_FOOTFALL_H.value:
        return 0
    return 1 if band(high) - band(low) >= 2 else 2
