"""Scans of location fixes: own presences, and whose fixes are near.

Scans write into buffers of fixed capacity and return how many rows they *would* have written; a caller whose
buffer was too small tries again with a larger one. Every emitted interval is half-open UTC seconds, clipped to
the window of its query, and not empty.
"""

import math

import numpy as np
from numba import njit

from engine.graph.kernels.search import gallop, lower_bound
from engine.graph.layout import SECOND_BITS, SECOND_MASK


@njit(cache=True, nogil=True)
def fixes_of_people(
    k1, stay, accuracy, day_start, max_gap, worst_accuracy, person, start, end,
    out_query, out_start, out_end, out_row,
):  # fmt: skip
    """Fixes of each query person, no vaguer than ``worst_accuracy`` (dm), whose presence overlaps its window.

    Cost: log n a query; less when the queries are ordered by person.
    """
    cap = len(out_query)
    n = 0
    at, before = 0, np.int64(-1)
    for q in range(len(person)):
        x = np.int64(person[q])
        first = min(max(np.int64(0), start[q] - max_gap - day_start), np.int64(SECOND_MASK))
        last = end[q] - day_start
        wanted = (x << SECOND_BITS) | first
        at = gallop(k1, wanted, at if wanted >= before else 0, len(k1))
        i, before = at, wanted
        while i < len(k1) and (k1[i] >> SECOND_BITS) == x and (k1[i] & SECOND_MASK) < last:
            e = day_start + (k1[i] & SECOND_MASK) + stay[i]
            if e > start[q] and accuracy[i] <= worst_accuracy:
                if n < cap:
                    out_query[n] = q
                    out_start[n] = day_start + (k1[i] & SECOND_MASK)
                    out_end[n] = e
                    out_row[n] = i
                n += 1
            i += 1
    return n


@njit(cache=True, nogil=True)
def distance_m(lat_a, lng_a, lat_b, lng_b, radius):
    """Equirectangular distance in metres of two points in 1e-7 degree; symmetric to the last bit."""
    unit = math.pi / 180e7
    mean_lat = (np.float64(lat_a) + np.float64(lat_b)) * (0.5 * unit)
    turn = abs(np.int64(lng_a) - np.int64(lng_b))
    turn = min(turn, 3_600_000_000 - turn)
    dy = radius * unit * abs(np.int64(lat_a) - np.int64(lat_b))
    dx = radius * unit * turn * math.cos(mean_lat)
    return math.sqrt(dx * dx + dy * dy)


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def proximity_scan(
    k1, stay, lat, lng, accuracy, groups, group_start, by_group, day_start, max_gap,
    own_person, own_lat, own_lng, own_accuracy, own_start, own_end, low, high, own_cell, cell_start, cells,
    limit_m, sigmas, search_cap_m, accuracy_sigmas, floor, radius,
    out_own, out_other, out_start, out_end, out_weight, out_measure, out_row,
):  # fmt: skip
    """Other people's fixes near each own fix while both presences last, clipped to [low, high).

    ``cells[cell_start[c]:cell_start[c + 1]]`` with c = own_cell[o] are the H3 cells within reach of own fix o.
    Evidence is eligible
    when the distance is within the search radius and the chance of true proximity is at least ``floor``.
    """
    cap = len(out_own)
    n = 0
    for o in range(len(own_person)):
        from_s = max(own_start[o], low[o])
        to_s = min(own_end[o], high[o])
        first = from_s - max_gap - day_start
        last = to_s - day_start
        if first > SECOND_MASK or last <= 0:
            continue
        for c in range(cell_start[own_cell[o]], cell_start[own_cell[o] + 1]):
            g = lower_bound(groups, cells[c], 0, len(groups))
            if g == len(groups) or groups[g] != cells[c]:
                continue
            lo, hi = group_start[g], group_start[g + 1]
            while lo < hi:
                mid = (lo + hi) >> 1
                if (k1[by_group[mid]] & SECOND_MASK) <= first:
                    lo = mid + 1
                else:
                    hi = mid
            for at in range(lo, group_start[g + 1]):
                i = by_group[at]
                if (k1[i] & SECOND_MASK) >= last:
                    break
                other = np.int32(k1[i] >> SECOND_BITS)
                if other == own_person[o]:
                    continue
                s = max(from_s, day_start + (k1[i] & SECOND_MASK))
                e = min(to_s, day_start + (k1[i] & SECOND_MASK) + stay[i])
                if s >= e:
                    continue
                d = distance_m(own_lat[o], own_lng[o], lat[i], lng[i], radius)
                a = 0.1 * own_accuracy[o]
                b = 0.1 * accuracy[i]
                sigma = math.sqrt(a * a + b * b) / accuracy_sigmas
                if d > min(limit_m + sigmas * sigma, search_cap_m):
                    continue
                # On one spot the chance is 1 - exp(-limit^2 / 2 sigma^2), and it only falls with distance.
                if sigma > 1e-9 and 1.0 - math.exp(-0.5 * (limit_m / sigma) ** 2) < floor:
                    continue
                weight = chance_within(limit_m, d, sigma)
                if weight < floor:
                    continue
                if n < cap:
                    out_own[n] = o
                    out_other[n] = other
                    out_start[n] = s
                    out_end[n] = e
                    out_weight[n] = weight
                    out_measure[n] = d
                    out_row[n] = i
                n += 1
    return n
