"""How long each location fix holds: to the person's next fix, at most ``max_gap``. Arrays in, arrays out."""

import numpy as np
from numba import njit

from engine.graph.kernels.search import lower_bound
from engine.graph.layout import SECOND_BITS, SECOND_MASK


@njit(cache=True, nogil=True)
def own_stays(k1, max_gap):
    """Seconds each fix of rows sorted by ``k1`` holds, as far as these rows tell."""
    out = np.empty(len(k1), np.uint16)
    for i in range(len(k1)):
        out[i] = max_gap
        if i + 1 < len(k1) and (k1[i + 1] >> SECOND_BITS) == (k1[i] >> SECOND_BITS):
            out[i] = min(max_gap, k1[i + 1] - k1[i])
    return out


@njit(cache=True, nogil=True)
def shorten(k1, stay, later, shift, limit):
    """Ends fixes at the next ones that another segment, ``later``, holds; returns how many were shortened.

    ``shift`` is the distance of the two days' beginnings, s (0: the same day); ``limit`` is the least second of the
    day from which a fix can reach the other day at all. With ``stay`` read-only and nothing to shorten, nothing is
    written.
    """
    changed = 0
    n = len(later)
    if n == 0:
        return 0
    hint = 0
    for i in range(len(k1)):
        at = k1[i] & SECOND_MASK
        if at < limit:
            continue
        person = k1[i] >> SECOND_BITS
        wanted = k1[i] + 1 if shift == 0 else person << SECOND_BITS
        j = lower_bound(later, wanted, hint, n)
        hint = j if shift == 0 else 0
        if j == n or (later[j] >> SECOND_BITS) != person:
            continue
        gap = shift + (later[j] & SECOND_MASK) - at
        if gap < stay[i]:
            stay[i] = gap
            changed += 1
    return changed


@njit(cache=True, nogil=True)
def earlier_shortened(k1, stay, new, shift):
    """Rows of ``k1`` whose person has a fix among ``new`` before they end: (row, seconds they now hold).

    ``new`` holds few rows, sorted, and lies on the same day (``shift`` 0) or the following one.
    """
    rows = np.empty(len(new), np.int64)
    held = np.empty(len(new), np.uint16)
    n = 0
    for q in range(len(new)):
        person = new[q] >> SECOND_BITS
        wanted = new[q] if shift == 0 else (person + 1) << SECOND_BITS
        i = lower_bound(k1, wanted, 0, len(k1)) - 1
        if i < 0 or (k1[i] >> SECOND_BITS) != person:
            continue
        gap = shift + (new[q] & SECOND_MASK) - (k1[i] & SECOND_MASK)
        if gap < stay[i]:
            if n > 0 and rows[n - 1] == i:
                held[n - 1] = min(held[n - 1], gap)
                continue
            rows[n] = i
            held[n] = gap
            n += 1
    return rows[:n], held[:n]
