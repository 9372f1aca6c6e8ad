"""Evidence of one day as intervals of pairs, and each pair's day as one contact. Arrays in, arrays out.

Scans write into buffers of fixed capacity and return how many rows they *would* have written. Seconds count from the
beginning of the day looked at. A pair (a < b) belongs to part (a + b) % parts.
"""

import numpy as np
from numba import njit

from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.kernels.hashing import fold, fold3

CROWD_KEY = np.uint64(0x63726F7764)
"""Whom one meets in a crowd does not change from run to run."""


@njit(cache=True, nogil=True)
def sightings_of_day(
    k1, k2, duration, attenuation, offset, length, most, edges, weights, code, part, parts,
    out_a, out_b, out_start, out_end, out_weight,
):  # fmt: skip
    """Sightings no weaker than ``most`` (cdB), clipped to [0, length); ``offset``: the segment's day after ours, s."""
    cap, n = len(out_a), 0
    for i in range(len(k1)):
        if attenuation[i] > most:
            continue
        at = offset + (k1[i] & SECOND_MASK)
        start = max(at, np.int64(0))
        end = min(at + np.int64(duration[i]), np.int64(length))
        if start >= end:
            continue
        x, y = code[k1[i] >> SECOND_BITS], code[k2[i]]
        if x < 0 or y < 0 or x == y or (x + y) % parts != part:
            continue
        if n < cap:
            near = 0
            while near < len(edges) and edges[near] < attenuation[i] / 100:
                near += 1
            out_a[n], out_b[n] = min(x, y), max(x, y)
            out_start[n], out_end[n] = start, end
            out_weight[n] = weights[near]
        n += 1
    return n


@njit(cache=True, nogil=True)
def stays_of_day(
    k1, person_of, left_at, place_stay, offset, length, code, place_code, out_place, out_person, out_start, out_end
):  # fmt: skip
    """Stays, clipped to [0, length); ``offset``: the segment's day after ours, s."""
    cap, n = len(out_place), 0
    for i in range(len(k1)):
        graph_place = k1[i] >> SECOND_BITS
        at = k1[i] & SECOND_MASK
        left = left_at[i] if left_at[i] >= 0 else at + place_stay[graph_place]
        start, end = max(offset + at, np.int64(0)), min(offset + left, np.int64(length))
        person, place = code[person_of[i]], place_code[graph_place]
        if start >= end or person < 0 or place < 0:
            continue
        if n < cap:
            out_place[n], out_person[n], out_start[n], out_end[n] = place, person, start, end
        n += 1
    return n


@njit(cache=True, nogil=True)
def shared_stays(
    first, person, start, end, crowded, part, parts, out_a, out_b, out_start, out_end, out_row
):  # fmt: skip
    """Overlaps of stays at the same place, places that are ``crowded`` left out.

    Place p has the stays first[p] to before first[p + 1], ascending in start. Cost: the pairs that overlap.
    """
    cap, n = len(out_a), 0
    for p in range(len(first) - 1):
        if crowded[p]:
            continue
        for i in range(first[p], first[p + 1]):
            for j in range(i + 1, first[p + 1]):
                if start[j] >= end[i]:
                    break
                x, y = person[i], person[j]
                if x == y or (x + y) % parts != part:
                    continue
                if n < cap:
                    out_a[n], out_b[n] = min(x, y), max(x, y)
                    out_start[n], out_end[n] = start[j], min(end[i], end[j])
                    out_row[n] = i
                n += 1
    return n


@njit(cache=True, nogil=True)
def ranks_in_crowd(place, person, day):
    """A random number for each visitor of a place on a day, in whose order they stand in a ring."""
    out = np.empty(len(person), np.uint64)
    for i in range(len(person)):
        out[i] = fold3(CROWD_KEY, day, place, person[i])
    return out


@njit(cache=True, nogil=True)
def steps_in_crowd(place, visitors, day, count):
    """``count`` different random steps round a ring of visitors, none twice in either direction."""
    most = (visitors - 1) // 2
    key = fold(fold(fold(CROWD_KEY, day), place), -1)
    rank = np.empty(most, np.uint64)
    for i in range(most):
        rank[i] = fold(key, i)
    return np.sort(np.argsort(rank)[:count]) + 1


@njit(cache=True, nogil=True)
def crowd_stays(
    first, person, start, end, row, steps, part, parts, out_a, out_b, out_start, out_end, out_row
):  # fmt: skip
    """Overlaps of the stays of visitors that stand so many steps apart in the ring of one place.

    Visitor v of the ring has the stays first[v] to before first[v + 1]. Each has 2 len(steps) others.
    """
    cap, n, visitors = len(out_a), 0, len(first) - 1
    for v in range(visitors):
        for step in steps:
            w = v + step
            if w >= visitors:
                w -= visitors
            for i in range(first[v], first[v + 1]):
                for j in range(first[w], first[w + 1]):
                    s, e = max(start[i], start[j]), min(end[i], end[j])
                    if s >= e:
                        continue
                    x, y = person[i], person[j]
                    if (x + y) % parts != part:
                        continue
                    if n < cap:
                        out_a[n], out_b[n] = min(x, y), max(x, y)
                        out_start[n], out_end[n] = s, e
                        out_row[n] = row
                    n += 1
    return n


@njit(cache=True, nogil=True)
def crowd_sweep(
    stood, near, person, start, end, row, part, parts, out_a, out_b, out_start, out_end, out_row
):  # fmt: skip
    """The rows of :func:`crowd_stays`, from the stays of the place in order of their start.

    ``stood``: where in the ring the visitor of each stay is; ``near``: whether visitors so far apart meet, shape
    (half the ring + 1,). Cost: the stays that overlap.
    """
    cap, n, visitors = len(out_a), 0, np.int64(0)
    for i in range(len(stood)):
        visitors = max(visitors, np.int64(stood[i]) + 1)
    for i in range(len(start)):
        for j in range(i + 1, len(start)):
            if start[j] >= end[i]:
                break
            apart = abs(np.int64(stood[i]) - np.int64(stood[j]))
            if not near[min(apart, visitors - apart)]:
                continue
            x, y = person[i], person[j]
            if (x + y) % parts != part:
                continue
            if n < cap:
                out_a[n], out_b[n] = min(x, y), max(x, y)
                out_start[n], out_end[n] = start[j], min(end[i], end[j])
                out_row[n] = row
            n += 1
    return n


@njit(cache=True, nogil=True)
def days_of_pairs(heads, start, end, weight, channel, place, out_seconds, out_hours, out_place, out_channel):
    """One contact a pair: rows heads[g] to before heads[g + 1], ascending in start.

    Seconds of the union; hours times the greatest weight at each instant; the place with the most time of shared stays
    (of equal ones the first by number); all channels. Order of rows of equal start plays no part.
    """
    largest = np.int64(0)
    for g in range(len(heads) - 1):
        largest = max(largest, heads[g + 1] - heads[g])
    ends, weights = np.empty(largest, np.int64), np.empty(largest, np.float64)
    for g in range(len(heads) - 1):
        low, high = heads[g], heads[g + 1]
        out_seconds[g], out_hours[g] = _union(low, high, start, end, weight, ends, weights)
        out_place[g] = _main_place(low, high, start, end, place)
        bits = np.uint8(0)
        for i in range(low, high):
            bits |= channel[i]
        out_channel[g] = bits


@njit(cache=True, nogil=True)
def _union(low, high, start, end, weight, ends, weights):
    """Seconds covered by rows, and their integral of the greatest weight in hours. Rows that are open are kept."""
    seconds, hours = np.int64(0), 0.0
    n, now, i = 0, np.int64(0), low
    while i < high or n > 0:
        if n == 0:
            now = np.int64(start[i])
        while i < high and start[i] <= now:
            ends[n], weights[n] = end[i], weight[i]
            n += 1
            i += 1
        until = np.int64(start[i]) if i < high else ends[0]
        best = 0.0
        for k in range(n):
            until = min(until, ends[k])
            best = max(best, weights[k])
        seconds += until - now
        hours += best * (until - now)
        kept = 0
        for k in range(n):
            if ends[k] > until:
                ends[kept], weights[kept] = ends[k], weights[k]
                kept += 1
        n, now = kept, until
    return seconds, hours / 3600


@njit(cache=True, nogil=True)
def _main_place(low, high, start, end, place):
    best, most = np.int32(-1), np.int64(0)
    for i in range(low, high):
        if place[i] < 0 or place[i] == best:
            continue
        total = np.int64(0)
        for k in range(low, high):
            if place[k] == place[i]:
                total += end[k] - start[k]
        if total > most or (total == most and place[i] < best):
            best, most = place[i], total
    return best
