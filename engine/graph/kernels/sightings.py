"""Scan of Bluetooth sightings from both sides. See :mod:`engine.graph.kernels.found`."""

import numpy as np

from engine.graph.kernels import atlas as at
from engine.graph.kernels import found
from engine.graph.kernels.atlas import ask_first, ask_second, first_not_below, group_near, rows_of_code, run_of_group
from engine.graph.kernels.memory import int16_at, int32_at, int64_at, lean, prefetch, uint16_at
from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.kernels.memory import inner

BLUETOOTH = 0


@lean
def sightings_of(atlas, person, start, end, first, last, most, buckets, n, whole, parts, tally, scratch):
    """Sightings between each person and anyone, seen from either side, no weaker than ``most`` (cdB).

    A sighting x reported lies in the first order (k1 = x), one that x's peer reported in the second. ``buckets``:
    three edges of attenuation (dB, inclusive), then four weights.
    """
    items, rows = scratch[: found.ROUND], scratch[found.ROUND :]
    p, s = np.int64(first), np.int64(0)
    while p < last:
        m, p, s = found.next_round(atlas, BLUETOOTH, person, start, end, 0, 0, p, s, last, items)
        _ranges(atlas, person, start, end, m, items)
        r = 0
        for i in range(m):
            for order in range(2):
                for j in range(items[i, 3 + 2 * order], items[i, 4 + 2 * order]):
                    if r == found.RECORDS:
                        n = _told(atlas, start, end, most, buckets, r, rows, n, whole, parts)
                        r = 0
                    line = items[i, 1]
                    row = at.row_at(atlas, line, j) if order else j
                    rows[r, 0], rows[r, 1], rows[r, 2] = items[i, 0], line, row
                    rows[r, 3] = (items[i, 2] << 1) | order
                    prefetch(atlas[line + at.K1] + 8 * row)
                    prefetch(atlas[line + at.K2] + 4 * row)
                    prefetch(atlas[line + at.FIRST_PAYLOAD] + 2 * row)
                    prefetch(atlas[line + at.SECOND_PAYLOAD] + 2 * row)
                    r += 1
                    tally[0] += 1
        n = _told(atlas, start, end, most, buckets, r, rows, n, whole, parts)
    return n


@inner
def _ranges(atlas, person, start, end, m, items):
    """For each item where its rows are, in columns 3-4 of the first order and 5-6 of the second."""
    for i in range(m):
        ask_first(atlas, items[i, 1], person[items[i, 0]])
        ask_second(atlas, items[i, 1], person[items[i, 0]])
    for i in range(m):
        x, line = person[items[i, 0]], items[i, 1]
        lo, hi = rows_of_code(atlas, line, x)
        prefetch(atlas[line + at.K1] + 8 * ((lo + hi) >> 1))
        items[i, 3], items[i, 4] = lo, hi
        items[i, 5] = group_near(atlas, line, x)
    for i in range(m):
        line, lo, hi = items[i, 1], items[i, 3], items[i, 4]
        if lo < hi:
            p, k1 = items[i, 0], atlas[line + at.K1]
            x = person[p] << SECOND_BITS
            since = start[p] - atlas[line + at.DAY_START] - atlas[line + at.LONGEST]
            to = end[p] - atlas[line + at.DAY_START]
            lo = first_not_below(k1, x | min(max(since, 0), SECOND_MASK), lo, hi)
            items[i, 3] = lo
            below = x + min(max(to, 0), SECOND_MASK)
            while lo < hi and int64_at(k1, lo) < below:
                lo += 1
            items[i, 4] = lo
        items[i, 5], items[i, 6] = run_of_group(atlas, line, items[i, 5], person[items[i, 0]])
        at.ask_row(atlas, line, items[i, 5])
    _within(atlas, start, end, m, items)


@inner
def _within(atlas, start, end, m, items):
    """Narrow long runs of the second order (columns 5-6) to the window."""
    for i in range(m):
        lo, hi = items[i, 5], items[i, 6]
        if hi - lo <= 4:
            continue
        p, line = items[i, 0], items[i, 1]
        since = start[p] - atlas[line + at.DAY_START] - atlas[line + at.LONGEST]
        to = end[p] - atlas[line + at.DAY_START]
        items[i, 5] = _after(atlas, line, since, lo, hi)
        items[i, 6] = _after(atlas, line, to, items[i, 5], hi)


@inner
def _after(atlas, line, wanted, lo, hi):
    """First of the rows [lo, hi) of a group at or after a second of the day, else hi."""
    k1 = atlas[line + at.K1]
    while lo < hi:
        mid = (lo + hi) >> 1
        if (int64_at(k1, at.row_at(atlas, line, mid)) & SECOND_MASK) < wanted:
            lo = mid + 1
        else:
            hi = mid
    return lo


@inner
def _told(atlas, start, end, most, buckets, r, rows, n, whole, parts):
    """Write the evidence of the first ``r`` rows."""
    cap = len(whole)
    for i in range(r):
        p, line, row = rows[i, 0], rows[i, 1], rows[i, 2]
        attenuation = int16_at(atlas[line + at.SECOND_PAYLOAD], row)
        if attenuation > most:
            continue
        key = int64_at(atlas[line + at.K1], row)
        moment = atlas[line + at.DAY_START] + (key & SECOND_MASK)
        since = max(moment, start[p])
        to = min(moment + uint16_at(atlas[line + at.FIRST_PAYLOAD], row), end[p])
        if since >= to:
            continue
        if n < cap:
            db = attenuation / 100.0
            line_out, fractions = whole[n], parts[n]
            line_out[found.PERSON] = p
            line_out[found.OTHER] = key >> SECOND_BITS if rows[i, 3] & 1 else int32_at(atlas[line + at.K2], row)
            line_out[found.START], line_out[found.END] = since, to
            line_out[found.PLACE], line_out[found.OWN] = -1, -1
            line_out[found.THEIRS] = ((rows[i, 3] >> 1) << 32) | row
            fractions[found.WEIGHT] = buckets[3 + (db > buckets[0]) + (db > buckets[1]) + (db > buckets[2])]
            fractions[found.MEASURE] = db
        n += 1
    return n
