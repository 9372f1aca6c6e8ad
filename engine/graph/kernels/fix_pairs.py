"""Sweep over the fixes of a slab of time, strip by strip: who was near whom at the same time."""

import math

import numpy as np
from numba import njit

from engine.graph.kernels.fix_slabs import ACCURACY, NORTH, ROUND, WIDE, reach_of
from engine.graph.kernels.fixes import chance_within, distance_m

_U = np.uint64
_ONE = np.uint64(1)


@njit(cache=True, nogil=True)
def _judge(lat_a, lng_a, accuracy_a, lat_b, lng_b, accuracy_b, limit_m, sigmas, search_cap_m, accuracy_sigmas, floor,
           radius):  # fmt: skip
    """(weight, distance in m) of two fixes; a weight of -1 where they are no evidence."""
    d = distance_m(lat_a, lng_a, lat_b, lng_b, radius)
    a = 0.1 * accuracy_a
    b = 0.1 * accuracy_b
    sigma = math.sqrt(a * a + b * b) / accuracy_sigmas
    if d > min(limit_m + sigmas * sigma, search_cap_m):
        return -1.0, d
    # On one spot the chance is 1 - exp(-limit^2 / 2 sigma^2), and it only falls with distance.
    if sigma > 1e-9 and 1.0 - math.exp(-0.5 * (limit_m / sigma) ** 2) < floor:
        return -1.0, d
    weight = chance_within(limit_m, d, sigma)
    return (weight if weight >= floor else -1.0), d


@njit(cache=True, nogil=True)
def scan_slab(
    keys, x, y, start, end, person, at, held, n, x_bits, shift, south, own_strips, since, reach_y, reach,
    limit_m, sigmas, search_cap_m, accuracy_sigmas, floor, radius, state,
    out_a, out_b, out_start, out_end, out_a_row, out_b_row, out_a_segment, out_b_segment, out_weight, out_measure,
):  # fmt: skip
    """Pairs of a sorted slab that are together from ``since`` on or later; returns (pairs, seconds together).

    The southern of a pair, or the western of one strip, lies in the first ``own_strips`` strips; the next strip holds
    fixes for them to meet. ``reach`` is the greatest search radius in 1e-7 degree, ``reach_y`` a whole number above it.
    Buffers of no length are not written. Otherwise the sweep stops when they are full, -1 pairs meaning that one fix
    alone has more, and goes on where ``state``, two zeros at first, left off; it is through when ``state[0]`` is ``n``.
    """
    listing = len(out_a) > 0
    cap = np.int64(len(out_a))
    rows = _U(n)
    whole = _U(1) << _U(x_bits)
    segment_mask = _U((1 << ACCURACY) - 1)
    m = np.int64(0)
    seconds = np.int64(0)
    i = state[0]
    ahead = state[1]
    strip = _U(0xFFFFFFFF)
    while i < rows:
        key = keys[i]
        if key >> _U(x_bits) != strip:
            strip = key >> _U(x_bits)
            if strip >= _U(own_strips):
                break
            bottom = south + np.int64(strip) * (reach_y + 1)
            reach_x = max(reach_of(bottom, reach_y), reach_of(bottom + 2 * reach_y, reach_y))
            wide = reach_x >= WIDE
            narrow = reach_y / reach_x
            near = min(whole, (_U(reach_x) >> _U(shift)) + _U(2))
            following = (strip + _ONE) << _U(x_bits)
        m_before = m
        xi, yi, from_i, to_i, who = np.int64(x[i]), np.int64(y[i]), start[i], end[i], person[i]
        lowest = max(key + whole - near, following)
        while ahead < rows and keys[ahead] < lowest:
            ahead += _ONE
        for half in range(2):
            j = ahead if half else i + _ONE
            highest = min(key + whole + near, following + whole - _ONE) if half else min(key + near, following - _ONE)
            while j < rows and keys[j] <= highest:
                k = j
                j += _ONE
                s = max(from_i, start[k])
                e = min(to_i, end[k])
                if s >= e or s < since or person[k] == who:
                    continue
                dy = np.float64(yi - np.int64(y[k]))
                turn = abs(xi - np.int64(x[k]))
                turn = min(turn, abs(ROUND - turn))
                dx = turn * narrow
                if dx * dx + dy * dy > reach * reach:
                    continue
                if max(xi, np.int64(x[k])) >= ROUND and (wide or min(xi, np.int64(x[k])) >= ROUND):
                    continue
                mine = held[at[i], 2]
                other = held[at[k], 2]
                weight, metres = _judge(
                    yi - NORTH, xi - ROUND // 2, np.int64(mine >> _U(ACCURACY) & _U(0xFFFF)),
                    np.int64(y[k]) - NORTH, np.int64(x[k]) - ROUND // 2, np.int64(other >> _U(ACCURACY) & _U(0xFFFF)),
                    limit_m, sigmas, search_cap_m, accuracy_sigmas, floor, radius,
                )  # fmt: skip
                if weight < 0.0:
                    continue
                if listing:
                    if m == cap:
                        state[0] = i
                        state[1] = ahead
                        return (m_before if m_before else np.int64(-1)), seconds
                    out_a[m] = who
                    out_b[m] = person[k]
                    out_start[m] = s
                    out_end[m] = e
                    out_a_row[m] = held[at[i], 1] & _U(0xFFFFFFFF)
                    out_b_row[m] = held[at[k], 1] & _U(0xFFFFFFFF)
                    out_a_segment[m] = mine & segment_mask
                    out_b_segment[m] = other & segment_mask
                    out_weight[m] = weight
                    out_measure[m] = metres
                m += 1
                seconds += e - s
        i += _ONE
    state[0] = rows
    return m, seconds
