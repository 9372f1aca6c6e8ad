"""Orders of whole numbers by radix, least digit first. Arrays in, arrays out."""

import numpy as np
from numba import njit

DIGIT_BITS = 11
"""At most so many bits a pass: the counts and the open cache lines of 2,048 destinations stay near the core."""
SECOND_BITS = 17
"""Bits of a second of the day."""
DEAL_BITS = 8
"""Many keys are first dealt out to so many heaps."""
NEAR = 1 << 16
"""So many keys, with room to work in, fit near a core (1 MiB)."""
MOST_DEAL_BITS, HEAP = 11, 1 << 12
"""Of many more there are as many heaps as make them this small, but no more than 2^11."""
FEW = 48
"""So few are put in order by insertion."""


@njit(cache=True, nogil=True)
def bit_length(value):
    """Bits of a uint64."""
    n = 0
    while value:
        value >>= np.uint64(1)
        n += 1
    return n


@njit(cache=True, nogil=True)
def _sort_near(keys, other, low, high):
    """As ``sort_bits``, for what fits near the core; returns whether the result is in ``other``.

    Digits that all keys share cost no pass.
    """
    n = len(keys)
    passes = (high - low + DIGIT_BITS - 1) // DIGIT_BITS
    if n < 2 or passes <= 0:
        return False
    if n <= FEW:
        few = (np.int64(1) << (high - low)) - 1
        for i in range(1, n):
            key, j = keys[i], i - 1
            while j >= 0 and (keys[j] >> low) & few > (key >> low) & few:
                keys[j + 1] = keys[j]
                j -= 1
            keys[j + 1] = key
        return False
    width = (high - low + passes - 1) // passes
    masks = np.full(passes, (1 << width) - 1, np.uint64)
    masks[-1] = (1 << (high - low - (passes - 1) * width)) - 1
    counts = np.zeros((passes, 1 << width), np.int32)
    for i in range(n):
        key = np.uint64(keys[i]) >> np.uint64(low)
        for p in range(passes):
            counts[p, key & masks[p]] += 1
            key >>= np.uint64(width)
    moved = False
    for p in range(passes):
        shift, mask, count = np.uint64(low + p * width), masks[p], counts[p]
        if count[(np.uint64(keys[0]) >> shift) & mask] == n:
            continue
        before = np.int32(0)
        for d in range(len(count)):
            here = count[d]
            count[d] = before
            before += here
        for i in range(n):
            digit = (np.uint64(keys[i]) >> shift) & mask
            other[np.uint64(count[digit])] = keys[i]
            count[digit] += 1
        keys, other = other, keys
        moved = not moved
    return moved


@njit(cache=True, nogil=True)
def sort_bits(keys, other, low, high):
    """``keys`` (int64, not negative) in ascending order of their bits [low, high), stable.

    Works in the arrays given and returns the one of them that holds the result. Many keys are first dealt out by their
    uppermost bits, so that the rest happens in pieces that fit near the core. Cost: linear, about 2 ns a key a digit.
    """
    n = len(keys)
    if n <= NEAR or high - low <= DEAL_BITS:
        return other if _sort_near(keys, other, low, high) else keys
    shift, mask = np.uint64(high - DEAL_BITS), np.uint64((1 << DEAL_BITS) - 1)
    ends = np.zeros(1 << DEAL_BITS, np.int64)
    for i in range(n):
        ends[(np.uint64(keys[i]) >> shift) & mask] += 1
    ends[:] = np.cumsum(ends)
    for i in range(n - 1, -1, -1):
        heap = (np.uint64(keys[i]) >> shift) & mask
        ends[heap] -= 1
        other[ends[heap]] = keys[i]
    for heap_at in range(1 << DEAL_BITS):  # what was an end is a beginning now
        a = ends[heap_at]
        b = ends[heap_at + 1] if heap_at + 1 < len(ends) else n
        if b > a and not _sort_near(other[a:b], keys[a:b], low, high - DEAL_BITS):
            keys[a:b] = other[a:b]
    return keys


@njit(cache=True, nogil=True)
def differing_bits(code):
    """(lowest bit in which codes differ, how many bits from there on)."""
    differing = np.uint64(0)
    for here in code:
        differing |= np.uint64(here) ^ np.uint64(code[0])
    least = 0
    while differing and not (differing >> np.uint64(least)) & np.uint64(1):
        least += 1
    return least, bit_length(differing >> np.uint64(least))


def order_by(code, second):
    """Stable order, int32, by code (not negative) and then second (below 2^17), equal ones as they came.

    Rows that come in the order of time cost no pass over the seconds, bits that all codes share none over those.
    Cost: linear, 4 to 12 ns a row.
    """
    n = len(code)
    order = np.empty(n, np.int32)
    into_order(code, second, order, np.empty(n, np.int64), np.empty(n, np.int64))
    return order


@njit(cache=True, nogil=True)
def into_order(code, second, order, keys, other):
    """``order_by`` into ``order``; ``keys`` and ``other``, int64 and at least as long, are to work in.

    Returns (whether ``keys`` holds code and second of the rows in order, lowest bit in which codes differ, the bits
    that all share); see :func:`code_of`. Else they differ in too many bits for one word.

    Arrays that numpy makes outside of kernels lie on large pages where they are large: kernels are given theirs.
    """
    n = len(code)
    least, code_bits = differing_bits(code)
    ascending = True
    for i in range(1, n):
        ascending &= second[i] >= second[i - 1]
    place = bit_length(np.uint64(max(n - 1, 0)))
    shared = np.int64(0)
    if n:
        shared = np.int64(
            np.uint64(code[0]) & ~(((np.uint64(1) << np.uint64(code_bits)) - np.uint64(1)) << np.uint64(least))
        )
    deal = min(code_bits, MOST_DEAL_BITS, bit_length(np.uint64(n // HEAP))) if n > NEAR else 0
    deal = max(deal, code_bits + SECOND_BITS + place - 63)
    if deal > min(code_bits, MOST_DEAL_BITS) or code_bits + SECOND_BITS > 63:
        _in_rounds(code, second, order, keys, other, least, code_bits, 0 if ascending else SECOND_BITS)
        return False, least, shared
    _in_heaps(code, second, order, keys, other, least, code_bits, deal, ascending)
    return True, least, shared


@njit(cache=True, nogil=True)
def code_of(key, least, shared):
    """The code in what :func:`into_order` leaves in ``keys``; the second is in the lowest ``SECOND_BITS``."""
    return key >> SECOND_BITS << least | shared


@njit(cache=True, nogil=True)
def _in_heaps(code, second, order, keys, other, least, code_bits, deal, ascending):
    """Order in one round: code, second and place of each row in one word, so that nothing is looked up afterwards.

    Words are dealt out to 2^``deal`` heaps by the uppermost bits of their codes, which they need not hold then;
    the rest happens in a heap at a time, which fits near the core.
    """
    n, place = len(code), bit_length(np.uint64(max(len(code) - 1, 0)))
    kept = np.int64(code_bits - deal)
    upto = np.zeros((np.int64(1) << deal) + 1, np.int64)
    for i in range(n if deal else 0):
        upto[((np.int64(code[i]) >> least) & ((np.int64(1) << code_bits) - 1)) >> kept] += 1
    before = np.int64(0)
    for heap in range(len(upto)):
        here = upto[heap]
        upto[heap] = before
        before += here
    for i in range(n):
        part = (np.int64(code[i]) >> least) & ((np.int64(1) << code_bits) - 1)
        heap = part >> kept
        word = (part & ((np.int64(1) << kept) - 1)) << SECOND_BITS | np.int64(second[i])
        keys[upto[heap]] = word << place | i
        upto[heap] += 1
    a = np.int64(0)
    for heap in range(len(upto) - 1):
        b = upto[heap]
        low = place + (SECOND_BITS if ascending else 0)
        moved = _sort_near(keys[a:b], other[a:b], low, place + SECOND_BITS + kept)
        found, upper = other if moved else keys, np.int64(heap) << kept << SECOND_BITS
        for i in range(a, b):
            order[i] = found[i] & ((np.int64(1) << place) - 1)
            keys[i] = upper | found[i] >> place
        a = b


@njit(cache=True, nogil=True)
def _in_rounds(code, second, order, keys, other, least, code_bits, low):
    """Order where codes differ in too many bits: part by part, with the place of a row in the order before."""
    n = len(code)
    for i in range(n):
        order[i] = i
    bits, place = low + code_bits, bit_length(np.uint64(max(n - 1, 0)))
    done = 0
    while done < bits:
        width = min(bits - done, 63 - place)
        mask = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
        for i in range(n):
            row = order[i]
            part = np.uint64(code[row]) >> np.uint64(least)
            if done:
                part >>= np.uint64(done - low)
            elif low:
                part = part << np.uint64(low) | np.uint64(second[row])
            keys[i] = np.int64((part & mask) << np.uint64(place) | np.uint64(i))
        found = sort_bits(keys[:n], other[:n], place, place + width)
        before = order.copy() if done else order
        for i in range(n):
            at = found[i] & ((np.int64(1) << place) - 1)
            order[i] = before[at] if done else at
        done += width
