"""Scans of check-ins: own presences, and who else was at the place. See :mod:`engine.graph.kernels.found`."""

import numpy as np

from engine.graph.kernels import atlas as at
from engine.graph.kernels import found
from engine.graph.kernels.atlas import ask_second, first_not_below, group_near, run_of_group, segments_between
from engine.graph.kernels.memory import float64_at, int32_at, int64_at, lean, prefetch, uint16_at
from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.kernels.memory import inner

CHECK_IN = 1
# A stay: index of the person, place, from, to, line, segment, row.
WHO, PLACE, FROM, TO, LINE, SEGMENT, ROW = range(7)
STAY = 8


@lean
def stays_of_people(atlas, person, start, end, slack, p, s, j, last, stays, tally, items):
    """Fill ``stays`` with check-ins that overlap the window of their person, widened by ``slack`` (not clipped).

    Begins with person ``p``, segment ``s``, check-in ``j`` of those, and returns (stays, p, s, j) to go on from;
    p == last: that was all.
    """
    r, cap = 0, len(stays)
    while p < last:
        m, next_p, next_s = found.next_round(
            atlas, CHECK_IN, person, start, end, slack, atlas[at.USUAL_STAY], p, s, last, items
        )
        _runs(atlas, person, m, items)
        begun = r
        for i in range(m):
            line = items[i, 1]
            k1, left_at = atlas[line + at.K1], atlas[line + at.FIRST_PAYLOAD]
            for nth in range(j, items[i, 4] - items[i, 3]):
                if r == cap:
                    r = _overlapping(atlas, start, end, slack, begun, r, stays)
                    return r, items[i, 0], items[i, 2], np.int64(nth)
                row = at.row_at(atlas, line, items[i, 3] + nth)
                prefetch(k1 + 8 * row)
                prefetch(left_at + 4 * row)
                stays[r, WHO], stays[r, LINE], stays[r, SEGMENT], stays[r, ROW] = items[i, 0], line, items[i, 2], row
                r += 1
                tally[0] += 1
            j = 0
        r = _overlapping(atlas, start, end, slack, begun, r, stays)
        p, s = next_p, next_s
    return r, p, s, np.int64(0)


@inner
def _runs(atlas, person, m, items):
    """For each item where the rows of its person are in the second order: columns 3-4."""
    for i in range(m):
        ask_second(atlas, items[i, 1], person[items[i, 0]])
    for i in range(m):
        items[i, 3] = group_near(atlas, items[i, 1], person[items[i, 0]])
    for i in range(m):
        items[i, 3], items[i, 4] = run_of_group(atlas, items[i, 1], items[i, 3], person[items[i, 0]])
        at.ask_row(atlas, items[i, 1], items[i, 3])


@inner
def _overlapping(atlas, start, end, slack, first, last, stays):
    """Fill in the stays [first, last), keep those that overlap their window, and return where they end now."""
    n = first
    for r in range(first, last):
        who, line, row = stays[r, WHO], stays[r, LINE], stays[r, ROW]
        key = int64_at(atlas[line + at.K1], row)
        left = int32_at(atlas[line + at.FIRST_PAYLOAD], row)
        place = key >> SECOND_BITS
        came = atlas[line + at.DAY_START] + (key & SECOND_MASK)
        to = atlas[line + at.DAY_START] + left if left >= 0 else came + int32_at(atlas[at.PLACE_STAY], place)
        if came >= end[who] + slack or to <= start[who] - slack:
            continue
        stays[n, WHO], stays[n, PLACE], stays[n, FROM], stays[n, TO] = who, place, came, to
        stays[n, LINE], stays[n, SEGMENT], stays[n, ROW] = line, stays[r, SEGMENT], row
        n += 1
    return n


@lean
def shared_stays(
    atlas, others, same, person, start, end, first, last, own_slack, other_slack, n, whole, parts, tally, scratch
):  # fmt: skip
    """Other people's check-ins (of ``others``) that overlap those of each person at the same place.

    ``own_slack`` widens the person's stay on both sides, ``other_slack`` the other's; whoever left as they came was
    not there, slack or none. ``same``: both atlases are one.
    Cost: the person's stays, and the rows of each place from (start - longest stay begun there that day) to the end.
    """
    slack = max(own_slack, other_slack)
    items, stays = scratch[: found.ROUND], scratch[found.ROUND :]
    p, s, j = np.int64(first), np.int64(0), np.int64(0)
    while p < last:
        m, p, s, j = stays_of_people(atlas, person, start, end, slack, p, s, j, last, stays, tally, items)
        if same:
            _ahead(atlas, stays, m)
        for i in range(m):
            who = stays[i, WHO]
            since, to = max(stays[i, FROM] - own_slack, start[who]), min(stays[i, TO] + own_slack, end[who])
            if since >= to or stays[i, FROM] >= stays[i, TO]:
                continue
            a, b = segments_between(others, CHECK_IN, since - other_slack, to + other_slack)
            for segment in range(a, b):
                line = others[CHECK_IN * at.HEAD + at.LINES] + segment * at.LINE
                hint = stays[i, ROW] if same and segment == stays[i, SEGMENT] else np.int64(-1)
                begun = n
                n, looked = _met(
                    others, person[who], stays[i, PLACE], since, to, line, hint, other_slack, n, whole, parts
                )
                tally[0] += looked
                own, theirs = (stays[i, SEGMENT] << 32) | stays[i, ROW], segment << 32
                for k in range(begun, min(n, len(whole))):
                    whole[k, found.PERSON], whole[k, found.OWN] = who, own
                    whole[k, found.THEIRS] |= theirs
    return n


@inner
def _ahead(atlas, stays, m):
    """Ask for the memory round each stay: who was there before and after, and the longest stay at its place."""
    for i in range(m):
        line, row = stays[i, LINE], stays[i, ROW]
        prefetch(atlas[line + at.K1] + 8 * row - 40)
        prefetch(atlas[line + at.K1] + 8 * row + 24)
        prefetch(atlas[line + at.K2] + 4 * row - 20)
        prefetch(atlas[line + at.K2] + 4 * row + 12)
        prefetch(atlas[line + at.FIRST_PAYLOAD] + 4 * row - 20)
        prefetch(atlas[line + at.FIRST_PAYLOAD] + 4 * row + 12)
        prefetch(atlas[at.PLACE_STAY] + 4 * stays[i, PLACE])
        prefetch(atlas[at.PLACE_WEIGHT] + 8 * stays[i, PLACE])
        prefetch(atlas[line + at.LONGESTS] + 2 * (stays[i, PLACE] >> atlas[line + at.FIRST_SHIFT]))


@inner
def _met(atlas, x, place, since, to, line, hint, slack, n, whole, parts):
    """Evidence of a stay of ``x`` in one segment, and the number of records looked at; rows without the segment."""
    day_start, c = atlas[line + at.DAY_START], place >> atlas[line + at.FIRST_SHIFT]
    if c >= atlas[line + at.FIRST_SPAN]:
        return n, np.int64(0)
    usual = int32_at(atlas[at.PLACE_STAY], place)
    longest = uint16_at(atlas[line + at.LONGESTS], c) * at.STAY_UNIT
    if longest == 65_535 * at.STAY_UNIT:
        longest = atlas[line + at.LONGEST]
    first = since - max(longest, usual) - slack - day_start
    if first > SECOND_MASK:
        return n, np.int64(0)
    k1, k2, left_at = atlas[line + at.K1], atlas[line + at.K2], atlas[line + at.FIRST_PAYLOAD]
    wanted = (place << SECOND_BITS) | max(first, 0)
    beyond = (place << SECOND_BITS) + min(to + slack - day_start, 1 << SECOND_BITS)
    rows = atlas[line + at.ROWS]
    if hint >= 0 and int64_at(k1, hint) >= wanted:
        row = hint
        while row > 0 and int64_at(k1, row - 1) >= wanted:
            row -= 1
        stop = hint
    else:
        starts = atlas[line + at.FIRST_STARTS]
        row = first_not_below(k1, wanted, int32_at(starts, c), int32_at(starts, c + 1))
        stop = row
    while stop < rows and int64_at(k1, stop) < beyond:
        stop += 1
    weight = float64_at(atlas[at.PLACE_WEIGHT], place)
    looked = stop - row
    if n + looked > len(whole):
        return n + looked, looked
    for i in range(row, stop):
        left = int32_at(left_at, i)
        came = day_start + (int64_at(k1, i) & SECOND_MASK)
        gone = day_start + left if left >= 0 else came + usual
        s, e = max(came - slack, since), min(gone + slack, to)
        other = int32_at(k2, i)
        whole[n, found.OTHER], whole[n, found.START], whole[n, found.END] = other, s, e
        whole[n, found.PLACE], whole[n, found.THEIRS] = place, i
        parts[n, found.WEIGHT], parts[n, found.MEASURE] = weight, 0.0
        n += (s < e) & (came < gone) & (other != x)
    return n, looked
