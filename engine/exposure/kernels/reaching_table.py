"""People reached by the case in hand: a table by code, opened with nearer levels, closed into labels or rows."""

import numpy as np

from engine.exposure.kernels import reaching_fields as f
from engine.graph.kernels import lists
from engine.graph.kernels.memory import int64_at, put_int32, put_int64, put_uint8
from engine.kernels.memory import inner

_LOW, _FREE = np.int64(f.LOW), np.int64(f.FREE)


@inner
def _slot_of(person, mask):
    return ((person * 0x9E3779B97F4A7C1) >> 24) & mask


@inner
def put_words(q):
    """Put the words that wait into the table: of each person the least. Without room for that q[LOST] is set."""
    count, n, slots, taken, words = q[f.WORDS], q[f.TAKEN], q[f.SLOTS_AT], q[f.TAKEN_AT], q[f.WORDS_AT]
    q[f.WORDS] = 0
    if not _fits(q, n + count):
        q[f.LOST] = 1
        return
    mask = q[f.MASK]
    for i in range(count):
        word = int64_at(words, i)
        who = word & _LOW
        at = _slot_of(who, mask)
        there = int64_at(slots, at)
        while there & _LOW != who and there != _FREE:
            at = (at + 1) & mask
            there = int64_at(slots, at)
        if there == _FREE:
            put_int64(slots, at, word)
            put_int64(taken, n, at)
            n += 1
        elif word < there:
            put_int64(slots, at, word)
    q[f.TAKEN] = n


@inner
def _fits(q, people):
    """Make the table as large as it takes for so many people. Whether there is room."""
    size, slots, taken, n = q[f.MASK] + 1, q[f.SLOTS_AT], q[f.TAKEN_AT], q[f.TAKEN]
    if people + n > q[f.TAKEN_ROOM]:
        return False
    if 2 * people <= size:
        return True
    while size < 2 * people:
        size *= 2
    if size > q[f.SLOT_ROOM]:
        return False
    mask = size - 1
    q[f.MASK] = mask
    for i in range(n):
        slot = int64_at(taken, i)
        put_int64(taken, n + i, int64_at(slots, slot))
        put_int64(slots, slot, _FREE)
    for i in range(n):
        put_int64(taken, i, _add(slots, mask, int64_at(taken, n + i)))
    return True


@inner
def _add(slots, mask, word):
    """Put the word of somebody who is not there yet into the table; returns where."""
    at = _slot_of(word & _LOW, mask)
    while int64_at(slots, at) != _FREE:
        at = (at + 1) & mask
    put_int64(slots, at, word)
    return at


@inner
def open_case(q, case):
    """Begin with a case: whom it reached at nearer levels is in the table."""
    ranges, kept = q[f.RANGES_AT] + 16 * f.RANGE * case, q[f.KEPT_AT]
    known = np.int64(0)
    for nearer in range(1, q[f.LEVEL]):
        known += int64_at(ranges, 2 * nearer + 1) - int64_at(ranges, 2 * nearer)
    size = np.int64(64)
    while size < 8 * known:
        size *= 2
    q[f.WORDS] = q[f.TAKEN] = q[f.KNOWN] = 0
    if known > q[f.TAKEN_ROOM] or size > q[f.SLOT_ROOM]:
        q[f.LOST] = 1
        return
    q[f.MASK] = size - 1
    n = np.int64(0)
    for nearer in range(1, q[f.LEVEL]):
        for k in range(int64_at(ranges, 2 * nearer), int64_at(ranges, 2 * nearer + 1)):
            word = (int64_at(kept, 2 * k + 1) << 32) | (int64_at(kept, 2 * k) & _LOW)
            put_int64(q[f.TAKEN_AT], n, _add(q[f.SLOTS_AT], size - 1, word))
            n += 1
    q[f.TAKEN] = q[f.KNOWN] = n


@inner
def close_case(q, case):
    """End with a case at a level: answer at the last, else keep whom it reached first or before all nearer ones."""
    put_words(q)
    if q[f.LOST]:
        return
    if q[f.LEVEL] == q[f.DEPTH]:
        _answer(q, case)
    else:
        _keep(q, case)


@inner
def _answer(q, case):
    ranges, kept, slots, taken, r = (
        q[f.RANGES_AT] + 16 * f.RANGE * case,
        q[f.KEPT_AT],
        q[f.SLOTS_AT],
        q[f.TAKEN_AT],
        q[f.ROWS],
    )
    seed, base, sign = q[f.FIRST] + q[f.BEGUN] + case, q[lists.BASE], 1 if q[f.FORWARD] else -1
    seeds, people, levels, moments = q[f.SEED_AT], q[f.PERSON_AT], q[f.LEVEL_AT], q[f.MOMENT_AT]
    if r + q[f.TAKEN] > q[f.ANSWER_ROOM]:
        q[f.LOST] = 1
        return
    for nearer in range(1, q[f.LEVEL]):
        for k in range(int64_at(ranges, 2 * nearer), int64_at(ranges, 2 * nearer + 1)):
            word = int64_at(kept, 2 * k)
            put_int32(seeds, r, seed)
            put_int32(people, r, word)
            put_uint8(levels, r, nearer)
            put_int64(moments, r, base + sign * (word >> 32))
            r += 1
    for i in range(q[f.KNOWN]):
        put_int64(slots, int64_at(taken, i), _FREE)
    level, last = q[f.LEVEL], q[f.TAKEN]
    for i in range(q[f.KNOWN], last):
        slot = int64_at(taken, i)
        word = int64_at(slots, slot)
        put_int64(slots, slot, _FREE)
        put_int32(seeds, r, seed)
        put_int32(people, r, word)
        put_uint8(levels, r, level)
        put_int64(moments, r, base + sign * (word >> 32))
        r += 1
    q[f.ROWS] = r


@inner
def _keep(q, case):
    ranges, kept, slots, taken = q[f.RANGES_AT] + 16 * f.RANGE * case, q[f.KEPT_AT], q[f.SLOTS_AT], q[f.TAKEN_AT]
    k, n = q[f.KEPT], q[f.TAKEN]
    if k + n > q[f.KEPT_ROOM] or q[f.LABELS] + n > q[f.LABEL_ROOM]:
        q[f.LOST] = 1
        return
    opened = int64_at(q[f.SEEDS], f.SEED * (q[f.BEGUN] + case) + f.S_START) - q[lists.BASE]
    i = np.int64(0)
    for nearer in range(1, q[f.LEVEL]):
        for at in range(int64_at(ranges, 2 * nearer), int64_at(ranges, 2 * nearer + 1)):
            word = int64_at(slots, int64_at(taken, i))
            put_int64(slots, int64_at(taken, i), _FREE)
            i += 1
            if word >> 32 < int64_at(kept, 2 * at + 1):
                put_int64(kept, 2 * at + 1, word >> 32)
                _label(q, case, opened, word)
    put_int64(ranges, 2 * q[f.LEVEL], k)
    put_int64(ranges, 2 * q[f.LEVEL] + 1, k + n - q[f.KNOWN])
    for new in range(q[f.KNOWN], n):
        word = int64_at(slots, int64_at(taken, new))
        put_int64(slots, int64_at(taken, new), _FREE)
        put_int64(kept, 2 * k, word)
        put_int64(kept, 2 * k + 1, word >> 32)
        k += 1
        _label(q, case, opened, word)
    q[f.KEPT] = k


@inner
def _label(q, case, opened, word):
    """From when to when a person passes on, but for isolation (backward: may have been infected)."""
    to, moment = q[f.MORE_AT] + 8 * f.LABEL * q[f.LABELS], word >> 32
    put_int64(to, f.PERSON, word & _LOW)
    put_int64(to, f.CASE, case)
    if q[f.FORWARD]:
        put_int64(to, f.START, moment + q[f.LATENT])
        put_int64(to, f.END, q[f.UNTIL])
    else:
        put_int64(to, f.START, opened)
        put_int64(to, f.END, -moment - q[f.LATENT])
    q[f.LABELS] += 1
