"""Scans of location fixes: own presences, and whose fixes are near. See :mod:`engine.graph.kernels.found`."""

import math

import numpy as np

from engine.graph.kernels import atlas as at
from engine.graph.kernels import found
from engine.graph.kernels.atlas import (
    ask_first,
    ask_second,
    first_not_below,
    group_near,
    rows_of_code,
    segments_between,
)
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


@lean
def near_fixes(atlas, person, start, end, fixes, cell_of, cell_start, cells, limits, n, whole, parts, tally, scratch):
    """Other people's fixes near each of ``fixes`` (m, FIX) while both presences last, in the window of its person.

    ``cells[cell_start[c]:cell_start[c + 1]]`` with c = cell_of[o] are the H3 cells within reach of fix o. Evidence is
    eligible when the distance is within the search radius and the chance of true proximity is at least the floor.
    ``limits``: distance, sigmas of the search, its cap, sigmas of an accuracy, floor, radius of the earth.
    A person stays in places: what a fix found of its cells serves the next one, if that has the same ones.
    """
    usual, items, rows = atlas[LOCATION * at.HEAD + at.REACH], scratch[: found.ROUND], scratch[found.ROUND :]
    known_line, known_cell, known_since, m = np.int64(-1), np.int64(-1), np.int64(0), np.int64(0)
    for o in range(len(fixes)):
        who, cell = fixes[o, WHO], cell_of[o]
        since, to = max(fixes[o, FROM], start[who]), min(fixes[o, TO], end[who])
        a, b = segments_between(atlas, LOCATION, since, to)
        for segment in range(a, b):
            line = atlas[LOCATION * at.HEAD + at.LINES] + segment * at.LINE
            since_s = since - usual - atlas[line + at.DAY_START]
            if since_s > SECOND_MASK:
                continue
            first, last = cell_start[cell], cell_start[cell + 1]
            again = line == known_line and cell == known_cell and since >= known_since and last - first <= found.ROUND
            known_line, known_cell, known_since = line, cell, since
            while first < last:
                some = min(last - first, found.ROUND)
                if not again:
                    m = _occupied(atlas, line, cells, first, some, since_s, items)
                first += some
                to_s, x = to - atlas[line + at.DAY_START], person[who]
                n = _close(
                    atlas, x, fixes, o, since, to, line, segment, since_s, to_s, m, items, rows, limits,
                    n, whole, parts, tally,
                )  # fmt: skip
    return n


@inner
def _occupied(atlas, line, cells, first, count, since_s, items):
    """Rows [from, to) of the second order of those cells that hold any after ``since_s``; how many cells those are."""
    for i in range(count):
        ask_second(atlas, line, np.int64(cells[first + i]))
    m = 0
    for i in range(count):
        g = group_near(atlas, line, np.int64(cells[first + i]))
        if g >= 0:
            items[m, 0], items[m, 1] = g, np.int64(cells[first + i])
            prefetch(atlas[line + at.GROUPS] + 8 * g)
            m += 1
    some, m = m, 0
    for i in range(some):
        g, wanted = items[i, 0], items[i, 1]
        while g < atlas[line + at.GROUP_COUNT] and int64_at(atlas[line + at.GROUPS], g) < wanted:
            g += 1
        if g < atlas[line + at.GROUP_COUNT] and int64_at(atlas[line + at.GROUPS], g) == wanted:
            items[m, 0] = g
            prefetch(atlas[line + at.GROUP_START] + 4 * g)
            m += 1
    for i in range(m):
        g = items[i, 0]
        items[i, 0] = int32_at(atlas[line + at.GROUP_START], g)
        items[i, 1] = int32_at(atlas[line + at.GROUP_START], g + 1)
        at.ask_row(atlas, line, (items[i, 0] + items[i, 1]) >> 1)
    k1 = atlas[line + at.K1]
    for i in range(m):
        lo, hi = items[i, 0], items[i, 1]
        while lo < hi:
            mid = (lo + hi) >> 1
            if (int64_at(k1, at.row_at(atlas, line, mid)) & SECOND_MASK) <= since_s:
                lo = mid + 1
            else:
                hi = mid
        items[i, 0] = lo
    return m


@inner
def _close(
    atlas, x, fixes, o, since, to, line, segment, since_s, to_s, m, items, rows, limits, n, whole, parts, tally
):  # fmt: skip
    """Evidence of fix ``o`` with the rows of ``m`` cells between two seconds; ``items`` then begin after the first."""
    k1 = atlas[line + at.K1]
    r = 0
    for i in range(m):
        j, hi = items[i, 0], items[i, 1]
        while j < hi and (int64_at(k1, at.row_at(atlas, line, j)) & SECOND_MASK) <= since_s:
            j += 1
        items[i, 0] = j
        while j < hi:
            row = at.row_at(atlas, line, j)
            key = int64_at(k1, row)
            if (key & SECOND_MASK) >= to_s:
                break
            j += 1
            tally[0] += 1
            if key >> SECOND_BITS == x:
                continue
            prefetch(atlas[line + at.STAY] + 2 * row)
            prefetch(atlas[line + at.FIRST_PAYLOAD] + 4 * row)
            prefetch(atlas[line + at.SECOND_PAYLOAD] + 4 * row)
            prefetch(atlas[line + at.THIRD_PAYLOAD] + 2 * row)
            rows[r, 0], rows[r, 1] = row, key
            r += 1
            if r == found.RECORDS:
                n = _told(atlas, fixes, o, since, to, line, segment, r, rows, limits, n, whole, parts)
                r = 0
    return _told(atlas, fixes, o, since, to, line, segment, r, rows, limits, n, whole, parts)


@inner
def _told(atlas, fixes, o, since, to, line, segment, count, rows, limits, n, whole, parts):
    """Evidence of fix ``o`` with ``count`` rows of other people."""
    limit, sigmas, furthest, per_sigma, floor, radius = limits
    cap, own_lat, own_lng, mine = len(whole), fixes[o, LAT], fixes[o, LNG], 0.1 * fixes[o, ACCURACY]
    most_north = np.int64(1.001 * furthest / (radius * UNIT)) + 1
    for i in range(count):
        row, key = rows[i, 0], rows[i, 1]
        lat = int32_at(atlas[line + at.FIRST_PAYLOAD], row)
        moment = atlas[line + at.DAY_START] + (key & SECOND_MASK)
        s, e = max(since, moment), min(to, moment + uint16_at(atlas[line + at.STAY], row))
        if (s >= e) | (abs(lat - own_lat) > most_north):
            continue
        d = distance_m(own_lat, own_lng, lat, int32_at(atlas[line + at.SECOND_PAYLOAD], row), radius)
        theirs = 0.1 * uint16_at(atlas[line + at.THIRD_PAYLOAD], row)
        sigma = math.sqrt(mine * mine + theirs * theirs) / per_sigma
        if d > min(limit + sigmas * sigma, furthest):
            continue
        # On one spot the chance is 1 - exp(-limit^2 / 2 sigma^2), and it only falls with distance.
        if sigma > 1e-9 and 1.0 - math.exp(-0.5 * (limit / sigma) ** 2) < floor:
            continue
        weight = chance_within(limit, d, sigma)
        if weight < floor:
            continue
        if n < cap:
            whole[n, found.PERSON], whole[n, found.OTHER] = fixes[o, WHO], key >> SECOND_BITS
            whole[n, found.START], whole[n, found.END] = s, e
            whole[n, found.PLACE], whole[n, found.OWN] = -1, fixes[o, WHERE]
            whole[n, found.THEIRS] = (segment << 32) | row
            parts[n, found.WEIGHT], parts[n, found.MEASURE] = weight, d
        n += 1
    return n
