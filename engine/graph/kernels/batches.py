"""A batch taken apart by day, and the rows of a day put in order. Arrays in, arrays out."""

import numpy as np
from numba import njit

from engine.graph.layout import SECOND_BITS
from engine.kernels.radix import order_by

DAY = 86_400


@njit(cache=True, nogil=True)
def span_of_days(at):
    """First and last day of moments ``at``, UTC s; there is at least one."""
    least = most = at[0]
    for moment in at:
        least, most = min(least, moment), max(most, moment)
    return least // DAY, most // DAY


@njit(cache=True, nogil=True)
def split_by_day(at, low, days):
    """Rows by day: (starts as (days + 1,), rows, of one day in the order given). Cost: linear, two passes."""
    starts = np.zeros(days + 1, np.int64)
    for moment in at:
        starts[moment // DAY - low + 1] += 1
    for day in range(days):
        starts[day + 1] += starts[day]
    upto = starts[:-1].copy()
    rows = np.empty(len(at), np.int32)
    for i in range(len(at)):
        day = at[i] // DAY - low
        rows[upto[day]] = i
        upto[day] += 1
    return starts, rows


@njit(cache=True, nogil=True)
def day_rows(first, at, peer, rows):
    """Keys of ``rows``, which are of one day, in order: (k1, k2, row of the batch, whether a key comes twice).

    Equal keys stay as they came. ``peer`` may be empty: there is no second key then. Cost: linear.
    """
    n = len(rows)
    code, second = np.empty(n, np.int32), np.empty(n, np.int32)
    for i in range(n):
        code[i], second[i] = first[rows[i]], at[rows[i]] % DAY
    order = order_by(code, second)
    k1, k2 = np.empty(n, np.int64), np.empty(n if len(peer) else 0, np.int32)
    source = np.empty(n, np.int32)
    for i in range(n):
        source[i] = rows[order[i]]
        k1[i] = np.int64(code[order[i]]) << SECOND_BITS | second[order[i]]
    if len(peer):
        for i in range(n):
            k2[i] = peer[source[i]]
    twice = False
    i = 0
    while i < n:
        end = i + 1
        while end < n and k1[end] == k1[i]:
            end += 1
        if end - i > 1:
            twice |= len(peer) == 0 or _order_equals(k2[i:end], source[i:end])
        i = end
    return k1, k2, source, twice


@njit(cache=True, nogil=True)
def _order_equals(k2, source):
    """Put rows of one first key in the order of the second, stable; returns whether one comes twice."""
    order = order_by(k2, np.zeros(len(k2), np.int32))
    key, row = k2.copy(), source.copy()
    twice = False
    for i in range(len(order)):
        k2[i], source[i] = key[order[i]], row[order[i]]
        twice |= i > 0 and k2[i] == k2[i - 1]
    return twice


@njit(cache=True, nogil=True)
def taken(column, rows):
    """``column[rows]``."""
    out = np.empty(len(rows), column.dtype)
    for i in range(len(rows)):
        out[i] = column[rows[i]]
    return out


@njit(cache=True, nogil=True)
def mark_repeats(k1, k2, marked):
    """Mark every row of sorted rows whose key another row has too."""
    for i in range(1, len(k1)):
        if k1[i] == k1[i - 1] and k2[i] == k2[i - 1]:
            marked[i] = marked[i - 1] = True


@njit(cache=True, nogil=True)
def seconds_since_midnight(moment, known, at, out):
    """Seconds of ``moment`` from the beginning of the day of ``at``; -1 where it is not known."""
    for i in range(len(at)):
        out[i] = moment[i] - at[i] // DAY * DAY if known[i] else -1
