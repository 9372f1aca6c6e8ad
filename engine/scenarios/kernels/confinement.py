"""The state machine of isolation and quarantine: enter, extend, release, enter again.

A person is free, isolated (a case) or quarantined (a contact). A quarantined person who is isolated as a case counts as
isolated for all it does; the quarantine order runs on until the common release, and is counted.
"""

from engine.kernels.hashing import fold, unit
from engine.scenarios.kernels.compiling import inlined
from engine.scenarios.kernels.people import CONFINED, DETECTED, ISOLATED, NEVER, NOT_YET, QUARANTINED, TO_PLAN
from engine.scenarios.streams import COMPLIANCE


@inlined
def enter_isolation(people, flags, now, p):
    """``p`` is isolated from now on."""
    flags[p] |= ISOLATED
    now.isolated += 1
    if people[p].infected_on < NOT_YET:
        flags[p] |= DETECTED


@inlined
def enter_quarantine(people, flags, now, p):
    """``p`` is quarantined from now on."""
    flags[p] |= QUARANTINED
    now.quarantined += 1
    if people[p].infected_on < NOT_YET:
        flags[p] |= DETECTED
    else:
        now.false_quarantined += 1


@inlined
def release(people, flags, now, p):
    """``p`` is free, and its times are cleared: it can be found, and enter, again."""
    r = people[p]
    f = flags[p]
    if f & ISOLATED:
        now.isolated -= 1
    if f & QUARANTINED:
        now.quarantined -= 1
        if r.infected_on == NOT_YET:
            now.false_quarantined -= 1
    flags[p] = f & ~CONFINED
    r.isolate_at = NEVER
    r.quarantine_at = NEVER
    r.release_at = NEVER
    if r.test_at != TO_PLAN:
        r.test_at = NEVER


@inlined
def set_release(rules, people, p):
    """The release: after the days of whichever of isolation and quarantine comes first."""
    r = people[p]
    if r.isolate_at <= r.quarantine_at:
        r.release_at = r.isolate_at + rules.isolation_days
    else:
        r.release_at = r.quarantine_at + rules.quarantine_days


@inlined
def pass_times(people, flags, now, p, day):
    """Step 1 of a day: what has passed of the times of ``p`` happens."""
    r = people[p]
    if day > r.isolate_at and not flags[p] & ISOLATED:
        enter_isolation(people, flags, now, p)
    if day > r.quarantine_at and not flags[p] & QUARANTINED:
        enter_quarantine(people, flags, now, p)
    if day > r.release_at:
        release(people, flags, now, p)


@inlined
def order_quarantine(people, flags, now, rules, p, day, delay, again):
    """``p`` was found: quarantine after ``delay``, or its extension. Returns whether a time was set (compliance).

    ``again``: found before on this day, by somebody or some way else; the earliest quarantine of a day stands.
    """
    if rules.quarantine_compliance < 1.0 and unit(fold(now.keys[COMPLIANCE], p)) >= rules.quarantine_compliance:
        return False
    r = people[p]
    if flags[p] & QUARANTINED:
        r.release_at = max(r.release_at, day + rules.quarantine_days)
        return True
    moment = day + delay
    if again:
        moment = min(moment, r.quarantine_at)
    r.quarantine_at = moment
    set_release(rules, people, p)
    return True
