"""Pieces of contact with a person and the places of them: one of each in the node, more of them in a pool."""

import numpy as np

from engine.exposure.kernels import fields as f
from engine.graph.kernels import found
from engine.graph.kernels.memory import int32_at, int64_at, ints_at, put_int32, put_int64
from engine.kernels.memory import inner


@inner
def by_start(starts, ends, others, count):
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
def _pooled(t, a, b, further):
    """A new row of the pool; its number."""
    n = t[f.POOLED]
    at = t[f.POOL_ROWS] + 24 * n
    put_int64(at, f.P_START, a)
    put_int64(at, f.P_END, b)
    put_int64(at, f.P_NEXT, further)
    t[f.POOLED] = n + 1
    return n


@inner
def add_piece(t, person, start, end):
    """One more piece of contact. As long as there is only one, it is FIRST to LAST and in no pool."""
    put_int32(person, f.PIECES_4, _pooled(t, start, end, int32_at(person, f.PIECES_4)))


@inner
def add_places(t, person, head, bounds):
    """The places of the shared stays of a contact, each once."""
    e, whole, pool = head, t[f.WHOLE], t[f.POOL_ROWS]
    while e >= 0:
        if bounds[1] <= e < bounds[2]:
            place = int64_at(whole + (e << 6), found.PLACE)
            at = int32_at(person, f.PLACES_4)
            if at == -2:
                put_int32(person, f.PLACE_4, place)
                put_int32(person, f.PLACES_4, -1)
            elif int32_at(person, f.PLACE_4) != place:
                further = at
                while at >= 0 and int64_at(pool + 24 * at, f.P_START) != place:
                    at = int64_at(pool + 24 * at, f.P_NEXT)
                if at < 0:
                    put_int32(person, f.PLACES_4, _pooled(t, place, 0, further))
        e = int64_at(whole + (e << 6), found.NEXT)


@inner
def seconds_of(t, person):
    """Length of the union of all pieces of a node."""
    if int32_at(person, f.PIECES_4) < 0:
        return int64_at(person, f.LAST) - int64_at(person, f.FIRST)
    return _joined_length(t, person)


@inner
def _joined_length(t, person):
    rows, at, count = t[f.ROWS], int32_at(person, f.PIECES_4), np.int64(0)
    starts, ends, others = (
        ints_at(t[f.TIMES], rows),
        ints_at(t[f.TIMES] + 8 * rows, rows),
        ints_at(t[f.TIMES] + 16 * rows, rows),
    )
    while at >= 0:
        piece = t[f.POOL_ROWS] + 24 * at
        starts[count], ends[count] = int64_at(piece, f.P_START), int64_at(piece, f.P_END)
        at = int64_at(piece, f.P_NEXT)
        count += 1
    by_start(starts, ends, others, count)
    total, reached = np.int64(0), starts[0]
    for i in range(count):
        total += max(ends[i] - max(starts[i], reached), 0)
        reached = max(reached, ends[i])
    return total
