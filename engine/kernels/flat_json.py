"""Kernels that read flat JSON objects into columns without the interpreter: bytes in, the buffers of columns out.

They read what RFC 8259 allows in the shapes everybody sends, and say "not for me" to the rest, be it wrong or merely
rare; a full parser then has the word. Nothing is guessed: what is read here is what a full parser would read.
"""

import numpy as np
from numba import njit

from engine.kernels.json_cells import (
    ABSENT,
    ESCAPED,
    FALSE,
    HARD,
    NULL,
    REAL,
    REALS,
    TEXT,
    TEXTS,
    TRUE,
    TRUTHS,
    fill_gaps,
    fill_hard,
    fill_reals,
    fill_texts,
    fill_truths,
    kind_of,
    sizes,
)
from engine.kernels.json_words import ODD, is_at, number, plain_end, skip, string
from engine.kernels.memory import inner, part, word

ROW_BYTES = 16
"""A body whose rows are shorter than this on average is not read: it bounds the memory by the body's size."""

_WORD_NULL = np.frombuffer(b"null", np.uint8)
_WORD_TRUE = np.frombuffer(b"true", np.uint8)
_WORD_FALSE = np.frombuffer(b"false", np.uint8)


@part
def _quoted(data, at):
    """(position of the closing quote or ODD, whether there are escapes) of the string whose first byte is at ``at``."""
    end, escaped = plain_end(data, at), False
    if end >= len(data) or data[end] != 34:
        end, escaped = string(data, end)
    return end, escaped


@part
def _value(data, at, cell, first, last, code, reals):
    """Read the value at ``at`` into ``cell``; the position behind it, or ODD."""
    c = data[at]
    if c == 34:
        end, escaped = _quoted(data, at + 1)
        if end == ODD:
            return ODD
        first[cell], last[cell] = at + 1, end
        code[cell] = ESCAPED if escaped else TEXT
        return end + 1
    if c == 45 or 48 <= c <= 57:
        end, hard, reals[cell] = number(data, at)
        if end == ODD:
            return ODD
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
def _member(data, at, lines, names, ends, guess):
    """(position of the value, column or -1) of the member whose quote is at ``at``; the position ODD if odd."""
    stop, escaped = _quoted(data, at + 1)
    if stop == ODD or escaped:
        return ODD, -1
    column = _column(data, at + 1, stop, names, ends, guess)
    at = skip(data, stop + 1, lines)
    if at >= len(data) or data[at] != 58:
        return ODD, -1
    at = skip(data, at + 1, lines)
    return (at, column) if at < len(data) else (ODD, -1)


@part
def _is_next(data, at, names, ends, column):
    """Whether the member of ``column`` stands at ``at`` as most write it: in quotes, a colon and the value behind."""
    size = ends[column + 1] - ends[column]
    if at + size + 11 > len(data) or data[at + size + 1] != 34 or data[at + size + 2] != 58:
        return False
    left, begin = size, ends[column]
    while left > 0:  # whole words; of the last one what belongs to the name
        differ = word(data, at + 1 + size - left) ^ word(names, begin + size - left)
        if (differ << np.uint64(64 - 8 * left) if left < 8 else differ) != 0:
            return False
        left -= 8
    return data[at + size + 3] > 32


@part
def _object(data, at, lines, base, names, ends, first, last, code, reals, seen, told):
    """Read the object whose brace stands before ``at`` into the cells from ``base`` on; the position behind, or ODD."""
    end, width = len(data), len(ends) - 1
    code[base : base + width] = ABSENT
    at = skip(data, at, lines)
    if at < end and data[at] == 125:
        return at + 1
    guess = 0
    while at < end and data[at] == 34:
        column = guess
        if guess < width and _is_next(data, at, names, ends, guess):
            at += ends[guess + 1] - ends[guess] + 3
        else:
            at, column = _member(data, at, lines, names, ends, guess)
            if at == ODD:
                return ODD
        cell = len(code) - 1
        if column >= 0:
            cell, guess = base + column, column + 1
            if code[cell] != ABSENT:
                return ODD
        at = _value(data, at, cell, first, last, code, reals)
        if at == ODD:
            return ODD
        seen[column] |= 1 << code[cell]
        told[column] += 1
        if at + 1 < end and data[at] == 44 and data[at + 1] == 34:
            at += 1
            continue
        at = skip(data, at, lines)
        if at < end and data[at] == 125:
            return at + 1
        if at >= end or data[at] != 44:
            return ODD
        at = skip(data, at + 1, lines)
    return ODD


@inner
def _rows(data, lines, member, names, ends, first, last, code, reals, seen, told):
    """Read every object into its row of cells; how many there are, or ODD.

    Bits of the codes that a column's cells have go into ``seen``, how many have one into ``told``; undeclared members
    are counted in the last place of both.
    """
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
        at = _object(data, at + 1, lines, row * width, names, ends, first, last, code, reals, seen, told)
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


@njit(cache=True, nogil=True)
def read_objects(data, lines, member, names, ends):
    """Flat JSON objects as the buffers of Arrow columns.

    Args:
        data: the bytes read, uint8, fewer than 2**31.
        lines: whether each line is one object (blank lines are none); else ``data`` is a list of objects, alone or as
            the only member of an object.
        member: that member's name in quotes, uint8.
        names: UTF-8 bytes of the columns' names and 8 bytes more, uint8; other members are read over.
        ends: where each name begins, and the end of the last, shape (columns + 1,).

    Returns: how many rows, or ODD where anything at all is out of the ordinary (then the rest means nothing): nested
    values, a member twice in an object, escapes in names, columns of several types, -0, no UTF-8, no JSON. Then by
    column: what it holds, shape (columns,); where its text begins in ``text``, shape (columns + 1,); how many nulls,
    shape (columns,); bits of what is not null (none where nothing is) and of truth values, shape (columns, bytes);
    offsets of texts from the column's begin, shape (columns, rows + 1); reals, shape (columns, rows); and ``text``.
    Last the numbers left to do: their places in the reals read flat, their offsets and their text. A null's real is 0.

    Cost: about 1.5 ns a byte, memory of about 30 bytes a cell; one call, because each return to the interpreter waits.
    """
    width = len(ends) - 1
    cells = (len(data) // ROW_BYTES + 1) * width + 1
    # The last cell takes the values of undeclared members. Memory that is not written costs nothing.
    first, last = np.empty(cells, np.int32), np.empty(cells, np.int32)
    code, reals = np.empty(cells, np.uint8), np.empty(cells, np.float64)
    kinds, begins, nulls = np.zeros(width, np.int64), np.zeros(width + 1, np.int64), np.zeros(width, np.int64)
    seen, told = np.zeros(width + 1, np.int64), np.zeros(width + 1, np.int64)
    rows = _rows(data, lines, member, names, ends, first, last, code, reals, seen, told)
    for column in range(width):
        kinds[column] = kind_of(seen[column])
        if kinds[column] == ODD:
            rows = ODD
    count = max(rows, 0)
    bits, code = (count + 7) // 8, code[: count * width]
    size, hard, hard_size = sizes(first, last, code)
    valid, truth = np.zeros((width, bits), np.uint8), np.zeros((width, bits), np.uint8)
    offsets, values = np.zeros((width, count + 1), np.int32), np.empty((width, count), np.float64)
    text = np.empty(size + 8, np.uint8)
    for column in range(width):
        holds, begin = kinds[column], begins[column]
        begins[column + 1] = begin
        if told[column] < count or seen[column] & (1 << NULL):
            nulls[column] = fill_gaps(code, column, width, valid[column])
        if holds == TEXTS:
            begins[column + 1] = fill_texts(data, first, last, code, column, width, offsets[column], text, begin)
        elif holds == REALS:
            fill_reals(code, reals, column, width, values[column])
        elif holds == TRUTHS:
            fill_truths(code, column, width, count, truth[column])
    places, hard_ends, hard_text = np.empty(hard, np.int64), np.zeros(hard + 1, np.int32), np.empty(hard_size, np.uint8)
    if hard:
        fill_hard(data, first, last, code, width, places, hard_ends, hard_text)
    return rows, kinds, begins, nulls, valid, truth, offsets, values, text, places, hard_ends, hard_text
