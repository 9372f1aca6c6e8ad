"""What measures leave of a contact: the factor of its hazard, from 0 to 1."""

import numpy as np

from engine.kernels.hashing import fold, unit
from engine.scenarios.kernels.arrays import CLOSURE, LIMIT, LOCKDOWN, MASK, REMOVAL
from engine.scenarios.kernels.compiling import inlined, kernel
from engine.scenarios.streams import CAPACITY, MASKS, REMOVED

ONE = np.uint64(1)


@inlined
def has(mask, number):
    """Whether bit ``number`` of a mask is set."""
    return (mask >> np.uint64(number)) & ONE == ONE


@kernel
def taken_away(measures, now, p, q, weight):
    """Whether the contact is taken away for the whole run: one draw a pair, whatever its end, day and place."""
    for i in range(len(measures)):
        m = measures[i]
        if m.what == REMOVAL and m.least <= weight <= m.most:
            pair = fold(fold(fold(now.keys[REMOVED], m.number), min(p, q)), max(p, q))
            if unit(pair) < m.share:
                return True
    return False


@kernel
def locked(ground, m, p, q, place):
    """Factor of one lockdown, of a contact outside the household."""
    here = has(ground.home_locks[p], m.number)
    there = has(ground.home_locks[q], m.number)
    if m.closed:
        if here != there:
            return 0.0
        if place >= 0 and has(ground.place_locks[place], m.number) != here:
            return 0.0
    return m.factor if here or there else 1.0


@kernel
def admitted(m, now, p, place, visitors, day):
    """Whether ``p`` gets in: of too many visitors of a place a random part does, for the whole day."""
    door = fold(fold(now.keys[CAPACITY], day), place)
    return unit(fold(door, p)) * visitors < m.most


@kernel
def masked(m, now, p, q):
    """Factor of masks: worn by the infector, by the other one, or by both."""
    factor = 1.0
    if unit(fold(now.keys[MASKS], p)) < m.share:
        factor *= m.factor
    if unit(fold(now.keys[MASKS], q)) < m.share:
        factor *= m.wearer
    return factor


@kernel
def factor_of(ground, now, p, q, weight, place, day, observed):
    """What the measures leave of the hazard that ``p`` is to ``q``; vaccination is not among them."""
    if taken_away(ground.measures, now, p, q, weight):
        return 0.0
    home = ground.household[p]
    together = home >= 0 and home == ground.household[q]
    factor = 1.0
    for i in range(len(ground.measures)):
        m = ground.measures[i]
        if not m.start <= day < m.end:
            continue
        if m.what == LOCKDOWN:
            if not together:
                factor *= locked(ground, m, p, q, place)
            continue
        here = place >= 0 and has(m.kinds, ground.kind[place])
        if m.what == MASK:
            if not together and (here or m.kinds == 0):
                factor *= masked(m, now, p, q)
        elif m.what == CLOSURE and here:
            factor *= m.factor
        elif m.what == LIMIT and here:
            visitors = ground.visitors[observed, place]
            if not admitted(m, now, p, place, visitors, day) or not admitted(m, now, q, place, visitors, day):
                return 0.0
    return factor


@kernel
def vaccine_factor(rules, protected, p, q, day):
    """What vaccination of either leaves of the hazard."""
    factor = 1.0
    if day >= protected[p]:
        factor *= 1.0 - rules.against_transmission
    if day >= protected[q]:
        factor *= 1.0 - rules.against_infection
    return factor
