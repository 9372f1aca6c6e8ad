"""Contacts into rows by day and person: two counting sorts, and duplicates joined. Arrays in, arrays out."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def row_starts(days, people, day, a, b):
    """Rows of each day and person, both ends counted, as starts (days, people + 1)."""
    first = np.zeros((days, people + 1), np.int64)
    for i in range(len(a)):
        first[day[i], a[i]] += 1
        first[day[i], b[i]] += 1
    total = np.int64(0)
    for d in range(days):
        for p in range(people + 1):
            count = first[d, p]
            first[d, p] = total
            total += count
    return first


@njit(cache=True, nogil=True)
def directed_order(first, day, a, b):
    """The two ends of each contact in order of (day, person, other), then as given: 2 row + (1 when from b).

    Whoever is met is sorted first: the rows of (day, other) name the same numbers as those of (day, person).
    """
    by_other = np.empty(2 * len(a), np.int64)
    at = first.copy()
    for i in range(len(a)):
        by_other[at[day[i], b[i]]] = 2 * i
        at[day[i], b[i]] += 1
        by_other[at[day[i], a[i]]] = 2 * i + 1
        at[day[i], a[i]] += 1
    order = np.empty(2 * len(a), np.int64)
    at[:, :] = first
    for n in range(len(by_other)):
        end = by_other[n]
        i = end >> 1
        person = b[i] if end & 1 else a[i]
        order[at[day[i], person]] = end
        at[day[i], person] += 1
    return order


@njit(cache=True, nogil=True)
def join_rows(first, order, a, b, weight, minutes, place, channel, new_first, o_other, o_weight, o_minutes, o_place,
              o_channel):  # fmt: skip
    """Rows of one person, other and day become one, in place: sums, all channels, the place of the longest row.

    Returns how many rows there are; ``new_first`` is ``first`` for them. Both ends add in the order given.
    """
    days, width = first.shape
    n = 0
    for d in range(days):
        for p in range(width):
            new_first[d, p] = n
            if p == width - 1:
                break
            at = first[d, p]
            while at < first[d, p + 1]:
                i = order[at] >> 1
                other = a[i] if order[at] & 1 else b[i]
                total, time, bits = np.float64(0), np.float64(0), np.uint8(0)
                longest, where = np.float64(-1), np.int32(-1)
                while at < first[d, p + 1]:
                    i = order[at] >> 1
                    if (a[i] if order[at] & 1 else b[i]) != other:
                        break
                    total += weight[i]
                    time += minutes[i]
                    bits |= channel[i]
                    if minutes[i] > longest:
                        longest, where = np.float64(minutes[i]), place[i]
                    at += 1
                o_other[n], o_weight[n], o_minutes[n], o_place[n], o_channel[n] = other, total, time, where, bits
                n += 1
    return n
