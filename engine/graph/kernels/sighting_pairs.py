"""Sightings as pairs. Arrays in, arrays out."""

import numpy as np
from numba import njit

from engine.graph.layout import SECOND_BITS, SECOND_MASK


@njit(cache=True, nogil=True)
def list_sightings(
    k1, k2, duration, attenuation, first, last, low, high, most_attenuation,
    out_a, out_b, out_start, out_end, out_centi_db, out_row,
):  # fmt: skip
    """Rows first to last no weaker than ``most_attenuation``, clipped to [low, high); returns how many.

    Seconds count from the beginning of the day. Buffers hold ``last - first`` rows.
    """
    n = 0
    for i in range(first, last):
        at = k1[i] & SECOND_MASK
        s = max(at, low)
        e = min(at + np.int64(duration[i]), high)
        if s < e and attenuation[i] <= most_attenuation:
            out_a[n] = k1[i] >> SECOND_BITS
            out_b[n] = k2[i]
            out_start[n] = s
            out_end[n] = e
            out_centi_db[n] = attenuation[i]
            out_row[n] = i
            n += 1
    return n
