"""People reached by the case in hand: a table of them by code, and what each label adds to them."""

import math

import numpy as np

from engine.exposure.kernels import fields as f
from engine.exposure.kernels.contacts import DAY, _dose, cumulative, most_in_a_day, unbroken
from engine.exposure.kernels.pieces import add_piece, add_places, by_start
from engine.graph.kernels import found
from engine.graph.kernels.memory import (
    float64_at,
    int32_at,
    int64_at,
    ints_at,
    put_float64,
    put_int32,
    put_int64,
    put_uint8,
    real_rows_at,
    reals_at,
    uint8_at,
)
from engine.kernels.memory import inner

_NONE = np.int64(-1)
_LEAST_SLOTS = 256


@inner
def slot_of(person, mask):
    """Where in the table a person is looked for first."""
    return ((person * 0x9E3779B97F4A7C1) >> 24) & mask


@inner
def add_slot(slots, mask, person, node):
    """Put a person who is not there yet into the table, an int64 each: 1 + person, node; 0: nobody."""
    at = slot_of(person, mask)
    while int64_at(slots, at):
        at = (at + 1) & mask
    put_int64(slots, at, ((person + 1) << 32) | node)


@inner
def make_table(t, people):
    """Make the table of the open case anew, for so many people: at most a quarter of it is taken."""
    size = np.int64(_LEAST_SLOTS)
    while size < 4 * people:
        size *= 2
    mask, slots, nodes = size - 1, t[f.SLOTS], t[f.NODE_ROWS]
    t[f.MASK] = mask
    for at in range(size):
        put_int64(slots, at, 0)
    for level in range(1, t[f.AT_LEVEL]):
        known = 2 * (t[f.OPEN_CASE] * (t[f.DEPTH] + 1) + level)
        for node in range(int64_at(t[f.RANGES], known), int64_at(t[f.RANGES], known + 1)):
            add_slot(slots, mask, int32_at(nodes + (node << 6), f.WHO_4), node)
    for node in range(t[f.OPENED_AT], t[f.NODES]):
        add_slot(slots, mask, int32_at(nodes + (node << 6), f.WHO_4), node)


@inner
def node_of(t, person):
    """The node of a person; a new one if there is none."""
    slots, mask = t[f.SLOTS], t[f.MASK]
    at = slot_of(person, mask)
    held = int64_at(slots, at)
    while held:
        if held >> 32 == person + 1:
            return held & 0xFFFFFFFF
        at = (at + 1) & mask
        held = int64_at(slots, at)
    node = t[f.NODES]
    t[f.NODES] = node + 1
    put_int64(slots, at, ((person + 1) << 32) | node)
    row = t[f.NODE_ROWS] + (node << 6)
    put_int32(row, f.WHO_4, person)
    put_int32(row, f.LAST_LABEL_4, -1)
    put_uint8(row, f.LEVEL_1, 0)
    put_uint8(row, f.FLAGS_1, 0)
    people = t[f.PRIOR] + node + 1 - t[f.OPENED_AT]
    if 2 * people > mask:
        make_table(t, people)
    return node


@inner
def course_of(t, person):
    """Where a person is among the cases, else -1."""
    lo, hi = np.int64(0), t[f.CASE_COUNT]
    while lo < hi:
        mid = (lo + hi) >> 1
        if int64_at(t[f.CASES], mid) < person:
            lo = mid + 1
        else:
            hi = mid
    return lo if lo < t[f.CASE_COUNT] and int64_at(t[f.CASES], lo) == person else _NONE


@inner
def isolated_at(t, person, otherwise):
    """When a person was isolated; ``otherwise``: beyond the column."""
    if person >= t[f.ISOLATIONS]:
        return otherwise
    return int64_at(t[f.ISOLATION], person)


@inner
def fraction(t, number):
    """A fraction of the table."""
    return float64_at(t[f.SELF], number)


@inner
def _chain(whole, parts, head, count, starts, ends, weights):
    """The evidence that ends with ``head`` as columns ascending in start."""
    e = head
    for i in range(count - 1, -1, -1):
        line = whole + (e << 6)
        starts[i], ends[i] = int64_at(line, found.START), int64_at(line, found.END)
        weights[i] = float64_at(parts + (e << 4), found.WEIGHT)
        e = int64_at(line, found.NEXT)
    by_start(starts, ends, weights, count)


@inner
def met(t, label, node, bounds):
    """Add to a node what the label's evidence of it comes to, if that is a contact under the policy."""
    row, person = t[f.LABEL_ROWS] + (label << 6), t[f.NODE_ROWS] + (node << 6)
    origin, course, factor = int64_at(row, f.ORIGIN), int32_at(row, f.COURSE_4), float64_at(row, f.FACTOR)
    if not t[f.FORWARD]:
        case = course_of(t, int32_at(person, f.WHO_4))
        origin, course, factor = np.int64(0), np.int64(2), fraction(t, f.UNKNOWN)
        if case >= 0:
            origin, course = int64_at(t[f.CASE_ORIGIN], case), int64_at(t[f.CASE_COURSE], case)
            factor = float64_at(t[f.CASE_FACTOR], case)
    e = int32_at(person, f.HEAD_4)
    line = t[f.WHOLE] + (e << 6)
    if int64_at(line, found.NEXT) >= 0:
        _met_often(t, label, node, e, origin, course, factor, bounds)
        return
    first, last = int64_at(line, found.START), int64_at(line, found.END)
    counted = min(last - first, DAY) if t[f.ACCUMULATE] == 1 else last - first
    if counted < fraction(t, f.LEAST_S):
        return
    table, first_s, step_s = real_rows_at(t[f.TABLES], 2, t[f.STEPS]), t[f.FIRST_S], t[f.STEP_S]
    since = cumulative(table, course, first_s, step_s, first - origin)
    weight = float64_at(t[f.PARTS] + (e << 4), found.WEIGHT)
    dose = weight * (cumulative(table, course, first_s, step_s, last - origin) - since) * factor
    channels = np.int64(1) << (np.int64(e >= bounds[1]) + np.int64(e >= bounds[2]))
    _add(t, label, node, first, last, dose, channels)
    if t[f.PLACES] and channels == 2 and uint8_at(person, f.FLAGS_1) == 0:
        add_places(t, person, e, bounds)


@inner
def _met_often(t, label, node, head, origin, course, factor, bounds):
    """The same for several pieces of evidence."""
    whole, rows, times, weights = t[f.WHOLE], t[f.ROWS], t[f.TIMES], t[f.WEIGHTS]
    count, channels, e = np.int64(0), np.int64(0), head
    while e >= 0:
        channels |= np.int64(1) << (np.int64(e >= bounds[1]) + np.int64(e >= bounds[2]))
        count += 1
        e = int64_at(whole + (e << 6), found.NEXT)
    starts, ends, weight = ints_at(times, count), ints_at(times + 8 * rows, count), reals_at(weights, count)
    piece_start, piece_end = ints_at(times + 16 * rows, count), ints_at(times + 24 * rows, count)
    _chain(whole, t[f.PARTS], head, count, starts, ends, weight)
    pieces = unbroken(starts, ends, 0, count, piece_start, piece_end, 0)
    union = single = np.int64(0)
    for p in range(pieces):
        union += piece_end[p] - piece_start[p]
        single = max(single, piece_end[p] - piece_start[p])
    counted = single if t[f.ACCUMULATE] == 2 else union
    if t[f.ACCUMULATE] == 1:
        counted = most_in_a_day(piece_start, piece_end, 0, pieces)
    if counted < fraction(t, f.LEAST_S):
        return
    table = real_rows_at(t[f.TABLES], 2, t[f.STEPS])
    dose = _dose(
        starts, ends, weight, 0, count, course, origin, factor, table, t[f.FIRST_S], t[f.STEP_S],
        ints_at(times + 32 * rows, count), reals_at(weights + 8 * rows, count),
    )  # fmt: skip
    person = t[f.NODE_ROWS] + (node << 6)
    fresh = uint8_at(person, f.LEVEL_1) != t[f.AT_LEVEL]
    _add(t, label, node, starts[0], piece_end[pieces - 1], dose, channels)
    if uint8_at(person, f.FLAGS_1) == 0:
        if pieces > 1:
            if not fresh:  # take back the one piece that is none
                t[f.POOLED] -= 1
                put_int32(person, f.PIECES_4, int64_at(t[f.POOL_ROWS] + 24 * t[f.POOLED], f.P_NEXT))
            for p in range(pieces):
                add_piece(t, person, piece_start[p], piece_end[p])
        if t[f.PLACES] and channels & 2:
            add_places(t, person, head, bounds)


@inner
def _add(t, label, node, first, last, dose, channels):
    """Moment, witness, extent, chance and pieces. Labels come in the order of their keys: the first of equals stays."""
    row, best = t[f.NODE_ROWS] + (node << 6), t[f.BEST_ROWS] + (node << 4)
    chance = float64_at(t[f.LABEL_ROWS] + (label << 6), f.CHANCE)
    escapes = 1.0 - chance * -math.expm1(-fraction(t, f.RATE) * dose)
    if uint8_at(row, f.LEVEL_1) != t[f.AT_LEVEL]:
        put_uint8(row, f.LEVEL_1, t[f.AT_LEVEL])
        put_int32(t[f.TOUCHED_ROWS], t[f.TOUCHED], node)
        t[f.TOUCHED] += 1
        put_int32(row, f.WITNESS_4, label)
        put_int64(row, f.FIRST, first)
        put_int64(row, f.LAST, last)
        put_uint8(row, f.CHANNELS_1, channels)
        put_int32(row, f.PIECES_4, -1)
        put_int32(row, f.PLACES_4, -2)
        put_float64(best, f.MOST, dose)
        put_float64(row, f.DOSE, dose)
        put_float64(row, f.ESCAPED, escapes)
        return
    since, to = int64_at(row, f.FIRST), int64_at(row, f.LAST)
    if uint8_at(row, f.FLAGS_1) == 0:
        if int32_at(row, f.PIECES_4) < 0:
            add_piece(t, row, since, to)
        add_piece(t, row, first, last)
    ahead = since - first if t[f.FORWARD] else last - to
    if ahead > 0 or (ahead == 0 and dose > float64_at(best, f.MOST)):
        put_int32(row, f.WITNESS_4, label)
        put_float64(best, f.MOST, dose)
    put_int64(row, f.FIRST, min(since, first))
    put_int64(row, f.LAST, max(to, last))
    put_uint8(row, f.CHANNELS_1, uint8_at(row, f.CHANNELS_1) | channels)
    put_float64(row, f.DOSE, float64_at(row, f.DOSE) + dose)
    put_float64(row, f.ESCAPED, float64_at(row, f.ESCAPED) * escapes)
