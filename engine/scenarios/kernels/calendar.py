"""Whom to look at on which day. Each person has one day, the first on which something of it is due.

To find a day's people the days of all are passed over, two bytes each and many at a time. Linked lists of people by day
were slower: every link is a wait for memory.
"""

import math

import numpy as np

from engine.scenarios.kernels.arrays import FIRST
from engine.scenarios.kernels.compiling import inlined, kernel
from engine.scenarios.kernels.people import DIES, KNOWN, REMOVED, SYMPTOMATIC

BLOCK = 64
NO_DAY = np.int16(-1)


@inlined
def sooner(best, moment, day):
    """The earlier of two moments, of those that are not before the day."""
    return moment if day <= moment < best else best


@inlined
def reschedule(state, rules, p, day):
    """``p`` is looked at on the first day after ``day`` on which one of its times has passed or a test is due."""
    r = state.people[p]
    f = state.flags[p]
    best = sooner(math.inf, r.isolate_at, day)
    best = sooner(best, r.quarantine_at, day)
    best = sooner(best, r.release_at, day)
    best = sooner(best, r.positive_at, day)
    best = sooner(best, r.test_at - 1.0, day)
    best = sooner(best, r.sick_test_at - 1.0, day)
    best = sooner(best, r.hit_on - 1.0, day)
    if rules.tracing and rules.at_onset and f & (SYMPTOMATIC | KNOWN) == SYMPTOMATIC:
        best = sooner(best, r.onset, day)
    if f & (DIES | REMOVED) == DIES:
        best = sooner(best, r.end_at, day)
    state.wake[p] = int(best) + 1 if best < rules.days else NO_DAY


@kernel
def collect(wake, lists, now, day):
    """Puts everybody whose day it is into the first list, by index."""
    count = 0
    today = np.int16(day)
    people = len(wake)
    for low in range(0, people, BLOCK):
        high = min(low + BLOCK, people)
        some = False
        for p in range(low, high):
            some |= wake[p] == today
        if some:
            for p in range(low, high):
                if wake[p] == today:
                    lists[FIRST, count] = p
                    count += 1
    now.in_first = count


@inlined
def touch(people, lists, now, row, count):
    """Reads the records of a list: many at once, while one after the other each would be waited for."""
    seen = 0
    for i in range(count):
        seen += people[lists[row, i]].mark
    now.touched += seen
