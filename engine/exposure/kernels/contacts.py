"""Loops of exposure: evidence of one pair becomes one contact. Arrays in, arrays out."""

import math

import numpy as np
from numba import njit

from engine.graph.kernels.memory import lean

DAY = 86_400


@lean
def cumulative(table, course, first_s, step_s, t):
    """Infectious hours up to ``t`` seconds on a course's own time, by linear interpolation in its table."""
    if course >= table.shape[0]:
        return t / 3600.0
    x = (t - first_s) / step_s
    if x <= 0.0:
        return 0.0
    last = table.shape[1] - 1
    if x >= last:
        return table[course, last]
    i = int(x)
    return table[course, i] + (x - i) * (table[course, i + 1] - table[course, i])


@njit(cache=True, nogil=True)
def summarise(
    start, end, weight, channel, group_start, course, origin, factor, table, first_s, step_s,
    out_first, out_last, out_union, out_day, out_single, out_dose, out_channels,
    piece_group, piece_start, piece_end,
):  # fmt: skip
    """Summary of every group of intervals; rows of a group are contiguous and ascending in start.

    Per group: first moment, last moment, length of the union (s), most of it in any 24 h, longest unbroken
    piece, dose (h) and a bit per channel. The dose integrates, over the union, the greatest weight at each
    instant times the infectiousness of the group's course; overlapping evidence is never counted twice.
    ``course``, ``origin`` (UTC s) and ``factor`` are per group.
    Also writes the unbroken pieces (at most one a row) and returns how many. Cost: rows x overlap depth.
    """
    pieces = 0
    longest = 1
    for g in range(len(group_start) - 1):
        longest = max(longest, group_start[g + 1] - group_start[g])
    open_end = np.empty(longest, np.int64)
    open_weight = np.empty(longest, np.float64)
    for g in range(len(group_start) - 1):
        lo, hi = group_start[g], group_start[g + 1]
        first_piece = pieces
        channels = 0
        for i in range(lo, hi):
            channels |= 1 << channel[i]
        pieces = unbroken(start, end, lo, hi, piece_start, piece_end, pieces)
        piece_group[first_piece:pieces] = g
        out_first[g] = start[lo]
        out_last[g] = piece_end[pieces - 1]
        out_channels[g] = channels
        union = 0
        single = 0
        for p in range(first_piece, pieces):
            length = piece_end[p] - piece_start[p]
            union += length
            single = max(single, length)
        out_union[g] = union
        out_single[g] = single
        out_day[g] = most_in_a_day(piece_start, piece_end, first_piece, pieces)
        out_dose[g] = _dose(start, end, weight, lo, hi, course[g], origin[g], factor[g],
                            table, first_s, step_s, open_end, open_weight)  # fmt: skip
    return pieces


@lean
def chances(rate, dose, out):
    """1 - exp(-rate x dose). As traces compute it: numpy's own differs in the last bit on some processors."""
    for i in range(len(dose)):
        out[i] = -math.expm1(-rate * dose[i])


@lean
def unbroken(start, end, lo, hi, piece_start, piece_end, pieces):
    """Write the unbroken pieces of the intervals [lo, hi), ascending in start, behind the ``pieces`` there are.

    Overlapping or touching intervals join. Returns how many pieces there are now.
    """
    piece_start[pieces], piece_end[pieces] = start[lo], end[lo]
    for i in range(lo, hi):
        if start[i] <= piece_end[pieces]:
            piece_end[pieces] = max(piece_end[pieces], end[i])
        else:
            pieces += 1
            piece_start[pieces], piece_end[pieces] = start[i], end[i]
    return pieces + 1


@lean
def most_in_a_day(piece_start, piece_end, lo, hi):
    """Most seconds of disjoint ascending pieces [lo, hi) that any window of 24 hours can hold.

    The best window begins with a piece or ends with one.
    """
    best = 0
    for anchor in range(lo, hi):
        total = 0
        limit = piece_start[anchor] + DAY
        p = anchor
        while p < hi and piece_start[p] < limit:
            total += min(piece_end[p], limit) - piece_start[p]
            p += 1
        best = max(best, total)
        total = 0
        limit = piece_end[anchor] - DAY
        p = anchor
        while p >= lo and piece_end[p] > limit:
            total += piece_end[p] - max(piece_start[p], limit)
            p -= 1
        best = max(best, total)
    return best


@lean
def _dose(
    start, end, weight, lo, hi, course, origin, factor, table, first_s, step_s, open_end, open_weight
):  # fmt: skip
    """Sweep over the borders of the intervals, keeping those that are open at the sweep line."""
    dose = 0.0
    n_open = 0
    i = lo
    t = start[lo]
    while i < hi or n_open > 0:
        if n_open == 0:
            t = start[i]
        while i < hi and start[i] <= t:
            open_end[n_open] = end[i]
            open_weight[n_open] = weight[i]
            n_open += 1
            i += 1
        until = start[i] if i < hi else np.int64(2**62)
        greatest = 0.0
        for k in range(n_open):
            until = min(until, open_end[k])
            greatest = max(greatest, open_weight[k])
        dose += greatest * (
            cumulative(table, course, first_s, step_s, until - origin)
            - cumulative(table, course, first_s, step_s, t - origin)
        )
        t = until
        kept = 0
        for k in range(n_open):
            if open_end[k] > t:
                open_end[kept] = open_end[k]
                open_weight[kept] = open_weight[k]
                kept += 1
        n_open = kept
    return dose * factor


@njit(cache=True, nogil=True)
def union_lengths(group, start, end, groups):
    """Length of the union of intervals of each group 0..groups-1; rows sorted by (group, start)."""
    out = np.zeros(groups, np.int64)
    i = 0
    while i < len(group):
        g = group[i]
        s, e = start[i], end[i]
        i += 1
        while i < len(group) and group[i] == g:
            if start[i] <= e:
                e = max(e, end[i])
            else:
                out[g] += e - s
                s, e = start[i], end[i]
            i += 1
        out[g] += e - s
    return out
