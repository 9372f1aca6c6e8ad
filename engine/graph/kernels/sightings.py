"""Scan of Bluetooth sightings from both sides.

Scans write into buffers of fixed capacity and return how many rows they *would* have written; a caller whose
buffer was too small tries again with a larger one. Every emitted interval is half-open UTC seconds, clipped to
the window of its query, and not empty.
"""

import numpy as np
from numba import njit

from engine.graph.kernels.search import lower_bound
from engine.graph.layout import SECOND_BITS, SECOND_MASK


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
