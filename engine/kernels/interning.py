"""Kernels of the table of keys: open addressing over UTF-8 bytes, arrays in, arrays out, no object a key.

A key in a large table lies in no cache: its slot, its place and its bytes are three waits one after the other. So keys
are looked up in blocks; each wait is begun for the whole block before the first of them is needed.
"""

import numpy as np
from numba import njit

from engine.kernels.memory import fetch, folded, inner, part, word

EMPTY = -1
LOWER = 0xFFFFFFFF
TAG_SHIFT = np.uint64(33)
"""31 bits of the hash, so that no slot is negative."""
BLOCK = 64
"""Keys looked up together: as many waits as a core bears at a time."""
SPARE = 8
"""Bytes behind the last known key that may be read."""
_ODD = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(1)


@part
def _tail(data, at, size):
    """The last ``size`` (fewer than 8) bytes of a key as a number."""
    if at + 8 <= len(data):
        return word(data, at) & ((_ONE << np.uint64(8 * size)) - _ONE)
    value = np.uint64(0)
    for i in range(size):
        value |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return value


@part
def _hash(data, start, end, seed):
    """Eight bytes a step are laid over what is there and multiplied by a secret: without it nobody finds collisions."""
    secret = (seed * _ODD) | _ONE
    h = seed ^ np.uint64(end - start)
    while end - start >= 8:
        h = folded(h ^ word(data, start), secret)
        start += 8
    if end > start:
        h = folded(h ^ _tail(data, start, end - start), secret)
    return folded(h ^ secret, _ODD)


@part
def _same(data, start, end, held, begin, stop):
    if end - start != stop - begin:
        return False
    while end - start >= 8:
        if word(data, start) != word(held, begin):
            return False
        start += 8
        begin += 8
    return end == start or _tail(data, start, end - start) == _tail(held, begin, end - start)


@part
def _look_ahead(data, offsets, first, last, slots, held, starts, seed, tags, places):
    """Tags of the keys ``first`` to ``last``, their first slots of that tag or EMPTY, and their bytes in the cache."""
    mask = np.uint64(len(slots) - 1)
    for i in range(first, last):
        h = _hash(data, offsets[i], offsets[i + 1], seed)
        tags[i - first], places[i - first] = np.int64(h >> TAG_SHIFT), h & mask
        fetch(slots, h & mask)
    for i in range(last - first):
        at, tag = places[i], tags[i]
        slot = slots[at]
        while slot >> 32 != tag and slot != EMPTY:
            at = (at + _ONE) & mask
            slot = slots[at]
        places[i] = at
        fetch(starts, slot & LOWER)
    for i in range(last - first):
        slot = slots[places[i]]
        if slot != EMPTY:
            fetch(held, starts[slot & LOWER])


@inner
def _intern(data, offsets, done, add, slots, held, starts, count, seed, out, tags, places):
    mask = np.uint64(len(slots) - 1)
    most = min(len(slots) >> 1, len(starts) - 1)
    for first in range(done, len(out), BLOCK):
        last = min(first + BLOCK, len(out))
        _look_ahead(data, offsets, first, last, slots, held, starts, seed, tags, places)
        for i in range(first, last):
            start, end = offsets[i], offsets[i + 1]
            at, tag = places[i - first], tags[i - first]
            while True:
                slot = slots[at]
                code = slot & LOWER
                if slot == EMPTY:
                    code = np.int64(EMPTY)
                    if add:
                        begin = starts[count]
                        if count >= most or begin + end - start + SPARE > len(held):
                            return count, i
                        for j in range(end - start):
                            held[begin + j] = data[start + j]
                        starts[count + 1] = begin + end - start
                        code = np.int64(count)
                        slots[at] = (tag << 32) | code
                        count += 1
                    break
                if slot >> 32 == tag and _same(data, start, end, held, starts[code], starts[code + 1]):
                    break
                at = (at + _ONE) & mask
            out[i] = code
    return count, len(out)


@njit(cache=True, nogil=True)
def intern(data, offsets, done, add, slots, held, starts, count, seed, out):
    """The code of each key ``data[offsets[i]:offsets[i + 1]]`` into ``out``, from key ``done`` on.

    Returns how many codes there are then, and the first key that is still to be done: all of them are but where there
    was no room for a new one.

    Args:
        data: UTF-8 bytes of the keys asked for, uint8.
        offsets: where each begins, and the end of the last, shape (asked + 1,).
        add: whether unknown keys are given the next codes; else their code is -1.
        slots: by slot the code in the lower half, and half of the hash in the upper one, to spare most comparisons;
            EMPTY where free. A power of two of them, room for half as many keys.
        held: bytes of the known keys, room for more, and ``SPARE`` bytes behind.
        starts: where each known key begins, and the end of the last, and room for more.
        count: how many keys are known.
        seed: of the hash.
        out: shape (asked,).

    A key's bytes are written before its slot, so that one who reads at the same time finds it whole or not at all.
    Cost: 15 to 25 ns a key of up to 16 bytes, 60 ns where the table is larger than any cache.
    """
    tags, places = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.uint64)
    return _intern(data, offsets, done, add, slots, held, starts, count, seed, out, tags, places)


@njit(cache=True)
def intern_few(data, offsets, done, add, slots, held, starts, count, seed, out):
    """As :func:`intern`, with the interpreter held: for few keys, waiting to have it back would take longer."""
    return intern(data, offsets, done, add, slots, held, starts, count, seed, out)


@inner
def _rehash(held, starts, count, seed, slots, hashes):
    mask = np.uint64(len(slots) - 1)
    for first in range(0, count, BLOCK):
        last = min(first + BLOCK, count)
        for code in range(first, last):
            h = _hash(held, starts[code], starts[code + 1], seed)
            hashes[code - first] = h
            fetch(slots, h & mask)
        for code in range(first, last):
            h = hashes[code - first]
            at = h & mask
            while slots[at] != EMPTY:
                at = (at + _ONE) & mask
            slots[at] = (np.int64(h >> TAG_SHIFT) << 32) | code


@njit(cache=True, nogil=True)
def rehash(held, starts, count, seed, slots):
    """Fill the empty ``slots`` with the first ``count`` keys, all different."""
    _rehash(held, starts, count, seed, slots, np.empty(BLOCK, np.uint64))
