"""Rows of the board as JSON text, without an object a row."""

import numpy as np
from numba import njit

from engine.kernels.exposure_json import _channels, _copy, _key, _moment, _whole

_PERSON = np.frombuffer(b'{"person":"', np.uint8)
_LEVEL = np.frombuffer(b'","level":', np.uint8)
_SINCE = np.frombuffer(b',"since":"', np.uint8)
_VIA = np.frombuffer(b'","via":', np.uint8)
_CASE = np.frombuffer(b',"case":', np.uint8)
_CHANNELS = np.frombuffer(b',"channels":[', np.uint8)
_CHANGED = np.frombuffer(b'],"changed_as_of":', np.uint8)
_NULL = np.frombuffer(b"null", np.uint8)
FIXED = 256
"""Bytes a row takes at most beside its keys, of which every byte may take six."""


@njit(cache=True, nogil=True)
def _key_or_null(out, n, held, starts, code):
    if code < 0:
        return _copy(out, n, _NULL)
    out[n] = 34
    n = _key(out, n + 1, held, starts, code)
    out[n] = 34
    return n + 1


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
        n = _key(out, _copy(out, n, _PERSON), held, starts, person[r])
        n = _whole(out, _copy(out, n, _LEVEL), np.int64(level[r]))
        n = _moment(out, _copy(out, n, _SINCE), since[r])
        n = _key_or_null(out, _copy(out, n, _VIA), held, starts, via[r])
        n = _key_or_null(out, _copy(out, n, _CASE), held, starts, case[r])
        n = _channels(out, _copy(out, n, _CHANNELS), channels[r], names, name_starts)
        n = _whole(out, _copy(out, n, _CHANGED), changed[r])
        out[n] = 125
        n += 1
    return n
