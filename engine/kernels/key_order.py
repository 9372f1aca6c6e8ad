"""Keys of a table of bytes, by their codes: gathered, and put in order."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def gather(held, starts, codes, offsets, out):
    """Bytes of the keys of ``codes`` one after the other into ``out``; ``offsets`` as (len(codes) + 1,) is given."""
    for i in range(len(codes)):
        a = starts[codes[i]]
        at = offsets[i]
        for j in range(offsets[i + 1] - at):
            out[at + j] = held[a + j]


@njit(cache=True, nogil=True)
def before(held, starts, a, b):
    """Whether key ``a`` sorts before key ``b``, byte by byte (UTF-8 sorts as code points do)."""
    i, j = starts[a], starts[b]
    i_end, j_end = starts[a + 1], starts[b + 1]
    while i < i_end and j < j_end:
        if held[i] != held[j]:
            return held[i] < held[j]
        i += 1
        j += 1
    return i == i_end and j < j_end


@njit(cache=True, nogil=True)
def order_of(held, starts, codes):
    """Positions of ``codes`` in the order of their keys, stable. Cost: n log n comparisons (merge sort)."""
    n = len(codes)
    order = np.arange(n)
    other = np.empty(n, np.int64)
    width = 1
    while width < n:
        for lo in range(0, n, 2 * width):
            mid, hi = min(lo + width, n), min(lo + 2 * width, n)
            i, j = lo, mid
            for k in range(lo, hi):
                if j >= hi or (i < mid and not before(held, starts, codes[order[j]], codes[order[i]])):
                    other[k] = order[i]
                    i += 1
                else:
                    other[k] = order[j]
                    j += 1
        order, other = other, order
        width *= 2
    return order
