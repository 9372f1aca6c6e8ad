"""Who was near whom among all fixes of a while: fixes dealt out by slabs of time, then a grid of buckets in each slab.

For a few people their own fixes lead the way (:mod:`engine.graph.kernels.fixes`): a search in every cell round each of
them. For thousands of people it is cheaper to look at every fix of the day once.
"""

import math

import numpy as np
from numba import njit

from engine.graph.kernels.fixes import proximity
from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.kernels.memory import fetch

# A fix in a slab, int32: where; from when to when, seconds of the day; whose; accuracy (dm), and OWN if asked about.
LAT, LNG, FROM, TO, WHO, ACCURACY = range(6)
RECORD = 6
OWN = 1 << 16
SPREAD = 0x9E3779B1
"""Buckets between a strip and the next; the three runs round a fix lie apart in every table of 64 buckets or more."""


_AHEAD = 24
"""Rows of a slab lie far apart in their columns: so many ahead are asked for."""
SLAB_BITS = 11
"""Slabs last 2**SLAB_BITS seconds: few enough fixes for the cache, long beside how long a fix holds."""


@njit(cache=True, nogil=True)
def dealt(k1, stay, accuracy, shift, worst, slabs):
    """Rows no vaguer than ``worst`` (dm) by slab of time: (rows (m,), starts (slabs + 1,)).

    A row is in every slab in which it lasts; the first slab begins at 0, ``shift`` is added to the seconds of the rows.
    Within a slab rows ascend. Cost: two passes.
    """
    starts = np.zeros(slabs + 1, np.int64)
    for i in range(len(k1)):
        if accuracy[i] <= worst:
            second = (k1[i] & SECOND_MASK) + shift
            for slab in range(max(second >> SLAB_BITS, 0), min((second + stay[i] - 1) >> SLAB_BITS, slabs - 1) + 1):
                starts[slab + 1] += 1
    for slab in range(slabs):
        starts[slab + 1] += starts[slab]
    rows, at = np.empty(starts[slabs], np.int32), starts.copy()
    for i in range(len(k1)):
        if accuracy[i] <= worst:
            second = (k1[i] & SECOND_MASK) + shift
            for slab in range(max(second >> SLAB_BITS, 0), min((second + stay[i] - 1) >> SLAB_BITS, slabs - 1) + 1):
                rows[at[slab]] = i
                at[slab] += 1
    return rows, starts


@njit(cache=True, nogil=True)
def fetched(rows, k1, stay, lat, lng, accuracy, shift, opens, closes, records, n):
    """Write ``rows`` as records behind the ``n`` there are.

    ``opens``, ``closes``: windows by person in seconds as ``shift`` counts them; empty for whoever is not asked about.
    Returns how many there are now, how many of the new ones are OWN, and of those the greatest latitude and longitude
    on either side of 0 (1e-7 degree).
    """
    own, north, east = 0, np.int64(0), np.int64(0)
    for r in range(len(rows)):
        i = rows[r]
        if r + _AHEAD < len(rows):
            later = rows[r + _AHEAD]
            fetch(k1, later)
            fetch(stay, later)
            fetch(lat, later)
            fetch(lng, later)
            fetch(accuracy, later)
        who, second = k1[i] >> SECOND_BITS, (k1[i] & SECOND_MASK) + shift
        to = second + stay[i]
        asked = who < len(opens) and max(opens[who], second) < min(closes[who], to)
        records[n, LAT], records[n, LNG], records[n, FROM], records[n, TO] = lat[i], lng[i], second, to
        records[n, WHO], records[n, ACCURACY] = who, np.int64(accuracy[i]) | (OWN if asked else 0)
        if asked:
            own += 1
            north, east = max(north, abs(np.int64(lat[i]))), max(east, abs(np.int64(lng[i])))
        n += 1
    return n, own, north, east


@njit(nogil=True)
def bucket_of(lat, lng, per_lat, per_lng, mask):
    """The bucket of a place: places within reach are in the three round it, in its strip and in those beside it."""
    return (math.floor(lat * per_lat) * SPREAD + math.floor(lng * per_lng)) & mask


@njit(cache=True, nogil=True)
def bucketed(records, n, per_lat, per_lng, heads, out):
    """The first ``n`` records by bucket into ``out``; bucket b: rows heads[b] to heads[b + 1]. Cost: three passes.

    ``per_lat``, ``per_lng``: buckets a unit (1e-7 degree). ``heads``: shape (a power of two + 1,).
    """
    mask = len(heads) - 2
    heads[:] = 0
    for i in range(n):
        heads[bucket_of(records[i, LAT], records[i, LNG], per_lat, per_lng, mask)] += 1
    below = 0
    for b in range(len(heads)):
        below += heads[b]
        heads[b] = below
    for i in range(n - 1, -1, -1):
        b = bucket_of(records[i, LAT], records[i, LNG], per_lat, per_lng, mask)
        at = heads[b] - 1
        heads[b] = at
        for c in range(RECORD):
            out[at, c] = records[i, c]


@njit(cache=True, nogil=True)
def near_in_slab(
    records, n, heads, per_lat, per_lng, since, limits, opens, closes, found_who, found_other, found_from, found_to,
    found_weight,
):  # fmt: skip
    """Evidence of OWN records of a slab with those of others, of pairs whose later one begins at ``since`` or after.

    Written as far as there is room: who was asked about, the other, from, to (seconds of the day, clipped to the window
    of who was asked about), weight; returns how many there are. ``limits``: see
    :func:`engine.graph.kernels.fixes.proximity`. Cost: the records in the nine buckets round each own one.
    """
    mask, room, count = len(heads) - 2, len(found_who), 0
    most_north, most_east = 1.0 / per_lat, 1.0 / per_lng
    for i in range(n):
        if not records[i, ACCURACY] & OWN:
            continue
        who, lat, lng = records[i, WHO], records[i, LAT], records[i, LNG]
        mine = records[i, ACCURACY] & (OWN - 1)
        opened, closed = max(opens[who], records[i, FROM]), min(closes[who], records[i, TO])
        middle = bucket_of(lat, lng, per_lat, per_lng, mask)
        for nth in range(6):
            # The three buckets of a strip lie in one run; where the table ends it goes on at its beginning.
            b = (middle + (nth // 2 - 1) * SPREAD - 1) & mask
            last = min(b + 3, mask + 1)
            first, stop = (heads[0], heads[b + 3 - last]) if nth & 1 else (heads[b], heads[last])
            for j in range(first, stop):
                s, e = max(opened, records[j, FROM]), min(closed, records[j, TO])
                if (s >= e) | (abs(records[j, LAT] - lat) > most_north) | (abs(records[j, LNG] - lng) > most_east):
                    continue
                if max(records[i, FROM], records[j, FROM]) < since or records[j, WHO] == who:
                    continue
                theirs = records[j, ACCURACY] & (OWN - 1)
                weight, _ = proximity(lat, lng, mine, records[j, LAT], records[j, LNG], theirs, limits)
                if weight < 0.0:
                    continue
                if count < room:
                    found_who[count], found_other[count] = who, records[j, WHO]
                    found_from[count], found_to[count], found_weight[count] = s, e, weight
                count += 1
    return count
