"""Kernel of the hex score's interval: how many different F0s stand behind each smoothed cell."""

import numpy as np
import numpy.typing as npt
from numba import njit

I8 = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def distinct_within_reach(person: I8, source: I8, offsets: I8, slot: I8, targets: int) -> I8:
    """Distinct persons by target cell, shape (targets,).

    Args:
        person: of each (person, source cell) pair, equal ones together, shape (pairs,).
        source: index of the pair's cell, shape (pairs,).
        offsets: ``slot[offsets[s]:offsets[s + 1]]`` are the targets in reach of source s.
        slot: indices of targets.
        targets: how many targets there are.

    Cost: a few ns for each pair and cell in reach.
    """
    counts = np.zeros(targets, np.int64)
    last = np.full(targets, -1, np.int64)
    for n in range(len(person)):
        for m in range(offsets[source[n]], offsets[source[n] + 1]):
            target = slot[m]
            if last[target] != person[n]:
                last[target] = person[n]
                counts[target] += 1
    return counts
