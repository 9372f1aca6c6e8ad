"""Rows of a trace as JSON text, without an object a row."""

import numpy as np
from numba import njit

from engine.kernels.row_text import (
    CHANNELS,
    FALSE,
    LEVEL,
    PERSON,
    TRUE,
    bit_names,
    copy,
    decimal,
    key,
    moment,
    quoted,
    whole,
)

_FIRST = np.frombuffer(b',"first_exposed_at":"', np.uint8)
_LAST = np.frombuffer(b'","last_exposed_at":"', np.uint8)
_MINUTES = np.frombuffer(b'","minutes":', np.uint8)
_PROBABILITY = np.frombuffer(b',"probability":', np.uint8)
_DOSE = np.frombuffer(b',"dose":', np.uint8)
_IS_CASE = np.frombuffer(b',"is_case":', np.uint8)
_VIA = np.frombuffer(b'],"via":"', np.uint8)
_PLACES = np.frombuffer(b'","places":[', np.uint8)
_END = np.frombuffer(b"]}", np.uint8)
FIXED = 400
"""Bytes a row takes at most beside its keys, of which every byte may take six."""


@njit(cache=True, nogil=True)
def rows_json(
    person, level, first, last, seconds, probability, dose, is_case, channels, via, place_start, place,
    held, starts, place_held, place_starts, names, name_starts, out,
):  # fmt: skip
    """The rows, separated by commas, into ``out`` (large enough: see ``FIXED``); returns the bytes written.

    Columns of one length, codes of people and places with their tables of bytes; places of row r are
    ``place[place_start[r]:place_start[r + 1]]``; ``names`` with ``name_starts``: what each bit of ``channels`` is
    called. Minutes have four decimals, probability and dose nine.
    """
    n = 0
    for r in range(len(person)):
        if r:
            out[n] = 44
            n += 1
        n = key(out, copy(out, n, PERSON), held, starts, person[r])
        n = whole(out, copy(out, n, LEVEL), np.int64(level[r]))
        n = moment(out, copy(out, n, _FIRST), first[r])
        n = moment(out, copy(out, n, _LAST), last[r])
        n = decimal(out, copy(out, n, _MINUTES), seconds[r] / 60, 4, 10_000)
        n = decimal(out, copy(out, n, _PROBABILITY), probability[r], 9, 1_000_000_000)
        n = decimal(out, copy(out, n, _DOSE), dose[r], 9, 1_000_000_000)
        n = copy(out, copy(out, n, _IS_CASE), TRUE if is_case[r] else FALSE)
        n = bit_names(out, copy(out, n, CHANNELS), channels[r], names, name_starts)
        n = key(out, copy(out, n, _VIA), held, starts, via[r])
        n = copy(out, n, _PLACES)
        for i in range(place_start[r], place_start[r + 1]):
            if i > place_start[r]:
                out[n] = 44
                n += 1
            n = quoted(out, n, place_held, place_starts, place[i])
        n = copy(out, n, _END)
    return n
