"""Contacts into rows by day and person: a radix sort a day, and duplicates joined. Arrays in, arrays out."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def starts_of_days(day, days):
    """Where the rows of each day begin once split by day, shape (days + 1,), and whether they are split already."""
    starts, in_order, before = np.zeros(days + 1, np.int64), True, np.int64(0)
    for here in day:
        starts[here + 1] += 1
        in_order &= here >= before
        before = here
    for i in range(days):
        starts[i + 1] += starts[i]
    return starts, in_order


@njit(cache=True, nogil=True)
def rows_by_day(day, starts, rows):
    """Numbers of the rows by day, of one day in the order given."""
    upto = starts[:-1].copy()
    for i in range(len(day)):
        rows[upto[day[i]]] = i
        upto[day[i]] += 1


@njit(cache=True, nogil=True)
def pairs_of(rows, a, b, bits, code):
    """Both ends of the contacts ``rows`` as person << bits | other, into ``code``, twice as long."""
    for i in range(len(rows)):
        x, y = np.int64(a[rows[i]]), np.int64(b[rows[i]])
        code[2 * i], code[2 * i + 1] = x << bits | y, y << bits | x


@njit(cache=True, nogil=True)
def join_day(rows, bits, code, order, pairs, weight, minutes, place, channel, at, first, o_other, o_weight, o_minutes,
             o_place, o_channel):  # fmt: skip
    """Rows of one day by (person, other), the ``order`` of ``code``, those of one pair joined; returns their number.

    Joined rows add up in the order given, have all channels, and the place of the one with the most minutes (of equal
    ones the first). They are written from ``at`` on; ``first``, shape (people + 1,), says where each person's begin.
    ``pairs``, as long as ``code``, is to work in.
    """
    n = len(code)
    for e in range(n):  # apart from the loop below, whose branches would have to wait for each of these
        pairs[e] = code[order[e]]
    first[:] = 0
    used, e = at, 0
    while e < n:
        pair = pairs[e]
        total, time, channels = np.float64(0), np.float64(0), np.uint8(0)
        longest, where = np.float64(-1), np.int32(-1)
        while e < n and pairs[e] == pair:
            i = rows[order[e] >> 1]
            total += weight[i]
            time += minutes[i]
            channels |= channel[i]
            if minutes[i] > longest:
                longest, where = np.float64(minutes[i]), place[i]
            e += 1
        o_other[used] = pair & ((np.int64(1) << bits) - 1)
        o_weight[used], o_minutes[used], o_place[used], o_channel[used] = total, time, where, channels
        first[(pair >> bits) + 1] += 1
        used += 1
    first[0] = at
    for p in range(len(first) - 1):
        first[p + 1] += first[p]
    return used - at
