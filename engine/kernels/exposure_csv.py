"""Rows of a trace as lines of CSV (RFC 4180), without an object a row."""

import numpy as np
from numba import njit

from engine.kernels.row_text import FALSE, TRUE, copy, decimal, moment, whole

FIXED = 400
"""Bytes a row takes at most beside its keys, of which every byte may take two, and every key three more."""


@njit(cache=True, nogil=True)
def _quoted(held, begin, end):
    """Whether a field with these bytes has to stand in quotes: a comma, a quote, an end of line."""
    for i in range(begin, end):
        c = held[i]
        if c == 44 or c == 34 or c == 13 or c == 10:
            return True
    return False


@njit(cache=True, nogil=True)
def _safe(out, n, first):
    """An apostrophe before what a spreadsheet would run as a formula: = + - @, tab, carriage return."""
    if first == 61 or first == 43 or first == 45 or first == 64 or first == 9 or first == 13:
        out[n] = 39
        return n + 1
    return n


@njit(cache=True, nogil=True)
def _text(out, n, held, begin, end):
    """Bytes with every quote doubled."""
    for i in range(begin, end):
        out[n] = held[i]
        n += 1
        if held[i] == 34:
            out[n] = 34
            n += 1
    return n


@njit(cache=True, nogil=True)
def _keys(out, n, held, starts, codes):
    """Keys as one field, semicolons between them."""
    quoted = False
    for code in codes:
        quoted = quoted or _quoted(held, starts[code], starts[code + 1])
    if quoted:
        out[n] = 34
        n += 1
    for i in range(len(codes)):
        begin, end = starts[codes[i]], starts[codes[i] + 1]
        if i:
            out[n] = 59
            n += 1
        elif end > begin:
            n = _safe(out, n, held[begin])
        n = _text(out, n, held, begin, end)
    if quoted:
        out[n] = 34
        n += 1
    return n


@njit(cache=True, nogil=True)
def _comma(out, n):
    out[n] = 44
    return n + 1


@njit(cache=True, nogil=True)
def rows_csv(
    person, level, first, last, seconds, probability, dose, is_case, channels, via, place_start, place,
    held, starts, place_held, place_starts, names, name_starts, out,
):  # fmt: skip
    """The rows as lines that end in CR LF, into ``out`` (large enough: see ``FIXED``); returns the bytes written.

    Columns, their order and their decimals: as :func:`engine.kernels.exposure_json.rows_json`.
    """
    n = 0
    for r in range(len(person)):
        n = _comma(out, _keys(out, n, held, starts, person[r : r + 1]))
        n = _comma(out, whole(out, n, np.int64(level[r])))
        n = _comma(out, moment(out, n, first[r]))
        n = _comma(out, moment(out, n, last[r]))
        n = _comma(out, decimal(out, n, seconds[r] / 60, 4, 10_000))
        n = _comma(out, decimal(out, n, probability[r], 9, 1_000_000_000))
        n = _comma(out, decimal(out, n, dose[r], 9, 1_000_000_000))
        n = _comma(out, copy(out, n, TRUE if is_case[r] else FALSE))
        some = False
        for bit in range(len(name_starts) - 1):
            if channels[r] >> bit & 1:
                if some:
                    out[n] = 59
                    n += 1
                some = True
                n = _text(out, n, names, name_starts[bit], name_starts[bit + 1])
        n = _keys(out, _comma(out, n), held, starts, via[r : r + 1])
        n = _keys(out, _comma(out, n), place_held, place_starts, place[place_start[r] : place_start[r + 1]])
        out[n], out[n + 1] = 13, 10
        n += 2
    return n
