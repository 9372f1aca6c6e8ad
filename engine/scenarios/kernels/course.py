"""A new infection: its course is drawn at once, from draws of the person alone."""

import math

from engine.kernels.hashing import fold, unit
from engine.scenarios.kernels.arrays import (
    ACTIVE,
    CHANGE,
    COHORT,
    DEATH,
    INCUBATION,
    INFECTED,
    ISOLATION_DELAY,
    LATENT,
    OFFSPRING,
    ONSETS,
    PROFILE_FROM,
    PROFILE_STEPS,
    PROFILE_TO,
    RECOVERY,
    TEST_DELAY,
    TO_TEST,
)
from engine.scenarios.kernels.calendar import reschedule
from engine.scenarios.kernels.compiling import inlined, kernel
from engine.scenarios.kernels.confinement import release, set_release
from engine.scenarios.kernels.people import DIES, KNOWN, NEVER, REMOVED, SUSCEPTIBLE, SYMPTOMATIC, TO_PLAN
from engine.scenarios.kernels.sampling import days
from engine.scenarios.streams import CONTACTS, COURSE

FOR_INCUBATION, FOR_LATENT, FOR_SYMPTOMS, FOR_RECOVERY, FOR_FATALITY, FOR_DEATH = range(6)
FOR_DELAY, FOR_COMPLIANCE, FOR_SEEKING, FOR_TEST = range(6, 10)
"""What the draws of a person's course are for."""
FIRST_POINT = 30_000
"""Number of the draw of an infector's first point: more than the days of a run, whose points have theirs."""


@inlined
def time(rules, times, key, row, purpose):
    """A time of a person's course."""
    return days(times, rules.stepwise[row], row, unit(fold(key, purpose)))


@kernel
def infect(state, now, rules, tables, protected, p, day, infector, place):
    """``p`` is infected on ``day`` by ``infector`` (-1: from elsewhere) at ``place`` (-1: not known)."""
    key = fold(now.keys[COURSE], p)
    r = state.people[p]
    r.infected_on = day
    r.onset = day + time(rules, tables.times, key, INCUBATION, FOR_INCUBATION)
    r.infector = infector
    r.place = place
    symptoms = rules.symptoms
    if rules.vaccinated and day >= protected[p]:
        symptoms *= 1.0 - rules.against_symptoms
    start(state, now, rules, tables, p, day, unit(fold(key, FOR_SYMPTOMS)) < symptoms)
    if infector >= 0:
        state.by_day[OFFSPRING, max(0, state.people[infector].infected_on)] += 1


@kernel
def infect_known(state, now, rules, tables, p, onset):
    """A case known at the start, with symptoms and with this onset: infected before the run, at the latest on day 0."""
    r = state.people[p]
    incubation = time(rules, tables.times, fold(now.keys[COURSE], p), INCUBATION, FOR_INCUBATION)
    r.infected_on = min(0, math.floor(onset - incubation))
    r.onset = onset
    start(state, now, rules, tables, p, 0, True)


@kernel
def start(state, now, rules, tables, p, day, symptomatic):
    """The rest of the course of ``p``, whose infection and onset are set."""
    r = state.people[p]
    key = fold(now.keys[COURSE], p)
    times = tables.times
    latent = r.infected_on + time(rules, times, key, LATENT, FOR_LATENT)
    r.end_at = r.onset + time(rules, times, key, RECOVERY, FOR_RECOVERY)
    state.flags[p] &= ~(SUSCEPTIBLE | KNOWN)
    if symptomatic:
        state.flags[p] |= SYMPTOMATIC
        if rules.fatality > 0.0 and unit(fold(key, FOR_FATALITY)) < rules.fatality:
            state.flags[p] |= DIES
            r.end_at = r.onset + time(rules, times, key, DEATH, FOR_DEATH)
        plan_isolation(state.people, state.lists, now, rules, times, p, key)
        if rules.test_symptomatic > 0.0 and unit(fold(key, FOR_SEEKING)) < rules.test_symptomatic:
            moment = r.onset + time(rules, times, key, TEST_DELAY, FOR_TEST)
            if moment >= 0.0:  # a test before the run is past
                r.sick_test_at = max(day + 1.0, moment)
    count(state, now, p, day)
    infectious_on = max(day, math.ceil(min(latent, r.onset)))
    count_infectious(state.by_day, infectious_on, r.end_at)
    if rules.half_normal:
        r.hit_on = infectious_on
    else:
        first_points(state, now, rules, tables, p, max(infectious_on, now.contacts_from))
    if r.hit_on == day:
        start_infecting(state.lists, now, p)
    reschedule(state, rules, p, day)


@inlined
def plan_isolation(people, lists, now, rules, times, p, key):
    """Isolation some time after onset, when it is in force then and ``p`` complies."""
    r = people[p]
    if not rules.isolation or unit(fold(key, FOR_COMPLIANCE)) >= rules.isolation_compliance:
        return
    moment = r.onset + time(rules, times, key, ISOLATION_DELAY, FOR_DELAY)
    if rules.isolation_start <= max(moment, 0.0) < rules.isolation_end:
        r.isolate_at = min(r.isolate_at, moment)  # a (false) positive result may be on its way
        set_release(rules, people, p)
        if rules.test_confined:
            wait_for_test(people, lists, now, p)


@inlined
def wait_for_test(people, lists, now, p):
    """The test of ``p``, who will be isolated or quarantined, is to be planned today."""
    if people[p].test_at == NEVER:
        people[p].test_at = TO_PLAN
        lists[TO_TEST, now.in_to_test] = p
        now.in_to_test += 1


@inlined
def count(state, now, p, day):
    """One more infection."""
    state.lists[INFECTED, now.in_infected] = p
    now.in_infected += 1
    now.infections += 1
    now.susceptible -= 1
    state.by_day[COHORT, day] += 1
    onset = state.people[p].onset
    if onset < state.by_day.shape[1]:
        state.by_day[ONSETS, max(0, math.floor(onset))] += 1


@inlined
def count_infectious(by_day, first, end_at):
    """One more infectious person from day ``first`` to the recovery or death."""
    last = by_day.shape[1] - 1
    by_day[CHANGE, min(first, last)] += 1
    if end_at < last:
        by_day[CHANGE, max(first, math.floor(end_at) + 1)] -= 1


@inlined
def start_infecting(lists, now, p):
    """``p`` is among those whose contacts are looked at today; with the half-normal profile until it recovers."""
    lists[ACTIVE, now.in_active] = p
    now.in_active += 1


@inlined
def first_points(state, now, rules, tables, p, first):
    """The first points of transmission of ``p``, from day ``first`` on."""
    left = -math.log(1.0 - unit(fold(fold(now.keys[CONTACTS], p), FIRST_POINT)))
    next_points(state.people, state.flags, rules, tables, p, first, left)


@inlined
def infectiousness(profile, since):
    """Infectiousness so many days since onset."""
    at = (since - PROFILE_FROM) * PROFILE_STEPS
    if at < 0 or since >= PROFILE_TO:
        return 0.0
    cell = int(at)
    return profile[cell] + (at - cell) * (profile[cell + 1] - profile[cell])


@inlined
def rate_of(people, flags, rules, tables, p, day):
    """Hazard that ``p`` is on a day to a contact of weight 1."""
    rate = rules.scale * tables.steps[day].seasonal
    if not rules.flat:
        rate *= infectiousness(tables.profile, day - people[p].onset)
    if not flags[p] & SYMPTOMATIC:
        rate *= rules.asymptomatic_factor
    return rate


@inlined
def next_points(people, flags, rules, tables, p, day, left):
    """The first day, from ``day`` on, on which the hazards of ``p`` add up to more than ``left``, and where on it."""
    r = people[p]
    r.hit_on = -1
    for later in range(day, min(math.floor(r.end_at), rules.days - 1) + 1):
        rate = rate_of(people, flags, rules, tables, p, later)
        total = rate * tables.total[tables.steps[later].observed, p]
        if left < total:
            r.hit_on = later
            r.point = left / rate
            return
        left -= total


@kernel
def die(people, flags, now, p):
    """``p`` dies, and leaves isolation and quarantine."""
    flags[p] |= REMOVED
    now.deaths += 1
    release(people, flags, now, p)
    people[p].sick_test_at = NEVER
