"""Day 0, and step 3 of a day: infections from elsewhere."""

from engine.kernels.hashing import fold, unit
from engine.scenarios.kernels.arrays import INFECTED
from engine.scenarios.kernels.compiling import kernel
from engine.scenarios.kernels.course import infect, infect_known
from engine.scenarios.kernels.people import NEVER, NOT_YET, REACHABLE, REMOVED, SUSCEPTIBLE
from engine.scenarios.kernels.sampling import gap, log_of_miss, poisson
from engine.scenarios.streams import IMMUNE, INITIAL, OUTSIDE

TRIES = 64


@kernel
def pick(flags, key, number):
    """A random person among those who can be infected: -1 when there is nobody. Draws are tried, then one walks on."""
    people = len(flags)
    p = 0
    for i in range(TRIES):
        p = int(unit(fold(fold(key, number), i)) * people)
        if flags[p] & REACHABLE == SUSCEPTIBLE:
            return p
    for _ in range(people):
        p = (p + 1) % people
        if flags[p] & REACHABLE == SUSCEPTIBLE:
            return p
    return -1


@kernel
def begin(state, now, rules, tables, protected, case_person, case_onset):
    """Day 0: the immune, then the infected of the start. Everybody infected is looked at on day 1."""
    people = len(state.flags)
    now.susceptible = people
    now.contacts_from = 1
    for p in range(people):
        if rules.immune > 0.0 and unit(fold(now.keys[IMMUNE], p)) < rules.immune:
            state.flags[p] = REMOVED
            now.susceptible -= 1
    for i in range(len(case_person)):
        p = case_person[i]
        if state.people[p].infected_on < NOT_YET:
            continue
        if state.flags[p] == REMOVED:
            now.susceptible += 1
        state.flags[p] = SUSCEPTIBLE
        if case_onset[i] < NEVER:
            infect_known(state, now, rules, tables, p, case_onset[i])
        else:
            infect(state, now, rules, tables, protected, p, 0, -1, -1)
    for i in range(rules.infected):
        p = pick(state.flags, now.keys[INITIAL], i)
        if p >= 0:
            infect(state, now, rules, tables, protected, p, 0, -1, -1)
    for i in range(now.in_infected):
        state.wake[state.lists[INFECTED, i]] = 1


@kernel
def arrive(state, now, rules, tables, protected, key, count, day):
    """So many random people who can be infected are, or all there are."""
    for i in range(count):
        p = pick(state.flags, key, i)
        if p < 0:
            return
        infect(state, now, rules, tables, protected, p, day, -1, -1)
        now.from_outside += 1


@kernel
def from_outside(state, now, rules, tables, protected, day):
    """Every free susceptible with the daily chance (by gaps between hits), then arrivals, then those of named days."""
    key = fold(now.keys[OUTSIDE], day)
    if rules.outside_rate > 0.0:
        gaps = fold(key, 0)
        log_miss = log_of_miss(rules.outside_rate)
        number = 0
        at = gap(gaps, number, log_miss)
        while at < len(state.flags):
            p = int(at)
            if state.flags[p] & REACHABLE == SUSCEPTIBLE:
                infect(state, now, rules, tables, protected, p, day, -1, -1)
                now.from_outside += 1
            number += 1
            at = p + 1 + gap(gaps, number, log_miss)
    arrivals = poisson(fold(key, 1), rules.importations, len(state.flags)) if rules.importations > 0.0 else 0
    arrive(state, now, rules, tables, protected, fold(key, 2), arrivals, day)
    arrive(state, now, rules, tables, protected, fold(key, 3), tables.steps[day].arrivals, day)
