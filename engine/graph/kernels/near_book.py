"""Looking up in a book of who was near whom: see :mod:`engine.graph.near_book`."""

import numpy as np
from numba import njit

from engine.graph.kernels import found


@njit(cache=True, nogil=True)
def lines_of(starts, other, start, end, weight, longest, person, opens, closes, whole, parts):
    """The rows of each ``person`` that overlap the window, clipped to it, as lines of evidence in the order of people.

    Rows of a person lie at ``starts[code]`` to ``starts[code + 1]``, ascending in ``start``; none lasts more than
    ``longest`` s. Written as far as there is room; returns how many there are.
    """
    n, room = 0, len(whole)
    for q in range(len(person)):
        x = person[q]
        if x + 1 >= len(starts):
            continue
        low, high = starts[x], starts[x + 1]
        stop = high
        while low < high:
            middle = (low + high) >> 1
            if start[middle] + longest <= opens[q]:
                low = middle + 1
            else:
                high = middle
        while low < stop and start[low] < closes[q]:
            s, e = max(start[low], opens[q]), min(end[low], closes[q])
            if s < e:
                if n < room:
                    whole[n, found.PERSON], whole[n, found.OTHER] = q, other[low]
                    whole[n, found.START], whole[n, found.END] = s, e
                    whole[n, found.PLACE] = whole[n, found.OWN] = whole[n, found.THEIRS] = -1
                    parts[n, found.WEIGHT], parts[n, found.MEASURE] = weight[low], np.nan
                n += 1
            low += 1
    return n
