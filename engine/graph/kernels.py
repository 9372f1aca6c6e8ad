"""Loops over day segments: look-ups and scans. Arrays in, arrays out, no objects.

Scans write into buffers of fixed capacity and return how many rows they *would* have written; a caller whose
buffer was too small tries again with a larger one. Every emitted interval is half-open UTC seconds, clipped to
the window of its query, and not empty.
"""

import math

import numpy as np
from numba import njit

SECOND_BITS = 17
SECOND_MASK = (1 << SECOND_BITS) - 1


@njit(cache=True, nogil=True)
def lower_bound(values, wanted, lo, hi):
    """First index in [lo, hi) with values[index] >= wanted, else hi."""
    while lo < hi:
        mid = (lo + hi) >> 1
        if values[mid] < wanted:
            lo = mid + 1
        else:
            hi = mid
    return lo


@njit(cache=True, nogil=True)
def find_places(k1, k2, wanted1, wanted2):
    """Where each key (wanted1, wanted2) stands or would stand in rows sorted by (k1, k2), and whether it is there.

    Cost: log n each.
    """
    at = np.empty(len(wanted1), np.int64)
    known = np.zeros(len(wanted1), np.bool_)
    n = len(k1)
    for q in range(len(wanted1)):
        lo, hi = 0, n
        while lo < hi:
            mid = (lo + hi) >> 1
            if k1[mid] < wanted1[q] or (k1[mid] == wanted1[q] and k2[mid] < wanted2[q]):
                lo = mid + 1
            else:
                hi = mid
        at[q] = lo
        known[q] = lo < n and k1[lo] == wanted1[q] and k2[lo] == wanted2[q]
    return at, known


@njit(cache=True, nogil=True)
def bluetooth_scan(
    k1, k2, duration, attenuation, groups, group_start, by_group, day_start, longest,
    person, start, end, most_attenuation,
    out_query, out_other, out_start, out_end, out_measure, out_row,
):  # fmt: skip
    """Sightings between each query person and anyone, seen from either side, no weaker than ``most_attenuation``.

    A sighting x reported lies in the first order (k1 = x), one that x's peer reported in the second.
    """
    cap = len(out_query)
    n = 0
    for q in range(len(person)):
        x = np.int64(person[q])
        first = max(np.int64(0), start[q] - day_start - longest)
        last = end[q] - day_start
        i = lower_bound(k1, (x << SECOND_BITS) | first, 0, len(k1))
        while i < len(k1) and (k1[i] >> SECOND_BITS) == x and (k1[i] & SECOND_MASK) < last:
            n = _emit_sighting(k1, duration, attenuation, day_start, start, end, most_attenuation, q, i, k2[i],
                               out_query, out_other, out_start, out_end, out_measure, out_row, n, cap)  # fmt: skip
            i += 1
        g = lower_bound(groups, x, 0, len(groups))
        if g == len(groups) or groups[g] != x:
            continue
        lo, hi = group_start[g], group_start[g + 1]
        while lo < hi:
            mid = (lo + hi) >> 1
            if (k1[by_group[mid]] & SECOND_MASK) < first:
                lo = mid + 1
            else:
                hi = mid
        for at in range(lo, group_start[g + 1]):
            i = by_group[at]
            if (k1[i] & SECOND_MASK) >= last:
                break
            n = _emit_sighting(k1, duration, attenuation, day_start, start, end, most_attenuation, q, i,
                               np.int32(k1[i] >> SECOND_BITS),
                               out_query, out_other, out_start, out_end, out_measure, out_row, n, cap)  # fmt: skip
    return n


@njit(cache=True, nogil=True)
def _emit_sighting(
    k1, duration, attenuation, day_start, start, end, most_attenuation, q, i, other,
    out_query, out_other, out_start, out_end, out_measure, out_row, n, cap,
):  # fmt: skip
    if attenuation[i] > most_attenuation:
        return n
    at = day_start + (k1[i] & SECOND_MASK)
    s = max(at, start[q])
    e = min(at + np.int64(duration[i]), end[q])
    if s >= e:
        return n
    if n < cap:
        out_query[n] = q
        out_other[n] = other
        out_start[n] = s
        out_end[n] = e
        out_measure[n] = attenuation[i]
        out_row[n] = i
    return n + 1


@njit(cache=True, nogil=True)
def stays_of_people(
    k1, left_at, groups, group_start, by_group, day_start, place_stay, person, start, end,
    out_query, out_place, out_start, out_end, out_row,
):  # fmt: skip
    """Check-in presences of each query person that overlap its window (not clipped)."""
    cap = len(out_query)
    n = 0
    for q in range(len(person)):
        g = lower_bound(groups, person[q], 0, len(groups))
        if g == len(groups) or groups[g] != person[q]:
            continue
        for at in range(group_start[g], group_start[g + 1]):
            i = by_group[at]
            second = k1[i] & SECOND_MASK
            s = day_start + second
            if s >= end[q]:
                break
            place = k1[i] >> SECOND_BITS
            e = day_start + left_at[i] if left_at[i] >= 0 else s + place_stay[place]
            if e <= start[q]:
                continue
            if n < cap:
                out_query[n] = q
                out_place[n] = place
                out_start[n] = s
                out_end[n] = e
                out_row[n] = i
            n += 1
    return n


@njit(cache=True, nogil=True)
def copresence_scan(
    k1, person_of, left_at, majors, major_longest, day_start, place_stay,
    own_person, own_place, own_start, own_end, low, high, slack_own, slack_other,
    out_own, out_other, out_start, out_end, out_row,
):  # fmt: skip
    """Other people's presences at the place of each own presence that overlap it, clipped to [low, high).

    ``slack_own`` widens the own presence on both sides, ``slack_other`` the other's.
    Cost: the rows of that place from (start - longest stay begun there that day) to the end.
    """
    cap = len(out_own)
    n = 0
    for o in range(len(own_place)):
        place = np.int64(own_place[o])
        m = lower_bound(majors, place, 0, len(majors))
        if m == len(majors) or majors[m] != place:
            continue
        from_s = max(own_start[o] - slack_own, low[o])
        to_s = min(own_end[o] + slack_own, high[o])
        longest = max(np.int64(major_longest[m]), np.int64(place_stay[place])) + slack_other
        first = max(np.int64(0), from_s - longest - day_start)
        last = to_s + slack_other - day_start
        i = lower_bound(k1, (place << SECOND_BITS) | min(first, np.int64(SECOND_MASK)), 0, len(k1))
        while i < len(k1) and (k1[i] >> SECOND_BITS) == place:
            second = k1[i] & SECOND_MASK
            if second >= last:
                break
            came = day_start + second
            left = day_start + left_at[i] if left_at[i] >= 0 else came + place_stay[place]
            s = max(came - slack_other, from_s)
            e = min(left + slack_other, to_s)
            if s < e and person_of[i] != own_person[o]:
                if n < cap:
                    out_own[n] = o
                    out_other[n] = person_of[i]
                    out_start[n] = s
                    out_end[n] = e
                    out_row[n] = i
                n += 1
            i += 1
    return n


@njit(cache=True, nogil=True)
def fix_end(k1, next_k1, i, day_start, next_day_start, max_gap):
    """When presence of fix i ends: at the person's next fix (maybe on the next day), at most ``max_gap`` later."""
    person = k1[i] >> SECOND_BITS
    at = day_start + (k1[i] & SECOND_MASK)
    end = at + max_gap
    if i + 1 < len(k1) and (k1[i + 1] >> SECOND_BITS) == person:
        return min(end, day_start + (k1[i + 1] & SECOND_MASK))
    if end > next_day_start and len(next_k1) > 0:
        j = lower_bound(next_k1, person << SECOND_BITS, 0, len(next_k1))
        if j < len(next_k1) and (next_k1[j] >> SECOND_BITS) == person:
            return min(end, next_day_start + (next_k1[j] & SECOND_MASK))
    return end


@njit(cache=True, nogil=True)
def fixes_of_people(
    k1, next_k1, accuracy, day_start, next_day_start, max_gap, worst_accuracy, person, start, end,
    out_query, out_start, out_end, out_row,
):  # fmt: skip
    """Fixes of each query person, no vaguer than ``worst_accuracy`` (dm), whose presence overlaps its window."""
    cap = len(out_query)
    n = 0
    for q in range(len(person)):
        x = np.int64(person[q])
        first = min(max(np.int64(0), start[q] - max_gap - day_start), np.int64(SECOND_MASK))
        last = end[q] - day_start
        i = lower_bound(k1, (x << SECOND_BITS) | first, 0, len(k1))
        while i < len(k1) and (k1[i] >> SECOND_BITS) == x and (k1[i] & SECOND_MASK) < last:
            e = fix_end(k1, next_k1, i, day_start, next_day_start, max_gap)
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
    k1, next_k1, lat, lng, accuracy, groups, group_start, by_group, day_start, next_day_start, max_gap,
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
                e = min(to_s, fix_end(k1, next_k1, i, day_start, next_day_start, max_gap))
                if s >= e:
                    continue
                d = distance_m(own_lat[o], own_lng[o], lat[i], lng[i], radius)
                a = 0.1 * own_accuracy[o]
                b = 0.1 * accuracy[i]
                sigma = math.sqrt(a * a + b * b) / accuracy_sigmas
                if d > min(limit_m + sigmas * sigma, search_cap_m):
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


@njit(cache=True, nogil=True)
def episodes(new_group, start, end, gap):
    """Number of the episode of each row; rows of a group are contiguous and ascending in start.

    A row joins the episode before it when it overlaps or touches it, or begins less than ``gap`` seconds after it.
    Also returns the credited seconds each row adds to its episode (the union, never the gaps).
    """
    episode = np.empty(len(start), np.int64)
    adds = np.empty(len(start), np.int64)
    number = -1
    reach = np.int64(0)
    for i in range(len(start)):
        if i == 0 or new_group[i] or (start[i] > reach and start[i] - reach >= gap):
            number += 1
            adds[i] = end[i] - start[i]
            reach = end[i]
        else:
            adds[i] = max(np.int64(0), end[i] - max(start[i], reach))
            reach = max(reach, end[i])
        episode[i] = number
    return episode, adds


@njit(cache=True, nogil=True)
def find_in_groups(groups, group_start, by_group, start, key, key_start, at):
    """Where new rows stand in a second order: by group, then start, then the place ``at`` in the first order."""
    out = np.empty(len(key), np.int64)
    for q in range(len(key)):
        g = lower_bound(groups, key[q], 0, len(groups))
        lo = group_start[g]
        hi = group_start[g + 1] if g < len(groups) and groups[g] == key[q] else lo
        while lo < hi:
            mid = (lo + hi) >> 1
            i = by_group[mid]
            if start[i] < key_start[q] or (start[i] == key_start[q] and i < at[q]):
                lo = mid + 1
            else:
                hi = mid
        out[q] = lo
    return out
