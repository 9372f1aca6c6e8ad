"""Cells of flat JSON objects, row by row, into the buffers of columns.

``code``, ``first`` and ``last`` (where its bytes begin and end) of the cell of a row and column are at row * width +
column.
"""

import numpy as np

from engine.kernels.json_words import ODD, escape
from engine.kernels.memory import inner, put, word

ABSENT, NULL, TEXT, ESCAPED, REAL, HARD, TRUE, FALSE = range(8)
"""What stands in a cell. HARD is a number still to be converted, see ``number``."""
NOTHING, TEXTS, REALS, TRUTHS = 0, 1, 2, 4
"""What a column holds besides nulls; several kinds in one column are not for these kernels."""


@inner
def write(data, at, end, out, to):
    """Write the escaped string data[at:end] as UTF-8 from ``to`` on; the position behind it."""
    while at < end:
        if data[at] != 92:
            out[to] = data[at]
            at, to = at + 1, to + 1
            continue
        c, at = escape(data, at)
        if c < 0x80:
            out[to] = c
            to += 1
            continue
        if c < 0x800:
            out[to] = 0xC0 | (c >> 6)
            to += 1
        else:
            if c < 0x10000:
                out[to] = 0xE0 | (c >> 12)
                to += 1
            else:
                out[to] = 0xF0 | (c >> 18)
                out[to + 1] = 0x80 | ((c >> 12) & 0x3F)
                to += 2
            out[to] = 0x80 | ((c >> 6) & 0x3F)
            to += 1
        out[to] = 0x80 | (c & 0x3F)
        to += 1
    return to


@inner
def kind_of(seen):
    """What a column holds whose cells are of the ``seen`` codes, a bit each; ODD if several kinds."""
    kind = NOTHING
    if seen & (1 << TEXT | 1 << ESCAPED):
        kind |= TEXTS
    if seen & (1 << REAL | 1 << HARD):
        kind |= REALS
    if seen & (1 << TRUE | 1 << FALSE):
        kind |= TRUTHS
    return ODD if kind & (kind - 1) else kind


@inner
def fill_gaps(code, column, width, valid):
    """Bits of the column's cells that are not null; how many are null."""
    nulls, rows = 0, len(code) // width
    for row in range(rows):
        c = code[row * width + column]
        if c in (ABSENT, NULL):
            nulls += 1
        else:
            valid[row >> 3] |= 1 << (row & 7)
    return nulls


@inner
def fill_texts(data, first, last, code, column, width, offsets, text, to):
    """The column's texts into ``text`` from ``to`` on, each one's end into ``offsets``; the position behind all."""
    begin = to
    for row in range(len(offsets) - 1):
        cell = row * width + column
        c = code[cell]
        if c == TEXT:
            at, end = np.int64(first[cell]), np.int64(last[cell])
            if end + 8 <= len(data):
                behind = to + end - at
                while at < end:  # whole words, the last one too long
                    put(text, to, word(data, at))
                    at, to = at + 8, to + 8
                to = behind
            else:
                for k in range(at, end):
                    text[to] = data[k]
                    to += 1
        elif c == ESCAPED:
            to = write(data, first[cell], last[cell], text, to)
        offsets[row + 1] = to - begin
    return to


@inner
def fill_reals(code, reals, column, width, values):
    """The column's numbers, 0 where there is none or it is hard."""
    for row in range(len(values)):
        cell = row * width + column
        values[row] = reals[cell] if code[cell] == REAL else 0.0


@inner
def fill_truths(code, column, width, rows, truth):
    """Bits of the column's cells that are true."""
    for row in range(rows):
        if code[row * width + column] == TRUE:
            truth[row >> 3] |= 1 << (row & 7)


@inner
def sizes(first, last, code):
    """How many bytes of text, hard numbers and bytes of hard numbers the cells have."""
    size, hard, hard_size = np.int64(0), np.int64(0), np.int64(0)
    for cell in range(len(code)):
        c = code[cell]
        if c in (TEXT, ESCAPED):
            size += last[cell] - first[cell]
        elif c == HARD:
            hard += 1
            hard_size += last[cell] - first[cell]
    return size, hard, hard_size


@inner
def fill_hard(data, first, last, code, width, places, ends, text):
    """The numbers that are still to be converted: their places in the reals, their offsets and their text."""
    rows, done, at = len(code) // width, 0, 0
    for cell in range(len(code)):
        if code[cell] == HARD:
            for k in range(first[cell], last[cell]):
                text[at] = data[k]
                at += 1
            places[done] = cell % width * rows + cell // width
            done += 1
            ends[done] = at
