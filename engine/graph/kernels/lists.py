"""Lists over all days: whom each person met, and who was at each place. See :mod:`engine.graph.lists`.

Everything is int32; moments are seconds since the lists' first day.

- *met*, (n, MET): the sightings of each person from both sides, ascending in start.
- *rows*, (n, ROW): stays by place, ascending in arrival; the first row and the last are nobody's.
- *own*, (n, OWN): the stays of each person, ascending in arrival.
"""

import numpy as np

from engine.graph.kernels import atlas as at
from engine.graph.kernels.memory import int16_at, int32_at, int64_at, lean, uint16_at
from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.kernels.memory import fetch, inner

MET = 3
OTHER, SINCE, LIMITS = range(MET)
"""Code of the other, start, and attenuation (cdB) << 16 | duration (s)."""
ROW = 4
WHO, CAME, GONE, PLACE = range(ROW)
"""Code, from when to when, and the code of the place; NOWHERE: the row is nobody's."""
OWN = 4
ARRIVED, DEPARTED, WHERE, NEAR = range(OWN)
"""From when to when, in which of the rows; and how many rows before that one (upper half) and after it hold everybody
who was there meanwhile. MANY, in either half: more than can be told."""
MANY, NOWHERE = 0xFFFF, -1
NEVER, ALWAYS = np.int64(2**31 - 1), np.int64(-(2**31))

# The table of a view's lists.
TABLE = 12
(
    MET_STARTS, MET_AT, MET_PEOPLE, MET_LONGEST, OWN_STARTS, OWN_AT, OWN_PEOPLE, OWN_LONGEST, OWN_MOST, ROWS_AT, BASE,
    LONGESTS,
) = range(TABLE)  # fmt: skip
"""Addresses of the starts by person (people + 1,) and of the lists; how many people have one; how long a row lasts at
most; how many stays a person has at most; the first day, UTC s; and the address of the longest stay of each place."""
_AHEAD = 12


@lean
def count_sightings(atlas, first, last, counts):
    """Add to ``counts`` (people,) how many sightings each person has in segments [first, last), from both sides."""
    for segment in range(first, last):
        line = atlas[at.LINES] + segment * at.LINE
        k1, groups, group_start = atlas[line + at.K1], atlas[line + at.GROUPS], atlas[line + at.GROUP_START]
        for i in range(atlas[line + at.ROWS]):
            counts[int64_at(k1, i) >> SECOND_BITS] += 1
        for g in range(atlas[line + at.GROUP_COUNT]):
            counts[int32_at(groups, g)] += int32_at(group_start, g + 1) - int32_at(group_start, g)


@lean
def fill_sightings(atlas, first, last, base, cursor, met):
    """Write the sightings of segments [first, last) to where ``cursor`` (people,) says, and move it on."""
    for segment in range(first, last):
        line = atlas[at.LINES] + segment * at.LINE
        k1, k2, rows = atlas[line + at.K1], atlas[line + at.K2], atlas[line + at.ROWS]
        duration, attenuation = atlas[line + at.FIRST_PAYLOAD], atlas[line + at.SECOND_PAYLOAD]
        begun = atlas[line + at.DAY_START] - base
        for i in range(rows):
            if i + 2 * _AHEAD < rows:
                fetch(cursor, int32_at(k2, i + 2 * _AHEAD))
                fetch(met, MET * cursor[int32_at(k2, i + _AHEAD)])
            key, peer = int64_at(k1, i), int32_at(k2, i)
            person, since = key >> SECOND_BITS, begun + (key & SECOND_MASK)
            limits = (int16_at(attenuation, i) << 16) | uint16_at(duration, i)
            n = cursor[person]
            met[n, OTHER], met[n, SINCE], met[n, LIMITS] = peer, since, limits
            cursor[person] = n + 1
            n = cursor[peer]
            met[n, OTHER], met[n, SINCE], met[n, LIMITS] = person, since, limits
            cursor[peer] = n + 1


@lean
def order_met(starts, met, first, last):
    """Put the lists of people [first, last) into the order of time. Cost: linear where they nearly are."""
    for person in range(first, last):
        lo, hi = np.int64(starts[person]), np.int64(starts[person + 1])
        gap = _gap(hi - lo)
        while gap:
            for i in range(lo + gap, hi):
                if met[i - gap, SINCE] <= met[i, SINCE]:
                    continue
                other, since, limits, j = met[i, OTHER], met[i, SINCE], met[i, LIMITS], i
                while j >= lo + gap and met[j - gap, SINCE] > since:
                    met[j, OTHER], met[j, SINCE], met[j, LIMITS] = (
                        met[j - gap, OTHER], met[j - gap, SINCE], met[j - gap, LIMITS],
                    )  # fmt: skip
                    j -= gap
                met[j, OTHER], met[j, SINCE], met[j, LIMITS] = other, since, limits
            gap //= 3


@inner
def _gap(count):
    """The first gap of a shell sort; short lists are sorted by insertion alone."""
    gap = np.int64(1)
    while count > 48 and 9 * gap < count:
        gap = 3 * gap + 1
    return gap


@lean
def count_stays(atlas, first, last, counts):
    """Add to ``counts`` (places,) how many stays of some length each place has in segments [first, last)."""
    for segment in range(first, last):
        line = atlas[at.HEAD + at.LINES] + segment * at.LINE
        k1, left_at, usual = atlas[line + at.K1], atlas[line + at.FIRST_PAYLOAD], atlas[at.PLACE_STAY]
        for i in range(atlas[line + at.ROWS]):
            key = int64_at(k1, i)
            counts[key >> SECOND_BITS] += _length(key, int32_at(left_at, i), usual) > 0


@inner
def _length(key, left, usual):
    return left - (key & SECOND_MASK) if left >= 0 else int32_at(usual, key >> SECOND_BITS)


@lean
def fill_stays(atlas, first, last, base, cursor, rows):
    """Write the stays of segments [first, last) to where ``cursor`` (places,) says, and move it on."""
    for segment in range(first, last):
        line = atlas[at.HEAD + at.LINES] + segment * at.LINE
        k1, k2, left_at = atlas[line + at.K1], atlas[line + at.K2], atlas[line + at.FIRST_PAYLOAD]
        begun = atlas[line + at.DAY_START] - base
        for i in range(atlas[line + at.ROWS]):
            key = int64_at(k1, i)
            length, came = _length(key, int32_at(left_at, i), atlas[at.PLACE_STAY]), begun + (key & SECOND_MASK)
            if length > 0:
                n, place = cursor[key >> SECOND_BITS], key >> SECOND_BITS
                rows[n, WHO], rows[n, CAME], rows[n, GONE], rows[n, PLACE] = int32_at(k2, i), came, came + length, place
                cursor[place] = n + 1


@lean
def order_rows(starts, rows, first, last, counts, longest):
    """Put the rows of places [first, last) into the order of time, and count the stays of each person there.

    ``starts`` (places + 1,) says where the rows of each place begin; ``longest`` (places,) gets their longest stay.
    """
    for place in range(first, last):
        lo, hi = np.int64(starts[place]), np.int64(starts[place + 1])
        gap = _gap(hi - lo)
        while gap:
            for i in range(lo + gap, hi):
                if rows[i - gap, CAME] <= rows[i, CAME]:
                    continue
                who, came, gone, j = rows[i, WHO], rows[i, CAME], rows[i, GONE], i
                while j >= lo + gap and rows[j - gap, CAME] > came:
                    rows[j, WHO], rows[j, CAME], rows[j, GONE] = (
                        rows[j - gap, WHO], rows[j - gap, CAME], rows[j - gap, GONE],
                    )  # fmt: skip
                    j -= gap
                rows[j, WHO], rows[j, CAME], rows[j, GONE] = who, came, gone
            gap //= 3
        most = np.int64(0)
        for i in range(lo, hi):
            most = max(most, np.int64(rows[i, GONE]) - np.int64(rows[i, CAME]))
            counts[rows[i, WHO]] += 1
        longest[place] = most


@lean
def fill_own(starts, rows, first, last, cursor, own):
    """Write where each person's stays are, of places [first, last), to where ``cursor`` (people,) says.

    Cost: linear, and the logarithm of how many came during a stay.
    """
    end = np.int64(starts[last])
    for place in range(first, last):
        lo, hi = np.int64(starts[place]), np.int64(starts[place + 1])
        there = lo
        for i in range(lo, hi):
            if i + 2 * _AHEAD < end:
                fetch(cursor, np.int64(rows[i + 2 * _AHEAD, WHO]))
                fetch(own, OWN * np.int64(cursor[rows[i + _AHEAD, WHO]]))
            who, came, gone = rows[i, WHO], rows[i, CAME], rows[i, GONE]
            while rows[there, GONE] <= came:
                there += 1
            n = cursor[who]
            own[n, ARRIVED], own[n, DEPARTED], own[n, WHERE] = came, gone, i
            own[n, NEAR] = _near(i - there, _first_since(rows, gone, i + 1, hi) - i - 1)
            cursor[who] = n + 1


@inner
def _near(before, after):
    return (min(before, MANY) << 16) | min(after, MANY)


@inner
def _first_since(rows, moment, lo, hi):
    """The first of rows [lo, hi), ascending in arrival, that came at ``moment`` or later, else hi. Quick when near."""
    step = np.int64(1)
    while lo + step <= hi and rows[lo + step - 1, CAME] < moment:
        lo += step
        step *= 2
    hi = min(hi, lo + step - 1)
    while lo < hi:
        mid = (lo + hi) >> 1
        if rows[mid, CAME] < moment:
            lo = mid + 1
        else:
            hi = mid
    return lo


@lean
def order_own(starts, own, first, last):
    """Put the stays of people [first, last) into the order of time."""
    for person in range(first, last):
        lo, hi = np.int64(starts[person]), np.int64(starts[person + 1])
        gap = _gap(hi - lo)
        while gap:
            for i in range(lo + gap, hi):
                came, gone, where, near, j = own[i, ARRIVED], own[i, DEPARTED], own[i, WHERE], own[i, NEAR], i
                while j >= lo + gap and own[j - gap, ARRIVED] > came:
                    own[j, ARRIVED], own[j, DEPARTED], own[j, WHERE], own[j, NEAR] = (
                        own[j - gap, ARRIVED], own[j - gap, DEPARTED], own[j - gap, WHERE], own[j - gap, NEAR],
                    )  # fmt: skip
                    j -= gap
                own[j, ARRIVED], own[j, DEPARTED], own[j, WHERE], own[j, NEAR] = came, gone, where, near
            gap //= 3
