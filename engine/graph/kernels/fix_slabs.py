"""Fixes of a span of time, put into slabs of time and bands of latitude, and sorted there. Arrays in, arrays out.

A record is three words: (x, y) in 1e-7 degree from the south-west corner of the map, (person, row), and (second of the
day it begins at plus ``BEFORE``, seconds it holds, accuracy in dm, number of its segment). Records of a slab and band
lie in blocks, anywhere among those of others.
"""

import math

import numpy as np

from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.kernels.memory import inner, kernel

BEFORE = 1 << 14
"""Seconds before its day at which a fix may begin that reaches into it: more than a fix may hold."""
ROUND = 3_600_000_000
"""A whole turn of longitude; x beyond it is a copy of a fix just east of the antimeridian, for those west of it."""
NORTH = 900_000_000
WIDE = 1 << 28
"""Reach in longitude, 1e-7 degree, from which a strip (at a pole) is searched whole, copies left out."""
START, STAY, ACCURACY = 46, 30, 14
"""First bit of each field of the third word; the number of the segment fills the rest."""
BLOCK_BITS = 9
BLOCK = 1 << BLOCK_BITS
"""Records of a block."""
DIGIT = 11
_U = np.uint64
_LOW = np.uint64(0xFFFFFFFF)
_ONE = np.uint64(1)


@inner
def reach_of(y, reach_y):
    """Reach in longitude, 1e-7 degree, at the edge farther from the equator of what is within ``reach_y`` of ``y``."""
    lat = min(abs(y - NORTH) + reach_y, NORTH) * (math.pi / 180e7)
    return reach_y / max(math.cos(lat), 1e-9)


@kernel
def count_slots(k1, slot_s, counts):
    """Adds up the rows of each slot of ``slot_s`` seconds of the day; the last slot takes the rest."""
    last = len(counts) - 1
    per_slot = 1.0 / slot_s
    for i in range(len(k1)):
        counts[min(np.int64(((k1[i] & SECOND_MASK) + 0.5) * per_slot), last)] += 1


@inner
def _put(held, owner, free, used, bucket, first, second, third):
    """Adds a record to a bucket, in a new block where its last is full; False when there is none."""
    at = free[bucket]
    if at & (BLOCK - 1) == 0:
        if used[0] == len(owner):
            return False
        at = used[0] << BLOCK_BITS
        owner[used[0]] = bucket
        used[0] += 1
    held[at, 0] = first
    held[at, 1] = second
    held[at, 2] = third
    free[bucket] = at + 1
    return True


@kernel
def fill_slabs(
    k1, stay, lat, lng, accuracy, number, shift, low, high, worst, south, reach_y, band_of, bands,
    slab_of, slot_s, since, until, held, owner, free, used,
):  # fmt: skip
    """Adds the fixes of a segment to the slabs they are present in; False when there is no room.

    Seconds count from the beginning of the day; ``shift`` is where the segment's day begins. ``slab_of`` gives the
    slab of each slot of ``slot_s`` seconds, ``since`` and ``until`` the bounds of each slab, which follow each other.
    ``band_of`` gives twice the band of each strip from ``south`` on, plus 1 in a band's first strip, which the band
    before meets and holds too. Fixes in no band, or vaguer than ``worst`` (dm), are left out; others are clipped to
    [low, high). A bucket is slab x ``bands`` + band; ``owner`` tells the bucket of each block in use.
    """
    slabs = len(until)
    per_slot = 1.0 / slot_s
    strips = 1.0 / (reach_y + 1)
    first = max(since[0], low)
    last = min(until[slabs - 1], high)
    north = south + len(band_of) * (reach_y + 1)
    for i in range(len(k1)):
        t = shift + (k1[i] & SECOND_MASK)
        e = t + stay[i]
        if t >= last or e <= first:
            continue
        y = np.int64(lat[i]) + NORTH
        if accuracy[i] > worst or y < south or y >= north:
            continue
        banded = band_of[_U((y - south + 0.5) * strips)]
        slab = slab_of[_U((t + 0.5) * per_slot)] if t > first else 0
        e = min(e, high)
        t = max(t, low)
        x = np.int64(lng[i]) + ROUND // 2
        if x == ROUND:
            x = np.int64(0)
        copies = 2 if x < 2 * WIDE and x <= reach_of(y, 2 * reach_y) else 1
        who = (_U(k1[i]) >> _U(SECOND_BITS)) << _U(32) | _U(i)
        held_for = _U(t + BEFORE) << _U(START) | _U(e - t) << _U(STAY) | _U(accuracy[i]) << _U(ACCURACY) | _U(number)
        while True:
            bucket = slab * bands + (banded >> 1)
            for c in range(copies):
                place = _U(x + c * ROUND) << _U(32) | _U(y)
                if banded >> 1 < bands and not _put(held, owner, free, used, bucket, place, who, held_for):
                    return False
                if banded & 1 and not _put(held, owner, free, used, bucket - 1, place, who, held_for):
                    return False
            if slab + 1 == slabs or e <= until[slab]:
                break
            slab += 1
    return True


@inner
def _ordered(keys, other, n, low_bit, digit, passes, starts):
    """Radix sort of ``keys`` from ``low_bit`` on, ``starts`` holding how many keys have each digit of each pass.

    ``other`` is room of the same size; returns whether they end up there.
    """
    size = _U(1) << _U(digit)
    mask = size - _ONE
    for p in range(passes):
        base = _U(p) * size
        before = 0
        for d in range(base, base + size):
            count = starts[d]
            starts[d] = before
            before += count
        by = _U(low_bit + p * digit)
        for i in range(n):
            key = keys[i]
            d = base + (key >> by & mask)
            other[_U(starts[d])] = key
            starts[d] += 1
        keys, other = other, keys
    return passes & 1


@kernel
def sort_slab(
    held, blocks, n, south, reach_y, west, shift, x_bits, index_bits, digit, passes,
    keys, spare, starts, x, y, start, end, person, accuracy, at,
):  # fmt: skip
    """The ``n`` records of a bucket by (strip, x).

    A strip is ``reach_y`` + 1 high and counts from ``south``. ``keys`` become strip << ``x_bits`` | (x - ``west``) >>
    ``shift``, with one greater than all at the end; the other columns follow their order, ``at`` is the record.
    Sorting takes ``passes`` of ``digit`` bits, with ``index_bits`` below them. Cost: about 10 ns a record.
    """
    strips = 1.0 / (reach_y + 1)
    size = _ONE << _U(digit)
    for d in range(size * _U(passes)):
        starts[d] = 0
    count = _U(0)
    for b in range(len(blocks)):
        record = np.int64(blocks[b]) << BLOCK_BITS
        for r in range(record, record + min(BLOCK, n - (b << BLOCK_BITS))):
            place = held[r, 0]
            strip = _U((np.int64(place & _LOW) - south + 0.5) * strips)
            key = strip << _U(x_bits) | (place >> _U(32)) - _U(west) >> _U(shift)
            keys[count] = key << _U(index_bits) | count
            for p in range(passes):
                starts[_U(p) * size + (key & (size - _ONE))] += 1
                key >>= _U(digit)
            count += _ONE
    swapped = _ordered(keys, spare, n, index_bits, digit, passes, starts)
    mask = (_ONE << _U(index_bits)) - _ONE
    for i in range(n):
        key = spare[i] if swapped else keys[i]
        nth = key & mask
        r = _U(blocks[nth >> _U(BLOCK_BITS)]) << _U(BLOCK_BITS) | nth & _U(BLOCK - 1)
        keys[i] = key >> _U(index_bits)
        x[i] = held[r, 0] >> _U(32)
        y[i] = held[r, 0] & _LOW
        person[i] = held[r, 1] >> _U(32)
        third = held[r, 2]
        begins = np.int64(third >> _U(START)) - BEFORE
        start[i] = begins
        end[i] = begins + np.int64(third >> _U(STAY) & _U(0xFFFF))
        accuracy[i] = third >> _U(ACCURACY) & _U(0xFFFF)
        at[i] = r
    keys[n] = ~_U(0)
