"""Levels and moments of many cases, each as if alone, out of lists (:mod:`engine.graph.kernels.lists`).

Moments count from the lists' first day; backward they are negative, so that the least is the best either way. A word
is moment << 32 | person. Labels pass through steps, each some labels behind the one before, which asks for the memory
that it reads: so waits overlap, from label to label and from case to case. All is read and written by address.
"""

import numpy as np

from engine.exposure.kernels import reaching_fields as f
from engine.exposure.kernels.reaching_table import close_case, open_case, put_words
from engine.exposure.kernels.walking import ask, ask_rows, item_of, look_up, met_within, own_stays, run_of
from engine.graph.kernels import lists
from engine.graph.kernels.memory import int32_at, int64_at, lean, prefetch, put_int64
from engine.kernels.memory import inner, part


@lean
def reach(q):
    """From seed q[NEXT] on, TOGETHER by TOGETHER. Whether all are done; else something had no room.

    Then the slots are to be freed, and the answers of the seeds before q[NEXT] hold.
    """
    q[f.LOST] = 0
    while q[f.NEXT] < q[f.COUNT]:
        cases, rows, examined = min(f.TOGETHER, q[f.COUNT] - q[f.NEXT]), q[f.ROWS], q[f.EXAMINED]
        q[f.BEGUN], q[f.KEPT] = q[f.NEXT], 0
        _seed(q, cases)
        count, level = cases, np.int64(1)
        while level <= q[f.DEPTH]:
            q[f.LEVEL], q[f.LABELS] = level, 0
            _level(q, cases, count)
            if q[f.LOST]:
                q[f.ROWS], q[f.EXAMINED] = rows, examined
                return False
            count = q[f.LABELS]
            q[f.LABELS_AT], q[f.MORE_AT] = q[f.MORE_AT], q[f.LABELS_AT]
            level += 1
        q[f.NEXT] += cases
    return True


@inner
def _seed(q, cases):
    """Labels of the seeds in hand."""
    for case in range(cases):
        seed, label = q[f.SEEDS] + 8 * f.SEED * (q[f.NEXT] + case), q[f.LABELS_AT] + 8 * f.LABEL * case
        put_int64(label, f.PERSON, int64_at(seed, f.S_PERSON))
        put_int64(label, f.START, int64_at(seed, f.S_START) - q[lists.BASE])
        put_int64(label, f.END, min(int64_at(seed, f.S_END) - q[lists.BASE], q[f.UNTIL]))
        put_int64(label, f.CASE, case)
        for level in range(2 * f.RANGE):
            put_int64(q[f.RANGES_AT] + 16 * f.RANGE * case, level, 0)


@inner
def _level(q, cases, count):
    """One level of the cases in hand, whose labels are ordered by case."""
    labels = q[f.LABELS_AT]
    asked = looked_up = known = at = stays = np.int64(0)
    for case in range(cases):
        open_case(q, case)
        while at < count and int64_at(labels, f.LABEL * at + f.CASE) == case:
            while asked < min(at + f.ASKED, count):
                _ask(q, labels + 8 * f.LABEL * asked)
                asked += 1
            while looked_up < min(at + f.LOOKED_UP, count):
                _look_up(q, labels + 8 * f.LABEL * looked_up, item_of(q, looked_up))
                looked_up += 1
            if q[f.STAYS]:
                while known < min(at + f.STAYS_KNOWN, count):
                    stays = own_stays(q, item_of(q, known), stays)
                    known += 1
            item = item_of(q, at)
            seed = int64_at(q[f.SEEDS], f.SEED * (q[f.BEGUN] + case) + f.S_PERSON)
            if int64_at(item, f.I_MET) < int64_at(item, f.I_MET_END):
                _met(q, item, seed)
            if q[f.STAYS]:
                _shared(q, item, int64_at(labels, f.LABEL * at + f.PERSON), seed)
            if q[f.LOST]:
                return
            at += 1
        close_case(q, case)
        if q[f.LOST]:
            return


@inner
def _ask(q, label):
    """Ask for where the lists of a label begin, and for when the person was isolated."""
    who = int64_at(label, f.PERSON)
    ask(q, who)
    if q[f.FORWARD] and q[f.ISOLATIONS]:
        prefetch(q[f.ISOLATION] + 8 * who)


@inner
def _look_up(q, label, item):
    """The window of a label, and where its lists are; asks for them."""
    who, start, end = int64_at(label, f.PERSON), int64_at(label, f.START), int64_at(label, f.END)
    if q[f.FORWARD] and q[f.LEVEL] > 1:
        end = _isolated(q, who, end)
    look_up(q, who, start, end, item)


@inner
def _isolated(q, who, otherwise):
    """``otherwise``, or when somebody was isolated, if that is before."""
    if who < q[f.ISOLATIONS]:
        return min(otherwise, int64_at(q[f.ISOLATION], who) - q[lists.BASE])
    return otherwise


@inner
def _met(q, item, seed):
    """Words of everybody whom a label's list says was met within its window."""
    since, until = int64_at(item, f.I_FROM), int64_at(item, f.I_TO)
    lo, hi = met_within(q, item)
    address, most, forward, words = q[lists.MET_AT], q[f.ATTENUATION], q[f.FORWARD], q[f.WORDS_AT]
    q[f.EXAMINED] += hi - lo
    while lo < hi:
        if q[f.WORDS] == f.BUFFER:
            put_words(q)
        n = q[f.WORDS]
        to = min(hi, lo + f.BUFFER - n)
        for e in range(lo, to):
            other, came = int32_at(address, 3 * e + lists.OTHER), int32_at(address, 3 * e + lists.SINCE)
            limits = int32_at(address, 3 * e + lists.LIMITS)
            start, end = max(came, since), min(came + (limits & 0xFFFF), until)
            moment = start
            if not forward:
                end = _isolated(q, other, end)
                moment = -end
            put_int64(words, n, (moment << 32) | other)
            n += (start < end) & ((limits >> 16) <= most) & (other != seed)
        q[f.WORDS] = n
        lo = to


@inner
def _shared(q, item, who, seed):
    """Words of everybody who was at the place of one of a label's stays meanwhile."""
    ring, mask, last = q[f.STAYS_AT], q[f.STAYS_MASK], int64_at(item, f.I_OWN_END)
    rows, slack, words, forward, n = q[lists.ROWS_AT], q[f.OTHER_SLACK], q[f.WORDS_AT], q[f.FORWARD], q[f.WORDS]
    examined = np.int64(0)
    for j in range(int64_at(item, f.I_OWN), last):
        stay = ring + 8 * f.STAY * (j & mask)
        ask_rows(q, j + f.ROWS_ASKED)
        since, until = int64_at(stay, f.SINCE), int64_at(stay, f.STAY_UNTIL)
        i, hi = run_of(q, stay)
        examined += hi - i
        while i < hi:
            if n == f.BUFFER:
                n = _emptied(q, n)
            to = min(hi, i + f.BUFFER - n)
            while i < to:
                n = _there(q, words, forward, rows, i, who, seed, since, until, slack, n)
                i += 1
    q[f.WORDS] = n
    q[f.EXAMINED] += examined


@inner
def _emptied(q, n):
    """Put ``n`` words into the table; returns how many wait then."""
    q[f.WORDS] = n
    put_words(q)
    return np.int64(0)


@part
def _there(q, words, forward, rows, i, x, seed, since, until, slack, n):
    """Write the word of a row, and return how many there are when it counts."""
    who = int32_at(rows, 4 * i + lists.WHO)
    start = max(int32_at(rows, 4 * i + lists.CAME) - slack, since)
    end = min(int32_at(rows, 4 * i + lists.GONE) + slack, until)
    moment = start
    if not forward:
        end = _isolated(q, who, end)
        moment = -end
    put_int64(words, n, (moment << 32) | who)
    return n + ((start < end) & (who != x) & (who != seed))
