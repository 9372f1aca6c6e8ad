"""The hex score, slowly: plain loops, the h3 library, numerical integration. Written from the design's words."""

import math
from collections import defaultdict
from collections.abc import Iterable

import h3.api.basic_int as h3
from scipy.integrate import quad
from scipy.stats import gamma

from engine import params

DAY, HOUR = 86_400, 3_600
Stay = tuple[int, float, float, int, int, int, float]
"""(person, lat, lng, start, end, peak, factor)"""


LAW = gamma(params.HE_SHAPE.value, loc=-params.HE_SHIFT_D.value, scale=1 / params.HE_RATE.value)
TOP = float(LAW.pdf((params.HE_SHAPE.value - 1) / params.HE_RATE.value - params.HE_SHIFT_D.value))


def infectiousness(days: float) -> float:
    """He et al. 2020 (author correction), relative to its maximum."""
    return float(LAW.pdf(days)) / TOP


def seconds_of(stay: Stay, at: int) -> float:
    """Infectious time of one stay, decayed to ``at``."""
    _, _, _, start, end, peak, factor = stay
    begin, stop = max(start, at - params.HEX_CUT_D.value * DAY), min(end, at)
    if begin >= stop:
        return 0.0

    def rate(t: float) -> float:
        return infectiousness((t - peak) / DAY) * 2 ** (-(at - t) / DAY / params.HEX_HALF_LIFE_D.value)

    return factor * quad(rate, begin, stop, limit=200)[0]


def infectious_time(stays: Iterable[Stay], at: int, resolution: int) -> dict[int, float]:
    """Seconds by cell."""
    out: dict[int, float] = defaultdict(float)
    for stay in stays:
        seconds = seconds_of(stay, at)
        if seconds > 0:
            out[h3.latlng_to_cell(stay[1], stay[2], resolution)] += seconds
    return dict(out)


def people_behind(stays: Iterable[Stay], at: int, resolution: int, more_than_s: float) -> dict[int, set[int]]:
    """Who spent more than this much infectious time on one stay in each cell or its two rings."""
    out: dict[int, set[int]] = defaultdict(set)
    for stay in stays:
        if seconds_of(stay, at) > more_than_s:
            cell = h3.cell_to_parent(h3.latlng_to_cell(stay[1], stay[2], 10), resolution)
            for near in h3.grid_disk(cell, 2):
                out[near].add(stay[0])
    return dict(out)


def score(hours: float, resolution: int) -> float:
    """0-100: half the score at the declared hours, scaled by mean cell area from resolution 9."""
    half = params.HEX_HALF_SCORE_H.value * h3.average_hexagon_area(resolution) / h3.average_hexagon_area(9)
    return 100 * (1 - 2 ** (-hours / half))


def scores(by_cell: dict[int, float], resolution: int) -> dict[int, float]:
    """Score of every cell within two rings of infectious time."""
    weights = (1.0, params.HEX_RING_1.value, params.HEX_RING_2.value)
    reached = {near for cell in by_cell for near in h3.grid_disk(cell, 2)}
    out = {}
    for cell in reached:
        total = norm = 0.0
        for ring, weight in enumerate(weights):
            inner = set(h3.grid_disk(cell, ring - 1)) if ring else set()
            for near in set(h3.grid_disk(cell, ring)) - inner:
                norm += weight
                total += weight * by_cell.get(near, 0.0) / HOUR
        out[cell] = score(total / norm, resolution)
    return out


def band(value: float) -> int:
    """0 below 50, 1 from 50, 2 from 70, 3 from 90."""
    return sum(value >= edge for edge in params.HEX_BANDS)


def interval(value: float, people: int) -> tuple[float, float]:
    """Score at the 5 % and 95 % gamma bounds of the count of people behind it."""
    if value <= 0:
        return 0.0, 0.0
    hours = -math.log2(1 - value / 100) if value < 100 else math.inf
    low, high = (gamma.ppf(q, people + 0.5) / people for q in (0.05, 0.95))
    return 100 * (1 - 2 ** (-hours * low)), 100 * (1 - 2 ** (-hours * high))
