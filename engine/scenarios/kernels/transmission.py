"""Step 4 of a day: who infects whom.

A contact of hazard h infects with chance 1 - exp(-h): the chance that a Poisson process of rate 1 has a point on a
stretch of length h. So the contacts of an infector are laid end to end, those of all its days in a row, points are
drawn along them, and a contact with a point infects. A measure that leaves the share m of a hazard keeps each point
with chance m. The answer is that of a draw for each contact and day, at the cost of a draw for each contact with a
point: an infector is looked at on the days of these only.
"""

import math

import numpy as np

from engine.kernels.hashing import fold, unit
from engine.scenarios.kernels.arrays import ACTIVE, SECOND
from engine.scenarios.kernels.calendar import reschedule
from engine.scenarios.kernels.compiling import inlined, kernel
from engine.scenarios.kernels.course import infect, next_points, rate_of
from engine.scenarios.kernels.edges import factor_of, vaccine_factor
from engine.scenarios.kernels.people import (
    CONFINED,
    ISOLATED,
    NEVER,
    REACHABLE,
    SUSCEPTIBLE,
)
from engine.scenarios.streams import CONTACTS


@inlined
def candidate(people, lists, now, p, q, tie, place):
    """``p`` infects ``q`` today, unless another one does with a smaller draw (then a smaller index)."""
    r = people[q]
    if r.point == NEVER:
        lists[SECOND, now.in_second] = q
        now.in_second += 1
    elif tie > r.point or (tie == r.point and p >= r.infector):
        return
    r.point = tie
    r.infector = p
    r.place = place


@kernel
def infect_candidates(state, now, rules, tables, protected, day):
    """The candidates of the day are infected, in the order in which they were found; they infect tomorrow at first."""
    now.contacts_from = day + 1
    for i in range(now.in_second):
        q = state.lists[SECOND, i]
        r = state.people[q]
        r.point = NEVER
        infect(state, now, rules, tables, protected, q, day, r.infector, r.place)
    now.in_second = 0


@inlined
def touch_rows(net, lists, now, row, count, observed):
    """Reads where the contacts of a list are and what stands first there: as ``calendar.touch``."""
    seen = 0
    for i in range(count):
        seen += net.first[observed, lists[row, i]] & 1
    for i in range(count):
        at = net.first[observed, lists[row, i]]
        if at < len(net.other):
            seen += net.other[at]
            if net.weight[at] < 0.0:
                seen += 1
    now.touched += seen


@inlined
def points_of(state, now, rules, tables, protected, net, ground, p, day, silent):
    """The points of infector ``p`` on its day, and its next day; ``silent``: nobody is infected by them."""
    observed = tables.steps[day].observed
    rate = rate_of(state.people, state.flags, rules, tables, p, day)
    key = fold(fold(now.keys[CONTACTS], p), day)
    at = np.float64(state.people[p].point)
    number = 0
    passed = 0.0
    measured = len(ground.measures) > 0
    for row in range(net.first[observed, p], net.first[observed, p + 1]):
        passed += net.weight[row]
        if at >= passed:
            continue
        q = net.other[row]
        if not silent and state.flags[q] & REACHABLE == SUSCEPTIBLE:
            left = 1.0
            if rules.vaccinated:
                left *= vaccine_factor(rules, protected, p, q, day)
            if measured:
                left *= factor_of(ground, now, p, q, net.weight[row], net.place[row], day, observed)
            if left < 1.0:  # this point is kept, or one of those behind it
                left = 1.0 - (1.0 - left) * math.exp(-left * rate * (passed - at))
            if left >= 1.0 or unit(fold(key, number + 1)) < left:
                candidate(state.people, state.lists, now, p, q, unit(fold(key, number + 2)), net.place[row])
        at = passed - math.log(1.0 - unit(fold(key, number))) / rate
        number += 3
    next_points(state.people, state.flags, rules, tables, p, day + 1, (at - passed) * rate)
    reschedule(state, rules, p, day)


@kernel
def contacts(state, now, rules, tables, protected, net, ground, day):
    """Everybody with points today; those of the isolated, and where that stops it of the quarantined, are silent."""
    stopped = CONFINED if rules.stops_onward else ISOLATED
    touch_rows(net, state.lists, now, ACTIVE, now.in_active, tables.steps[day].observed)
    for i in range(now.in_active):
        p = state.lists[ACTIVE, i]
        points_of(state, now, rules, tables, protected, net, ground, p, day, state.flags[p] & stopped != 0)
    now.in_active = 0
    infect_candidates(state, now, rules, tables, protected, day)
