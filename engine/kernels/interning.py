"""Kernels of the table of keys: open addressing over UTF-8 bytes, arrays in, arrays out, no object a key."""

import numpy as np
from numba import njit

EMPTY = -1
LOWER = 0xFFFFFFFF
TAG_SHIFT = np.uint64(33)
"""31 bits of the hash, so that no slot is negative."""


@njit(cache=True, nogil=True)
def _hash(data, start, end, seed):
    """FNV-1a from a seed, with the upper bits mixed down."""
    h = seed
    for i in range(start, end):
        h = (h ^ np.uint64(data[i])) * np.uint64(0x100000001B3)
    h ^= h >> np.uint64(29)
    h *= np.uint64(0xBF58476D1CE4E5B9)
    return h ^ (h >> np.uint64(32))


@njit(cache=True, nogil=True)
def _same(data, start, end, held, begin, stop):
    if end - start != stop - begin:
        return False
    for i in range(end - start):  # noqa: SIM110 - numba knows no generators
        if data[start + i] != held[begin + i]:
            return False
    return True


@njit(cache=True, nogil=True)
def intern(data, offsets, add, slots, held, starts, count, seed, out):
    """The code of each key ``data[offsets[i]:offsets[i + 1]]`` into ``out``; how many codes there are then.

    Args:
        data: UTF-8 bytes of the keys asked for, uint8.
        offsets: where each begins, and the end of the last, shape (asked + 1,).
        add: whether unknown keys are given the next codes; else their code is -1.
        slots: by slot the code in the lower half, and half of the hash in the upper one, to spare most comparisons;
            EMPTY where free. A power of two of them, at least twice the keys there may be.
        held: bytes of the known keys, with room for those asked for.
        starts: where each known key begins, and the end of the last, with room for those asked for.
        count: how many keys are known.
        seed: of the hash.
        out: shape (asked,).

    A key's bytes are written before its slot, so that one who reads at the same time finds it whole or not at all.
    Cost: about 30 ns a key that is in the cache; three memory accesses else.
    """
    mask = np.uint64(len(slots) - 1)
    for i in range(len(out)):
        h = _hash(data, offsets[i], offsets[i + 1], seed)
        tag = np.int64(h >> TAG_SHIFT)
        at = h & mask
        while True:
            slot = slots[at]
            if slot == EMPTY:
                code = np.int64(EMPTY)
                if add:
                    begin = starts[count]
                    for j in range(offsets[i + 1] - offsets[i]):
                        held[begin + j] = data[offsets[i] + j]
                    starts[count + 1] = begin + offsets[i + 1] - offsets[i]
                    code = np.int64(count)
                    slots[at] = (tag << 32) | code
                    count += 1
                break
            code = slot & LOWER
            if slot >> 32 == tag and _same(data, offsets[i], offsets[i + 1], held, starts[code], starts[code + 1]):
                break
            at = (at + np.uint64(1)) & mask
        out[i] = code
    return count


@njit(cache=True)
def intern_few(data, offsets, add, slots, held, starts, count, seed, out):
    """As :func:`intern`, with the interpreter held: for few keys, waiting to have it back would take longer."""
    return intern(data, offsets, add, slots, held, starts, count, seed, out)


@njit(cache=True, nogil=True)
def rehash(held, starts, count, seed, slots):
    """Fill the empty ``slots`` with the first ``count`` keys, all different."""
    mask = np.uint64(len(slots) - 1)
    for code in range(count):
        h = _hash(held, starts[code], starts[code + 1], seed)
        at = h & mask
        while slots[at] != EMPTY:
            at = (at + np.uint64(1)) & mask
        slots[at] = (np.int64(h >> TAG_SHIFT) << 32) | code
