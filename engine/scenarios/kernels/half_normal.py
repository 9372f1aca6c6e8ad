"""Step 4 of a day with the infectiousness of Firth et al. (2020): drawn anew each day and contact."""

import math

import numpy as np

from engine.kernels.hashing import fold, unit
from engine.scenarios.kernels.arrays import ACTIVE
from engine.scenarios.kernels.compiling import kernel
from engine.scenarios.kernels.edges import factor_of, taken_away, vaccine_factor
from engine.scenarios.kernels.people import CONFINED, ISOLATED, REACHABLE, SUSCEPTIBLE, SYMPTOMATIC
from engine.scenarios.kernels.transmission import candidate, infect_candidates
from engine.scenarios.streams import CONTACTS

PEAK = 2.0 / math.sqrt(2.0 * math.pi)
PLACE = np.uint64(32)


@kernel
def keep_active(people, lists, now, day):
    """Those who have recovered or died leave the list of the infectious."""
    kept = 0
    for i in range(now.in_active):
        p = lists[ACTIVE, i]
        if day <= people[p].end_at:
            lists[ACTIVE, kept] = p
            kept += 1
    now.in_active = kept


@kernel
def contact_key(key, q, place):
    """The key of a contact of the infector whose key is given."""
    return fold(key, np.uint64(q) | (np.uint64(place + 1) << PLACE))


@kernel
def latest_onset(people, flags, lists, now, rules, net, measures, observed, today):
    """The latest onset among the contacts that are drawn as presymptomatic today; 0 when there are none."""
    stopped = CONFINED if rules.stops_onward else ISOLATED
    latest = 0.0
    for i in range(now.in_active):
        p = lists[ACTIVE, i]
        onset = people[p].onset
        if flags[p] & stopped or onset <= latest:
            continue
        mine = fold(today, p)
        for row in range(net.first[observed, p], net.first[observed, p + 1]):
            q = net.other[row]
            if flags[q] & REACHABLE != SUSCEPTIBLE or taken_away(measures, now, p, q, net.weight[row]):
                continue
            if unit(fold(contact_key(mine, q, net.place[row]), 0)) < rules.before_share:
                latest = onset
                break
    return latest


@kernel
def density(rules, day, onset, latest, before):
    """Twice a normal density: before onset with a deviation by ``onset / latest``, after it with a fixed one."""
    if before:
        if day > onset or onset <= 0.0 or latest <= 0.0:
            return 0.0
        sd = rules.sd_before * onset / latest
    else:
        if day < onset:
            return 0.0
        sd = rules.sd_after
    z = (day - onset) / sd
    return PEAK * math.exp(-z * z / 2.0) / sd


@kernel
def contacts(state, now, rules, tables, protected, net, ground, day):
    """As ``transmission.contacts``, with a draw for each contact."""
    stopped = CONFINED if rules.stops_onward else ISOLATED
    today = fold(now.keys[CONTACTS], day)
    observed = tables.steps[day].observed
    keep_active(state.people, state.lists, now, day)
    latest = latest_onset(state.people, state.flags, state.lists, now, rules, net, ground.measures, observed, today)
    for i in range(now.in_active):
        p = state.lists[ACTIVE, i]
        f = state.flags[p]
        if f & stopped:
            continue
        onset = state.people[p].onset
        factor = rules.scale * tables.steps[day].seasonal * (1.0 if f & SYMPTOMATIC else rules.asymptomatic_factor)
        mine = fold(today, p)
        for row in range(net.first[observed, p], net.first[observed, p + 1]):
            q = net.other[row]
            if state.flags[q] & REACHABLE != SUSCEPTIBLE:
                continue
            drawn = contact_key(mine, q, net.place[row])
            hazard = factor * net.weight[row]
            hazard *= density(rules, day, onset, latest, unit(fold(drawn, 0)) < rules.before_share)
            tie = unit(fold(drawn, 1))
            if tie >= hazard:  # 1 - exp(-h) <= h
                continue
            if rules.vaccinated:
                hazard *= vaccine_factor(rules, protected, p, q, day)
            if len(ground.measures):
                hazard *= factor_of(ground, now, p, q, net.weight[row], net.place[row], day, observed)
            if tie < 1.0 - math.exp(-hazard):
                candidate(state.people, state.lists, now, p, q, tie, net.place[row])
    infect_candidates(state, now, rules, tables, protected, day)
