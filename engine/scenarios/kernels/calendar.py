"""Whom to look at on which day: doubly linked lists of people by day, so that a day costs what is due on it."""

import math

from engine.scenarios.kernels.compiling import kernel


@kernel
def take_off(people, heads, p):
    """Nobody looks at ``p`` any more until it is put on a day again."""
    r = people[p]
    if r.wake < 0:
        return
    if r.sooner >= 0:
        people[r.sooner].later = r.later
    else:
        heads[r.wake] = r.later
    if r.later >= 0:
        people[r.later].sooner = r.sooner
    r.wake = -1


@kernel
def put_on(people, heads, p, day):
    """``p`` is looked at on ``day`` and not on the day it stood on before. Days after the last are no days."""
    r = people[p]
    if r.wake == day:
        return
    take_off(people, heads, p)
    if day >= len(heads):
        return
    first = heads[day]
    r.wake = day
    r.sooner = -1
    r.later = first
    if first >= 0:
        people[first].sooner = p
    heads[day] = p


@kernel
def _sooner(best, moment, day):
    return moment if day <= moment < best else best


@kernel
def reschedule(people, heads, p, day):
    """``p`` is looked at on the first day after ``day`` on which a time of its record has passed or a test is due."""
    r = people[p]
    best = _sooner(math.inf, r.isolate_at, day)
    best = _sooner(best, r.quarantine_at, day)
    best = _sooner(best, r.release_at, day)
    best = _sooner(best, r.end_at, day)
    best = _sooner(best, r.onset, day)
    best = _sooner(best, r.positive_at, day)
    best = _sooner(best, r.test_at - 1.0, day)
    best = _sooner(best, r.sick_test_at - 1.0, day)
    best = _sooner(best, r.infectious_on - 1.0, day)
    best = _sooner(best, r.hit_on - 1.0, day)
    if best < len(heads):
        put_on(people, heads, p, int(best) + 1)
    else:
        take_off(people, heads, p)
