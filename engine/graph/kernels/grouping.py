"""The second order of a segment, and how far its rows reach. Arrays in, arrays out."""

import numpy as np
from numba import njit

from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.kernels.radix import code_of, into_order


@njit(cache=True, nogil=True)
def group(by, k1, keys, room, order, first):
    """Rows sorted by ``k1`` into the order of ``by``, then second, then row; returns how many distinct groups.

    ``room`` gets those, ``first``, as (rows + 1,), the first index of each and the end; ``keys`` and ``room``, int64 as
    (rows,), are to work in. Cost: linear.
    """
    n = len(by)
    for i in range(n):
        first[i] = k1[i] & SECOND_MASK
    packed, least, shared = into_order(by, first[:n], order, keys, room)
    for i in range(n):  # apart from the loop below, whose branch would have to wait for each of these
        keys[i] = code_of(keys[i], least, shared) if packed else np.int64(by[order[i]])
    count = 0
    for i in range(n):
        if i == 0 or keys[i] != keys[i - 1]:
            room[count], first[count] = keys[i], i
            count += 1
    first[count] = n
    return count


@njit(cache=True, nogil=True)
def second_span(k1):
    """Least and greatest second of the day; (0, -1) of no rows."""
    if len(k1) == 0:
        return 0, -1
    least, most = SECOND_MASK, 0
    for key in k1:
        second = key & SECOND_MASK
        least = second if second < least else least
        most = second if second > most else most
    return least, most


@njit(cache=True, nogil=True)
def reach_of_sightings(k1, duration):
    """(longest, s; latest end, second of the day; 0 at least)."""
    longest = last = 0
    for i in range(len(k1)):
        end = (k1[i] & SECOND_MASK) + np.int64(duration[i])
        last = max(last, end)
        longest = max(longest, end - (k1[i] & SECOND_MASK))
    return longest, last


@njit(cache=True, nogil=True)
def reach_of_stays(k1, left_at):
    """(longest, s; latest end; distinct places; longest stay begun at each). Unknown check-outs end at once."""
    n = len(k1)
    count = longest = last = 0
    for i in range(n):
        count += i == 0 or k1[i] >> SECOND_BITS != k1[i - 1] >> SECOND_BITS
    places, longest_there = np.empty(count, np.int32), np.zeros(count, np.int32)
    g = -1
    for i in range(n):
        if i == 0 or k1[i] >> SECOND_BITS != k1[i - 1] >> SECOND_BITS:
            g += 1
            places[g] = k1[i] >> SECOND_BITS
        start = k1[i] & SECOND_MASK
        end = max(np.int64(left_at[i]), start)
        longest_there[g] = max(longest_there[g], end - start)
        longest, last = max(longest, end - start), max(last, end)
    return longest, last, places, longest_there
