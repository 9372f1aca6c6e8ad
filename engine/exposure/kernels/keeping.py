"""What becomes of the people reached at a level of a case: labels, ordered by key, and answers."""

import numpy as np
from numba import njit

from engine.exposure.kernels import fields as f
from engine.exposure.kernels.key_sort import in_key_order
from engine.exposure.kernels.nodes import course_of, isolated_at
from engine.exposure.kernels.pieces import seconds_of
from engine.graph.kernels.memory import (
    float64_at,
    int32_at,
    int64_at,
    put_float64,
    put_int32,
    put_int64,
    put_uint8,
    uint8_at,
)
from engine.kernels.memory import inner

_EXPECTED = 1


@njit(cache=True, nogil=True)
def close(t):
    """Keep the labels of the open case that are better than any nearer ones, in the order of keys, and answer."""
    if t[f.OPEN_CASE] < 0:
        return
    forward, mine, kept = t[f.FORWARD], t[f.MINE_ROWS], np.int64(0)
    for i in range(t[f.TOUCHED]):
        node = int32_at(t[f.TOUCHED_ROWS], i)
        row, best = t[f.NODE_ROWS] + (node << 6), int64_at(t[f.BEST_ROWS] + (node << 4), f.BEST)
        better = int64_at(row, f.FIRST) < best if forward else int64_at(row, f.LAST) > best
        if not uint8_at(row, f.FLAGS_1) & f.KNOWN or better:
            put_int32(mine, kept, node)
            kept += 1
    if t[f.AT_LEVEL] < t[f.DEPTH]:
        people = np.empty(kept, np.int64)
        for k in range(kept):
            people[k] = int32_at(t[f.NODE_ROWS] + (int32_at(mine, k) << 6), f.WHO_4)
        for position in in_key_order(t[f.KEYS], t[f.KEY_STARTS], people):
            _keep(t, int32_at(mine, position))
    else:
        for k in range(kept):
            _keep(t, int32_at(mine, k))
    known = 2 * (t[f.OPEN_CASE] * (t[f.DEPTH] + 1) + t[f.AT_LEVEL])
    put_int64(t[f.RANGES], known, t[f.OPENED_AT])
    put_int64(t[f.RANGES], known + 1, t[f.NODES])
    t[f.OPEN_CASE] = -1
    t[f.TOUCHED] = t[f.POOLED] = 0


@inner
def _keep(t, node):
    """A label, and the row of a person at the level at which the case first reaches them."""
    row = t[f.NODE_ROWS] + (node << 6)
    _label(t, row)
    flags = uint8_at(row, f.FLAGS_1)
    if flags == 0:
        _answer(t, row)
    put_uint8(row, f.FLAGS_1, flags | f.KNOWN)
    put_int64(t[f.BEST_ROWS] + (node << 4), f.BEST, int64_at(row, f.FIRST if t[f.FORWARD] else f.LAST))


@inner
def _label(t, node):
    """A kept label: from when to when the person passes on (backward: may have been infected), and how."""
    n, person, witness = t[f.LABELS], int32_at(node, f.WHO_4), int32_at(node, f.WITNESS_4)
    row, moment = t[f.LABEL_ROWS] + (n << 6), int64_at(node, f.FIRST if t[f.FORWARD] else f.LAST)
    put_int32(row, f.PERSON_4, person)
    put_int32(row, f.CASE_4, t[f.OPEN_CASE])
    put_int32(row, f.PARENT_4, witness)
    put_int64(row, f.MOMENT, moment)
    put_float64(row, f.CHANCE, 1.0 - float64_at(node, f.ESCAPED))
    set_course(t, row, person, moment)
    if t[f.FORWARD]:
        put_int64(row, f.START, moment + t[f.LATENT])
        put_int64(row, f.END, min(isolated_at(t, person, t[f.UNTIL]), t[f.UNTIL]))
    else:
        since = int64_at(t[f.LABEL_ROWS] + (witness << 6), f.START) if t[f.ALONE] else t[f.OPENED]
        put_int64(row, f.START, since)
        put_int64(row, f.END, moment - t[f.LATENT])
    t[f.LABELS] = n + 1


@inner
def set_course(t, row, person, moment):
    """A case that passes on follows its own course; anybody else the one expected since ``moment``."""
    case = course_of(t, person) if t[f.FORWARD] else np.int64(-1)
    origin, course, factor = moment, np.int64(_EXPECTED), 1.0
    if case >= 0:
        origin, course = int64_at(t[f.CASE_ORIGIN], case), int64_at(t[f.CASE_COURSE], case)
        factor = float64_at(t[f.CASE_FACTOR], case)
    put_int64(row, f.ORIGIN, origin)
    put_int32(row, f.COURSE_4, course)
    put_float64(row, f.FACTOR, factor)


@inner
def _answer(t, node):
    """The row of a person, and the places behind it."""
    row, person = t[f.ANSWER_ROWS] + (t[f.ANSWERS] << 6), int32_at(node, f.WHO_4)
    via = int32_at(t[f.LABEL_ROWS] + (int32_at(node, f.WITNESS_4) << 6), f.PERSON_4)
    put_int32(row, f.A_PERSON_4, person)
    put_int32(row, f.A_VIA_4, via)
    put_int32(row, f.A_CASE_4, t[f.OPEN_CASE])
    put_uint8(row, f.A_LEVEL_1, t[f.AT_LEVEL])
    put_uint8(row, f.A_CHANNELS_1, uint8_at(node, f.CHANNELS_1))
    put_int64(row, f.A_FIRST, int64_at(node, f.FIRST))
    put_int64(row, f.A_LAST, int64_at(node, f.LAST))
    put_int64(row, f.A_SECONDS, seconds_of(t, node))
    put_float64(row, f.A_DOSE, float64_at(node, f.DOSE))
    put_float64(row, f.A_CHANCE, 1.0 - float64_at(node, f.ESCAPED))
    t[f.ANSWERS] += 1
    at, shares, k = int32_at(node, f.PLACES_4), t[f.SHARE_ROWS], t[f.SHARES]
    if at == -2:
        return
    put_int64(shares, k, (person << 32) | int32_at(node, f.PLACE_4))
    k += 1
    while at >= 0:
        place = t[f.POOL_ROWS] + 24 * at
        put_int64(shares, k, (person << 32) | int64_at(place, f.P_START))
        k += 1
        at = int64_at(place, f.P_NEXT)
    t[f.SHARES] = k
