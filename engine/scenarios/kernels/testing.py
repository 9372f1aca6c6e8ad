"""Step 7 of a day: tests are planned, chosen, done; what they say isolates and releases."""

import numpy as np

from engine.kernels.hashing import fold, unit
from engine.scenarios.kernels.arrays import DUE, RESULT_DELAY, TEST_DELAY, TO_TEST
from engine.scenarios.kernels.calendar import reschedule, touch
from engine.scenarios.kernels.compiling import inlined, kernel
from engine.scenarios.kernels.course import FOR_COMPLIANCE
from engine.scenarios.kernels.people import DETECTED, DIES, DONE, ISOLATED, NEVER, NOT_YET, REMOVED, TO_PLAN
from engine.scenarios.kernels.sampling import days, gap, log_of_miss
from engine.scenarios.kernels.sorting import sort_by
from engine.scenarios.streams import COURSE, RANDOM_TESTS, TESTS

FOR_MOMENT, FOR_QUEUE, FOR_RESULT, FOR_WAIT = range(4)
"""What the draws of a person's test of a day are for."""


@inlined
def today(moment, day):
    """Whether a moment falls on the day."""
    return day <= moment < day + 1


@inlined
def call_up(people, lists, now, p, day):
    """``p`` is due when one of its tests falls on today."""
    if today(people[p].test_at, day) or today(people[p].sick_test_at, day):
        lists[DUE, now.in_due] = p
        now.in_due += 1


@kernel
def plan_tests(state, now, rules, times, day):
    """Those who have a time of isolation or quarantine but none of a test draw one: the earlier of both + delay."""
    waiting = now.in_to_test
    now.in_to_test = 0
    touch(state.people, state.lists, now, TO_TEST, waiting)
    for i in range(waiting):
        p = state.lists[TO_TEST, i]
        r = state.people[p]
        start = min(r.isolate_at, r.quarantine_at)
        if start == NEVER:
            r.test_at = NEVER
            continue
        u = unit(fold(fold(fold(now.keys[TESTS], day), p), FOR_MOMENT))
        r.test_at = start + days(times, rules.stepwise[TEST_DELAY], TEST_DELAY, u)
        if not today(r.test_at, day):
            reschedule(state, rules, p, day)
        elif not today(r.sick_test_at, day):
            state.lists[DUE, now.in_due] = p
            now.in_due += 1


@kernel
def random_tests(people, flags, lists, now, rules, day):
    """Everybody alive with the daily chance, by gaps between hits; who is tested today anyway is tested once."""
    key = fold(now.keys[RANDOM_TESTS], day)
    log_miss = log_of_miss(rules.test_rate)
    number = 0
    at = gap(key, number, log_miss)
    while at < len(flags):
        p = int(at)
        dead = flags[p] & DIES and flags[p] & REMOVED
        if not dead and not today(people[p].test_at, day) and not today(people[p].sick_test_at, day):
            lists[DUE, now.in_due] = p
            now.in_due += 1
        number += 1
        at = p + 1 + gap(key, number, log_miss)


@kernel
def limit(people, lists, now, rules, order, day):
    """Of more people than can be tested today a random part is; the others lose their turn, and draw anew tomorrow."""
    due, most = now.in_due, rules.tests_per_day
    if most < 0 or due <= most:
        return
    key = fold(now.keys[TESTS], day)
    for i in range(due):
        order[i] = unit(fold(fold(key, lists[DUE, i]), FOR_QUEUE))
    sort_by(order, lists[DUE], due)
    now.in_due = most
    for i in range(most, due):
        p = lists[DUE, i]
        if today(people[p].test_at, day):
            people[p].test_at = TO_PLAN
            lists[TO_TEST, now.in_to_test] = p
            now.in_to_test += 1


@inlined
def positive(people, flags, now, rules, p, known, day):
    """A positive result: a case for the tracers; isolation, where it is the rule, for its full time from the result."""
    r = people[p]
    if not day <= r.positive_at < known:  # the first of several results that are still to come stands
        r.positive_at = known
    if not rules.positive_isolates or flags[p] & ISOLATED:
        return
    if unit(fold(fold(now.keys[COURSE], p), FOR_COMPLIANCE)) < rules.isolation_compliance:
        r.isolate_at = min(r.isolate_at, known)
        r.release_at = known + rules.isolation_days


@inlined
def test_one(state, now, rules, times, sensitivity, p, day):
    """One test and what follows from it."""
    r = state.people[p]
    key = fold(fold(now.keys[TESTS], day), p)
    moment = np.float64(day)
    if today(r.test_at, day):
        moment = np.float64(r.test_at)
        r.test_at = DONE
    elif today(r.sick_test_at, day):
        moment = np.float64(r.sick_test_at)
    known = moment + days(times, rules.stepwise[RESULT_DELAY], RESULT_DELAY, unit(fold(key, FOR_WAIT)))
    infected = r.infected_on < NOT_YET and day <= r.end_at
    chance = rules.false_positive
    if infected:
        since = max(0, day - r.infected_on)
        chance = sensitivity[min(since, len(sensitivity) - 1)]
    now.tests += 1
    if unit(fold(key, FOR_RESULT)) < chance:
        now.positives += 1
        if infected:
            state.flags[p] |= DETECTED
        else:
            now.false_positives += 1
        positive(state.people, state.flags, now, rules, p, known, day)
    elif rules.negative_releases and min(r.isolate_at, r.quarantine_at) < NEVER:
        r.release_at = min(r.release_at, known)
    reschedule(state, rules, p, day)


@kernel
def tests(state, now, rules, times, sensitivity, order, day):
    """All tests of a day."""
    if rules.test_confined:
        plan_tests(state, now, rules, times, day)
    if rules.testing and rules.testing_start <= day < rules.testing_end:
        if rules.test_rate > 0.0:
            random_tests(state.people, state.flags, state.lists, now, rules, day)
        limit(state.people, state.lists, now, rules, order, day)
        touch(state.people, state.lists, now, DUE, now.in_due)
        for i in range(now.in_due):
            test_one(state, now, rules, times, sensitivity, state.lists[DUE, i], day)
    now.in_due = 0
