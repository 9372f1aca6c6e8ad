"""Fixes of a span of time, dealt out into slabs of time and bands of latitude. Arrays in, arrays out.

A record is two words: (x, y) in 1e-7 degree from the south-west corner of the map, and (second of the day it begins at
plus ``BEFORE``, seconds it holds, row). Records of a slab and band lie in blocks, anywhere among those of others: first
words, then second words. All of a block come from one segment.
"""

import math

import numpy as np

from engine.graph.layout import SECOND_MASK
from engine.kernels.memory import inner, kernel

BEFORE = 1 << 14
"""Seconds before its day at which a fix may begin that reaches into it: more than a fix may hold."""
ROUND = 3_600_000_000
"""A whole turn of longitude; x beyond it is a copy of a fix just east of the antimeridian, for those west of it."""
NORTH = 900_000_000
WIDE = 1 << 28
"""Reach in longitude, 1e-7 degree, from which a strip (at a pole) is searched whole, copies left out."""
START, STAY = 47, 32
"""First bit of both fields of the second word that lie above the row."""
STAYS = (1 << (START - STAY)) - 1
BLOCK_BITS = 9
BLOCK = 1 << BLOCK_BITS
"""Records of a block."""
WORD_BITS = BLOCK_BITS + 1
"""Words of a block."""
BATCH = 1024
"""Rows that are worked out together, before any is dealt out."""
NOWHERE = -2
"""In tables of slabs and of bands: not among those asked for."""
_U = np.uint64
_LOW = np.uint64(0xFFFFFFFF)


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


# Each of these loops reads few columns and looks nothing up: the compiler makes them wide.


@inner
def _places(lat, lng, first, n, place):
    for j in range(n):
        i = _U(first + j)
        x = np.int64(lng[i]) + ROUND // 2
        x = np.int64(0) if x == ROUND else x
        place[j] = _U(x) << _U(32) | _U(np.int64(lat[i]) + NORTH)


@inner
def _times(k1, stay, first, n, shift, low, high, time):
    for j in range(n):
        i = _U(first + j)
        t = shift + (k1[i] & SECOND_MASK)
        end = min(t + np.int64(stay[i]), high)
        t = max(t, low)
        time[j] = _U(t + BEFORE) << _U(START) | _U(end - t) << _U(STAY) | i


@inner
def _slots(k1, stay, first, n, shift, since, until, per_slot, begins, ends):
    """Slots in which fixes begin and end, counted from 1 on; 0 where they are not there between two seconds."""
    for j in range(n):
        i = _U(first + j)
        t = np.float64(np.int32(k1[i] & SECOND_MASK)) + shift
        end = min(t + np.float64(np.int32(stay[i])), until)
        t = max(t, since)
        slot = np.int32((t + 0.5) * per_slot) + np.int32(1)
        begins[j] = slot if t < end else np.int32(0)
        ends[j] = np.int32((end - 0.5) * per_slot) + np.int32(1)


@inner
def _strips(lat, accuracy, worst, first, n, offset, per_strip, most, strip):
    """Strips of fixes, counted from 1 on; 0 or ``most`` of those beyond, and 0 of those vaguer than ``worst``."""
    for j in range(n):
        i = _U(first + j)
        s = np.int32(min(max((np.float64(lat[i]) + offset) * per_strip + 1.0, 0.0), most))
        strip[j] = np.int32(0) if accuracy[i] > worst else s


@inner
def _put(held, owner, room, used, bucket, place, time):
    """Adds a record to a bucket, in a new block where its last is full; False when there is none."""
    at = room[bucket, 0]
    if at == room[bucket, 1]:
        if used[0] == len(owner):
            return False
        at = used[0] << WORD_BITS
        owner[used[0]] = bucket
        used[0] += 1
        room[bucket, 1] = at + BLOCK
    held[_U(at)] = place
    held[_U(at + BLOCK)] = time
    room[bucket, 0] = at + 1
    return True


@inner
def _put_twice(held, owner, room, used, slab, last, bands, banded, reach_y, place, time):
    """Adds a record that several buckets may need; False when there is no room."""
    x, y = np.int64(place >> _U(32)), np.int64(place & _LOW)
    copies = 2 if x < 2 * WIDE and x <= reach_of(y, 2 * reach_y) else 1
    while slab <= last:
        bucket = slab * bands + (banded >> 1)
        for c in range(copies):
            at = place + (_U(c * ROUND) << _U(32))
            if banded >> 1 < bands and not _put(held, owner, room, used, _U(bucket), at, time):
                return False
            if banded & 1 and not _put(held, owner, room, used, _U(bucket - 1), at, time):
                return False
        slab += 1
    return True


@kernel
def fill_slabs(
    k1, stay, lat, lng, accuracy, shift, low, high, worst, south, reach_y, band_of, bands,
    slab_of, slot_s, since, until, held, owner, room, used, place, time, begins, ends, strip,
):  # fmt: skip
    """Adds the fixes of a segment to the slabs they are present in; False when there is no room.

    Seconds count from the beginning of the day; ``shift`` is where the segment's day begins. Slabs lie between
    ``since`` and ``until``; ``slab_of`` gives the one of each slot of ``slot_s`` seconds. ``band_of`` gives twice the
    band of each strip from ``south`` on, plus 1 in a band's first strip, which the band before meets and holds too.
    Both begin, and ``band_of`` also ends, with ``NOWHERE``. Fixes in no band, or vaguer than ``worst`` (dm), are left
    out; others are clipped to [low, high). A bucket is slab x ``bands`` + band; ``room`` has its next free record and
    the end of its block, ``owner`` the bucket of each of the ``used`` blocks. ``place`` to ``strip`` hold a batch.
    Cost: about 8 ns a fix.
    """
    per_slot, per_strip = 1.0 / slot_s, 1.0 / (reach_y + 1)
    most = np.float64(len(band_of) - 1)
    around = _U(2 * WIDE) << _U(32)
    for first in range(0, len(k1), BATCH):
        n = min(BATCH, len(k1) - first)
        _places(lat, lng, first, n, place)
        _times(k1, stay, first, n, shift, low, high, time)
        _slots(k1, stay, first, n, np.float64(shift), np.float64(since), np.float64(until), per_slot, begins, ends)
        _strips(lat, accuracy, np.int64(worst), first, n, NORTH - south + 0.5, per_strip, most, strip)
        for j in range(n):
            slab, banded = np.int64(slab_of[_U(begins[j])]), np.int64(band_of[_U(strip[j])])
            if (slab < 0) | (banded < 0):
                continue
            last = np.int64(slab_of[_U(ends[j])])
            if (slab == last) & (banded & 1 == 0) & (place[j] >= around):
                if not _put(held, owner, room, used, _U(slab * bands + (banded >> 1)), place[j], time[j]):
                    return False
            elif not _put_twice(
                held, owner, room, used, slab, last, bands, banded, reach_y, place[j], time[j]
            ):  # fmt: skip
                return False
    return True
