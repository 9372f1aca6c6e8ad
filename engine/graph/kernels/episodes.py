"""Joining intervals into episodes. Arrays in, arrays out."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def episodes(new_group, start, end, gap):
    """Number of the episode of each row; rows of a group are contiguous and ascending in start.

    A row joins the episode before it when it overlaps or touches it, or begins less than ``gap`` seconds after it.
    Also returns the credited seconds each row adds to its episode (the union, never the gaps).
    """
    episode = np.empty(len(start), np.int64)
    adds = np.empty(len(start), np.int64)
    number = -1
    reach = np.int64(0)
    for i in range(len(start)):
        if i == 0 or new_group[i] or (start[i] > reach and start[i] - reach >= gap):
            number += 1
            adds[i] = end[i] - start[i]
            reach = end[i]
        else:
            adds[i] = max(np.int64(0), end[i] - max(start[i], reach))
            reach = max(reach, end[i])
        episode[i] = number
    return episode, adds
