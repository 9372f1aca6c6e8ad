"""Contacts into rows by day and person: dealt out by person twice, and duplicates joined. Arrays in, arrays out.

Each contact has two ends, so that whoever is dealt out by one end is so by the other as well: going through the people
in order and giving each of theirs the own code in turn leaves every list in order, without a comparison.
"""

import numpy as np
from numba import njit

LOW = 0xFFFFFFFF
"""Lower half of a word: the row of a contact. The upper half is the person at its other end."""
FIRST = 1 << 31
"""Bit of a word: the first of its person."""


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
def deal_day(rows, low, high, a, b, first, upto, heads, words, out):
    """Both ends of the contacts ``rows[low:high]`` (low to high, where ``rows`` is empty) by person and other.

    ``out``, shape (ends + 1,), holds words, other above and row below, those of one person and other in the order
    given, and the first of each person is marked; ``first``, shape (people + 1,), says where each person's begin. To
    work in: ``upto``, shape (people,), ``heads``, shape (ends + 1,), and ``words``, shape (ends,). Returns whether any
    person has another twice. Cost: linear, each end moved twice.
    """
    people, n, given = len(upto), 2 * (high - low), len(rows) > 0
    upto[:] = 0
    for k in range(low, high):
        i = rows[k] if given else k
        upto[a[i]] += 1
        upto[b[i]] += 1
    before = np.int32(0)
    for p in range(people):
        here = upto[p]
        first[p] = upto[p] = before
        before += here
    first[people] = before
    for k in range(low, high):
        i = rows[k] if given else k
        x, y = a[i], b[i]
        words[np.uint32(upto[x])] = np.int64(y) << 32 | i
        upto[x] += 1
        words[np.uint32(upto[y])] = np.int64(x) << 32 | i
        upto[y] += 1
    heads[:] = 0
    for p in range(people):
        upto[p] = first[p]
        heads[first[p]] += 1
    person = np.int64(-1)
    for e in range(n):
        person += heads[e]  # instead of a loop over each person's few, whose end no processor guesses
        word = words[e]
        other = np.uint32(word >> 32)
        out[np.uint32(upto[other])] = person << 32 | (word & LOW)
        upto[other] += 1
    for p in range(people):  # of people without contacts: the next one's, or the sentinel
        out[first[p]] |= FIRST
    twice = False
    for e in range(1, n):
        twice |= ((out[e] ^ out[e - 1]) >> 32 == 0) & (out[e] & FIRST == 0)
    return twice


@njit(cache=True, nogil=True)
def write_day(words, at, first, weight, minutes, place, channel, o_other, o_weight, o_minutes, o_place, o_channel):
    """Rows of a day as :func:`deal_day` left them, from ``at`` on; returns their number."""
    n = len(words) - 1  # the last one is a sentinel
    for e in range(n):
        i = np.uint32(words[e] & (FIRST - 1))
        o_other[at + e] = words[e] >> 32
        o_weight[at + e], o_minutes[at + e] = weight[i], minutes[i]
        o_place[at + e], o_channel[at + e] = place[i], channel[i]
    for p in range(len(first)):
        first[p] += at
    return n


@njit(cache=True, nogil=True)
def join_day(words, at, first, weight, minutes, place, channel, o_other, o_weight, o_minutes, o_place, o_channel):
    """As :func:`write_day`, those of one pair joined.

    Joined rows add up in the order given, have all channels, and the place of the one with the most minutes (of equal
    ones the first).
    """
    used, e = at, 0
    for p in range(len(first) - 1):
        end = first[p + 1]
        first[p] = used
        while e < end:
            other = words[e] >> 32
            total, time, channels = np.float64(0), np.float64(0), np.uint8(0)
            longest, where = np.float64(-1), np.int32(-1)
            while e < end and words[e] >> 32 == other:
                i = words[e] & (FIRST - 1)
                total += weight[i]
                time += minutes[i]
                channels |= channel[i]
                if minutes[i] > longest:
                    longest, where = np.float64(minutes[i]), place[i]
                e += 1
            o_other[used], o_weight[used], o_minutes[used] = other, total, time
            o_place[used], o_channel[used] = where, channels
            used += 1
    first[len(first) - 1] = used
    return used - at
