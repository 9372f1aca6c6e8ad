"""Look-ups in sorted columns. Arrays in, arrays out."""

import numpy as np
from numba import njit


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
def gallop(values, wanted, lo, hi):
    """As ``lower_bound``, quick when the answer is near ``lo``: in steps that double, then by halves."""
    step = 1
    while lo < hi and values[lo] < wanted:
        ahead = min(lo + step, hi)
        if ahead == hi or values[ahead] >= wanted:
            return lower_bound(values, wanted, lo + 1, ahead)
        lo, step = ahead, 2 * step
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
