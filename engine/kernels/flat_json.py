"""Kernels that read flat JSON objects into columns without the interpreter: bytes in, the buffers of columns out.

They read what RFC 8259 allows in the shapes everybody sends, and say "not for me" to the rest, be it wrong or merely
rare; a full parser then has the word. Nothing is guessed: what is read here is what a full parser would read.
"""

import numpy as np
from numba import njit

from engine.kernels.json_words import ODD, escape, inner, is_at, number, skip, string

ABSENT, NULL, TEXT, ESCAPED, REAL, HARD, TRUE, FALSE = range(8)
"""What stands in a cell. HARD is a number still to be converted, see ``number``."""
NOTHING, TEXTS, REALS, TRUTHS = 0, 1, 2, 4
"""What a column holds besides nulls; several kinds in one column are not for these kernels."""
ROW_BYTES = 16
"""A body whose rows are shorter than this on average is not read: it bounds the memory by the body's size."""

_WORD_NULL = np.frombuffer(b"null", np.uint8)
_WORD_TRUE = np.frombuffer(b"true", np.uint8)
_WORD_FALSE = np.frombuffer(b"false", np.uint8)


@inner
def _value(data, at, cell, first, last, code, reals):
    """Read the value at ``at`` into ``cell``; the position behind it, or ODD."""
    c = data[at]
    if c == 34:
        end, escaped = string(data, at + 1)
        if end == ODD:
            return ODD
        first[cell], last[cell] = at + 1, end
        code[cell] = ESCAPED if escaped else TEXT
        return end + 1
    if c == 45 or 48 <= c <= 57:
        end, hard, reals[cell] = number(data, at)
        first[cell], last[cell] = at, end
        code[cell] = HARD if hard else REAL
        return end
    if is_at(data, at, _WORD_NULL):
        code[cell] = NULL
        return at + 4
    if is_at(data, at, _WORD_TRUE):
        code[cell] = TRUE
        return at + 4
    if is_at(data, at, _WORD_FALSE):
        code[cell] = FALSE
        return at + 5
    return ODD


@inner
def _column(data, begin, end, names, ends, guess):
    """The column called data[begin:end], looked for from ``guess`` on: members mostly come in declared order."""
    width = len(ends) - 1
    for k in range(width):
        column = (guess + k) % width
        if ends[column + 1] - ends[column] == end - begin:
            same = True
            for j in range(end - begin):
                if data[begin + j] != names[ends[column] + j]:
                    same = False
                    break
            if same:
                return column
    return -1


@inner
def _object(data, at, lines, base, names, ends, first, last, code, reals):
    """Read the object whose brace stands before ``at`` into the cells from ``base`` on; the position behind, or ODD."""
    end = len(data)
    code[base : base + len(ends) - 1] = ABSENT
    at = skip(data, at, lines)
    if at < end and data[at] == 125:
        return at + 1
    guess = 0
    while at < end and data[at] == 34:
        begin = at + 1
        stop, escaped = string(data, begin)
        if stop == ODD or escaped:
            return ODD
        at = skip(data, stop + 1, lines)
        if at >= end or data[at] != 58:
            return ODD
        at = skip(data, at + 1, lines)
        if at >= end:
            return ODD
        column = _column(data, begin, stop, names, ends, guess)
        cell = len(code) - 1
        if column >= 0:
            cell, guess = base + column, column + 1
            if code[cell] != ABSENT:
                return ODD
        at = _value(data, at, cell, first, last, code, reals)
        if at == ODD:
            return ODD
        at = skip(data, at, lines)
        if at < end and data[at] == 125:
            return at + 1
        if at >= end or data[at] != 44:
            return ODD
        at = skip(data, at + 1, lines)
    return ODD


@inner
def _rows(data, lines, member, names, ends, first, last, code, reals):
    """Read every object into its row of cells; how many there are, or ODD."""
    end, width = len(data), len(ends) - 1
    wrapped, row = False, 0
    at = skip(data, 0, False)
    if not lines:
        if at < end and data[at] == 123:
            wrapped = True
            at = skip(data, at + 1, False)
            if not is_at(data, at, member):
                return ODD
            at = skip(data, at + len(member), False)
            if at >= end or data[at] != 58:
                return ODD
            at = skip(data, at + 1, False)
        if at >= end or data[at] != 91:
            return ODD
        at = skip(data, at + 1, False)
    while True:
        if at >= end or data[at] != 123 or (row + 1) * width >= len(code):
            return ODD
        at = _object(data, at + 1, lines, row * width, names, ends, first, last, code, reals)
        if at == ODD:
            return ODD
        row += 1
        at = skip(data, at, lines)
        if lines:
            if at < end and data[at] != 10:
                return ODD
            at = skip(data, at, False)
            if at == end:
                return row
        elif at < end and data[at] == 44:
            at = skip(data, at + 1, False)
        else:
            break
    if at >= end or data[at] != 93:
        return ODD
    at = skip(data, at + 1, False)
    if wrapped:
        if at >= end or data[at] != 125:
            return ODD
        at = skip(data, at + 1, False)
    return row if at == end else ODD


@inner
def _write(data, at, end, out, to):
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
def _kinds(rows, width, first, last, code, kinds):
    """What every column holds into ``kinds``: (bytes of text, hard numbers, their bytes), or (ODD, 0, 0)."""
    size, hard, hard_size = 0, 0, 0
    for cell in range(rows * width):
        c, column = code[cell], cell % width
        if c in (TEXT, ESCAPED):
            kinds[column] |= TEXTS
            size += last[cell] - first[cell]
        elif c in (REAL, HARD):
            kinds[column] |= REALS
            if c == HARD:
                hard += 1
                hard_size += last[cell] - first[cell]
        elif c != ABSENT and c != NULL:
            kinds[column] |= TRUTHS
    for kind in kinds:
        if kind & (kind - 1):
            return ODD, 0, 0
    return size, hard, hard_size


@njit(cache=True, nogil=True)
def read_objects(data, lines, member, names, ends):
    """Flat JSON objects as the buffers of Arrow columns.

    Args:
        data: the bytes read, uint8, fewer than 2**31.
        lines: whether each line is one object (blank lines are none); else ``data`` is a list of objects, alone or as
            the only member of an object.
        member: that member's name in quotes, uint8.
        names: UTF-8 bytes of the columns' names, uint8; other members are read over.
        ends: where each name begins, and the end of the last, shape (columns + 1,).

    Returns: how many rows, or ODD where anything at all is out of the ordinary (then the rest means nothing): nested
    values, a member twice in an object, escapes in names, columns of several types, -0, no UTF-8, no JSON. Then by
    column: what it holds, shape (columns,); where its text begins in ``text``, shape (columns + 1,); how many nulls,
    shape (columns,); bits of what is not null and of truth values, shape (columns, bytes); offsets of texts from the
    column's begin, shape (columns, rows + 1); reals, shape (columns, rows); and ``text``. Last the numbers left to
    do: their places in the reals read flat, their offsets and their text. A null's real is 0.

    Cost: about 5 ns a byte, memory of about 30 bytes a cell; one call, because each return to the interpreter waits.
    """
    width = len(ends) - 1
    cells = (len(data) // ROW_BYTES + 1) * width + 1
    # The last cell takes the values of undeclared members. Memory that is not written costs nothing.
    first, last = np.empty(cells, np.int32), np.empty(cells, np.int32)
    code, reals = np.empty(cells, np.uint8), np.empty(cells, np.float64)
    kinds, begins, nulls = np.zeros(width, np.uint8), np.zeros(width + 1, np.int64), np.zeros(width, np.int64)
    found = _rows(data, lines, member, names, ends, first, last, code, reals)
    size, hard, hard_size = (ODD, 0, 0) if found == ODD else _kinds(found, width, first, last, code, kinds)
    rows = 0 if size == ODD else found
    bits = (rows + 7) // 8
    valid, truth = np.zeros((width, bits), np.uint8), np.zeros((width, bits), np.uint8)
    offsets, values = np.zeros((width, rows + 1), np.int32), np.empty((width, rows), np.float64)
    text, hard_text = np.empty(max(size, 0), np.uint8), np.empty(hard_size, np.uint8)
    hard_at, hard_ends = np.empty(hard, np.int64), np.zeros(hard + 1, np.int32)
    to = done = 0
    for column in range(width):
        begins[column] = to
        for row in range(rows):
            cell = row * width + column
            c = code[cell]
            present = c != ABSENT and c != NULL
            if present:
                valid[column, row >> 3] |= 1 << (row & 7)
            else:
                nulls[column] += 1
            if kinds[column] == TEXTS:
                if c == ESCAPED:
                    to = _write(data, first[cell], last[cell], text, to)
                elif present:
                    for k in range(first[cell], last[cell]):
                        text[to] = data[k]
                        to += 1
                offsets[column, row + 1] = to - begins[column]
            elif kinds[column] == REALS:
                values[column, row] = reals[cell] if c == REAL else 0.0
                if c == HARD:
                    hard_at[done] = column * rows + row
                    at = hard_ends[done]
                    for k in range(first[cell], last[cell]):
                        hard_text[at] = data[k]
                        at += 1
                    done += 1
                    hard_ends[done] = at
            elif c == TRUE:
                truth[column, row >> 3] |= 1 << (row & 7)
    begins[width] = to
    rows = ODD if size == ODD else rows
    return rows, kinds, begins, nulls, valid, truth, offsets, values, text, hard_at, hard_ends, hard_text
