"""Look-ups in sorted columns. Arrays in, arrays out."""

import numpy as np
from numba import njit

from engine.graph.layout import SECOND_MASK

NEAR = 4
"""With so many rows for each key wanted, or fewer, rows are gone through."""


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
def _first_at_least(k1, wanted, lo, rate):
    """First index of sorted ``k1`` from ``lo`` on that is at least ``wanted``: guessed, then searched around there."""
    n = len(k1)
    if lo >= n or k1[lo] >= wanted:
        return lo
    guess = lo + 1 + np.int64((wanted - k1[lo]) * rate)
    step = 8
    if guess < n and k1[guess] < wanted:
        lo = guess
        while lo + step < n and k1[lo + step] < wanted:
            lo += step
            step *= 2
        return lower_bound(k1, wanted, lo + 1, min(lo + step, n))
    hi = min(guess, n)
    while hi - step > lo and k1[hi - step] >= wanted:
        hi -= step
        step *= 2
    return lower_bound(k1, wanted, max(lo + 1, hi - step), hi)


@njit(cache=True, nogil=True)
def _place_of(k1, k2, wanted1, wanted2, lo, rate):
    """Where a key is or would be in rows sorted by (k1, k2); not before ``lo``."""
    at = _first_at_least(k1, wanted1, lo, rate)
    if at < len(k1) and k1[at] == wanted1 and k2[at] < wanted2:
        end = gallop(k1, wanted1 + 1, at, len(k1))
        return lower_bound(k2, wanted2, at, end)
    return at


@njit(cache=True, nogil=True)
def _rate_of(k1):
    return (len(k1) - 1) / max(k1[-1] - k1[0], 1) if len(k1) else 0.0


@njit(cache=True, nogil=True)
def find_places(k1, k2, wanted1, wanted2):
    """Where each key (wanted1, wanted2) stands or would stand in rows sorted by (k1, k2), and whether it is there.

    Cost: a few steps each where those wanted are in order too, else log n.
    """
    at = np.empty(len(wanted1), np.int64)
    known = np.zeros(len(wanted1), np.bool_)
    rate, lo = _rate_of(k1), 0
    for q in range(len(wanted1)):
        if q and (wanted1[q] < wanted1[q - 1] or (wanted1[q] == wanted1[q - 1] and wanted2[q] < wanted2[q - 1])):
            lo = 0
        lo = at[q] = _place_of(k1, k2, wanted1[q], wanted2[q], lo, rate)
        known[q] = lo < len(k1) and k1[lo] == wanted1[q] and k2[lo] == wanted2[q]
    return at, known


@njit(cache=True, nogil=True)
def mark_known(k1, k2, first_s, last_s, wanted1, wanted2, known):
    """Mark the keys wanted, which are sorted too, that are among rows sorted by (k1, k2); returns how many are.

    The rows lie in seconds [first_s, last_s]: what was at another time of the day is not looked for. Cost: a few steps
    a key; 2 ns a key and row where there are few rows a key.
    """
    concerned = 0
    for key in wanted1:
        concerned += (key & SECOND_MASK >= first_s) & (key & SECOND_MASK <= last_s)
    if concerned and len(k1) <= NEAR * concerned and len(wanted1) <= NEAR * concerned:
        return _mark_near(k1, k2, first_s, last_s, wanted1, wanted2, known)
    rate, lo, found = _rate_of(k1), 0, 0
    for q in range(len(wanted1) if concerned else 0):
        second = wanted1[q] & SECOND_MASK
        if second < first_s or second > last_s:
            continue
        lo = _place_of(k1, k2, wanted1[q], wanted2[q], lo, rate)
        if lo < len(k1) and k1[lo] == wanted1[q] and k2[lo] == wanted2[q]:
            known[q] = True
            found += 1
    return found


@njit(cache=True, nogil=True)
def _mark_near(k1, k2, first_s, last_s, wanted1, wanted2, known):
    """:func:`mark_known` by going through both, without a branch on keys that differ."""
    i = q = found = 0
    while i < len(k1) and q < len(wanted1):
        here, wanted = k1[i], wanted1[q]
        before = here < wanted
        if here == wanted:
            before = k2[i] < wanted2[q]
            if k2[i] == wanted2[q] and first_s <= wanted & SECOND_MASK <= last_s:
                known[q] = True
                found += 1
        i += before
        q += not before
    return found
