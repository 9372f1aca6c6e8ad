"""Fixes of a span of time, put into slabs of time and sorted there by strips of latitude. Arrays in, arrays out.

A record is three words: (x, y) in 1e-7 degree from the south-west corner of the map, (person, row), and (second of the
day it begins at plus ``BEFORE``, seconds it holds, accuracy in dm, number of its segment).
"""

import math

import numpy as np
from numba import njit

from engine.graph.layout import SECOND_BITS, SECOND_MASK

BEFORE = 1 << 14
"""Seconds before its day at which a fix may begin that reaches into it: more than a fix may hold."""
ROUND = 3_600_000_000
"""A whole turn of longitude; x beyond it is a copy of a fix just east of the antimeridian, for those west of it."""
NORTH = 900_000_000
WIDE = 1 << 28
"""Reach in longitude, 1e-7 degree, from which a strip (at a pole) is searched whole, copies left out."""
START, STAY, ACCURACY = 46, 30, 14
"""First bit of each field of the third word; the number of the segment fills the rest."""
DIGIT = 12
_U = np.uint64
_LOW = np.uint64(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def reach_of(y, reach_y):
    """Reach in longitude, 1e-7 degree, at the edge farther from the equator of what is within ``reach_y`` of ``y``."""
    lat = min(abs(y - NORTH) + reach_y, NORTH) * (math.pi / 180e7)
    return reach_y / max(math.cos(lat), 1e-9)


@njit(cache=True, nogil=True)
def count_slots(k1, slot_s, counts):
    """Adds up the rows of each slot of ``slot_s`` seconds of the day; the last slot takes the rest."""
    last = len(counts) - 1
    per_slot = 1.0 / slot_s
    for i in range(len(k1)):
        counts[min(np.int64(((k1[i] & SECOND_MASK) + 0.5) * per_slot), last)] += 1


@njit(cache=True, nogil=True)
def fill_slabs(
    k1, stay, lat, lng, accuracy, number, shift, low, high, worst, south, north, reach_y,
    slab_of, slot_s, since, until, filled, ends, held,
):  # fmt: skip
    """Adds the fixes of a segment to the slabs they are present in; False when a slab has no room.

    Seconds count from the beginning of the day; ``shift`` is where the segment's day begins. ``slab_of`` gives the
    slab of each slot of ``slot_s`` seconds, ``since`` and ``until`` the bounds of each slab, which follow each other.
    ``filled`` and ``ends`` are the first free record of each slab and the end of its room. Fixes vaguer than ``worst``
    (dm), south of ``south`` or from ``north`` on are left out; the others are clipped to [low, high).
    """
    slabs = len(until)
    per_slot = 1.0 / slot_s
    first = max(since[0], low)
    last = min(until[slabs - 1], high)
    for i in range(len(k1)):
        t = shift + (k1[i] & SECOND_MASK)
        if t >= last or t + stay[i] <= first:
            continue
        y = np.int64(lat[i]) + NORTH
        if accuracy[i] > worst or y < south or y >= north:
            continue
        e = min(t + stay[i], high)
        t = max(t, low)
        slab = slab_of[np.int64((t + 0.5) * per_slot)] if t > since[0] else 0
        x = (np.int64(lng[i]) + ROUND // 2) % ROUND
        copies = 2 if x < 2 * WIDE and x <= reach_of(y, 2 * reach_y) else 1
        who = (_U(k1[i]) >> _U(SECOND_BITS)) << _U(32) | _U(i)
        held_for = _U(t + BEFORE) << _U(START) | _U(e - t) << _U(STAY) | _U(accuracy[i]) << _U(ACCURACY) | _U(number)
        while True:
            for c in range(copies):
                at = filled[slab]
                if at == ends[slab]:
                    return False
                held[at, 0] = _U(x + c * ROUND) << _U(32) | _U(y)
                held[at, 1] = who
                held[at, 2] = held_for
                filled[slab] = at + 1
            if slab + 1 == slabs or e <= until[slab]:
                break
            slab += 1
    return True


@njit(cache=True, nogil=True)
def _sorted_by(keys, other, n, low_bit, bits, starts):
    """One pass of a radix sort, stable: by ``bits`` bits from ``low_bit`` on."""
    size = 1 << bits
    mask = _U(size - 1)
    by = _U(low_bit)
    starts[: size + 1] = 0
    for i in range(n):
        starts[(keys[i] >> by & mask) + _U(1)] += 1
    for d in range(size):
        starts[d + 1] += starts[d]
    for i in range(n):
        d = keys[i] >> by & mask
        other[_U(starts[d])] = keys[i]
        starts[d] += 1


@njit(cache=True, nogil=True)
def _bits(most):
    """Bits that hold 0 to ``most``; at least 1."""
    bits = 1
    while most >> bits:
        bits += 1
    return bits


@njit(cache=True, nogil=True)
def sort_slab(held, first, last, south, reach_y, keys, spare, x, y, start, end, person, at):
    """Records first to last by (strip, x); returns (bits of x in a key, bits of x that a key leaves out).

    A strip is ``reach_y`` + 1 high and counts from ``south``. ``keys`` become strip << bits | (x - least x) >> bits
    left out; the other columns follow their order, ``at`` is the record. Cost: about 15 ns a record.
    """
    n = last - first
    least, most, top = np.int64(1) << 40, np.int64(0), np.int64(south)
    for i in range(first, last):
        least = min(least, np.int64(held[i, 0] >> _U(32)))
        most = max(most, np.int64(held[i, 0] >> _U(32)))
        top = max(top, np.int64(held[i, 0] & _LOW))
    strips = 1.0 / (reach_y + 1)
    index_bits = _bits(n)
    strip_bits = _bits(np.int64((top - south + 0.5) * strips))
    shift = max(0, _bits(reach_y) - 2)
    x_bits = _bits((most - least) >> shift)
    over = max(0, x_bits + strip_bits + index_bits - 64)
    x_bits -= over
    shift += over
    for i in range(n):
        place = held[first + i, 0]
        strip = _U((np.int64(place & _LOW) - south + 0.5) * strips)
        keys[i] = (strip << _U(x_bits) | (place >> _U(32)) - _U(least) >> _U(shift)) << _U(index_bits) | _U(i)
    bits = x_bits + strip_bits
    passes = (bits + DIGIT - 1) // DIGIT
    digit = (bits + passes - 1) // passes
    starts = np.empty((1 << digit) + 1, np.int32)
    a, b = keys, spare
    for p in range(passes):
        _sorted_by(a, b, n, index_bits + p * digit, digit, starts)
        a, b = b, a
    mask = (_U(1) << _U(index_bits)) - _U(1)
    for i in range(n):
        r = _U(first) + (a[i] & mask)
        keys[i] = a[i] >> _U(index_bits)
        x[i] = held[r, 0] >> _U(32)
        y[i] = held[r, 0] & _LOW
        person[i] = held[r, 1] >> _U(32)
        begins = np.int64(held[r, 2] >> _U(START)) - BEFORE
        start[i] = begins
        end[i] = begins + np.int64(held[r, 2] >> _U(STAY) & _U(0xFFFF))
        at[i] = r
    return x_bits, shift
