"""Sweep over the stays of a day, place by place: who was there at the same time.

Stays lie in columns sorted by (place, start), so whoever overlaps a stay and came later lies right behind it: every
row looked at is a pair. Seconds count from the beginning of the day; a stay that began on an earlier day has a
negative start. Indices are unsigned: numba then leaves out its checks for negative ones.
"""

import numpy as np
from numba import njit

from engine.graph.layout import SECOND_BITS, SECOND_MASK

_ONE = np.uint64(1)
_FOUR = np.uint64(4)
PLACE, UNTIL, FRESH, ROW, NEXT = range(5)
"""Where a sweep stands: first row of the place, the row behind its last, its first stay that began this day, the row
in hand and the next one to compare it with."""


@njit(cache=True, nogil=True)
def _copy(at, n, place, person, start, end, segment, row, out_place, out_person, out_start, out_end, out_segment,
          out_row):  # fmt: skip
    out_place[n] = place[at]
    out_person[n] = person[at]
    out_start[n] = start[at]
    out_end[n] = end[at]
    out_segment[n] = segment[at]
    out_row[n] = row[at]


@njit(cache=True, nogil=True)
def take_in(
    place, person, start, end, segment, row, n,
    k1, k2, left_at, first, last, number, place_stay, shift, low, high,
    out_place, out_person, out_start, out_end, out_segment, out_row,
):  # fmt: skip
    """Merges ``n`` stays at hand with the rows first to last of a segment; returns how many there are then.

    ``shift`` is the beginning of the segment's day, seen from the day of the sweep. Stays are clipped to [low, high);
    those that lie outside or are empty are left out.
    """
    count = 0
    i = 0
    for r in range(first, last):
        here = np.int32(k1[r] >> SECOND_BITS)
        came = shift + (k1[r] & SECOND_MASK)
        left = shift + left_at[r] if left_at[r] >= 0 else came + place_stay[here]
        came = max(came, low)
        left = min(left, high)
        if came >= left:
            continue
        while i < n and (place[i] < here or (place[i] == here and start[i] <= came)):
            _copy(i, count, place, person, start, end, segment, row, out_place, out_person, out_start, out_end,
                  out_segment, out_row)  # fmt: skip
            count += 1
            i += 1
        out_place[count] = here
        out_person[count] = k2[r]
        out_start[count] = came
        out_end[count] = left
        out_segment[count] = number
        out_row[count] = r
        count += 1
    while i < n:
        _copy(i, count, place, person, start, end, segment, row, out_place, out_person, out_start, out_end,
              out_segment, out_row)  # fmt: skip
        count += 1
        i += 1
    return count


@njit(cache=True, nogil=True)
def carry(
    place, person, start, end, segment, row, n, later, slack,
    out_place, out_person, out_start, out_end, out_segment, out_row,
):  # fmt: skip
    """The stays that last past second ``later``, less ``slack``; it becomes second 0. Returns how many there are."""
    count = 0
    for i in range(n):
        if end[i] + slack > later:
            _copy(i, count, place, person, start, end, segment, row, out_place, out_person, out_start, out_end,
                  out_segment, out_row)  # fmt: skip
            out_start[count] -= later
            out_end[count] -= later
            count += 1
    return count


@njit(cache=True, nogil=True)
def _place(place, start, n, fresh, turn, state):
    """The place that begins at row ``state[PLACE]``, from its ``turn``-th row on."""
    p0 = state[PLACE]
    p1 = p0 + _ONE
    while p1 < n and place[p1] == place[p0]:
        p1 += _ONE
    f = p0
    while f < p1 and start[f] < fresh:
        f += _ONE
    state[UNTIL] = p1
    state[FRESH] = f
    state[ROW] = p0 + np.uint64(turn)
    state[NEXT] = max(state[ROW] + _ONE, f)


@njit(cache=True, nogil=True)
def _behind(start, at, until_row, until):
    """First row from ``at`` on, before ``until_row``, that begins at ``until`` or later."""
    while at + _FOUR <= until_row and start[at + _FOUR - _ONE] < until:
        at += _FOUR
    while at < until_row and start[at] < until:
        at += _ONE
    return at


@njit(cache=True, nogil=True)
def count_pairs(place, person, start, end, n, fresh, turn, turns):
    """(pairs of stays of different people that overlap, their seconds together).

    Stays that began before ``fresh`` are not compared with each other. Of rows taken ``turns`` at a time only each
    ``turn``-th is compared with those behind it: a place too large for one thread is shared out.
    Cost: about 2.5 ns a pair and 10 ns a row.
    """
    state = np.zeros(5, np.uint64)
    rows = np.uint64(n)
    pairs = np.int64(0)
    seconds = np.int64(0)
    while state[PLACE] < rows:
        _place(place, start, rows, fresh, turn, state)
        p1 = state[UNTIL]
        f = state[FRESH]
        for i in range(state[ROW], p1, np.uint64(turns)):
            until = end[i]
            who = person[i]
            j = max(i + _ONE, f)
            found = np.int64(0)
            together = np.int64(0)
            for k in range(j, _behind(start, j, p1, until)):
                if person[k] != who:
                    found += 1
                    together += min(until, end[k]) - start[k]
            pairs += found
            seconds += together
        state[PLACE] = p1
    return pairs, seconds


@njit(cache=True, nogil=True)
def list_pairs(
    place, person, start, end, n, fresh, turn, turns, state,
    out_a, out_b, out_start, out_end, out_a_at, out_b_at,
):  # fmt: skip
    """As ``count_pairs``, each pair written: whoever came first is a. Returns how many were.

    Goes on where ``state``, five zeros at first, left off; it is through once ``state[PLACE]`` is ``n``.
    """
    cap = np.uint64(len(out_a))
    rows = np.uint64(n)
    step = np.uint64(turns)
    m = np.uint64(0)
    while state[PLACE] < rows:
        if state[UNTIL] <= state[PLACE]:
            _place(place, start, rows, fresh, turn, state)
        p1 = state[UNTIL]
        i = state[ROW]
        j = state[NEXT]
        while i < p1:
            until = end[i]
            who = person[i]
            last = _behind(start, j, min(p1, j + cap - m), until)
            for k in range(j, last):
                out_a[m] = who
                out_b[m] = person[k]
                out_start[m] = start[k]
                out_end[m] = min(until, end[k])
                out_a_at[m] = i
                out_b_at[m] = k
                m += np.uint64(person[k] != who)
            if m == cap or (last < p1 and start[last] < until):
                state[ROW] = i
                state[NEXT] = last
                return np.int64(m)
            i += step
            j = max(i + _ONE, state[FRESH])
        state[PLACE] = p1
    return np.int64(m)


@njit(cache=True, nogil=True)
def list_wide_pairs(
    place, person, start, end, n, fresh, turn, turns, slack, low, high, state,
    out_a, out_b, out_start, out_end, out_a_at, out_b_at,
):  # fmt: skip
    """As ``list_pairs`` where a's stay counts ``slack`` seconds longer on either side: a pair may be found both ways.

    Intervals are clipped to [low, high). Buffers hold two rows at least.
    """
    room = np.int64(len(out_a)) - 1
    rows = np.uint64(n)
    m = np.int64(0)
    while state[PLACE] < rows:
        if state[UNTIL] <= state[PLACE]:
            _place(place, start, rows, fresh, turn, state)
        p1 = state[UNTIL]
        while state[ROW] < p1:
            i = state[ROW]
            k = state[NEXT]
            while k < p1 and start[k] < end[i] + slack:
                if m >= room:
                    state[NEXT] = k
                    return m
                if person[k] != person[i]:
                    for x, y in ((i, k), (k, i)):
                        s = max(start[x] - slack, start[y], low)
                        e = min(end[x] + slack, end[y], high)
                        if s < e:
                            out_a[m] = person[x]
                            out_b[m] = person[y]
                            out_start[m] = s
                            out_end[m] = e
                            out_a_at[m] = x
                            out_b_at[m] = y
                            m += 1
                k += _ONE
            state[ROW] = i + np.uint64(turns)
            state[NEXT] = max(state[ROW] + _ONE, state[FRESH])
        state[PLACE] = p1
    return m
