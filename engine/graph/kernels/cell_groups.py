"""Which group of a segment's second order a cell is: a table of the cells of three resolutions coarser.

The cells within such a parent are 343 of 512 numbers: a line of 16 words, each with a bit for 32 of them and, in its
upper half, the group of the first. Cells near each other are mostly of few parents, so that they share lines.
"""

import numpy as np
from numba import njit

from engine.graph.kernels.atlas import first_not_below
from engine.graph.kernels.memory import int64_at, ones
from engine.kernels.memory import inner

BITS = 9
"""Of a cell's number within its parent."""
WORDS = 1 << (BITS - 5)
HEAD = 3
"""A directory begins with: how many bits cells end with that all share; slots - 1; where the words begin."""
PARENT_BYTES = 8 * (WORDS + 8)
"""A directory takes so much, or less, for each parent: its words and two to four slots."""


@inner
def _slot_of(parent, mask):
    return ((parent * 0x9E3779B97F4A7C1) >> 30) & mask


@njit(cache=True, nogil=True)
def parents_of(groups, unused):
    """How many parents ascending cells have, the last ``unused`` bits of which say nothing. Cost: linear."""
    count, last = 0, np.int64(-1)
    for g in range(len(groups)):
        parent = np.int64(groups[g]) >> (unused + BITS)
        count += parent != last
        last = parent
    return count


@njit(cache=True, nogil=True)
def directory_of(groups, unused, parents):
    """The directory of ascending cells: head, slots (parent, number), words by parent. Cost: linear."""
    slots = 2
    while slots < 2 * parents:
        slots *= 2
    begin = HEAD + 2 * slots
    found = np.zeros(begin + WORDS * parents, np.int64)
    found[0], found[1], found[2] = unused, slots - 1, begin
    found[HEAD:begin] = -1
    number, last = np.int64(-1), np.int64(-1)
    for g in range(len(groups)):
        parent = np.int64(groups[g]) >> (unused + BITS)
        if parent != last:
            number, last = number + 1, parent
            at = _slot_of(parent, slots - 1)
            while found[HEAD + 2 * at] >= 0:
                at = (at + 1) & (slots - 1)
            found[HEAD + 2 * at], found[HEAD + 2 * at + 1] = parent, number
        inside = (np.int64(groups[g]) >> unused) & ((1 << BITS) - 1)
        word = begin + WORDS * number + (inside >> 5)
        if found[word] == 0:
            found[word] = np.int64(g) << 32
        found[word] |= np.int64(1) << (inside & 31)
    return found


@inner
def group_of_cell(directory, groups, count, cell):
    """The group of a cell, -1: there is none; by the directory at an address, or, where that is 0, by bisection."""
    if directory == 0:
        g = first_not_below(groups, cell, 0, count)
        return g if g < count and int64_at(groups, g) == cell else np.int64(-1)
    unused, mask = int64_at(directory, 0), int64_at(directory, 1)
    parent = cell >> (unused + BITS)
    at = _slot_of(parent, mask)
    held = int64_at(directory, HEAD + 2 * at)
    while held != parent:
        if held < 0:
            return np.int64(-1)
        at = (at + 1) & mask
        held = int64_at(directory, HEAD + 2 * at)
    inside = (cell >> unused) & ((1 << BITS) - 1)
    begin = int64_at(directory, 2) + WORDS * int64_at(directory, HEAD + 2 * at + 1)
    word, bit = int64_at(directory, begin + (inside >> 5)), np.int64(1) << (inside & 31)
    return (word >> 32) + ones(word & (bit - 1)) if word & bit else np.int64(-1)
