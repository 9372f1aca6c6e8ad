"""Sweep over the fixes of a slab of time, strip by strip: who was near whom at the same time.

Candidates are looked at in rounds: of each fix of a block first the nearest one behind it in its strip and the first
one within reach in the next strip, then the ones after those, as long as keys say that they may be near. A round is
one loop without branches; only what passes its box and bound comes to the exact test.
"""

import numpy as np

from engine.graph.kernels.fix_slabs import NORTH, ROUND, WIDE, reach_of
from engine.graph.kernels.fixes import proximity
from engine.graph.kernels.memory import int64_at, prefetch, uint16_at
from engine.graph.layout import SECOND_BITS
from engine.kernels.memory import inner, kernel

ROW, AHEAD, ACTIVE = range(3)
"""Where a sweep stands: the next row to begin with, the first row that may be near it in the next strip, and how many
candidates of its block are still to be looked at."""
KEY, VAGUE = range(2)
"""Columns of a segment whose addresses a sweep is given."""
HALF = ROUND // 2
_U = np.uint64
_ONE = np.uint64(1)


@inner
def _begin(keys, rows, state, x_bits, shift, south, own_end, reach_y, one, two, upto):
    """First candidates of the next rows, as many as there is room for: (one, two), of keys no greater than ``upto``."""
    whole = _U(1) << _U(x_bits)
    i, ahead = state[ROW], state[AHEAD]
    last = min(rows, i + _U(len(one) // 2))
    strip = _U(0xFFFFFFFF)
    near, following, count = _U(0), _U(0), _U(0)
    while i < last and keys[i] < own_end:
        key = keys[i]
        if key >> _U(x_bits) != strip:
            strip = key >> _U(x_bits)
            near = min(whole, (_U(_strip_reach(strip, south, reach_y)) >> _U(shift)) + _ONE)
            following = (strip + _ONE) << _U(x_bits)
        # One step: either the row in the next strip is too far west and moves on, or this row is done.
        behind = _U(keys[ahead] < max(key + whole - near, following))
        done = _ONE - behind
        one[count] = i
        two[count] = i + _ONE
        upto[count] = min(key + near, following - _ONE)
        count += _U(keys[i + _ONE] <= upto[count]) & done
        one[count] = i
        two[count] = ahead
        upto[count] = min(key + whole + near, following + whole - _ONE)
        count += _U(keys[ahead] <= upto[count]) & done
        ahead += behind
        i += done
    state[ROW] = i
    state[AHEAD] = ahead
    state[ACTIVE] = count


@inner
def _strip_reach(strip, south, reach_y):
    """Reach in longitude from the fixes of a strip to those of the next."""
    bottom = south + np.int64(strip) * (reach_y + 1)
    return max(reach_of(bottom, reach_y), reach_of(bottom + 2 * reach_y, reach_y))


@inner
def _look(keys, x, y, start, end, since, reach, narrow, state, one, two, upto, hit_a, hit_b):
    """One round: candidates that are present together and about near enough are hits; then the next of each."""
    kept, hits = _U(0), _U(0)
    most, narrowed = reach * reach, narrow * narrow
    for c in range(state[ACTIVE]):
        i, j = _U(one[c]), _U(two[c])
        highest = upto[c]
        dy = np.float64(np.int64(y[i]) - np.int64(y[j]))
        turn = abs(np.int64(x[i]) - np.int64(x[j]))
        dx = np.float64(min(turn, abs(ROUND - turn)))
        s = max(start[i], start[j])
        hit_a[hits] = i
        hit_b[hits] = j
        together = (s < min(end[i], end[j])) & (s >= since)
        hits += _U(together & (dx * dx * narrowed + dy * dy <= most))
        one[kept] = i
        two[kept] = j + _ONE
        upto[kept] = highest
        kept += _U(keys[j + _ONE] <= highest)
    state[ACTIVE] = kept
    return hits


@inner
def _ask(columns, row, segment, hit_a, hit_b, hits, named):
    """Have what the exact test reads of each hit brought into the cache: the rows lie anywhere."""
    for h in range(hits):
        a, b = _U(hit_a[h]), _U(hit_b[h])
        for i in (a, b):
            at = _U(segment[i])
            prefetch(columns[at, VAGUE] + 2 * np.int64(row[i]))
            if named:
                prefetch(columns[at, KEY] + 8 * np.int64(row[i]))


@kernel
def scan_slab(
    keys, x, y, start, end, row, segment, columns, n, x_bits, shift, south, own_strips, since, narrow,
    reach_y, reach, limits, state, one, two, upto, hit_a, hit_b,
    out_a, out_b, out_start, out_end, out_a_row, out_b_row, out_a_segment, out_b_segment, out_weight, out_measure,
):  # fmt: skip
    """Pairs of a sorted slab that are together from ``since`` on or later; returns (pairs, seconds together).

    The southern of a pair, or the western of one strip, lies in the first ``own_strips`` strips; the next strip holds
    fixes for them to meet. ``keys`` end with one greater than all. ``columns`` has the addresses of each segment's keys
    and accuracies (dm). ``reach`` is the greatest search radius in 1e-7 degree of latitude, ``reach_y`` a whole number
    above it, ``narrow`` no more than the cosine of any latitude here; ``limits``: see
    :func:`engine.graph.kernels.fixes.proximity`. ``one`` to ``hit_b`` hold the candidates of a block and keep them
    between calls. Buffers of no length are not written; others hold as many rows as ``one``, and where the next round
    might not fit the sweep stops, to go on where ``state``, three zeros at first, left off. It is through when it
    returns with ``state[ROW]`` ``n`` and nothing active. Cost: about 10 ns a row, 3 ns a candidate and 50 ns a pair.
    """
    listing = len(out_a) > 0
    rows = _U(n)
    own_end = _U(own_strips) << _U(x_bits)
    m = np.int64(0)
    seconds = np.int64(0)
    while True:
        if state[ACTIVE] == 0:
            if state[ROW] >= rows or keys[state[ROW]] >= own_end:
                state[ROW] = rows
                return m, seconds
            _begin(keys, rows, state, x_bits, shift, south, own_end, reach_y, one, two, upto)
        if listing and m + np.int64(state[ACTIVE]) > len(out_a):
            return m, seconds
        hits = _look(keys, x, y, start, end, since, reach, narrow, state, one, two, upto, hit_a, hit_b)
        _ask(columns, row, segment, hit_a, hit_b, hits, listing)
        for h in range(hits):
            a, b = _U(hit_a[h]), _U(hit_b[h])
            if max(x[a], x[b]) >= ROUND:
                wide = _strip_reach(keys[a] >> _U(x_bits), south, reach_y) >= WIDE
                if wide or min(x[a], x[b]) >= ROUND:
                    continue
            of_a, of_b = columns[_U(segment[a])], columns[_U(segment[b])]
            a_row, b_row = np.int64(row[a]), np.int64(row[b])
            # Within a segment a person's fix holds until the next one: only those of two may be present together.
            person, other = np.int64(0), np.int64(1)
            if listing or segment[a] != segment[b]:
                person, other = int64_at(of_a[KEY], a_row) >> SECOND_BITS, int64_at(of_b[KEY], b_row) >> SECOND_BITS
            if person == other:
                continue
            weight, metres = proximity(
                np.int64(y[a]) - NORTH, np.int64(x[a]) - HALF, uint16_at(of_a[VAGUE], a_row),
                np.int64(y[b]) - NORTH, np.int64(x[b]) - HALF, uint16_at(of_b[VAGUE], b_row), limits,
            )  # fmt: skip
            if weight < 0.0:
                continue
            s = max(start[a], start[b])
            e = min(end[a], end[b])
            seconds += e - s
            if listing:
                out_a[m] = person
                out_b[m] = other
                out_start[m] = s
                out_end[m] = e
                out_a_row[m] = a_row
                out_b_row[m] = b_row
                out_a_segment[m] = segment[a]
                out_b_segment[m] = segment[b]
                out_weight[m] = weight
                out_measure[m] = metres
            m += 1
