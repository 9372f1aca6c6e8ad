"""Scan of location fixes: whose were near one's own. See :mod:`engine.graph.kernels.found`."""

import numpy as np

from engine.graph.kernels import atlas as at
from engine.graph.kernels import found
from engine.graph.kernels.atlas import first_not_below, segments_between
from engine.graph.kernels.cell_groups import BITS, UNUSED, WORD_BITS, parent_of, run_of, words_of
from engine.graph.kernels.fixes import ACCURACY, FROM, LAT, LNG, LOCATION, TO, UNIT, WHERE, WHO, proximity
from engine.graph.kernels.memory import int32_at, int64_at, lean, ones, prefetch, uint16_at
from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.kernels.memory import inner


@lean
def near_fixes(
    atlas, person, start, end, fixes, cell_of, cell_start, cells, limits, n, whole, parts, tally, scratch
):  # fmt: skip
    """Other people's fixes near each of ``fixes`` (m, FIX) while both presences last, in the window of its person.

    ``cells[cell_start[c]:cell_start[c + 1]]`` with c = cell_of[o] are the H3 cells within reach of fix o. Evidence is
    eligible when the distance is within the search radius and the chance of true proximity is at least the floor.
    ``limits``: see :func:`engine.graph.kernels.fixes.proximity`.
    """
    usual, items, rows = atlas[LOCATION * at.HEAD + at.REACH], scratch[: found.ROUND], scratch[found.ROUND :]
    for o in range(len(fixes)):
        who, cell = fixes[o, WHO], cell_of[o]
        since, to = max(fixes[o, FROM], start[who]), min(fixes[o, TO], end[who])
        a, b = segments_between(atlas, LOCATION, since, to)
        for segment in range(a, b):
            line = atlas[LOCATION * at.HEAD + at.LINES] + segment * at.LINE
            since_s, to_s = since - usual - atlas[line + at.DAY_START], to - atlas[line + at.DAY_START]
            if since_s > SECOND_MASK or to_s <= 0:
                continue
            first, last = cell_start[cell], cell_start[cell + 1]
            while first < last:
                some = min(last - first, found.ROUND)
                m = _occupied(atlas, line, cells, first, some, since_s, items)
                first += some
                n = _close(
                    atlas, person[who], fixes, o, since, to, line, segment, to_s, m, items, rows,
                    limits, n, whole, parts, tally,
                )  # fmt: skip
    return n


@inner
def _occupied(atlas, line, cells, first, count, since_s, items):
    """Rows [from, to) of the second order of those cells that hold any after ``since_s``; how many cells those are."""
    if atlas[line + at.CELLS]:
        m = _by_bits(atlas, line, cells, first, count, items)
    else:
        m = _by_columns(atlas, line, cells, first, count, items)
    for i in range(m):
        items[i, 2] = items[i, 1]
        at.ask_row(atlas, line, (items[i, 0] + items[i, 1]) >> 1)
    _narrowed(atlas, line, since_s, m, items)
    return m


@inner
def _by_bits(atlas, line, cells, first, count, items):
    """Rows of those cells that there are, where a segment holds them as bits; how many cells those are."""
    directory, begins, far, m = atlas[line + at.CELLS], atlas[line + at.BEGINS], atlas[line + at.FAR], 0
    unused, last, words = int64_at(directory, UNUSED), np.int64(-1), np.int64(0)
    for i in range(count):
        cell = np.int64(cells[first + i])
        parent = parent_of(cell, unused)
        if parent != last:
            last, words = parent, words_of(directory, parent)
        inside = cell >> unused
        word = int64_at(directory, words + (inside >> WORD_BITS & ((1 << (BITS - WORD_BITS)) - 1)))
        inside &= (1 << WORD_BITS) - 1
        items[m, 0] = word >> 32
        items[m, 1] = ones(word & ((np.int64(1) << inside) - 1))
        prefetch(begins + (word >> 35))
        m += word >> inside & 1
    for i in range(m):
        items[i, 0], items[i, 1] = run_of(begins, far, items[i, 0], items[i, 1])
    return m


@inner
def _by_columns(atlas, line, cells, first, count, items):
    """The same, where a segment holds them as columns."""
    starts, groups, m = atlas[line + at.GROUP_START], atlas[line + at.GROUPS], 0
    for i in range(count):
        cell = np.int64(cells[first + i])
        g = first_not_below(groups, cell, 0, atlas[line + at.GROUP_COUNT])
        if g < atlas[line + at.GROUP_COUNT] and int64_at(groups, g) == cell:
            items[m, 0] = g
            prefetch(starts + 4 * g)
            m += 1
    for i in range(m):
        g = items[i, 0]
        items[i, 0], items[i, 1] = int32_at(starts, g), int32_at(starts, g + 1)
    return m


@inner
def _narrowed(atlas, line, since_s, m, items):
    """Let the rows of all cells begin after a second of the day: bisection, a step of all before the next of any."""
    open_cells, k1 = m, atlas[line + at.K1]
    while open_cells:
        for i in range(m):
            if items[i, 0] < items[i, 1]:
                prefetch(k1 + 8 * at.row_at(atlas, line, (items[i, 0] + items[i, 1]) >> 1))
        open_cells = 0
        for i in range(m):
            if items[i, 0] < items[i, 1]:
                mid = (items[i, 0] + items[i, 1]) >> 1
                if (int64_at(k1, at.row_at(atlas, line, mid)) & SECOND_MASK) <= since_s:
                    items[i, 0] = mid + 1
                else:
                    items[i, 1] = mid
                open_cells += items[i, 0] < items[i, 1]


@inner
def _close(
    atlas, x, fixes, o, since, to, line, segment, to_s, m, items, rows, limits,
    n, whole, parts, tally,
):  # fmt: skip
    """Evidence of fix ``o`` with the rows of ``m`` cells up to a second of the day."""
    k1, r = atlas[line + at.K1], 0
    for i in range(m):
        for j in range(items[i, 0], items[i, 2]):
            row = at.row_at(atlas, line, j)
            if (int64_at(k1, row) & SECOND_MASK) >= to_s:
                break
            tally[0] += 1
            prefetch(atlas[line + at.STAY] + 2 * row)
            prefetch(atlas[line + at.FIRST_PAYLOAD] + 4 * row)
            rows[r, 0] = row
            r += 1
            if r == found.RECORDS:
                n = _told(atlas, x, fixes, o, since, to, line, segment, r, rows, limits, n, whole, parts)
                r = 0
    return _told(atlas, x, fixes, o, since, to, line, segment, r, rows, limits, n, whole, parts)


@inner
def _told(atlas, x, fixes, o, since, to, line, segment, count, rows, limits, n, whole, parts):
    """Evidence of fix ``o`` with those of ``count`` rows that are of other people."""
    _, _, furthest, _, _, radius = limits
    cap, own_lat, own_lng = len(whole), fixes[o, LAT], fixes[o, LNG]
    most_north = np.int64(1.001 * furthest / (radius * UNIT)) + 1
    for i in range(count):
        row = rows[i, 0]
        key = int64_at(atlas[line + at.K1], row)
        if key >> SECOND_BITS == x:
            continue
        lat = int32_at(atlas[line + at.FIRST_PAYLOAD], row)
        moment = atlas[line + at.DAY_START] + (key & SECOND_MASK)
        s, e = max(since, moment), min(to, moment + uint16_at(atlas[line + at.STAY], row))
        if (s >= e) | (abs(lat - own_lat) > most_north):
            continue
        weight, d = proximity(
            own_lat, own_lng, fixes[o, ACCURACY], lat, int32_at(atlas[line + at.SECOND_PAYLOAD], row),
            uint16_at(atlas[line + at.THIRD_PAYLOAD], row), limits,
        )  # fmt: skip
        if weight < 0.0:
            continue
        if n < cap:
            whole[n, found.PERSON], whole[n, found.OTHER] = fixes[o, WHO], key >> SECOND_BITS
            whole[n, found.START], whole[n, found.END] = s, e
            whole[n, found.PLACE], whole[n, found.OWN] = -1, fixes[o, WHERE]
            whole[n, found.THEIRS] = (segment << 32) | row
            parts[n, found.WEIGHT], parts[n, found.MEASURE] = weight, d
        n += 1
    return n
