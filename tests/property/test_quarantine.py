"""The state machine of isolation and quarantine: the kernels beside a plain model of one person, under any history.

And whole runs, looked at day by day: who is infected was free, who infects was not isolated (nor quarantined where that
stops it), confinement lasts the days it should.
"""

import math

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.scenarios.kernels import arrays, confinement, people
from engine.scenarios.model import (
    Distribution,
    HalfNormal,
    Initial,
    Isolation,
    Measures,
    Outside,
    Quarantine,
    Tracing,
    TracingMethod,
    Transmission,
)
from engine.scenarios.model import (
    Testing as Checks,
)
from tests.scenarios.sim_worlds import random_world, simulation, walk

QUARTERS = st.integers(0, 40).map(lambda n: n / 4 + 0.125)
"""Delays, never on a border of days."""


class OnePerson(RuleBasedStateMachine):
    """One person who is found, falls ill, is tested negative, and lives on from day to day."""

    @initialize(extend=st.booleans(), isolation=st.integers(1, 9), quarantine=st.integers(1, 9))
    def begin(self, extend: bool, isolation: int, quarantine: int) -> None:
        self.rules = np.zeros(1, arrays.RULES)[0]
        self.rules["isolation_days"] = self.isolation_days = isolation
        self.rules["quarantine_days"] = self.quarantine_days = quarantine
        self.rules["quarantine_compliance"] = 1
        self.rules["extend"] = self.extend = extend
        self.now = np.zeros(1, arrays.NOW)[0]
        self.records, self.flags = people.fresh(1), np.array([people.SUSCEPTIBLE], np.uint8)
        self.day = 1
        self.isolate_at = self.quarantine_at = self.release_at = math.inf
        self.isolated = self.quarantined = False

    def _plan_release(self) -> None:
        if self.isolate_at <= self.quarantine_at:
            self.release_at = self.isolate_at + self.isolation_days
        else:
            self.release_at = self.quarantine_at + self.quarantine_days

    @rule(delay=QUARTERS)
    def found(self, delay: float) -> None:
        if self.isolated or (self.quarantined and not self.extend):
            return
        confinement.order_quarantine(self.records, self.flags, self.now, self.rules, 0, self.day, delay, False)
        if self.quarantined:
            self.release_at = max(self.release_at, self.day + self.quarantine_days)
        else:
            self.quarantine_at = self.day + delay
            self._plan_release()

    @rule(delay=QUARTERS)
    def falls_ill(self, delay: float) -> None:
        if self.isolate_at < math.inf or self.isolated or self.quarantined:
            return
        self.records["isolate_at"] = self.isolate_at = self.day + delay
        confinement.set_release(self.rules, self.records, 0)
        self._plan_release()

    @rule()
    def tested_negative(self) -> None:
        if self.release_at < math.inf:
            self.records["release_at"] = self.release_at = min(self.release_at, self.day + 0.125)

    @rule(days=st.integers(1, 12))
    def days_pass(self, days: int) -> None:
        for _ in range(days):
            self.day += 1
            confinement.pass_times(self.records, self.flags, self.now, 0, self.day)
            self.isolated |= self.day > self.isolate_at
            self.quarantined |= self.day > self.quarantine_at
            if self.day > self.release_at:
                self.isolated = self.quarantined = False
                self.isolate_at = self.quarantine_at = self.release_at = math.inf

    @invariant()
    def both_agree(self) -> None:
        if not hasattr(self, "flags"):
            return
        assert bool(self.flags[0] & people.ISOLATED) is self.isolated
        assert bool(self.flags[0] & people.QUARANTINED) is self.quarantined
        assert (self.now["isolated"], self.now["quarantined"]) == (self.isolated, self.quarantined)
        assert self.now["false_quarantined"] == self.quarantined, "never infected"
        for name in ("isolate_at", "quarantine_at", "release_at"):
            assert float(self.records[name][0]) == getattr(self, name)

    @invariant()
    def held_only_with_a_release(self) -> None:
        if hasattr(self, "flags") and (self.isolated or self.quarantined):
            assert self.day <= self.release_at < math.inf


TestOnePerson = OnePerson.TestCase
TestOnePerson.settings = settings(max_examples=60, stateful_step_count=25)

DELAY = Distribution(exponential=1.4)
WORLD = random_world(120, 6, seed=11)
PROFILES = {"he-2020": "he-2020", "half-normal": HalfNormal()}


def run(stops: bool = True, extend: bool = False, testing: Checks | None = None, profile: object = "he-2020"):
    """An outbreak with tracing of two levels."""
    return simulation(
        Measures(
            isolation=Isolation(delay=DELAY, days=6),
            tracing=Tracing(depth=2, methods=(TracingMethod(ascertainment=0.6),)),
            quarantine=Quarantine(days=9, stops_onward=stops, extend=extend),
            testing=testing,
        ),
        days=50,
        initial=Initial(infected=4),
        outside=Outside(rate=0.002),
        transmission=Transmission(scale=0.3, profile=profile),
        course={"incubation": Distribution(gamma=(5, 4)), "asymptomatic_share": 0.3},
    )


def held(flags: np.ndarray, what: int) -> np.ndarray:
    return (flags & what) != 0


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("stops", [True, False])
def test_nobody_is_infected_in_confinement_or_by_the_confined(stops: bool, profile: str) -> None:
    by_the_quarantined = 0
    for replicate in range(6):
        morning, infected = np.zeros(WORLD.people, np.uint8), None
        for day, when, state in walk(WORLD, run(stops, profile=PROFILES[profile]), replicate):
            if when == "due":
                morning = state.flags.copy()
                continue
            new = state.people["infected_on"] == day
            if infected is not None:
                assert not held(morning[new], people.CONFINED).any(), "confined people are not infected"
                infectors = state.people["infector"][new]
                infectors = infectors[infectors >= 0]
                assert not held(morning[infectors], people.ISOLATED).any(), "the isolated infect nobody"
                by_the_quarantined += int(held(morning[infectors], people.QUARANTINED).sum())
            infected = new
    assert (by_the_quarantined > 0) is not stops


def test_confinement_lasts_its_days_and_begins_anew() -> None:
    """Release falls 6 days after isolation or 9 after quarantine, whichever began first; people enter again."""
    again, lengths = 0, set()
    for replicate in range(6):
        since = np.full(WORLD.people, -1)
        entered = np.zeros(WORLD.people, int)
        due = np.full(WORLD.people, np.inf)
        for day, when, state in walk(WORLD, run(), replicate):
            if when != "due":
                due = state.people["release_at"].copy()
                continue
            inside = held(state.flags, people.CONFINED)
            out = (since >= 0) & ~inside
            assert (due[out] < day).all()
            assert (due[out] >= day - 1).all(), "on the first day after the moment of release"
            assert not np.isfinite(state.people["release_at"][out]).any(), "times are cleared"
            lengths |= set((day - since[out]).tolist())
            since[out] = -1
            entered += inside & (since < 0)
            since[inside & (since < 0)] = day
        again += int((entered > 1).sum())
    assert again > 0
    assert max(lengths) == 9
    assert {6, 9} <= lengths


def test_found_again_extends_only_where_it_is_allowed() -> None:
    def longest(extend: bool) -> int:
        best = 0
        for replicate in range(4):
            count = np.zeros(WORLD.people, int)
            for _, when, state in walk(WORLD, run(extend=extend), replicate):
                if when == "due":
                    count = np.where(held(state.flags, people.QUARANTINED), count + 1, 0)
                    best = max(best, int(count.max()))
        return best

    assert longest(False) <= 9
    assert longest(True) > 9


def test_a_negative_test_releases_on_the_next_day() -> None:
    done = 0
    for day, when, state in walk(WORLD, run(testing=Checks(sensitivity=0, false_positive=0))):
        tested = state.people["test_at"] == people.DONE
        if when == "end":
            done += int(tested.sum())
            assert (state.people["release_at"][tested] < day + 1).all()
        else:
            assert not tested.any(), "free again, and to be tested again when found again"
    assert done > 0
