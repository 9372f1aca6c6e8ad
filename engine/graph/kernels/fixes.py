"""Scans of location fixes: own presences, and whose fixes are near. See :mod:`engine.graph.kernels.found`."""

import math

import numpy as np

from engine.graph.kernels import atlas as at
from engine.graph.kernels import found
from engine.graph.kernels.atlas import ask_first, first_not_below, rows_of_code
from engine.graph.kernels.memory import int32_at, int64_at, lean, prefetch, uint16_at
from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.kernels.memory import inner

LOCATION = 2
# A fix: index of the person, from, to, latitude, longitude, accuracy, segment << 32 | row.
WHO, FROM, TO, LAT, LNG, ACCURACY, WHERE = range(7)
FIX = 7
UNIT = math.pi / 180e7
"""1e-7 degree."""


@lean
def fixes_of_people(atlas, person, start, end, first, last, worst, fixes, tally, items):
    """Fixes of each person, no vaguer than ``worst`` (dm), that overlap the window, by person, then segment and time.

    Written to ``fixes`` (n, FIX) as far as there is room; returns how many there are.
    """
    usual = atlas[LOCATION * at.HEAD + at.REACH]
    n = 0
    p, s = np.int64(first), np.int64(0)
    while p < last:
        m, p, s = found.next_round(atlas, LOCATION, person, start, end, 0, usual, p, s, last, items)
        for i in range(m):
            ask_first(atlas, items[i, 1], person[items[i, 0]])
        for i in range(m):
            items[i, 3], items[i, 4] = rows_of_code(atlas, items[i, 1], person[items[i, 0]])
            prefetch(atlas[items[i, 1] + at.K1] + 8 * ((items[i, 3] + items[i, 4]) >> 1))
        for i in range(m):
            line, x = items[i, 1], person[items[i, 0]] << SECOND_BITS
            since = start[items[i, 0]] - usual - atlas[line + at.DAY_START]
            row = first_not_below(atlas[line + at.K1], x | min(max(since, 0), SECOND_MASK), items[i, 3], items[i, 4])
            items[i, 3] = row
            prefetch(atlas[line + at.STAY] + 2 * row)
            prefetch(atlas[line + at.FIRST_PAYLOAD] + 4 * row)
            prefetch(atlas[line + at.SECOND_PAYLOAD] + 4 * row)
            prefetch(atlas[line + at.THIRD_PAYLOAD] + 2 * row)
        for i in range(m):
            n = _own(atlas, person, start, end, worst, items[i], n, fixes, tally)
    return n


@inner
def _own(atlas, person, start, end, worst, item, n, fixes, tally):
    who, line = item[0], item[1]
    k1, day_start, cap = atlas[line + at.K1], atlas[line + at.DAY_START], len(fixes)
    below = (person[who] << SECOND_BITS) + min(max(end[who] - day_start, 0), SECOND_MASK)
    row = item[3]
    while row < item[4]:
        key = int64_at(k1, row)
        if key >= below:
            break
        moment = day_start + (key & SECOND_MASK)
        to = moment + uint16_at(atlas[line + at.STAY], row)
        accuracy = uint16_at(atlas[line + at.THIRD_PAYLOAD], row)
        if to > start[who] and accuracy <= worst:
            if n < cap:
                fix = fixes[n]
                fix[WHO], fix[FROM], fix[TO], fix[ACCURACY] = who, moment, to, accuracy
                fix[LAT] = int32_at(atlas[line + at.FIRST_PAYLOAD], row)
                fix[LNG] = int32_at(atlas[line + at.SECOND_PAYLOAD], row)
                fix[WHERE] = (item[2] << 32) | row
            n += 1
        row += 1
        tally[0] += 1
    return n


@lean
def distance_m(lat_a, lng_a, lat_b, lng_b, radius):
    """Equirectangular distance in metres of two points in 1e-7 degree; symmetric to the last bit."""
    mean_lat = (np.float64(lat_a) + np.float64(lat_b)) * (0.5 * UNIT)
    turn = abs(np.int64(lng_a) - np.int64(lng_b))
    turn = min(turn, 3_600_000_000 - turn)
    dy = radius * UNIT * abs(np.int64(lat_a) - np.int64(lat_b))
    dx = radius * UNIT * turn * math.cos(mean_lat)
    return math.sqrt(dx * dx + dy * dy)


@lean
def chance_within(limit, distance, sigma):
    """P(true distance <= limit) given the observed one, the difference being round Gaussian with ``sigma`` per axis.

    The distribution function of the non-central chi-square with 2 degrees of freedom, as the Poisson mixture of
    central ones, summed until the rest is below 1e-12.
    """
    if sigma <= 1e-9:
        return 1.0 if distance <= limit else 0.0
    x = 0.5 * (limit / sigma) ** 2
    lam = 0.5 * (distance / sigma) ** 2
    if lam > 600.0 or x > 600.0:
        return 1.0 if distance <= limit else 0.0
    poisson = math.exp(-lam)
    term = math.exp(-x)
    tail = term
    left = 1.0
    total = 0.0
    j = 0
    while left > 1e-12 and j < 4000:
        total += poisson * max(0.0, 1.0 - tail)
        left -= poisson
        j += 1
        poisson *= lam / j
        term *= x / j
        tail += term
    return min(1.0, total)


@inner
def proximity(lat_a, lng_a, vague_a, lat_b, lng_b, vague_b, limits):
    """(weight, distance in m) of two fixes as evidence; a weight of -1 where they are none.

    Places in 1e-7 degree, accuracies in dm. ``limits``: greatest distance of a contact (m), sigmas of the search, its
    cap (m), sigmas that an accuracy stands for, least weight, radius of the earth (m). The weight is the chance that
    the true distance was within the greatest; it is looked at within the search radius. Symmetric to the last bit.
    """
    limit, sigmas, furthest, per_sigma, floor, radius = limits
    d = distance_m(lat_a, lng_a, lat_b, lng_b, radius)
    error_a, error_b = 0.1 * vague_a, 0.1 * vague_b
    sigma = math.sqrt(error_a * error_a + error_b * error_b) / per_sigma
    if d > min(limit + sigmas * sigma, furthest):
        return -1.0, d
    # On one spot the chance is 1 - exp(-limit^2 / 2 sigma^2), and it only falls with distance.
    if sigma > 1e-9:
        exponent = 0.5 * (limit / sigma) ** 2
        if exponent < 40.0 and 1.0 - math.exp(-exponent) < floor:  # beyond, the chance is 1 to the last bit
            return -1.0, d
    weight = chance_within(limit, d, sigma)
    return (weight if weight >= floor else -1.0), d
