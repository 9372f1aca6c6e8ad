"""Scans of check-ins: own presences, and who else was at the place.

Scans write into buffers of fixed capacity and return how many rows they *would* have written; a caller whose
buffer was too small tries again with a larger one. Every emitted interval is half-open UTC seconds, clipped to
the window of its query, and not empty.
"""

import numpy as np
from numba import njit

from engine.graph.kernels.search import lower_bound
from engine.graph.layout import SECOND_BITS, SECOND_MASK


@njit(cache=True, nogil=True)
def stays_of_people(
    k1, left_at, groups, group_start, by_group, day_start, place_stay, person, start, end,
    out_query, out_place, out_start, out_end, out_row,
):  # fmt: skip
    """Check-in presences of each query person that overlap its window (not clipped)."""
    cap = len(out_query)
    n = 0
    for q in range(len(person)):
        g = lower_bound(groups, person[q], 0, len(groups))
        if g == len(groups) or groups[g] != person[q]:
            continue
        for at in range(group_start[g], group_start[g + 1]):
            i = by_group[at]
            second = k1[i] & SECOND_MASK
            s = day_start + second
            if s >= end[q]:
                break
            place = k1[i] >> SECOND_BITS
            e = day_start + left_at[i] if left_at[i] >= 0 else s + place_stay[place]
            if e <= start[q]:
                continue
            if n < cap:
                out_query[n] = q
                out_place[n] = place
                out_start[n] = s
                out_end[n] = e
                out_row[n] = i
            n += 1
    return n


@njit(cache=True, nogil=True)
def copresence_scan(
    k1, person_of, left_at, majors, major_longest, day_start, place_stay,
    own_person, own_place, own_start, own_end, low, high, slack_own, slack_other,
    out_own, out_other, out_start, out_end, out_row,
):  # fmt: skip
    """Other people's presences at the place of each own presence that overlap it, clipped to [low, high).

    ``slack_own`` widens the own presence on both sides, ``slack_other`` the other's.
    Cost: the rows of that place from (start - longest stay begun there that day) to the end.
    """
    cap = len(out_own)
    n = 0
    for o in range(len(own_place)):
        from_s = max(own_start[o] - slack_own, low[o])
        to_s = min(own_end[o] + slack_own, high[o])
        if to_s + slack_other <= day_start:
            continue
        place = np.int64(own_place[o])
        m = lower_bound(majors, place, 0, len(majors))
        if m == len(majors) or majors[m] != place:
            continue
        longest = max(np.int64(major_longest[m]), np.int64(place_stay[place])) + slack_other
        first = max(np.int64(0), from_s - longest - day_start)
        last = to_s + slack_other - day_start
        i = lower_bound(k1, (place << SECOND_BITS) | min(first, np.int64(SECOND_MASK)), 0, len(k1))
        while i < len(k1) and (k1[i] >> SECOND_BITS) == place:
            second = k1[i] & SECOND_MASK
            if second >= last:
                break
            came = day_start + second
            left = day_start + left_at[i] if left_at[i] >= 0 else came + place_stay[place]
            s = max(came - slack_other, from_s)
            e = min(left + slack_other, to_s)
            if s < e and person_of[i] != own_person[o]:
                if n < cap:
                    out_own[n] = o
                    out_other[n] = person_of[i]
                    out_start[n] = s
                    out_end[n] = e
                    out_row[n] = i
                n += 1
            i += 1
    return n
