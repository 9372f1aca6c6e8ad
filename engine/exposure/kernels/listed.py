"""Evidence of the labels of a trace out of a view's lists (:mod:`engine.graph.kernels.lists`), label by label.

What later labels need is asked for while earlier ones are looked at (:mod:`engine.exposure.kernels.walking`); the
evidence of the label in hand is a few lines, which stay in the nearest cache.
"""

import numpy as np

from engine.exposure.kernels import fields as f
from engine.exposure.kernels import reaching_fields as w
from engine.exposure.kernels.walking import ask, ask_rows, item_of, look_up, met_within, own_stays, run_of
from engine.graph.kernels import atlas as at
from engine.graph.kernels import found, lists
from engine.graph.kernels.memory import float64_at, int32_at, int64_at, put_float64, put_int64
from engine.kernels.memory import inner

ASKED, LOOKED_UP, STAYS_KNOWN, TOLD = range(4)
"""How far the steps of a walk are: the label that is next in each, and where the ring of stays ends."""


@inner
def begin_walk(steps, label):
    """Begin with a label; nothing is known of any."""
    steps[ASKED] = steps[LOOKED_UP] = steps[STAYS_KNOWN] = label
    steps[TOLD] = 0


@inner
def walk_on(t, q, steps, label, to):
    """Have what is known of a label and asked for of those behind it, up to ``to``."""
    labels, base = t[f.LABEL_ROWS], q[lists.BASE]
    while steps[ASKED] < min(label + w.ASKED, to):
        ask(q, int32_at(labels + (steps[ASKED] << 6), f.PERSON_4))
        steps[ASKED] += 1
    while steps[LOOKED_UP] < min(label + w.LOOKED_UP, to):
        row = labels + (steps[LOOKED_UP] << 6)
        start, end = int64_at(row, f.START) - base, int64_at(row, f.END) - base
        look_up(q, int32_at(row, f.PERSON_4), start, end, item_of(q, steps[LOOKED_UP]))
        steps[LOOKED_UP] += 1
    if q[w.STAYS]:
        while steps[STAYS_KNOWN] < min(label + w.STAYS_KNOWN, to):
            steps[TOLD] = own_stays(q, item_of(q, steps[STAYS_KNOWN]), steps[TOLD])
            steps[STAYS_KNOWN] += 1


@inner
def listed_sightings(t, q, label):
    """Sightings of a label as lines of evidence: how many there are, or would be, and how many were looked at."""
    item, n = item_of(q, label), np.int64(0)
    lo, hi = met_within(q, item)
    since, until, most = int64_at(item, w.I_FROM), int64_at(item, w.I_TO), q[w.ATTENUATION]
    met, base, whole, edges = q[lists.MET_AT], q[lists.BASE], t[f.WHOLE], t[f.SELF] + 8 * f.BUCKETS
    if hi - lo > t[f.EVIDENCE]:
        return hi - lo, np.int64(0)
    for e in range(lo, hi):
        came, limits = int32_at(met, lists.MET * e + lists.SINCE), int32_at(met, lists.MET * e + lists.LIMITS)
        start, end = max(came, since), min(came + (limits & 0xFFFF), until)
        db = (limits >> 16) / 100.0
        bucket = 3 + (db > float64_at(edges, 0)) + (db > float64_at(edges, 1)) + (db > float64_at(edges, 2))
        _line(whole + (n << 6), int32_at(met, lists.MET * e + lists.OTHER), base + start, base + end, -1)
        put_float64(t[f.PARTS] + (n << 4), found.WEIGHT, float64_at(edges, bucket))
        n += (start < end) & (limits >> 16 <= most)
    return n, hi - lo


@inner
def listed_stays(t, q, label, n):
    """Other people's stays during those of a label as lines of evidence from ``n`` on; the same is returned."""
    item, who = item_of(q, label), int32_at(t[f.LABEL_ROWS] + (label << 6), f.PERSON_4)
    rows, base, slack, whole, room = q[lists.ROWS_AT], q[lists.BASE], q[w.OTHER_SLACK], t[f.WHOLE], t[f.EVIDENCE]
    looked, weights = np.int64(0), int64_at(t[f.ATLAS], at.PLACE_WEIGHT)
    for j in range(int64_at(item, w.I_OWN), int64_at(item, w.I_OWN_END)):
        stay = q[w.STAYS_AT] + 8 * w.STAY * (j & q[w.STAYS_MASK])
        ask_rows(q, j + w.ROWS_ASKED)
        since, until = int64_at(stay, w.SINCE), int64_at(stay, w.STAY_UNTIL)
        lo, hi = run_of(q, stay)
        looked += hi - lo
        if n + hi - lo > room:
            n += hi - lo
            continue
        place = int32_at(rows, lists.ROW * lo + lists.PLACE)
        weight = float64_at(weights, place)
        for i in range(lo, hi):
            row = rows + 4 * lists.ROW * i
            other = int32_at(row, lists.WHO)
            start, end = max(int32_at(row, lists.CAME) - slack, since), min(int32_at(row, lists.GONE) + slack, until)
            _line(whole + (n << 6), other, base + start, base + end, place)
            put_float64(t[f.PARTS] + (n << 4), found.WEIGHT, weight)
            n += (start < end) & (other != who)
    return n, looked


@inner
def _line(line, other, start, end, place):
    put_int64(line, found.PERSON, 0)
    put_int64(line, found.OTHER, other)
    put_int64(line, found.START, start)
    put_int64(line, found.END, end)
    put_int64(line, found.PLACE, place)
