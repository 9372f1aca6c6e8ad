"""Kernels of the table of keys: open addressing over UTF-8 bytes, arrays in, arrays out, no object a key.

A slot is two words in one line of memory. The first is, from the top: 27 bits of the hash, the length of a short key or
``LONG``, and the code (32 bits); -1 where free. The second is a short key itself, its first byte lowest, or else the
length of the key above the place in ``held`` where it begins.

A key in a large table lies in no cache: a short one is one wait for memory, a longer one two. So keys are looked up in
blocks; each wait is begun for the whole block before the first of them is needed.
"""

import numpy as np
from numba import njit

from engine.kernels.memory import fetch, folded, inner, part, word

EMPTY = -1
LOWER = 0xFFFFFFFF
CODE_BITS, TAG_SHIFT = np.uint64(32), np.uint64(37)
"""Below the length lies the code; above it 27 bits of the hash, so that no first word in use is negative."""
SHORT, LONG = 8, 9
"""Bytes of a key that lies in its slot, at most; what stands for the length of any other."""
PLACE_SHIFT, PLACE = 40, (1 << 40) - 1
LONGEST = (1 << 23) - 1
"""The end of keys of so many bytes or more is looked up."""
BLOCK = 64
"""Keys looked up together: as many waits as a core bears at a time."""
SPARE = 8
"""Bytes behind the last known key that may be read."""
_ODD = np.uint64(0x9E3779B97F4A7C15)
_ONE, _FOUR = np.uint64(1), np.uint64(4)


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
def _head(h, size):
    """The first word of a key's slot, less the code."""
    return np.int64(((h >> TAG_SHIFT) << _FOUR | np.uint64(min(size, LONG))) << CODE_BITS)


@part
def _short(data, start, size):
    """A key of at most ``SHORT`` bytes as a number."""
    return np.int64(word(data, start)) if size == SHORT else np.int64(_tail(data, start, size))


@part
def _second(data, start, size, begin):
    """The second word of the slot of a key ``data[start:start + size]`` that ``held`` has from ``begin`` on."""
    return _short(data, start, size) if size <= SHORT else min(size, LONGEST) << PLACE_SHIFT | begin


@part
def _same(data, start, end, held, starts, code, place):
    """Whether a longer key is that of a slot whose second word is ``place``."""
    size, begin = place >> PLACE_SHIFT, place & PLACE
    if size == LONGEST:
        size = starts[code + 1] - begin
    if end - start != size:  # so it is where another thread has not written the second word yet
        return False
    while end - start >= 8:
        if word(data, start) != word(held, begin):
            return False
        start += 8
        begin += 8
    return end == start or _tail(data, start, end - start) == _tail(held, begin, end - start)


@part
def _look_up(data, offsets, first, last, slots, held, seed, out, heads, places, rest):
    """Codes of the known short keys among ``first`` to ``last`` into ``out``; returns how many ``rest`` are left.

    ``heads`` and ``places`` get the first word of each key's slot, less the code, and the first slot of that word, or
    free one. What ``held`` has of those left is on its way.
    """
    mask = np.uint64((len(slots) >> 1) - 1)
    for i in range(first, last):
        h = _hash(data, offsets[i], offsets[i + 1], seed)
        heads[i - first], places[i - first] = _head(h, offsets[i + 1] - offsets[i]), h & mask
        fetch(slots, (h & mask) << _ONE)
    left = 0
    for i in range(first, last):
        at, head = places[i - first], heads[i - first]
        slot = slots[at << _ONE]
        while slot & ~LOWER != head and slot != EMPTY:
            at = (at + _ONE) & mask
            slot = slots[at << _ONE]
        second, size = slots[at << _ONE | _ONE], offsets[i + 1] - offsets[i]
        if size <= SHORT and slot != EMPTY and second == _short(data, offsets[i], size):
            out[i] = slot & LOWER
            continue
        if size > SHORT and slot != EMPTY:
            fetch(held, second & PLACE)
            fetch(held, (second & PLACE) + size - 1)
        places[i - first], rest[left] = at, i
        left += 1
    return left


@inner
def _intern(data, offsets, done, add, slots, held, starts, count, seed, out, heads, places, rest):
    mask = np.uint64((len(slots) >> 1) - 1)
    most = min((len(slots) >> 3) * 3, len(starts) - 1)
    for first in range(done, len(out), BLOCK):
        last = min(first + BLOCK, len(out))
        for n in range(_look_up(data, offsets, first, last, slots, held, seed, out, heads, places, rest)):
            i = rest[n]
            start, end = offsets[i], offsets[i + 1]
            at, head, size = places[i - first], heads[i - first], end - start
            while True:
                slot, second = slots[at << _ONE], slots[at << _ONE | _ONE]
                code = slot & LOWER
                if slot == EMPTY:
                    code = np.int64(EMPTY)
                    if add:
                        begin = starts[count]
                        if count >= most or begin + size + SPARE > len(held):
                            return count, i
                        for j in range(size):
                            held[begin + j] = data[start + j]
                        starts[count + 1] = begin + size
                        code = np.int64(count)
                        slots[at << _ONE | _ONE] = _second(data, start, size, begin)
                        slots[at << _ONE] = head | code
                        count += 1
                    break
                if slot & ~LOWER == head:
                    if size <= SHORT:
                        if second == _short(data, start, size):
                            break
                    elif _same(data, start, end, held, starts, code, second):
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
        slots: the two words of each slot. A power of two of slots, room for three quarters as many keys.
        held: bytes of the known keys, room for more, and ``SPARE`` bytes behind.
        starts: where each known key begins, and the end of the last, and room for more.
        count: how many keys are known.
        seed: of the hash.
        out: shape (asked,).

    A key's bytes are written before its slot, and the slot's second word before its first, so that one who reads at the
    same time finds it whole or not at all.
    Cost: 10 to 20 ns a key of up to 16 bytes, 30 ns where the table is larger than any cache.
    """
    heads, places, rest = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.int64)
    return _intern(data, offsets, done, add, slots, held, starts, count, seed, out, heads, places, rest)


@njit(cache=True)
def intern_few(data, offsets, done, add, slots, held, starts, count, seed, out):
    """As :func:`intern`, with the interpreter held: for few keys, waiting to have it back would take longer."""
    return intern(data, offsets, done, add, slots, held, starts, count, seed, out)


@inner
def _rehash(held, starts, count, seed, slots, hashes):
    mask = np.uint64((len(slots) >> 1) - 1)
    for first in range(0, count, BLOCK):
        last = min(first + BLOCK, count)
        for code in range(first, last):
            h = _hash(held, starts[code], starts[code + 1], seed)
            hashes[code - first] = h
            fetch(slots, (h & mask) << _ONE)
        for code in range(first, last):
            h, begin, size = hashes[code - first], starts[code], starts[code + 1] - starts[code]
            at = h & mask
            while slots[at << _ONE] != EMPTY:
                at = (at + _ONE) & mask
            slots[at << _ONE] = _head(h, size) | code
            slots[at << _ONE | _ONE] = _second(held, begin, size, begin)


@njit(cache=True, nogil=True)
def rehash(held, starts, count, seed, slots):
    """Fill the empty ``slots`` with the first ``count`` keys, all different."""
    _rehash(held, starts, count, seed, slots, np.empty(BLOCK, np.uint64))
