"""One level of a trace: the contacts of its labels, and out of them the labels and answers of the next level.

Labels are ordered by case, then key. Kernels stop where an array is too short, say so, and go on when called again.
"""

import numpy as np
from numba import njit

from engine.exposure.kernels import fields as f
from engine.exposure.kernels.key_sort import in_key_order
from engine.exposure.kernels.nodes import (
    add_slot,
    course_of,
    isolated_at,
    met,
    node_of,
    seconds_of,
)
from engine.graph.kernels import found
from engine.graph.kernels.memory import float64_at, int64_at
from engine.graph.kernels.sightings import sightings_of
from engine.graph.kernels.stays import shared_stays
from engine.kernels.memory import inner

CHUNK = 64
"""Labels whose evidence is found together."""
_EXPECTED = 1


@njit(cache=True, nogil=True)
def spread(
    atlas, numbers, fractions, table, state, tally, labels, chances, nodes, sums, slots, pool, touched, ranges,
    whole, parts, near, near_parts, answers, answer_parts, shares, scratch, times, weights,
):  # fmt: skip
    """From label state[NEXT] to numbers[TO]; closes the level's last case when that is its end. DONE or MORE_..."""
    bounds, at = np.zeros(4, np.int64), np.zeros(3, np.int64)
    while state[f.NEXT] < numbers[f.TO]:
        first = state[f.NEXT]
        last = _evidence(
            atlas, numbers, fractions, state, tally, labels, first, whole, parts, near, near_parts, bounds, scratch
        )
        if last == first:
            return f.MORE_EVIDENCE
        at[:] = bounds[:3]
        for label in range(first, last):
            if labels[f.CASE, label] != state[f.OPEN_CASE]:
                _close(
                    numbers, state, labels, chances, nodes, sums, pool, touched, ranges,
                    answers, answer_parts, shares, times,
                )  # fmt: skip
                if not _open(numbers, state, labels, label, nodes, slots, ranges):
                    state[f.NEXT] = label
                    return f.MORE_ROOM
            count = _count(label, whole, bounds, at)
            if not _has_room(numbers, state, count, labels, nodes, slots, pool, ranges, answers, shares):
                state[f.NEXT] = label
                return f.MORE_ROOM
            _meet(
                numbers, fractions, table, state, labels, chances, label, nodes, sums, slots, pool, touched,
                whole, parts, bounds, at, times, weights,
            )  # fmt: skip
        state[f.NEXT] = last
    if state[f.NEXT] == numbers[f.LEVEL_END]:
        _close(
            numbers, state, labels, chances, nodes, sums, pool, touched, ranges, answers, answer_parts, shares, times
        )
    return f.DONE


@inner
def _evidence(atlas, numbers, fractions, state, tally, labels, first, whole, parts, near, near_parts, bounds, scratch):
    """Evidence of labels from ``first`` on, channel by channel (``bounds``); returns the end of these labels.

    That is ``first`` itself when there is no room for one label; state[NEEDED] says how much there must be.
    """
    person, start, end = labels[f.PERSON], labels[f.START], labels[f.END]
    last = min(first + CHUNK, numbers[f.TO])
    looked = tally[0]
    while True:
        n, tally[0] = np.int64(0), looked
        if numbers[f.ATTENUATION] >= 0:
            n = sightings_of(
                atlas,
                person,
                start,
                end,
                first,
                last,
                numbers[f.ATTENUATION],
                fractions,
                n,
                whole,
                parts,
                tally,
                scratch,
            )
        bounds[1] = n
        if numbers[f.STAYS]:
            n = shared_stays(
                atlas, atlas, True, person, start, end, first, last, numbers[f.OWN_SLACK], numbers[f.OTHER_SLACK],
                n, whole, parts, tally, scratch,
            )  # fmt: skip
        bounds[2] = n
        a = _line_of(near, numbers[f.NEAR], first)
        b = _line_of(near, numbers[f.NEAR], last)
        bounds[3] = n + b - a
        if bounds[3] <= len(whole):
            break
        if last - first <= 1:
            state[f.NEEDED] = bounds[3]
            return first
        last = first + (last - first) // 2
    for i in range(b - a):
        for c in range(found.INTEGERS):
            whole[n + i, c] = near[a + i, c]
        for c in range(found.FRACTIONS):
            parts[n + i, c] = near_parts[a + i, c]
    return last


@inner
def _line_of(near, count, label):
    lo, hi = np.int64(0), count
    while lo < hi:
        mid = (lo + hi) >> 1
        if near[mid, found.PERSON] < label:
            lo = mid + 1
        else:
            hi = mid
    return lo


@inner
def _count(label, whole, bounds, at):
    """Pieces of evidence of a label, from ``at`` on in each channel."""
    count = 0
    for channel in range(3):
        e = at[channel]
        while e < bounds[channel + 1] and whole[e, found.PERSON] == label:
            e += 1
        count += e - at[channel]
    return count


@inner
def _has_room(numbers, state, count, labels, nodes, slots, pool, ranges, answers, shares):
    """Whether so much evidence of one label fits, whatever it is; and what it may become when its case is closed."""
    people = state[f.PRIOR] + state[f.NODES] - state[f.OPENED_AT] + count
    state[f.NEEDED] = 2 * (max(state[f.NODES], state[f.LABELS], state[f.SHARES]) + state[f.POOLED] + 3 * count + 64)
    if 2 * people > state[f.MASK] and not _rebuilt(numbers, state, people, nodes, slots, ranges):
        return False
    fits = state[f.NODES] + count <= len(nodes) and state[f.POOLED] + 2 * count <= len(pool)
    fits &= state[f.LABELS] + state[f.TOUCHED] + count <= labels.shape[1]
    fits &= state[f.ANSWERS] + state[f.TOUCHED] + count <= answers.shape[1]
    return fits & (state[f.SHARES] + state[f.TOUCHED] + state[f.POOLED] + 3 * count <= shares.shape[1])


@inner
def _rebuilt(numbers, state, people, nodes, slots, ranges):
    """Make the table of the open case anew, for so many people. Whether there is room."""
    size = 64
    while size < 4 * people:
        size *= 2
    if size > len(slots):
        return False
    state[f.MASK] = size - 1
    state[f.STAMP] += 1
    for level in range(1, numbers[f.AT_LEVEL]):
        for node in range(ranges[state[f.OPEN_CASE], level, 0], ranges[state[f.OPEN_CASE], level, 1]):
            add_slot(slots, state[f.STAMP], state[f.MASK], nodes[node, f.WHO], node)
    for node in range(state[f.OPENED_AT], state[f.NODES]):
        add_slot(slots, state[f.STAMP], state[f.MASK], nodes[node, f.WHO], node)
    return True


@inner
def _open(numbers, state, labels, label, nodes, slots, ranges):
    """Begin with the case of a label. Whether there was room; if so, its people so far are in the table."""
    case, last, seeds = labels[f.CASE, label], label, np.int64(0)
    if numbers[f.AT_LEVEL] == 1 and not numbers[f.ALONE]:
        while last < numbers[f.LEVEL_END] and labels[f.CASE, last] == case:
            last += 1
        seeds = last - label
    state[f.NEEDED] = 2 * (state[f.NODES] + seeds + 64)
    state[f.OPEN_CASE], state[f.OPENED_AT] = case, state[f.NODES]
    state[f.TOUCHED] = state[f.POOLED] = state[f.PRIOR] = 0
    for level in range(1, numbers[f.AT_LEVEL]):
        state[f.PRIOR] += ranges[case, level, 1] - ranges[case, level, 0]
    fits = state[f.NODES] + seeds <= len(nodes)
    if not fits or not _rebuilt(numbers, state, state[f.PRIOR] + seeds + 8, nodes, slots, ranges):
        state[f.OPEN_CASE] = -1
        return False
    for seed in range(label, last):
        nodes[node_of(state, nodes, slots, labels[f.PERSON, seed]), f.FLAGS] = f.SEED
    return True


@njit(cache=True, nogil=True)
def _close(numbers, state, labels, chances, nodes, sums, pool, touched, ranges, answers, answer_parts, shares, times):
    """Keep the labels of the open case that are better than any nearer ones, in the order of keys, and answer."""
    if state[f.OPEN_CASE] < 0:
        return
    sign = 1 if numbers[f.FORWARD] else -1
    kept = 0
    for i in range(state[f.TOUCHED]):
        node = touched[0, i]
        better = sign * (nodes[node, f.REACHED_AT] - nodes[node, f.BEST]) < 0
        if not nodes[node, f.FLAGS] & f.KNOWN or better:
            touched[1, kept] = node
            kept += 1
    order = np.arange(kept)
    if numbers[f.AT_LEVEL] < numbers[f.DEPTH]:
        people = np.empty(kept, np.int64)
        for k in range(kept):
            people[k] = nodes[touched[1, k], f.WHO]
        order = in_key_order(numbers[f.KEYS], numbers[f.KEY_STARTS], people)
    for position in order:
        node = touched[1, position]
        _label(numbers, state, labels, chances, nodes, sums, node)
        if nodes[node, f.FLAGS] == 0:
            _answer(numbers, state, labels, chances, nodes, sums, pool, node, answers, answer_parts, shares, times)
        nodes[node, f.FLAGS] |= f.KNOWN
        nodes[node, f.BEST] = nodes[node, f.REACHED_AT]
    ranges[state[f.OPEN_CASE], numbers[f.AT_LEVEL], 0] = state[f.OPENED_AT]
    ranges[state[f.OPEN_CASE], numbers[f.AT_LEVEL], 1] = state[f.NODES]
    state[f.OPEN_CASE] = -1
    state[f.TOUCHED] = state[f.POOLED] = 0


@inner
def _label(numbers, state, labels, chances, nodes, sums, node):
    """A kept label: from when to when the person passes on (backward: may have been infected), and how."""
    n, person, moment = state[f.LABELS], nodes[node, f.WHO], nodes[node, f.REACHED_AT]
    witness = nodes[node, f.WITNESS]
    labels[f.PERSON, n], labels[f.CASE, n], labels[f.MOMENT, n] = person, state[f.OPEN_CASE], moment
    labels[f.PARENT, n] = witness
    labels[f.ORIGIN, n], labels[f.COURSE, n], chances[f.FACTOR, n] = moment, _EXPECTED, 1.0
    chances[f.CHANCE, n] = 1.0 - sums[node, f.ESCAPED]
    if numbers[f.FORWARD]:
        labels[f.START, n] = moment + numbers[f.LATENT]
        labels[f.END, n] = min(isolated_at(numbers, person, numbers[f.UNTIL]), numbers[f.UNTIL])
        set_course(numbers, labels, chances, n)
    else:
        labels[f.START, n] = labels[f.START, witness] if numbers[f.ALONE] else numbers[f.OPENED]
        labels[f.END, n] = moment - numbers[f.LATENT]
    state[f.LABELS] = n + 1


@inner
def set_course(numbers, labels, chances, label):
    """A case follows its own course; anybody else what the label says already."""
    case = course_of(numbers, labels[f.PERSON, label])
    if case >= 0:
        labels[f.ORIGIN, label] = int64_at(numbers[f.CASE_ORIGIN], case)
        labels[f.COURSE, label] = int64_at(numbers[f.CASE_COURSE], case)
        chances[f.FACTOR, label] = float64_at(numbers[f.CASE_FACTOR], case)


@inner
def _answer(numbers, state, labels, chances, nodes, sums, pool, node, answers, answer_parts, shares, times):
    """The row of a person at the level at which the case first reaches them, and the places behind it."""
    n, person = state[f.ANSWERS], nodes[node, f.WHO]
    answers[f.A_PERSON, n], answers[f.A_LEVEL, n] = person, numbers[f.AT_LEVEL]
    answers[f.A_FIRST, n], answers[f.A_LAST, n] = nodes[node, f.FIRST], nodes[node, f.LAST]
    answers[f.A_SECONDS, n], answers[f.A_CHANNELS, n] = seconds_of(nodes, pool, node, times), nodes[node, f.CHANNELS]
    answers[f.A_VIA, n] = labels[f.PERSON, nodes[node, f.WITNESS]]
    answers[f.A_CASE, n] = state[f.OPEN_CASE]
    answer_parts[f.A_DOSE, n], answer_parts[f.A_CHANCE, n] = sums[node, f.DOSE], 1.0 - sums[node, f.ESCAPED]
    state[f.ANSWERS] = n + 1
    at = nodes[node, f.PLACE_NEXT]
    if at == -2:
        return
    k = state[f.SHARES]
    shares[0, k], shares[1, k] = person, nodes[node, f.PLACE]
    k += 1
    while at >= 0:
        shares[0, k], shares[1, k] = person, pool[at, 0]
        k += 1
        at = pool[at, 2]
    state[f.SHARES] = k


@inner
def _meet(
    numbers, fractions, table, state, labels, chances, label, nodes, sums, slots, pool, touched,
    whole, parts, bounds, at, times, weights,
):  # fmt: skip
    """All contacts of a label."""
    alone = int64_at(numbers[f.ALONE], labels[f.CASE, label]) if numbers[f.ALONE] else np.int64(-1)
    count = 0
    for channel in range(3):
        e = at[channel]
        while e < bounds[channel + 1] and whole[e, found.PERSON] == label:
            other = whole[e, found.OTHER]
            if not numbers[f.FORWARD]:
                whole[e, found.END] = min(whole[e, found.END], isolated_at(numbers, other, whole[e, found.END]))
            if other != alone and whole[e, found.START] < whole[e, found.END]:
                node = node_of(state, nodes, slots, other)
                whole[e, found.NEXT] = -1
                if nodes[node, f.LAST_LABEL] == label:
                    whole[e, found.NEXT] = nodes[node, f.HEAD]
                else:
                    nodes[node, f.LAST_LABEL] = label
                    touched[1, count] = node
                    count += 1
                nodes[node, f.HEAD] = e
            e += 1
        at[channel] = e
    for i in range(count):
        met(
            numbers, fractions, table, state, labels, chances, label, touched[1, i], whole, parts, bounds, nodes, sums,
            pool, touched[0], times, weights,
        )  # fmt: skip
