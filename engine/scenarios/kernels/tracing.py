"""Step 6 of a day: the contacts of the day's cases are looked for; who is found goes into quarantine."""

import math

import numpy as np

from engine.kernels.hashing import fold, unit
from engine.scenarios.kernels.arrays import CASES, FIRST, FIRST_WAY, SECOND
from engine.scenarios.kernels.calendar import reschedule
from engine.scenarios.kernels.compiling import inlined, kernel
from engine.scenarios.kernels.confinement import order_quarantine
from engine.scenarios.kernels.course import wait_for_test
from engine.scenarios.kernels.edges import taken_away
from engine.scenarios.kernels.people import ISOLATED, KNOWN, QUARANTINED, REMOVED, SYMPTOMATIC
from engine.scenarios.kernels.sampling import days
from engine.scenarios.kernels.sorting import sort_by
from engine.scenarios.kernels.transmission import touch_rows
from engine.scenarios.streams import APP, TRACED, TRACING

LEVELS = 8
"""Marks of a day: more than the levels of tracing."""


@inlined
def notice(people, flags, lists, now, rules, p, day):
    """``p`` becomes a case of the tracers when what they go by has happened since yesterday; once an infection."""
    if not rules.tracing or not rules.tracing_start <= day < rules.tracing_end or flags[p] & KNOWN:
        return
    ill = rules.at_onset and flags[p] & SYMPTOMATIC and day - 1 <= people[p].onset < day
    positive = rules.at_positive and day - 1 <= people[p].positive_at < day
    if (ill or positive) and now.in_cases < lists.shape[1]:
        flags[p] |= KNOWN
        lists[CASES, now.in_cases] = p
        now.in_cases += 1


@inlined
def known_since(people, flags, rules, p, day):
    """When a case became known: its onset or its positive test, whichever was first of those the tracers go by."""
    r = people[p]
    moment = math.inf
    if rules.at_onset and flags[p] & SYMPTOMATIC and r.onset < day:
        moment = r.onset
    if rules.at_positive and r.positive_at < day:
        moment = min(moment, r.positive_at)
    return moment


@kernel
def choose(people, flags, lists, now, rules, order, day):
    """Moves the cases of today to the first list: all, or the oldest up to capacity; others wait, for a time."""
    waiting = now.in_cases
    now.in_cases = 0
    now.in_first = waiting
    for i in range(waiting):
        lists[FIRST, i] = lists[CASES, i]
    if rules.cases_per_day < 0 or waiting <= rules.cases_per_day:
        return
    for i in range(waiting):
        order[i] = known_since(people, flags, rules, lists[FIRST, i], day)
    sort_by(order, lists[FIRST], waiting)
    now.in_first = rules.cases_per_day
    for i in range(rules.cases_per_day, waiting):
        if day - order[i] < rules.patience:
            lists[CASES, now.in_cases] = lists[FIRST, i]
            now.in_cases += 1


@kernel
def window(people, flags, rules, p, day):
    """First and last day whose contacts of case ``p`` are looked at."""
    if not rules.dated:
        return day, day
    r = people[p]
    origin = known_since(people, flags, rules, p, day)
    if flags[p] & SYMPTOMATIC and r.onset <= day:
        origin = np.float64(r.onset)
    least = origin - (max(rules.backward_days, rules.forward_days) if rules.backward else rules.forward_days)
    most = day if rules.forward else math.ceil(origin - rules.forward_days) - 1
    return max(0, math.ceil(least)), min(day, most)


@kernel
def add_up(net, steps, scratch, x, low, high, channels, clear):
    """Adds up minutes and weights with everybody ``x`` met, or clears the sums again."""
    for day in range(low, high + 1):
        observed = steps[day].observed
        for row in range(net.first[observed, x], net.first[observed, x + 1]):
            y = net.other[row]
            if clear:
                scratch.minutes[y] = 0.0
                scratch.weight[y] = 0.0
            elif net.channel[row] & channels:
                scratch.minutes[y] += net.minutes[row]
                scratch.weight[y] += net.weight[row]


@inlined
def can_be_found(people, flags, rules, p, day):
    """Free people who have not recovered; those in quarantine too where it is extended."""
    closed = REMOVED | ISOLATED if rules.extend else REMOVED | ISOLATED | QUARANTINED
    return flags[p] & closed == 0 and day <= people[p].end_at


@inlined
def find(state, now, rules, times, y, day, way):
    """``y`` is found by this way: counted once a day, and put into quarantine."""
    r = state.people[y]
    again = r.found_on == day
    if not again:
        r.found_on = day
        now.traced += 1
    if not rules.quarantine_start <= day < rules.quarantine_end:
        return
    row = FIRST_WAY + way
    delay = days(times, rules.stepwise[row], row, unit(fold(fold(now.keys[TRACED], day), y)))
    if order_quarantine(state.people, state.flags, now, rules, y, day, delay, again):
        if rules.test_confined:
            wait_for_test(state.people, state.lists, now, y)
        reschedule(state, rules, y, day)


@kernel
def find_household(state, now, rules, times, ground, p, day, way):
    """The household of ``p`` is found without a draw."""
    home = ground.household[p]
    if home < 0:
        return
    for i in range(ground.house_first[home], ground.house_first[home + 1]):
        member = ground.house_members[i]
        if member != p and can_be_found(state.people, state.flags, rules, member, day):
            find(state, now, rules, times, member, day, way)


@kernel
def reach(people, lists, now, rules, since, level, day, y, met):
    """``y`` is among those whose contacts the next level looks at, from the day it first met somebody of this one."""
    stamp = day * LEVELS + level + 1
    if people[y].mark != stamp:
        people[y].mark = stamp
        lists[SECOND, now.in_second] = y
        now.in_second += 1
        if rules.dated:
            since[y] = met
    elif rules.dated and met < since[y]:
        since[y] = met


@inlined
def found_by_draw(state, now, rules, scratch, key, y, day, way):
    """Whether ``y``, a contact recorded by a channel of this way, can be found and is. The draw is the pair's."""
    if not can_be_found(state.people, state.flags, rules, y, day):
        return False
    if rules.min_minutes[way] > 0.0 and scratch.minutes[y] < rules.min_minutes[way]:
        return False
    if rules.min_weight[way] > 0.0 and scratch.weight[y] < rules.min_weight[way]:
        return False
    if unit(fold(key, y)) >= rules.ascertainment[way]:
        return False
    return rules.adoption[way] >= 1.0 or unit(fold(now.keys[APP], y)) < rules.adoption[way]


@inlined
def touch_met(people, net, now, x, observed):
    """Reads the records of those ``x`` met on a day: as ``calendar.touch``."""
    seen = 0
    for row in range(net.first[observed, x], net.first[observed, x + 1]):
        seen += people[net.other[row]].mark
    now.touched += seen


@kernel
def look(state, now, rules, times, net, steps, ground, scratch, x, low, high, day, level, way):
    """Looks for the contacts of ``x`` by one way. To meet on several days does not help to be found."""
    limited = rules.min_minutes[way] > 0.0 or rules.min_weight[way] > 0.0
    channels = rules.channels[way]
    if limited:
        add_up(net, steps, scratch, x, low, high, channels, False)
    key = fold(fold(fold(fold(now.keys[TRACING], day), level), way), x)
    owner = rules.adoption[way] >= 1.0 or unit(fold(now.keys[APP], x)) < rules.adoption[way]
    deeper = level + 1 < rules.depth
    all_of_them = deeper and way == 0 and not rules.only_found
    for met in range(low, high + 1):
        observed = steps[met].observed
        touch_met(state.people, net, now, x, observed)
        for row in range(net.first[observed, x], net.first[observed, x + 1]):
            y = net.other[row]
            if len(ground.measures) and taken_away(ground.measures, now, x, y, net.weight[row]):
                continue
            if all_of_them:
                reach(state.people, state.lists, now, rules, scratch.since, level, day, y, met)
            if not owner or not net.channel[row] & channels:
                continue
            if not found_by_draw(state, now, rules, scratch, key, y, day, way):
                continue
            if deeper and rules.only_found:
                reach(state.people, state.lists, now, rules, scratch.since, level, day, y, met)
            find(state, now, rules, times, y, day, way)
            if rules.by_household:
                find_household(state, now, rules, times, ground, y, day, way)
    if limited:
        add_up(net, steps, scratch, x, low, high, channels, True)


@kernel
def trace_contacts(state, now, rules, times, net, steps, ground, scratch, day):
    """Tracing of a day, level by level: contacts of the cases, contacts of all (or the found) contacts, ..."""
    if now.in_cases == 0 or not rules.tracing_start <= day < rules.tracing_end:
        return
    choose(state.people, state.flags, state.lists, now, rules, scratch.order, day)
    for i in range(now.in_first):
        if rules.by_household:
            find_household(state, now, rules, times, ground, state.lists[FIRST, i], day, 0)
    for level in range(rules.depth):
        touch_rows(net, state.lists, now, FIRST, now.in_first, steps[day].observed)
        for i in range(now.in_first):
            x = state.lists[FIRST, i]
            low, high = window(state.people, state.flags, rules, x, day)
            if level > 0 and rules.dated:
                low, high = np.int64(scratch.since[x]), day
            for way in range(rules.ways):
                look(state, now, rules, times, net, steps, ground, scratch, x, low, high, day, level, way)
        for i in range(now.in_second):
            state.lists[FIRST, i] = state.lists[SECOND, i]
        now.in_first = now.in_second
        now.in_second = 0
