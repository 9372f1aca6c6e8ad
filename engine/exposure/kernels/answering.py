"""The answers of a trace, rows of 64 bytes, as columns."""

import numpy as np
from numba import njit

from engine.exposure.kernels import fields as f
from engine.graph.kernels.memory import float64_at, int32_at, int64_at, put_float64, put_int32, put_uint8, uint8_at

WORDS = 9
"""The columns take so many int64 for each answer, or less."""


@njit(cache=True, nogil=True)
def as_columns(t, first_seed, out):
    """Write the answers to ``out``: first, last, seconds, channels, case + first_seed; dose, chance (float64); person
    and via (int32); level (int8), each column in one piece. Ordered as they are, or by case where cases are many."""
    n, rows, to = t[f.ANSWERS], t[f.ANSWER_ROWS], out.ctypes.data
    cases = t[f.SEED_COUNT] if t[f.ALONE] else 1
    next_of = np.zeros(cases + 1, np.int64)
    for i in range(n):
        next_of[int32_at(rows + (i << 6), f.A_CASE_4) + 1] += 1
    for case in range(cases):
        next_of[case + 1] += next_of[case]
    for i in range(n):
        row = rows + (i << 6)
        case = int32_at(row, f.A_CASE_4)
        k = next_of[case]
        next_of[case] = k + 1
        out[k] = int64_at(row, f.A_FIRST)
        out[n + k] = int64_at(row, f.A_LAST)
        out[2 * n + k] = int64_at(row, f.A_SECONDS)
        out[3 * n + k] = uint8_at(row, f.A_CHANNELS_1)
        out[4 * n + k] = case + first_seed
        put_float64(to, 5 * n + k, float64_at(row, f.A_DOSE))
        put_float64(to, 6 * n + k, float64_at(row, f.A_CHANCE))
        put_int32(to, 14 * n + k, int32_at(row, f.A_PERSON_4))
        put_int32(to, 15 * n + k, int32_at(row, f.A_VIA_4))
        put_uint8(to, 64 * n + k, uint8_at(row, f.A_LEVEL_1))
