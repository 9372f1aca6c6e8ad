"""Kernels of the hex score. Arrays in, arrays out; integer sums, so that no order plays a part."""

import math

import numpy as np
from numba import njit

from engine.graph.layout import SECOND_BITS, SECOND_MASK

RING = (0, 1, 7, 19)
"""Columns of ``near`` of the rings 0, 1 and 2 begin here."""


# -- time ----------------------------------------------------------------------------------------------
@njit(cache=True, nogil=True)
def _grown_at(seconds, table, step):
    """The table at a moment after exposure, linear between its steps, level after its end."""
    at = seconds / step
    i = int(at)
    if i >= len(table) - 1:
        return table[-1]
    return table[i] + (at - i) * (table[i + 1] - table[i])


@njit(cache=True, nogil=True)
def expected_seconds(start, end, origin, factor, at, cut, table, step, decay):
    """Decayed infectious seconds of stays of people exposed at ``origin``; see ``engine.risk.integral``."""
    out = np.zeros(len(start))
    for i in range(len(start)):
        s = max(start[i], cut, origin[i])
        e = min(end[i], at)
        if s < e:
            grown = _grown_at(e - origin[i], table, step) - _grown_at(s - origin[i], table, step)
            out[i] = factor[i] * grown * math.exp(-decay * (at - origin[i]))
    return out


@njit(cache=True, nogil=True)
def footfall_of_fixes(k1, stay, group_start, by_group, weight, limit):
    """Sum of weight x seconds by group; of fixes before second ``limit`` of the day, and of their time before it."""
    out = np.zeros(len(group_start) - 1, np.int64)
    for g in range(len(out)):
        total = np.int64(0)
        for at in range(group_start[g], group_start[g + 1]):
            i = by_group[at]
            second = k1[i] & SECOND_MASK
            if second < limit:
                total += weight[second] * min(np.int64(stay[i]), limit - second)
        out[g] = total
    return out


@njit(cache=True, nogil=True)
def footfall_of_check_ins(k1, left_at, majors, usual, weight, limit):
    """Sum of weight x seconds by place of ``majors``, as :func:`footfall_of_fixes`; ``usual`` is by place code."""
    out = np.zeros(len(majors), np.int64)
    m = 0
    for i in range(len(k1)):
        place = k1[i] >> SECOND_BITS
        while majors[m] != place:
            m += 1
        second = k1[i] & SECOND_MASK
        if second < limit:
            length = max(left_at[i] - second, 0) if left_at[i] >= 0 else np.int64(usual[place])
            out[m] += weight[second] * min(length, limit - second)
    return out


# -- the lattice ---------------------------------------------------------------------------------------
@njit(cache=True, nogil=True)
def _home(cell, mask):
    mixed = (cell ^ (cell >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64(mixed >> np.uint64(20)) & mask


@njit(cache=True, nogil=True)
def find(table, cells, wanted):
    """Slot of each wanted cell; -1: there is none."""
    mask = len(table) - 1
    out = np.empty(len(wanted), np.int32)
    for n in range(len(wanted)):
        at = _home(wanted[n], mask)
        while table[at] >= 0 and cells[table[at]] != wanted[n]:
            at = (at + 1) & mask
        out[n] = table[at]
    return out


@njit(cache=True, nogil=True)
def insert(table, cells, first, size):
    """Enter the slots ``first`` .. ``size`` into the hash table."""
    mask = len(table) - 1
    for slot in range(first, size):
        at = _home(cells[slot], mask)
        while table[at] >= 0:
            at = (at + 1) & mask
        table[at] = slot


@njit(cache=True, nogil=True)
def connect(near, first, offsets, neighbour, ring):
    """Write the neighbours of the slots from ``first`` on into ``near``, and those slots into their neighbours' rows.

    ``neighbour`` are slots (-1: not in the lattice), ``offsets`` and ``ring`` as ``engine.geo.cells.disk`` gives them.
    """
    for n in range(len(offsets) - 1):
        slot = first + n
        for at in range(offsets[n], offsets[n + 1]):
            other = neighbour[at]
            if other < 0:
                continue
            _enter(near, slot, ring[at], other)
            if other < first:
                _enter(near, other, ring[at], slot)


@njit(cache=True, nogil=True)
def _enter(near, slot, ring, other):
    for column in range(RING[ring], RING[ring + 1]):
        if near[slot, column] < 0:
            near[slot, column] = other
            return


@njit(cache=True, nogil=True)
def add_up(parent, values, out):
    """Add the values of children to those of their parents."""
    for slot in range(len(values)):
        out[parent[slot]] += values[slot]


@njit(cache=True, nogil=True)
def gather(near, slots, weights, values, out):
    """Ring-weighted sum of ``values`` round each of ``slots``."""
    for slot in slots:
        total = np.int64(0)
        for ring in range(3):
            for column in range(RING[ring], RING[ring + 1]):
                other = near[slot, column]
                if other >= 0:
                    total += weights[ring] * values[other]
        out[slot] = total


@njit(cache=True, nogil=True)
def spread(near, slots, weights, n, d, smooth_n, smooth_d, touched):
    """Add what cells have more (or less) to the smoothed sums round them; mark those in ``touched``."""
    for i in range(len(slots)):
        for ring in range(3):
            for column in range(RING[ring], RING[ring + 1]):
                other = near[slots[i], column]
                if other >= 0:
                    smooth_n[other] += weights[ring] * n[i]
                    smooth_d[other] += weights[ring] * d[i]
                    touched[other] = True


@njit(cache=True, nogil=True)
def count_persons(near, person, slots, sign, persons, last, touched):
    """Add ``sign`` for each person to every cell within reach of one of its ``slots``, once.

    ``person``: of each slot, equal ones together; ``last``: scratch, -1 throughout, and so again at the end.
    """
    for i in range(len(slots)):
        for column in range(RING[3]):
            other = near[slots[i], column]
            if other >= 0 and last[other] != person[i]:
                last[other] = person[i]
                persons[other] += sign
                touched[other] = True
    for i in range(len(slots)):
        for column in range(RING[3]):
            if near[slots[i], column] >= 0:
                last[near[slots[i], column]] = -1


# -- the score -----------------------------------------------------------------------------------------
@njit(cache=True, nogil=True)
def _band(value, bands):
    band = 0
    for edge in bands:
        if value >= edge:
            band += 1
    return band


@njit(cache=True, nogil=True)
def score(
    slots, n, d, parent, parent_n, parent_d, persons, prior_h, half_rate, least_h, per_hour_n, per_hour_d,
    quantile, bands, out, flags,
):  # fmt: skip
    """Score of each of ``slots``, with its interval: columns 0 score, 1 low, 2 high of ``out``, by slot.

    Columns of ``flags``: 0 the band of the score, 1 its reliability (``least_h``: smoothed footfall that it needs).

    ``n``, ``d``: smoothed sums; ``parent_n``, ``parent_d``: sums of the coarser cells, by their slots. ``per_hour_n``
    and ``per_hour_d`` turn unsmoothed sums into hours, and a quarter of it smoothed ones. ``quantile[k]``: bounds of
    the interval of k persons, relative to the rate.
    """
    for slot in slots:
        up = parent[slot]
        whole = parent_d[up] / per_hour_d + prior_h
        share = (parent_n[up] / per_hour_n) / whole if whole > 0 else 0.0
        walked = d[slot] / (4 * per_hour_d)
        footfall = walked + prior_h
        rate = (n[slot] / (4 * per_hour_n) + prior_h * share) / footfall if footfall > 0 else 0.0
        k = persons[slot]
        unit = -math.log(2.0) / half_rate * rate
        out[slot, 0] = -100.0 * math.expm1(unit)
        out[slot, 1] = -100.0 * math.expm1(unit * quantile[k, 0])
        out[slot, 2] = -100.0 * math.expm1(unit * quantile[k, 1])
        flags[slot, 0] = _band(out[slot, 0], bands)
        wide = _band(out[slot, 2], bands) - _band(out[slot, 1], bands) >= 2
        flags[slot, 1] = 0 if walked < least_h else 1 if wide else 2


@njit(cache=True, nogil=True)
def pairs_of_groups(k1, group_start, by_group, group_cell, limit, out_cell, out_person):
    """(cell, person) of every fix before second ``limit`` of the day, one after the other equal ones once."""
    n = 0
    for g in range(len(group_start) - 1):
        for at in range(group_start[g], group_start[g + 1]):
            i = by_group[at]
            if (k1[i] & SECOND_MASK) < limit:
                person = k1[i] >> SECOND_BITS
                if n and out_cell[n - 1] == group_cell[g] and out_person[n - 1] == person:
                    continue
                out_cell[n], out_person[n] = group_cell[g], person
                n += 1
    return n
