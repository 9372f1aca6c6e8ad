"""A trace: the contacts of its labels, and out of them the labels and answers of the next level, level by level.

Labels are ordered by case, then key. Kernels stop where an array is too short, say so, and go on when called again.
"""

import numpy as np
from numba import njit

from engine.exposure.kernels import fields as f
from engine.exposure.kernels import reaching_fields as w
from engine.exposure.kernels.keeping import close, set_course
from engine.exposure.kernels.listed import begin_walk, listed_sightings, listed_stays, walk_on
from engine.exposure.kernels.nodes import isolated_at, make_table, met, node_of
from engine.graph.kernels import found
from engine.graph.kernels.memory import (
    float64_at,
    int32_at,
    int64_at,
    int_rows_at,
    ints_at,
    put_float64,
    put_int32,
    put_int64,
    put_uint8,
    real_rows_at,
    reals_at,
)
from engine.graph.kernels.sightings import sightings_of
from engine.graph.kernels.stays import shared_stays
from engine.kernels.memory import inner

MOST_TOGETHER, LEAST_TOGETHER = 64, 8
"""Labels whose evidence is found together: so many that waits for memory overlap, and so few that it stays close."""
FEW_LINES, MANY_LINES = 512, 1_024
"""Pieces of evidence after which more, or fewer, labels are taken together."""


@njit(cache=True, nogil=True)
def spread(t):
    """Trace as :mod:`engine.exposure.kernels.fields` says it is asked, as far as there is room. DONE or MORE_..."""
    bounds, at, windows = np.zeros(4, np.int64), np.zeros(3, np.int64), np.empty((3, MOST_TOGETHER), np.int64)
    steps = np.zeros(4, np.int64)
    if t[f.AT_LEVEL] == 0:
        _begin(t)
    while t[f.AT_LEVEL] <= t[f.DEPTH] and int64_at(t[f.LEVELS], t[f.AT_LEVEL] - 1) < t[f.LEVEL_END]:
        said = _level(t, bounds, at, windows, steps)
        if said != f.DONE:
            return said
        t[f.LEVEL_END] = t[f.LABELS]
        t[f.AT_LEVEL] += 1
        put_int64(t[f.LEVELS], t[f.AT_LEVEL], t[f.LEVEL_END])
    return f.DONE


@inner
def _begin(t):
    """The labels of the seeds."""
    for n in range(t[f.SEED_COUNT]):
        seed, row = t[f.SEEDS] + 24 * n, t[f.LABEL_ROWS] + (n << 6)
        person, start, end = int64_at(seed, 0), int64_at(seed, 1), min(int64_at(seed, 2), t[f.UNTIL])
        moment = start if t[f.FORWARD] else end
        put_int32(row, f.PERSON_4, person)
        put_int32(row, f.CASE_4, n if t[f.ALONE] else 0)
        put_int32(row, f.PARENT_4, -1)
        put_int64(row, f.START, start)
        put_int64(row, f.END, end)
        put_int64(row, f.MOMENT, moment)
        put_float64(row, f.CHANCE, 1.0)
        set_course(t, row, person, moment)
    t[f.LABELS] = t[f.LEVEL_END] = t[f.SEED_COUNT]
    put_int64(t[f.LEVELS], 0, 0)
    put_int64(t[f.LEVELS], 1, t[f.LABELS])
    t[f.AT_LEVEL] = 1


@njit(cache=True, nogil=True)
def _level(t, bounds, at, windows, steps):
    """The rest of a level."""
    if t[f.OPEN_CASE] >= 0 and t[f.MASK] == 0:
        make_table(t, t[f.PRIOR] + t[f.NODES] - t[f.OPENED_AT] + 8)
    while t[f.NEXT] < t[f.LEVEL_END]:
        first, to = t[f.NEXT], t[f.LEVEL_END]
        if t[f.FIXES]:
            to = t[f.TO]
            if first == to:
                return f.MORE_FIXES
        if t[f.LISTED]:
            said = _out_of_lists(t, first, to, bounds, at, steps)
            if said != f.DONE:
                return said
            continue
        looked = int64_at(t[f.TALLY], 0)
        last = _evidence(t, first, to, bounds, windows)
        if last == first:
            return f.MORE_EVIDENCE
        if not _has_room(t, bounds[3]):
            put_int64(t[f.TALLY], 0, looked)
            return f.MORE_ROOM
        at[:] = bounds[:3]
        for label in range(first, last):
            _in_its_case(t, label)
            _meet(t, label, label - first, bounds, at)
        t[f.NEXT] = last
        if bounds[3] > MANY_LINES:
            t[f.TOGETHER] = max(LEAST_TOGETHER, (last - first) >> 1)
        elif bounds[3] < FEW_LINES:
            t[f.TOGETHER] = min(MOST_TOGETHER, 2 * t[f.TOGETHER])
    close(t)
    return f.DONE


@njit(nogil=True)
def _in_its_case(t, label):
    """Have the case of a label open."""
    if int32_at(t[f.LABEL_ROWS] + (label << 6), f.CASE_4) != t[f.OPEN_CASE]:
        close(t)
        _open(t, label)


@njit(cache=True, nogil=True)
def _out_of_lists(t, first, to, bounds, at, steps):
    """Labels [first, to) of a level, the evidence of which is in the view's lists."""
    q = ints_at(t[f.LISTED], w.FIELDS)
    begin_walk(steps, first)
    for label in range(first, to):
        walk_on(t, q, steps, label, to)
        bounds[1], looked = listed_sightings(t, q, label)
        bounds[2], more = listed_stays(t, q, label, bounds[1])
        a, b = _line_of(t, label), _line_of(t, label + 1)
        bounds[3] = bounds[2] + b - a
        if bounds[3] > t[f.EVIDENCE]:
            t[f.NEEDED] = bounds[3]
            return f.MORE_EVIDENCE
        if not _has_room(t, bounds[3]):
            return f.MORE_ROOM
        _copy_lines(t, a, b, bounds[2], label)
        at[:] = bounds[:3]
        _in_its_case(t, label)
        _meet(t, label, 0, bounds, at)
        put_int64(t[f.TALLY], 0, int64_at(t[f.TALLY], 0) + looked + more)
        t[f.NEXT] = label + 1
    return f.DONE


@inner
def _copy_lines(t, a, b, n, first):
    """Lines [a, b) of the evidence of fixes go behind the first ``n``, their labels counted from ``first`` on."""
    for i in range(b - a):
        for c in range(found.INTEGERS):
            put_int64(t[f.WHOLE] + ((n + i) << 6), c, int64_at(t[f.NEAR] + ((a + i) << 6), c))
        label = int64_at(t[f.NEAR] + ((a + i) << 6), found.PERSON)
        put_int64(t[f.WHOLE] + ((n + i) << 6), found.PERSON, label - first)
        put_float64(
            t[f.PARTS] + ((n + i) << 4), found.WEIGHT, float64_at(t[f.NEAR_PARTS] + ((a + i) << 4), found.WEIGHT)
        )


@inner
def _evidence(t, first, to, bounds, windows):
    """Evidence of labels from ``first`` on, channel by channel (``bounds``); returns the end of these labels.

    That is ``first`` itself when there is no room for one label; t[NEEDED] says how much there must be.
    """
    atlas, tally = ints_at(t[f.ATLAS], t[f.ATLAS_SIZE]), ints_at(t[f.TALLY], 1)
    whole = int_rows_at(t[f.WHOLE], t[f.EVIDENCE], found.INTEGERS)
    parts = real_rows_at(t[f.PARTS], t[f.EVIDENCE], found.FRACTIONS)
    scratch = int_rows_at(t[f.SCRATCH], found.SCRATCH, 8)
    count = min(to - first, t[f.TOGETHER])
    person, start, end = windows[0], windows[1], windows[2]
    for i in range(count):
        row = t[f.LABEL_ROWS] + ((first + i) << 6)
        person[i], start[i], end[i] = int32_at(row, f.PERSON_4), int64_at(row, f.START), int64_at(row, f.END)
    looked = tally[0]
    while True:
        n, tally[0] = np.int64(0), looked
        if t[f.ATTENUATION] >= 0:
            edges = reals_at(t[f.SELF] + 8 * f.BUCKETS, 7)
            n = sightings_of(
                atlas, person, start, end, 0, count, t[f.ATTENUATION], edges, n, whole, parts, tally, scratch
            )
        bounds[1] = n
        if t[f.STAYS]:
            n = shared_stays(
                atlas, atlas, True, person, start, end, 0, count, t[f.OWN_SLACK], t[f.OTHER_SLACK],
                n, whole, parts, tally, scratch,
            )  # fmt: skip
        bounds[2] = n
        a, b = _line_of(t, first), _line_of(t, first + count)
        bounds[3] = n + b - a
        if bounds[3] <= t[f.EVIDENCE]:
            break
        if count <= 1:
            t[f.NEEDED] = bounds[3]
            return first
        count = count >> 1
    _copy_lines(t, a, b, n, first)
    return first + count


@inner
def _line_of(t, label):
    """Where in the evidence of fixes that of a label begins."""
    lo, hi = np.int64(0), t[f.NEAR_COUNT]
    while lo < hi:
        mid = (lo + hi) >> 1
        if int64_at(t[f.NEAR] + (mid << 6), found.PERSON) < label:
            lo = mid + 1
        else:
            hi = mid
    return lo


@inner
def _has_room(t, count):
    """Whether so much evidence fits, whatever it is; and what it may become when its cases are closed."""
    seeds = t[f.SEED_COUNT]
    people = t[f.NODES] + seeds + count + 8
    pooled = t[f.POOLED] + 3 * count
    most = max(people, pooled, max(t[f.LABELS], t[f.ANSWERS]) + t[f.TOUCHED] + count)
    most = max(most, t[f.SHARES] + t[f.TOUCHED] + pooled)
    t[f.NEEDED] = 2 * most
    return most <= t[f.ROWS]


@inner
def _open(t, label):
    """Begin with the case of a label: its people so far are in the table."""
    case = int32_at(t[f.LABEL_ROWS] + (label << 6), f.CASE_4)
    t[f.OPEN_CASE], t[f.OPENED_AT] = case, t[f.NODES]
    t[f.TOUCHED] = t[f.POOLED] = t[f.PRIOR] = 0
    for level in range(1, t[f.AT_LEVEL]):
        known = 2 * (case * (t[f.DEPTH] + 1) + level)
        t[f.PRIOR] += int64_at(t[f.RANGES], known + 1) - int64_at(t[f.RANGES], known)
    make_table(t, t[f.PRIOR] + 8)
    if t[f.AT_LEVEL] == 1 and not t[f.ALONE]:
        for seed in range(t[f.SEED_COUNT]):
            node = node_of(t, int64_at(t[f.SEEDS] + 24 * seed, 0))
            put_uint8(t[f.NODE_ROWS] + (node << 6), f.FLAGS_1, f.SEED)


@inner
def _meet(t, label, number, bounds, at):
    """All contacts of a label, the evidence of which says ``number``."""
    case = int32_at(t[f.LABEL_ROWS] + (label << 6), f.CASE_4)
    alone = int64_at(t[f.SEEDS], 3 * case) if t[f.ALONE] else np.int64(-1)
    whole, mine, nodes, forward = t[f.WHOLE], t[f.MINE_ROWS], t[f.NODE_ROWS], t[f.FORWARD]
    count = np.int64(0)
    for channel in range(3):
        e, end = at[channel], bounds[channel + 1]
        while e < end:
            line = whole + (e << 6)
            if int64_at(line, found.PERSON) != number:
                break
            other, to = int64_at(line, found.OTHER), int64_at(line, found.END)
            if not forward:
                to = min(to, isolated_at(t, other, to))
                put_int64(line, found.END, to)
            if other != alone and int64_at(line, found.START) < to:
                node = node_of(t, other)
                row = nodes + (node << 6)
                further = np.int64(-1)
                if int32_at(row, f.LAST_LABEL_4) == label:
                    further = int32_at(row, f.HEAD_4)
                else:
                    put_int32(row, f.LAST_LABEL_4, label)
                    put_int32(mine, count, node)
                    count += 1
                put_int64(line, found.NEXT, further)
                put_int32(row, f.HEAD_4, e)
            e += 1
        at[channel] = e
    for i in range(count):
        met(t, label, int32_at(mine, i), bounds)
