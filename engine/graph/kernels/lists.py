"""Lists over all days: whom each person met, and who was at each place. See :mod:`engine.graph.lists`.

Everything is int32; moments are seconds since the lists' first day.

- *met*, (n, MET): the sightings of each person from both sides, ascending in start.
- *rows*, (n, ROW): stays by place, ascending in arrival, a row that is nobody's before each place and after the last.
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
WHO, CAME, GONE, LATEST = range(ROW)
"""Code, from when to when, and the latest departure of this row and those before it at the place."""
OWN = 2
ARRIVED, WHERE = range(OWN)
"""When, and in which of the rows."""
NEVER, ALWAYS = np.int64(2**31 - 1), np.int64(-(2**31))

# The table of a view's lists.
TABLE = 12
MET_STARTS, MET_AT, MET_PEOPLE, MET_LONGEST, OWN_STARTS, OWN_AT, OWN_PEOPLE, OWN_LONGEST, OWN_MOST, ROWS_AT, BASE = (
    range(11)
)
"""Addresses of the starts by person (people + 1,) and of the lists; how many people have one; how long a row lasts at
most; how many stays a person has at most; and the first day, UTC s."""
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
                n = cursor[key >> SECOND_BITS]
                rows[n, WHO], rows[n, CAME], rows[n, GONE] = int32_at(k2, i), came, came + length
                cursor[key >> SECOND_BITS] = n + 1


@lean
def order_rows(starts, rows, first, last, counts):
    """Put the rows of places [first, last) into the order of time, and count the stays of each person there.

    ``starts`` (places + 1,) says where the row that is nobody's before each place is. Returns the longest stay.
    """
    longest = np.int64(0)
    for place in range(first, last):
        lo, hi = np.int64(starts[place]) + 1, np.int64(starts[place + 1])
        rows[lo - 1, WHO], rows[lo - 1, CAME], rows[lo - 1, GONE], rows[lo - 1, LATEST] = -1, NEVER, ALWAYS, ALWAYS
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
        latest = ALWAYS
        for i in range(lo, hi):
            latest = max(latest, np.int64(rows[i, GONE]))
            rows[i, LATEST] = latest
            longest = max(longest, np.int64(rows[i, GONE]) - np.int64(rows[i, CAME]))
            counts[rows[i, WHO]] += 1
    return longest


@lean
def fill_own(rows, first, last, cursor, own):
    """Write where each person's stays are, of rows [first, last), to where ``cursor`` (people,) says."""
    for i in range(first, last):
        if i + 2 * _AHEAD < last and rows[i + 2 * _AHEAD, WHO] >= 0 and rows[i + _AHEAD, WHO] >= 0:
            fetch(cursor, np.int64(rows[i + 2 * _AHEAD, WHO]))
            fetch(own, OWN * np.int64(cursor[rows[i + _AHEAD, WHO]]))
        who = rows[i, WHO]
        if who >= 0:
            n = cursor[who]
            own[n, ARRIVED], own[n, WHERE] = rows[i, CAME], i
            cursor[who] = n + 1


@lean
def order_own(starts, own, first, last):
    """Put the stays of people [first, last) into the order of time."""
    for person in range(first, last):
        lo, hi = np.int64(starts[person]), np.int64(starts[person + 1])
        gap = _gap(hi - lo)
        while gap:
            for i in range(lo + gap, hi):
                came, where, j = own[i, ARRIVED], own[i, WHERE], i
                while j >= lo + gap and own[j - gap, ARRIVED] > came:
                    own[j, ARRIVED], own[j, WHERE] = own[j - gap, ARRIVED], own[j - gap, WHERE]
                    j -= gap
                own[j, ARRIVED], own[j, WHERE] = came, where
            gap //= 3
