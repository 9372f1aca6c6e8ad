"""Numbers of rows in three or four bytes each: the second order of a segment. Arrays in, arrays out.

Most days hold fewer than 2^24 rows: three bytes say where one is. Behind the last one are ``PAD`` bytes, so that eight
can be read and written at once.
"""

import numpy as np
from numba import njit

from engine.kernels.memory import part, put, word

PAD = 8
SHORT = 1 << 24
"""So many rows do with three bytes."""


@part
def row_in(packed, width, i):
    """The number at place ``i``."""
    return np.int64(word(packed, i * width) & ((np.uint64(1) << np.uint64(8 * width)) - np.uint64(1)))


@part
def put_row(packed, width, i, row):
    """Write a number; what is behind it is written after it."""
    put(packed, i * width, np.uint64(row))


@njit(cache=True, nogil=True)
def pack(rows, width, packed):
    """Numbers of rows into ``packed``. Cost: linear, below 1 ns a row."""
    for i in range(len(rows)):
        put_row(packed, width, i, rows[i])
