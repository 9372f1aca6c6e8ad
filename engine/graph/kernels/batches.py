"""A batch taken apart by day, and the rows of a day put in order. Arrays in, arrays out."""

import numpy as np
from numba import njit

from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.kernels.radix import code_of, into_order

DAY = 86_400


@njit(cache=True, nogil=True)
def span_of_days(at):
    """First and last day of moments ``at``, UTC s; there is at least one."""
    least = most = at[0]
    for moment in at:
        least, most = min(least, moment), max(most, moment)
    return least // DAY, most // DAY


@njit(cache=True, nogil=True)
def day_starts(at, low, days):
    """Where the rows of each day begin once split by day, shape (days + 1,), and whether they are split already."""
    starts, in_order, before = np.zeros(days + 1, np.int64), True, np.int64(0)
    for moment in at:
        day = moment // DAY - low
        starts[day + 1] += 1
        in_order &= day >= before
        before = day
    for i in range(days):
        starts[i + 1] += starts[i]
    return starts, in_order


@njit(cache=True, nogil=True)
def seconds_of_day(at, second, row):
    """What :func:`split_by_day` gives of rows that come day by day."""
    for i in range(len(at)):
        second[i], row[i] = at[i] % DAY, i


@njit(cache=True, nogil=True)
def split_by_day(first, at, other, low, starts, code, second, peer, row):
    """Deal out rows by day, of one day in the order given: code, second of the day, other code, number.

    ``other`` and ``peer`` may be empty: there is no second code then.
    """
    upto = starts[:-1].copy()
    for i in range(len(at)):
        day = at[i] // DAY
        to = upto[day - low]
        upto[day - low] += 1
        code[to], second[to], row[to] = first[i], at[i] - day * DAY, i
        if len(other):
            peer[to] = other[i]


@njit(cache=True, nogil=True)
def sort_day(code, second, peer, row, keys, room, k1, k2, source):
    """Rows of one day by (k1, k2), equal ones as they came, and the number of each; returns whether a key comes twice.

    ``keys`` and ``room`` are to work in; ``peer`` and ``k2`` may be empty. Cost: linear.
    """
    n = len(code)
    order = source
    packed, least, shared = into_order(code, second, order, keys, room)
    for i in range(n):
        at = order[i]
        if packed:
            k1[i] = code_of(keys[i], least, shared) << SECOND_BITS | keys[i] & SECOND_MASK
        else:
            k1[i] = np.int64(code[at]) << SECOND_BITS | second[at]
        if len(peer):
            k2[i] = peer[at]
        source[i] = row[at]
    twice = False
    i = 0
    while i < n:
        end = i + 1
        while end < n and k1[end] == k1[i]:
            end += 1
        if end - i > 1:
            twice |= len(peer) == 0 or _order_equals(k2[i:end], source[i:end], keys, room)
        i = end
    return twice


@njit(cache=True, nogil=True)
def _order_equals(k2, source, keys, room):
    """Put rows of one first key in the order of the second, stable; returns whether one comes twice."""
    order = np.empty(len(k2), np.int32)
    into_order(k2, np.zeros(len(k2), np.int32), order, keys, room)
    key, row = k2.copy(), source.copy()
    twice = False
    for i in range(len(order)):
        k2[i], source[i] = key[order[i]], row[order[i]]
        twice |= i > 0 and k2[i] == k2[i - 1]
    return twice


@njit(cache=True, nogil=True)
def take_into(column, rows, out):
    """``column[rows]`` into ``out``."""
    for i in range(len(rows)):
        out[i] = column[rows[i]]


@njit(cache=True, nogil=True)
def squeeze(column, gone):
    """Move up the rows of a column that are not ``gone``; returns how many there are."""
    to = 0
    while to < len(column) and not gone[to]:
        to += 1
    for i in range(to, len(column)):
        column[to] = column[i]
        to += not gone[i]
    return to


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
