"""From the evidence of those who pass on to the labels of a level: contacts source by source, the best of each person.

Nothing is sorted by person: columns by person code say which piece of evidence of the source in hand came last, and
which contact is the best so far.
"""

import numpy as np
from numba import njit

from engine.exposure.kernels.contacts import DAY, _dose, cumulative, most_in_a_day, unbroken
from engine.exposure.kernels.pieces import by_start


@njit(cache=True, nogil=True)
def contacts_of(
    query, other, start, end, weight, channel, course, origin, factor, table, first_s, step_s, least_s, accumulate,
    first_source, latest, out_other, out_first, out_dose, out_source, out_channels,
):  # fmt: skip
    """Contacts out of evidence in any order; ``query`` counts the sources from ``first_source`` on. How many.

    ``course``, ``origin`` (UTC s) and ``factor`` are per query. A contact counts when it lasts and comes to
    ``least_s``: in all (``accumulate`` 0), in any 24 h (1), unbroken (2). Written are the other person, the first
    moment, the dose (h), the number of the source and a bit a channel: at most one row a piece of evidence.
    ``latest`` (by person): 1 + source << 32 | row; what other sources left there is overwritten. Cost: linear, but for
    those who met in many pieces.
    """
    n = len(query)
    begins, order = _by_query(query, len(course))
    nexts, people, count = np.empty(n, np.int32), np.empty(n, np.int32), 0
    times, weights = np.empty((5, n + 1), np.int64), np.empty((2, n + 1))
    for q in range(len(course)):
        stamp, some = np.int64(first_source + q + 1), 0
        for k in range(begins[q], begins[q + 1]):
            i = order[k]
            x, known = other[i], latest[other[i]]
            if known >> 32 == stamp:
                nexts[i] = known & 0xFFFFFFFF
            else:
                nexts[i] = -1
                people[some] = x
                some += 1
            latest[x] = (stamp << 32) | i
        for p in range(some):
            x = people[p]
            head = latest[x] & 0xFFFFFFFF
            if nexts[head] < 0:
                since, to, channels = start[head], end[head], np.int64(1) << channel[head]
                counted = min(to - since, DAY) if accumulate == 1 else to - since
                if counted <= 0 or counted < least_s:
                    continue
                dose = weight[head] * (
                    cumulative(table, course[q], first_s, step_s, to - origin[q])
                    - cumulative(table, course[q], first_s, step_s, since - origin[q])
                ) * factor[q]  # fmt: skip
            else:
                rows, channels = _chain(head, nexts, start, end, weight, channel, times, weights)
                counted = _counted(times, rows, accumulate)
                if counted <= 0 or counted < least_s:
                    continue
                since = times[0, 0]
                dose = _dose(
                    times[0], times[1], weights[0], 0, rows, course[q], origin[q], factor[q], table, first_s, step_s,
                    times[4], weights[1],
                )  # fmt: skip
            out_other[count], out_first[count], out_dose[count] = x, since, dose
            out_source[count], out_channels[count] = first_source + q, channels
            count += 1
    return count


@njit(nogil=True)
def _by_query(query, queries):
    """Rows in the order of their queries: (where those of each begin, rows)."""
    begins = np.zeros(queries + 1, np.int64)
    for i in range(len(query)):
        begins[query[i] + 1] += 1
    for q in range(queries):
        begins[q + 1] += begins[q]
    order, at = np.empty(len(query), np.int32), begins.copy()
    for i in range(len(query)):
        order[at[query[i]]] = i
        at[query[i]] += 1
    return begins, order


@njit(nogil=True)
def _chain(head, nexts, start, end, weight, channel, times, weights):
    """The pieces that end with ``head`` as columns ascending in start; (how many, a bit a channel)."""
    rows, channels, i = 0, np.int64(0), np.int64(head)
    while i >= 0:
        channels |= np.int64(1) << channel[i]
        rows += 1
        i = np.int64(nexts[i])
    i = np.int64(head)
    for k in range(rows - 1, -1, -1):
        times[0, k], times[1, k], weights[0, k] = start[i], end[i], weight[i]
        i = np.int64(nexts[i])
    by_start(times[0], times[1], weights[0], rows)
    return rows, channels


@njit(nogil=True)
def _counted(times, rows, accumulate):
    """Seconds that count of the pieces: of their union, of any 24 h of it, of its longest unbroken part."""
    begun, ended = times[2], times[3]
    pieces = unbroken(times[0], times[1], 0, rows, begun, ended, 0)
    if accumulate == 1:
        return most_in_a_day(begun, ended, 0, pieces)
    union = longest = np.int64(0)
    for p in range(pieces):
        union += ended[p] - begun[p]
        longest = max(longest, ended[p] - begun[p])
    return longest if accumulate == 2 else union


@njit(cache=True, nogil=True)
def best_of(other, first, dose, source, channels, moment, best_dose, best_source, all_channels):
    """Fold contacts into columns by person code: the earliest, of those the greatest dose, the first source; channels.

    In whatever order contacts come, the columns end up the same. Cost: linear.
    """
    for i in range(len(other)):
        x = other[i]
        all_channels[x] |= channels[i]
        if first[i] > moment[x]:
            continue
        equal = first[i] == moment[x]
        if equal and (dose[i] < best_dose[x] or (dose[i] == best_dose[x] and source[i] >= best_source[x])):
            continue
        moment[x], best_dose[x], best_source[x] = first[i], dose[i], source[i]
