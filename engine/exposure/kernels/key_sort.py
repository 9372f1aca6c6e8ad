"""People in the order of their keys, inside a kernel."""

import numpy as np
from numba import njit

from engine.graph.kernels.memory import int64_at, uint8_at
from engine.kernels.memory import inner

_RUN = 16


@inner
def _before(keys, starts, prefix, people, a, b):
    """Whether people[a] sorts before people[b], by the bytes of their keys; ``prefix`` holds the first eight."""
    if prefix[a] != prefix[b]:
        return prefix[a] < prefix[b]
    i, j = int64_at(starts, people[a]) + 8, int64_at(starts, people[b]) + 8
    i_end, j_end = int64_at(starts, people[a] + 1), int64_at(starts, people[b] + 1)
    while i < i_end and j < j_end:
        x, y = uint8_at(keys, i), uint8_at(keys, j)
        if x != y:
            return x < y
        i += 1
        j += 1
    return i_end - i < j_end - j


@inner
def _first_eight(keys, starts, person):
    """The first eight bytes of a key as a number that sorts as they do; missing ones are 0."""
    a, b = int64_at(starts, person), int64_at(starts, person + 1)
    number = np.int64(0)
    for i in range(a, min(a + 8, b)):
        number |= uint8_at(keys, i) << (8 * (7 - (i - a)))
    return number ^ np.int64(-(2**63))


@njit(cache=True, nogil=True)
def in_key_order(keys, starts, people):
    """Positions of ``people`` (codes) in the order of their keys. Cost: n log n; eight bytes decide mostly."""
    n = len(people)
    prefix = np.empty(n, np.int64)
    order, other = np.arange(n), np.empty(n, np.int64)
    for i in range(n):
        prefix[i] = _first_eight(keys, starts, people[i])
    for lo in range(0, n, _RUN):
        for i in range(lo + 1, min(lo + _RUN, n)):
            moving, j = order[i], i
            while j > lo and _before(keys, starts, prefix, people, moving, order[j - 1]):
                order[j] = order[j - 1]
                j -= 1
            order[j] = moving
    width = _RUN
    while width < n:
        for lo in range(0, n, 2 * width):
            mid, hi = min(lo + width, n), min(lo + 2 * width, n)
            i, j = lo, mid
            for k in range(lo, hi):
                if j >= hi or (i < mid and not _before(keys, starts, prefix, people, order[j], order[i])):
                    other[k] = order[i]
                    i += 1
                else:
                    other[k] = order[j]
                    j += 1
        order, other = other, order
        width *= 2
    return order
