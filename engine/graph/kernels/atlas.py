"""How the atlas of a view is laid out, and finding segments and rows with it.

The atlas is one int64 column: a head for each channel, then a line for each segment, by day. See
:mod:`engine.graph.atlas`, which makes it.
"""

import numpy as np
from numba import njit

from engine.graph.kernels.memory import int32_at, int64_at, ones, prefetch
from engine.graph.layout import SECOND_BITS
from engine.kernels.memory import inner

DAY = 86_400
MOMENTS = 1 << 60
"""No moment is taken to be later: days are counted in int64."""

# The head of a channel: channel * HEAD +
HEAD = 8
LINES, DAYS_AT, FIRST_DAY, DAYS, REACH = range(5)
"""Where its lines begin; where the numbers of the first segment of each day begin; how long rows last at most."""
PLACE_STAY, PLACE_WEIGHT, USUAL_STAY = 3 * HEAD, 3 * HEAD + 1, 3 * HEAD + 2
"""Addresses of the columns by place; the longest usual stay, s."""
HEADS = 3 * HEAD + 8

# The line of a segment: its columns by address, and how to find rows in them.
LINE = 24
DAY_START, ROWS, LONGEST, K1, K2, FIRST_PAYLOAD, SECOND_PAYLOAD, THIRD_PAYLOAD, STAY = range(9)
GROUPS, GROUP_START, ORDER, GROUP_COUNT = 9, 10, 11, 21
ORDER_WIDTH, ORDER_MASK = 22, 23
"""Of a number in the second order: its bytes, and the bits that it has."""
FIRST_STARTS, FIRST_SHIFT, FIRST_SPAN, FIRST_WORDS, LONGESTS = 12, 13, 14, 15, 16
SECOND_SHIFT, SECOND_SPAN, SECOND_WORDS, SECOND_BASE = 17, 18, 19, 20
"""Directories, over c = (code - base) >> shift with c < span.

Words say, for 32 values of c, which of them there are (a bit each) and where the rows (second order: the groups) of
the first of them begin (upper half). Starts say where the rows of each c begin; they stand in for words where people
have many rows. Check-ins have starts by place, and with them the longest stay of each c (in units of STAY_UNIT).
"""
CELLS, BEGINS, FAR = 17, 18, 19
"""Of fixes in place of GROUPS, GROUP_START and a directory, where cells are held as bits: see
:mod:`engine.graph.kernels.cell_groups`. 0: they are not."""
STAY_UNIT = 64


@inner
def segments_between(atlas, channel, low, high):
    """Numbers [first, last) of the segments that may have rows in [low, high), going by the day alone."""
    head = channel * HEAD
    days, first_day, reach = atlas[head + DAYS], atlas[head + FIRST_DAY], atlas[head + REACH]
    if days == 0 or low >= high:
        return 0, 0
    low, high = max(low, -MOMENTS), min(high, MOMENTS)
    since = min(max((low - reach) // DAY - first_day, 0), days)
    to = min(max((high + DAY - 1) // DAY - first_day, 0), days)
    at = atlas[head + DAYS_AT]
    return atlas[at + since], atlas[at + max(since, to)]


@inner
def ask_first(atlas, line, code):
    """Ask for what :func:`rows_of_code` will read."""
    c = code >> atlas[line + FIRST_SHIFT]
    if atlas[line + FIRST_STARTS]:
        prefetch(atlas[line + FIRST_STARTS] + 4 * c)
    else:
        prefetch(atlas[line + FIRST_WORDS] + 8 * (c >> 5))


@inner
def rows_of_code(atlas, line, code):
    """Rows [lo, hi) of the first order among which those of ``code`` are; empty: there are none."""
    c = code >> atlas[line + FIRST_SHIFT]
    if c >= atlas[line + FIRST_SPAN]:
        return np.int64(0), np.int64(0)
    starts, words = atlas[line + FIRST_STARTS], atlas[line + FIRST_WORDS]
    if starts:
        return int32_at(starts, c), int32_at(starts, c + 1)
    word = int64_at(words, c >> 5)
    if (word >> (c & 31)) & 1:
        return word >> 32, int64_at(words, (c >> 5) + 1) >> 32
    return np.int64(0), np.int64(0)


@inner
def ask_second(atlas, line, code):
    """Ask for what :func:`group_near` will read."""
    c = (code - atlas[line + SECOND_BASE]) >> atlas[line + SECOND_SHIFT]
    prefetch(atlas[line + SECOND_WORDS] + 8 * (c >> 5))


@inner
def group_near(atlas, line, code):
    """The group of ``code``, where shift is 0, else the first that it can be; -1: there is none. Asks for its start."""
    c = (code - atlas[line + SECOND_BASE]) >> atlas[line + SECOND_SHIFT]
    if c < 0 or c >= atlas[line + SECOND_SPAN]:
        return np.int64(-1)
    word = int64_at(atlas[line + SECOND_WORDS], c >> 5)
    if not (word >> (c & 31)) & 1:
        return np.int64(-1)
    g = (word >> 32) + ones(word & ((np.int64(1) << (c & 31)) - 1))
    prefetch(atlas[line + GROUP_START] + 4 * g)
    return g


@inner
def run_of_group(atlas, line, g, code):
    """Where the rows of ``code`` are in the second order, given :func:`group_near`: [lo, hi)."""
    if g < 0:
        return np.int64(0), np.int64(0)
    if atlas[line + SECOND_SHIFT]:
        groups, last = atlas[line + GROUPS], atlas[line + GROUP_COUNT]
        while g < last and int32_at(groups, g) < code:
            g += 1
        if g == last or int32_at(groups, g) != code:
            return np.int64(0), np.int64(0)
    return int32_at(atlas[line + GROUP_START], g), int32_at(atlas[line + GROUP_START], g + 1)


@inner
def row_at(atlas, line, j):
    """The row at place ``j`` of the second order."""
    return int32_at(atlas[line + ORDER] + atlas[line + ORDER_WIDTH] * j, 0) & atlas[line + ORDER_MASK]


@inner
def ask_row(atlas, line, j):
    """Ask for what :func:`row_at` will read."""
    prefetch(atlas[line + ORDER] + atlas[line + ORDER_WIDTH] * j)


@inner
def first_not_below(k1, wanted, lo, hi):
    """First row in [lo, hi) of the keys at address ``k1`` that is not below ``wanted``, else hi. Without branches."""
    n = hi - lo
    while n > 1:
        half = n >> 1
        lo += half * (int64_at(k1, lo + half - 1) < wanted)
        n -= half
    if n == 1:
        lo += int64_at(k1, lo) < wanted
    return lo


@njit(cache=True, nogil=True)
def starts_of_codes(k1, shift, span):
    """Where the rows of each c = (key >> SECOND_BITS) >> shift begin, shape (span + 1,). Cost: linear."""
    starts = np.empty(span + 1, np.int32)
    b = 0
    for i in range(len(k1)):
        c = (k1[i] >> SECOND_BITS) >> shift
        while b <= c:
            starts[b] = i
            b += 1
    starts[b:] = len(k1)
    return starts


@njit(cache=True, nogil=True)
def words_of_codes(codes, base, right, shift, span):
    """Words of ascending ``codes``, shape (blocks + 1,); c = ((code - base) >> right) >> shift. Cost: linear."""
    words = np.empty(((span + 31) >> 5) + 1, np.int64)
    b = 0
    for i in range(len(codes)):
        c = ((np.int64(codes[i]) - base) >> right) >> shift
        while b <= c >> 5:
            words[b] = np.int64(i) << 32
            b += 1
        words[c >> 5] |= np.int64(1) << (c & 31)
    words[b:] = np.int64(len(codes)) << 32
    return words


@njit(cache=True, nogil=True)
def longest_of_places(majors, major_longest, shift, span):
    """Longest stay of each c = place >> shift in units of STAY_UNIT, rounded up, shape (span,)."""
    found = np.zeros(span, np.uint16)
    for m in range(len(majors)):
        units = min((np.int64(major_longest[m]) + STAY_UNIT - 1) // STAY_UNIT, 65_535)
        found[majors[m] >> shift] = max(np.int64(found[majors[m] >> shift]), units)
    return found
