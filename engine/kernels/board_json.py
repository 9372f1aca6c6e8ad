"""Rows of the board as JSON text, without an object a row."""

import numpy as np
from numba import njit

from engine.kernels.row_text import CHANNELS, LEVEL, PERSON, bit_names, copy, key, moment, quoted, whole

_SINCE = np.frombuffer(b',"since":"', np.uint8)
_VIA = np.frombuffer(b'","via":', np.uint8)
_CASE = np.frombuffer(b',"case":', np.uint8)
_CHANGED = np.frombuffer(b'],"changed_as_of":', np.uint8)
FIXED = 256
"""Bytes a row takes at most beside its keys, of which every byte may take six."""


@njit(cache=True, nogil=True)
def board_json(person, level, since, via, case, channels, changed, held, starts, names, name_starts, out):
    """The rows, separated by commas, into ``out`` (large enough: see ``FIXED``); returns the bytes written.

    Columns of one length; codes of people with their table of bytes, -1: nobody; ``names`` with ``name_starts``: what
    each bit of ``channels`` is called; ``since`` in UTC s, ``changed`` not below 0.
    """
    n = 0
    for r in range(len(person)):
        if r:
            out[n] = 44
            n += 1
        n = key(out, copy(out, n, PERSON), held, starts, person[r])
        n = whole(out, copy(out, n, LEVEL), np.int64(level[r]))
        n = moment(out, copy(out, n, _SINCE), since[r])
        n = quoted(out, copy(out, n, _VIA), held, starts, via[r])
        n = quoted(out, copy(out, n, _CASE), held, starts, case[r])
        n = bit_names(out, copy(out, n, CHANNELS), channels[r], names, name_starts)
        n = whole(out, copy(out, n, _CHANGED), changed[r])
        out[n] = 125
        n += 1
    return n
