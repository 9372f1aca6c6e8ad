"""The second order of fixes, small: which cells there are, and where the rows of each begin. Arrays in, arrays out.

A group is a cell with rows. Cells are kept as a table of the cells of three resolutions coarser: the cells within such
a parent are 343 of 512 numbers, of which a line of 14 words has a bit each (32 to a word) and, in its upper half, the
row at which the first group of the word begins. Cells near each other are mostly of few parents, so that they share
lines. Beginnings of groups are a bit a row; where the groups of a word have so many rows that bits would take long to
count, each beginning is kept, and the word says where.
"""

import numpy as np
from numba import njit

from engine.graph.kernels.memory import int32_at, int64_at, ones
from engine.kernels.memory import inner

BITS = 9
"""Of a cell's number within its parent."""
WORD_BITS = 5
"""Of a cell's number within its word."""
WORDS = 14
"""The first of a number's three digits is at most 6."""
UNUSED, MASK, WORDS_AT, TOP, COUNT = range(5)
"""A directory begins with: how many bits cells end with that all share; slots - 1; where the words begin; the upper
bits that all share; how many cells there are. Then a line of words without cells, and the slots."""
NOBODY = 5
SLOTS_AT = NOBODY + WORDS
_SEVEN = 7 << (BITS - 3)
"""No digit of a cell is 7."""
TOP_BITS = 52
"""Above, cells of one resolution are alike."""
NUMBER_BITS = 20
"""A slot is a parent above its number."""
PARENT_BYTES = 8 * (WORDS + 3)
"""A directory takes so much, or less, for each parent: its words and one and a half to three slots."""
WINDOW = 57
"""Bits that a load from any bit on has for sure."""
FAR = 2 * WINDOW
"""Rows of a word beyond which its beginnings are kept one by one."""


@inner
def _slot_of(parent, mask):
    return ((parent * 0x9E3779B97F4A7C1) >> 30) & mask


@inner
def parent_of(cell, unused):
    """The parent of a cell, as slots have it."""
    return (cell & ((np.int64(1) << TOP_BITS) - 1)) >> (unused + BITS)


@njit(cache=True, nogil=True)
def sizes_of(cells, start, unused):
    """(parents, beginnings kept one by one) of ascending cells, the last ``unused`` bits of which say nothing.

    No parents: there are no cells, or they are not of one resolution, which has those bits set. Cost: linear.
    """
    parents, far, first = 0, 0, 0
    last, shared = np.int64(-1), (np.int64(1) << unused) - 1
    for g in range(len(cells)):
        cell = np.int64(cells[g])
        if cell & shared != shared or (cell ^ np.int64(cells[0])) >> TOP_BITS or cell >> unused & _SEVEN == _SEVEN:
            return 0, 0
        word = cell >> (unused + WORD_BITS)
        if word != last:
            if last < 0 or parent_of(cell, unused) != parent_of(np.int64(cells[g - 1]), unused):
                parents += 1
            far += g - first + 1 if start[g] - start[first] > FAR else 0
            first, last = g, word
    far += len(cells) - first + 1 if start[-1] - start[first] > FAR else 0
    return parents, far


@njit(cache=True, nogil=True)
def fill(cells, start, unused, parents, directory, begins, far):
    """The directory of ascending cells, at least one; the bits of where their rows begin; beginnings one by one.

    ``start`` (cells + 1,) is where the rows of each begin, and the end, for which there is a bit as well. There is
    room for two words more of ``begins`` than rows need. Cost: linear, about 4 ns a cell.
    """
    begin = len(directory) - WORDS * parents
    mask = begin - SLOTS_AT - 1
    directory[UNUSED], directory[MASK], directory[WORDS_AT] = unused, mask, begin
    directory[TOP], directory[COUNT] = (np.int64(cells[0]) >> TOP_BITS) << TOP_BITS, len(cells)
    directory[SLOTS_AT:begin] = -1
    directory[NOBODY:SLOTS_AT] = directory[begin:] = begins[:] = 0
    begins[start[-1] >> 6] = np.int64(1) << (start[-1] & 63)
    number, last, kept, g = np.int64(-1), np.int64(-1), 0, 0
    while g < len(cells):
        cell = np.int64(cells[g])
        parent, word = parent_of(cell, unused), cell >> (unused + WORD_BITS)
        if parent != last:
            number, last = number + 1, parent
            at = _slot_of(parent, mask)
            while directory[SLOTS_AT + at] >= 0:
                at = (at + 1) & mask
            directory[SLOTS_AT + at] = parent << NUMBER_BITS | number
        first, bits = g, np.int64(0)
        while g < len(cells) and np.int64(cells[g]) >> (unused + WORD_BITS) == word:
            bits |= np.int64(1) << ((np.int64(cells[g]) >> unused) & 31)
            begins[start[g] >> 6] |= np.int64(1) << (start[g] & 63)
            g += 1
        row = np.int64(start[first])
        if start[g] - row > FAR:
            row = np.int64(~kept)
            for i in range(first, g + 1):
                far[kept] = start[i]
                kept += 1
        directory[begin + WORDS * number + (word & ((1 << (BITS - WORD_BITS)) - 1))] = row << 32 | bits


@njit(cache=True, nogil=True)
def cells_in(directory, cells):
    """The ascending cells of a directory. Cost: linear, about 2 ns a cell."""
    unused, begin = directory[UNUSED], directory[WORDS_AT]
    parents = np.empty((len(directory) - begin) // WORDS, np.int64)
    for at in range(SLOTS_AT, begin):
        if directory[at] >= 0:
            parents[directory[at] & ((1 << NUMBER_BITS) - 1)] = directory[at] >> NUMBER_BITS
    shared, g = directory[TOP] | ((np.int64(1) << unused) - 1), 0
    for number in range(len(parents)):
        for w in range(WORDS):
            bits = directory[begin + WORDS * number + w] & 0xFFFFFFFF
            while bits:
                inside = w << WORD_BITS | ones((bits & -bits) - 1)
                bits &= bits - 1
                cells[g] = shared | (parents[number] << BITS | inside) << unused
                g += 1


@njit(cache=True, nogil=True)
def starts_in(begins, start):
    """The rows at which bits are set. Cost: linear, about 1 ns a group."""
    g = 0
    for w in range(len(begins)):
        bits = begins[w]
        while bits:
            start[g] = w << 6 | ones((bits & -bits) - 1)
            bits &= bits - 1
            g += 1


@inner
def words_of(directory, parent):
    """Where the words of a parent begin in the directory at an address; those of nobody where it is not there."""
    mask = int64_at(directory, MASK)
    at = _slot_of(parent, mask)
    held = int64_at(directory, SLOTS_AT + at)
    while held >> NUMBER_BITS != parent:
        if held < 0:
            return np.int64(NOBODY)
        at = (at + 1) & mask
        held = int64_at(directory, SLOTS_AT + at)
    return int64_at(directory, WORDS_AT) + WORDS * (held & ((1 << NUMBER_BITS) - 1))


@inner
def _bits_from(begins, row):
    """The bits of WINDOW rows from ``row`` on."""
    return (int64_at(begins + (row >> 3), 0) >> (row & 7)) & ((np.int64(1) << WINDOW) - 1)


@inner
def _place_of(bits, nth):
    """Which bit the ``nth`` (from 0 on) is of those that are set: there are more. By halves, without a branch."""
    place, half = np.int64(0), np.int64(32)
    while half:
        below = ones(bits & ((np.int64(1) << half) - 1))
        upper = np.int64(nth >= below)
        nth -= upper * below
        bits >>= upper * half
        place += upper * half
        half >>= 1
    return place


@inner
def run_of(begins, far, row, nth):
    """Where the rows of the ``nth`` group of a word are in the second order, ``row`` being its upper half: [lo, hi)."""
    if row < 0:
        return int32_at(far, ~row + nth), int32_at(far, ~row + nth + 1)
    bits = _bits_from(begins, row)
    here = ones(bits)
    while here <= nth:
        nth -= here
        row += WINDOW
        bits = _bits_from(begins, row)
        here = ones(bits)
    lo = row + _place_of(bits, nth)
    hi = lo + 1
    bits = _bits_from(begins, hi)
    while bits == 0:
        hi += WINDOW
        bits = _bits_from(begins, hi)
    return lo, hi + ones((bits & -bits) - 1)
