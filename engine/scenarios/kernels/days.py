"""A whole run: day after day, each in the order of docs/semantics/scenarios.md."""

from engine.scenarios.kernels import half_normal, transmission
from engine.scenarios.kernels.arrays import CHANGE, FIRST, ONSETS
from engine.scenarios.kernels.calendar import collect, reschedule, touch
from engine.scenarios.kernels.compiling import inlined, kernel
from engine.scenarios.kernels.confinement import pass_times
from engine.scenarios.kernels.course import die, start_infecting
from engine.scenarios.kernels.outside import begin, from_outside
from engine.scenarios.kernels.people import DIES, NOT_YET, REMOVED
from engine.scenarios.kernels.testing import call_up, tests
from engine.scenarios.kernels.tracing import notice, trace_contacts


@inlined
def look_at(state, now, rules, p, day):
    """Steps 1 and 2 for one person: what is due by today; whom transmission, tracing and testing will ask for."""
    r = state.people[p]
    pass_times(state.people, state.flags, now, p, day)
    if r.infected_on < NOT_YET:
        if state.flags[p] & (DIES | REMOVED) == DIES and day > r.end_at:
            die(state.people, state.flags, now, p)
        if r.hit_on == day:
            start_infecting(state.lists, now, p)
    notice(state.people, state.flags, state.lists, now, rules, p, day)
    call_up(state.people, state.lists, now, p, day)
    reschedule(state, rules, p, day)


@kernel
def due_people(state, now, rules, day):
    """Everybody with something due today, by index."""
    collect(state.wake, state.lists, now, day)
    touch(state.people, state.lists, now, FIRST, now.in_first)
    for i in range(now.in_first):
        look_at(state, now, rules, state.lists[FIRST, i], day)
    now.in_first = 0


@kernel
def write_down(now, daily, day):
    """The counts of the day, in the order of ``arrays.COUNTED``; events start anew, states go on."""
    daily[day, 0], now.infections = now.infections, 0
    daily[day, 1], now.from_outside = now.from_outside, 0
    daily[day, 4] = now.isolated
    daily[day, 5] = now.quarantined
    daily[day, 6] = now.false_quarantined
    daily[day, 7], now.traced = now.traced, 0
    daily[day, 8], now.tests = now.tests, 0
    daily[day, 9], now.positives = now.positives, 0
    daily[day, 10], now.false_positives = now.false_positives, 0
    daily[day, 11], now.deaths = now.deaths, 0
    daily[day, 12] = now.susceptible


@kernel
def run(state, plan, scratch, protected, nows, daily):
    """All days. ``nows``: one ``NOW`` with its keys; ``daily``: (days, columns of DAILY), written whole."""
    now, rules, tables = nows[0], plan.rules[0], plan.tables
    net, ground, steps, times = plan.net, plan.ground, tables.steps, tables.times
    begin(state, now, rules, tables, protected, plan.case_person, plan.case_onset)
    write_down(now, daily, 0)
    for day in range(1, rules.days):
        due_people(state, now, rules, day)
        from_outside(state, now, rules, tables, protected, day)
        if rules.half_normal:
            half_normal.contacts(state, now, rules, tables, protected, net, ground, day)
        else:
            transmission.contacts(state, now, rules, tables, protected, net, ground, day)
        trace_contacts(state, now, rules, times, net, steps, ground, scratch, day)
        tests(state, now, rules, times, plan.sensitivity, scratch.order, day)
        write_down(now, daily, day)
    for day in range(rules.days):
        daily[day, 2] = state.by_day[ONSETS, day]
        now.infectious += state.by_day[CHANGE, day]
        daily[day, 3] = now.infectious
