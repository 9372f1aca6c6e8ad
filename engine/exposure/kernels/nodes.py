"""People reached by the case in hand: a table of them by code, and what each label adds to them."""

import math

import numpy as np

from engine.exposure.kernels import fields as f
from engine.exposure.kernels.contacts import DAY, _dose, cumulative, most_in_a_day, unbroken
from engine.graph.kernels import found
from engine.graph.kernels.memory import float64_at, int64_at
from engine.kernels.memory import inner

_NONE = np.int64(-1)


@inner
def slot_of(person, mask):
    """Where in the table a person is looked for first."""
    return ((person * 0x9E3779B97F4A7C1) >> 24) & mask


@inner
def add_slot(slots, stamp, mask, person, node):
    """Put a person who is not there yet into the table."""
    at = slot_of(person, mask)
    while slots[at, 0] >> 32 == stamp:
        at = (at + 1) & mask
    slots[at, 0], slots[at, 1] = (stamp << 32) | person, node


@inner
def node_of(state, nodes, slots, person):
    """The node of a person; a new one if there is none."""
    stamp, mask = state[f.STAMP], state[f.MASK]
    at, wanted = slot_of(person, mask), (state[f.STAMP] << 32) | person
    while slots[at, 0] >> 32 == stamp:
        if slots[at, 0] == wanted:
            return slots[at, 1]
        at = (at + 1) & mask
    node = state[f.NODES]
    state[f.NODES] = node + 1
    slots[at, 0], slots[at, 1] = wanted, node
    nodes[node, f.WHO], nodes[node, f.LAST_LABEL] = person, -1
    nodes[node, f.LEVEL], nodes[node, f.FLAGS], nodes[node, f.BEST] = -1, 0, 0
    return node


@inner
def course_of(numbers, person):
    """Where a person is among the cases, else -1."""
    lo, hi = np.int64(0), numbers[f.CASE_COUNT]
    while lo < hi:
        mid = (lo + hi) >> 1
        if int64_at(numbers[f.CASES], mid) < person:
            lo = mid + 1
        else:
            hi = mid
    return lo if lo < numbers[f.CASE_COUNT] and int64_at(numbers[f.CASES], lo) == person else _NONE


@inner
def isolated_at(numbers, person, otherwise):
    """When a person was isolated; ``otherwise``: beyond the column."""
    if person >= numbers[f.ISOLATIONS]:
        return otherwise
    return int64_at(numbers[f.ISOLATION], person)


@inner
def _by_start(starts, ends, others, count):
    """Put three columns into the order of the first. Cost: linear when they are; else a shell sort."""
    i = 1
    while i < count and starts[i - 1] <= starts[i]:
        i += 1
    gap = 0 if i >= count else 1
    while gap > 0 and 9 * gap < count:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, count):
            s, e, o, j = starts[i], ends[i], others[i], i
            while j >= gap and starts[j - gap] > s:
                starts[j], ends[j], others[j] = starts[j - gap], ends[j - gap], others[j - gap]
                j -= gap
            starts[j], ends[j], others[j] = s, e, o
        gap //= 3


@inner
def _chain(whole, parts, head, count, times, weights):
    """The evidence that ends with ``head`` as columns ascending in start: times[0], times[1], weights[0]."""
    e = head
    for i in range(count - 1, -1, -1):
        times[0, i], times[1, i], weights[0, i] = whole[e, found.START], whole[e, found.END], parts[e, found.WEIGHT]
        e = whole[e, found.NEXT]
    _by_start(times[0], times[1], weights[0], count)


@inner
def met(
    numbers, fractions, table, state, labels, chances, label, node, whole, parts, bounds, nodes, sums, pool, touched,
    times, weights,
):  # fmt: skip
    """Add to a node what the label's evidence of it comes to, if that is a contact under the policy."""
    origin, course, factor = labels[f.ORIGIN, label], labels[f.COURSE, label], chances[f.FACTOR, label]
    if not numbers[f.FORWARD]:
        case = course_of(numbers, nodes[node, f.WHO])
        origin, course, factor = np.int64(0), np.int64(2), fractions[f.UNKNOWN]
        if case >= 0:
            origin, course = int64_at(numbers[f.CASE_ORIGIN], case), int64_at(numbers[f.CASE_COURSE], case)
            factor = float64_at(numbers[f.CASE_FACTOR], case)
    e = nodes[node, f.HEAD]
    if whole[e, found.NEXT] >= 0:
        _met_often(
            numbers, fractions, table, state, chances, label, node, origin, course, factor, whole, parts, bounds,
            nodes, sums, pool, touched, times, weights,
        )  # fmt: skip
        return
    first, last = whole[e, found.START], whole[e, found.END]
    counted = min(last - first, DAY) if numbers[f.ACCUMULATE] == 1 else last - first
    if counted < fractions[f.LEAST_S]:
        return
    first_s, step_s = int(fractions[f.FIRST_S]), int(fractions[f.STEP_S])
    since = cumulative(table, course, first_s, step_s, first - origin)
    dose = parts[e, found.WEIGHT] * (cumulative(table, course, first_s, step_s, last - origin) - since) * factor
    channels = np.int64(1) << ((e >= bounds[1]) + (e >= bounds[2]))
    _add(numbers, fractions, state, chances, label, node, first, last, dose, channels, nodes, sums, touched)
    if nodes[node, f.FLAGS] == 0:
        _add_piece(state, nodes, pool, node, first, last)
        if numbers[f.PLACES] and channels == 2:
            _add_places(state, nodes, pool, node, whole, e, bounds)


@inner
def _met_often(
    numbers, fractions, table, state, chances, label, node, origin, course, factor, whole, parts, bounds,
    nodes, sums, pool, touched, times, weights,
):  # fmt: skip
    """The same for several pieces of evidence."""
    head, count, channels = nodes[node, f.HEAD], 0, np.int64(0)
    e = head
    while e >= 0:
        channels |= np.int64(1) << ((e >= bounds[1]) + (e >= bounds[2]))
        count += 1
        e = whole[e, found.NEXT]
    first_s, step_s = int(fractions[f.FIRST_S]), int(fractions[f.STEP_S])
    starts, ends, piece_start, piece_end = times[0], times[1], times[2], times[3]
    _chain(whole, parts, head, count, times, weights)
    pieces = unbroken(starts, ends, 0, count, piece_start, piece_end, 0)
    union = single = np.int64(0)
    for p in range(pieces):
        union += piece_end[p] - piece_start[p]
        single = max(single, piece_end[p] - piece_start[p])
    counted = single if numbers[f.ACCUMULATE] == 2 else union
    if numbers[f.ACCUMULATE] == 1:
        counted = most_in_a_day(piece_start, piece_end, 0, pieces)
    if counted < fractions[f.LEAST_S]:
        return
    dose = _dose(
        starts, ends, weights[0], 0, count, course, origin, factor, table, first_s, step_s, times[4], weights[1]
    )
    first, last = starts[0], piece_end[pieces - 1]
    _add(numbers, fractions, state, chances, label, node, first, last, dose, channels, nodes, sums, touched)
    if nodes[node, f.FLAGS] == 0:
        for p in range(pieces):
            _add_piece(state, nodes, pool, node, piece_start[p], piece_end[p])
        if numbers[f.PLACES] and channels & 2:
            _add_places(state, nodes, pool, node, whole, head, bounds)


@inner
def _add(numbers, fractions, state, chances, label, node, first, last, dose, channels, nodes, sums, touched):
    """Moment, witness, extent and chance. Labels come in the order of their keys: the first of equals stays."""
    level = numbers[f.AT_LEVEL]
    moment, sign = (first, 1) if numbers[f.FORWARD] else (last, -1)
    escapes = 1.0 - chances[f.CHANCE, label] * -math.expm1(-fractions[f.RATE] * dose)
    if nodes[node, f.LEVEL] != level:
        nodes[node, f.LEVEL] = level
        touched[state[f.TOUCHED]] = node
        state[f.TOUCHED] += 1
        nodes[node, f.REACHED_AT], nodes[node, f.WITNESS] = moment, label
        nodes[node, f.FIRST], nodes[node, f.LAST], nodes[node, f.CHANNELS] = first, last, channels
        nodes[node, f.PIECE_NEXT], nodes[node, f.PLACE_NEXT] = -2, -2
        sums[node, f.MOST], sums[node, f.DOSE], sums[node, f.ESCAPED] = dose, dose, escapes
        return
    ahead = sign * (nodes[node, f.REACHED_AT] - moment)
    if ahead > 0 or (ahead == 0 and dose > sums[node, f.MOST]):
        nodes[node, f.REACHED_AT], nodes[node, f.WITNESS], sums[node, f.MOST] = moment, label, dose
    nodes[node, f.FIRST] = min(nodes[node, f.FIRST], first)
    nodes[node, f.LAST] = max(nodes[node, f.LAST], last)
    nodes[node, f.CHANNELS] |= channels
    sums[node, f.DOSE] += dose
    sums[node, f.ESCAPED] *= escapes


@inner
def _add_piece(state, nodes, pool, node, start, end):
    if nodes[node, f.PIECE_NEXT] == -2:
        nodes[node, f.PIECE_START], nodes[node, f.PIECE_END], nodes[node, f.PIECE_NEXT] = start, end, -1
        return
    n = state[f.POOLED]
    pool[n, 0], pool[n, 1], pool[n, 2] = start, end, nodes[node, f.PIECE_NEXT]
    nodes[node, f.PIECE_NEXT] = n
    state[f.POOLED] = n + 1


@inner
def _add_places(state, nodes, pool, node, whole, head, bounds):
    """The places of the shared stays of a contact, each once."""
    e = head
    while e >= 0:
        if bounds[1] <= e < bounds[2]:
            place = whole[e, found.PLACE]
            if nodes[node, f.PLACE_NEXT] == -2:
                nodes[node, f.PLACE], nodes[node, f.PLACE_NEXT] = place, -1
            elif nodes[node, f.PLACE] != place:
                at = nodes[node, f.PLACE_NEXT]
                while at >= 0 and pool[at, 0] != place:
                    at = pool[at, 2]
                if at < 0:
                    n = state[f.POOLED]
                    pool[n, 0], pool[n, 2] = place, nodes[node, f.PLACE_NEXT]
                    nodes[node, f.PLACE_NEXT] = n
                    state[f.POOLED] = n + 1
        e = whole[e, found.NEXT]


@inner
def seconds_of(nodes, pool, node, times):
    """Length of the union of all pieces of a node."""
    if nodes[node, f.PIECE_NEXT] == -1:
        return nodes[node, f.PIECE_END] - nodes[node, f.PIECE_START]
    return _joined_length(nodes, pool, node, times)


@inner
def _joined_length(nodes, pool, node, times):
    starts, ends = times[0], times[1]
    starts[0], ends[0] = nodes[node, f.PIECE_START], nodes[node, f.PIECE_END]
    count, at = 1, nodes[node, f.PIECE_NEXT]
    while at >= 0:
        starts[count], ends[count] = pool[at, 0], pool[at, 1]
        at = pool[at, 2]
        count += 1
    _by_start(starts, ends, times[2], count)
    total, reached = np.int64(0), starts[0]
    for i in range(count):
        total += max(ends[i] - max(starts[i], reached), 0)
        reached = max(reached, ends[i])
    return total
