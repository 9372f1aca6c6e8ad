"""Tracing and tests in worlds whose answer is plain."""

import numpy as np
import pytest

from engine.scenarios.model import (
    Course,
    Distribution,
    Initial,
    Isolation,
    Measures,
    Outside,
    Quarantine,
    Tracing,
    TracingMethod,
    Transmission,
    fixed,
)
from engine.scenarios.model import (
    Testing as Checks,
)
from engine.scenarios.run_one import simulate
from engine.scenarios.world import BLUETOOTH, CHECK_IN
from tests.scenarios.sim_worlds import many, simulation, total, walk, world_of

AT_ONCE = fixed(0)
SURE = TracingMethod(ascertainment=1, delay=AT_ONCE)
NO_SPREAD = Transmission(scale=0, profile="flat")
KNOWN = {"case_person": np.array([0], np.int32), "case_onset": np.array([4.5])}
CASE = Initial(from_cases=True)
"""Person 0 falls ill on day 4.5 and is traced on day 5."""


def measures(tracing: Tracing, quarantine: Quarantine | None = None, **more) -> Measures:
    return Measures(tracing=tracing, quarantine=quarantine or Quarantine(), **more)


def run(rows, tracing: Tracing, quarantine: Quarantine | None = None, people=8, days=1, world=None, **more):
    """One run without transmission; the columns of the day of tracing."""
    where = world_of(people, rows, days=days, **(KNOWN | (world or {})))
    made = measures(tracing, quarantine, **more)
    return simulate(where, simulation(made, initial=CASE, transmission=NO_SPREAD), 0)


CHAIN = [(0, i, i + 1) for i in range(7)]


@pytest.mark.parametrize(("depth", "found"), [(1, 1), (2, 3), (3, 4), (4, 5)])
def test_depth_counts_steps_from_the_case(depth: int, found: int) -> None:
    """1: the neighbour. 2: also the neighbour's neighbour, and the case itself. And so on."""
    outcome = run(CHAIN, Tracing(depth=depth, methods=(SURE,)))
    assert outcome.column("traced").nonzero()[0].tolist() == [5]
    assert total(outcome, "traced") == found
    assert outcome.column("quarantined").nonzero()[0].tolist() == list(range(6, 20))


def test_deeper_levels_go_through_all_contacts_or_the_found_ones() -> None:
    star = [(0, 0, i) for i in range(1, 101)] + [(0, i, 100 + i) for i in range(1, 101)]
    half = TracingMethod(ascertainment=0.5, delay=AT_ONCE)

    def traced(only_found: bool) -> float:
        made = measures(Tracing(depth=2, only_found=only_found, methods=(half,)))
        where = world_of(201, star, **KNOWN)
        outcomes = many(where, simulation(made, initial=CASE, transmission=NO_SPREAD, days=7), 40)
        return float(np.mean([total(o, "traced") for o in outcomes]))

    # Every contact by its edge, every contact of a contact by its own; and the case itself by any of them.
    assert traced(False) == pytest.approx(50 + 50 + 1, abs=3)
    assert traced(True) == pytest.approx(50 + 25 + 1, abs=3)


def test_the_windows_of_dated_contacts() -> None:
    rows = [(day, 0, 1 + day) for day in range(7)]  # person 1 + day was met on that day; the onset is on day 4.5
    forward = run(rows, Tracing(forward_days=2, methods=(SURE,)), days=7)
    assert total(forward, "traced") == 3, "days 3, 4 and 5 (2.5 to the day of tracing)"
    backward = run(rows, Tracing(direction="backward", backward_days=3, forward_days=2, methods=(SURE,)), days=7)
    assert total(backward, "traced") == 1, "day 2 (1.5 to before 2.5)"
    both = run(rows, Tracing(direction="both", backward_days=14, forward_days=2, methods=(SURE,)), days=7)
    assert total(both, "traced") == 6, "days 0 to 5"
    short = run(rows, Tracing(direction="both", backward_days=1, forward_days=2, methods=(SURE,)), days=7)
    assert total(short, "traced") == 3, "both is never less than forward"


def test_deeper_levels_of_dated_contacts_begin_with_the_meeting() -> None:
    rows = [(3, 0, 1), (2, 1, 2), (4, 1, 3)]
    outcome = run(rows, Tracing(depth=2, forward_days=2, methods=(SURE,)), days=7)
    assert total(outcome, "traced") == 3, "1, then 3 and the case, whom 1 met from day 3 on; not 2"


def test_channels_minutes_and_weights() -> None:
    rows = [(3, 0, 1, 5.0, -1, BLUETOOTH), (4, 0, 1, 5.0, -1, BLUETOOTH), (4, 0, 2, 9.0, -1, CHECK_IN)]

    def traced(**way) -> int:
        method = TracingMethod(ascertainment=1, delay=AT_ONCE, **way)
        return total(run(rows, Tracing(methods=(method,)), days=7), "traced")

    assert traced() == 2
    assert traced(channels=("bluetooth",)) == 1
    assert traced(channels=("check_in",)) == 1
    assert traced(channels=("bluetooth", "check_in")) == 2
    assert traced(min_minutes=10) == 1, "five and five minutes on two days"
    assert traced(min_minutes=10.5) == 0
    assert traced(min_weight=9) == 2
    tenth = run([(4, 0, 1, 0.7)], Tracing(methods=(SURE.model_copy(update={"min_weight": 0.7}),)), days=7)
    assert total(tenth, "traced") == 1, "0.7 in single precision is below 0.7"
    assert traced(min_minutes=10, channels=("check_in",)) == 0


def test_ways_work_side_by_side_and_the_fastest_counts() -> None:
    rows = [(0, 0, 1)]
    slow = TracingMethod(name="slow", ascertainment=1, delay=fixed(4))
    fast = TracingMethod(name="fast", ascertainment=1, delay=fixed(1))
    for ways, first in (((slow,), 10), ((fast,), 7), ((slow, fast), 7), ((fast, slow), 7)):
        outcome = run(rows, Tracing(methods=ways))
        assert total(outcome, "traced") == 1
        assert outcome.column("quarantined").nonzero()[0][0] == first


def test_the_app_is_needed_at_both_ends() -> None:
    star = world_of(301, [(0, 0, i) for i in range(1, 301)], **KNOWN)
    way = TracingMethod(ascertainment=1, delay=AT_ONCE, adoption=0.4)
    made = measures(Tracing(methods=(way,)))
    got = [total(o, "traced") for o in many(star, simulation(made, initial=CASE, transmission=NO_SPREAD, days=7), 200)]
    owners = [g for g in got if g]
    assert len(owners) / 200 == pytest.approx(0.4, abs=0.1)
    assert np.mean(owners) / 300 == pytest.approx(0.4, abs=0.02)


def test_capacity_takes_the_oldest_and_patience_ends() -> None:
    people = 12
    pairs = [(0, i, i + 6) for i in range(6)]
    world = {"case_person": np.arange(6, dtype=np.int32), "case_onset": 4 + np.array([0.6, 0.1, 0.5, 0.2, 0.4, 0.3])}
    one_a_day = Tracing(methods=(SURE,), cases_per_day=1, patience=3)
    outcome = run(pairs, one_a_day, people=people, world=world)
    assert outcome.column("traced").nonzero()[0].tolist() == [5, 6, 7, 8], "three days of waiting"
    where = world_of(people, pairs, **world)
    states = walk(where, simulation(measures(one_a_day), initial=CASE, transmission=NO_SPREAD))
    found = [s.people["found_on"].copy() for _, _, s in states][-1]
    assert [int(np.flatnonzero(found == day)[0]) for day in (5, 6, 7, 8)] == [7, 9, 11, 10], "the oldest first"


def test_households_go_along() -> None:
    household = np.array([0, 1, 1, 0, 2, 2, -1, -1], np.int32)
    rows = [(0, 0, 1), (0, 0, 7)]
    alone = run(rows, Tracing(methods=(SURE,)), world={"household": household})
    assert total(alone, "traced") == 2
    along = run(rows, Tracing(methods=(SURE,)), Quarantine(household=True), world={"household": household})
    assert total(along, "traced") == 4, "1 and 7; 2, who lives with 1; 3, who lives with the case"


def test_measures_have_their_days() -> None:
    for tracing, quarantine, traced, held in (
        (Tracing(methods=(SURE,), start=5, end=6), Quarantine(), 1, True),
        (Tracing(methods=(SURE,), start=6), Quarantine(), 0, False),
        (Tracing(methods=(SURE,), end=5), Quarantine(), 0, False),
        (Tracing(methods=(SURE,)), Quarantine(start=6), 1, False),
        (Tracing(methods=(SURE,), on=False), Quarantine(), 0, False),
        (Tracing(methods=(SURE,)), Quarantine(compliance=0), 1, False),
    ):
        outcome = run([(0, 0, 1)], tracing, quarantine)
        assert total(outcome, "traced") == traced
        assert (total(outcome, "quarantined") > 0) is held


def test_a_positive_test_makes_a_case() -> None:
    sure = {"of": ("symptomatic",), "symptomatic_share": 1, "sensitivity": 1, "false_positive": 0}
    late = Checks(delay=fixed(2), result_delay=fixed(3), **sure)
    outcome = run([(0, 0, 1)], Tracing(methods=(SURE,), trigger="positive_test"), testing=late)
    assert outcome.column("tests").nonzero()[0].tolist() == [6]
    assert outcome.column("positives").nonzero()[0].tolist() == [6]
    assert outcome.column("isolated").nonzero()[0].tolist() == list(range(10, 24)), "from the result, 14 days"
    assert outcome.column("traced").nonzero()[0].tolist() == [10]
    both = run([(0, 0, 1)], Tracing(methods=(SURE,), trigger="either"), testing=late)
    assert both.column("traced").nonzero()[0].tolist() == [5], "once a case: at the first of both"


def test_known_cases_are_not_tested_again_for_symptoms_before_the_run() -> None:
    sick = Checks(of=("symptomatic",), symptomatic_share=1, delay=fixed(2))
    known = {"case_person": np.arange(4, dtype=np.int32), "case_onset": np.array([-20.0, -2.1, -1.9, 3.2])}
    outcome = run([(0, 0, 5)], Tracing(on=False, methods=(SURE,)), testing=sick, world=known)
    assert outcome.column("tests").nonzero()[0].tolist() == [1, 5]
    assert total(outcome, "tests") == 2


def test_the_first_of_several_results_to_come_makes_the_case() -> None:
    daily = Checks(of=("random",), rate=1, sensitivity=1, false_positive=0, result_delay=fixed(3))
    outcome = run([(0, 0, 1)], Tracing(methods=(SURE,), trigger="positive_test"), testing=daily)
    assert outcome.column("positives")[1:5].tolist() == [1] * 4
    assert outcome.column("traced").nonzero()[0].tolist() == [5], "tested from day 1 on, known at 4.0"
    assert outcome.column("isolated").nonzero()[0][0] == 5


def test_an_infection_does_not_undo_the_isolation_of_a_false_positive_to_come() -> None:
    wrong = Checks(of=("random",), rate=1, start=1, end=2, sensitivity=0, false_positive=1, result_delay=fixed(4))
    made = Measures(isolation=Isolation(delay=fixed(5)), testing=wrong)
    world = world_of(2, [(0, 0, 1)], **KNOWN)
    run = simulation(made, initial=CASE, transmission=Transmission(scale=1000, profile="flat", seasonality=(0, 0, 1)))
    outcome = simulate(world, run, 0, chains=True)
    assert outcome.infections is not None
    assert outcome.infections.day.tolist() == [0, 2]
    assert outcome.column("isolated")[6] == 1, "person 1, from its result on day 5"


def test_random_tests_their_number_and_their_mistakes() -> None:
    world = world_of(4000, [(0, 0, 1)])
    random = Checks(of=("random",), rate=0.05, false_positive=0.1, sensitivity=(0, 0, 1), positive_isolates=False)
    spread = simulation(
        Measures(testing=random),
        initial=Initial(infected=2000),
        transmission=NO_SPREAD,
        days=6,
        course=Course(incubation=fixed(4.5), latent=fixed(1), asymptomatic_share=1),
    )
    outcomes = many(world, spread, 30)
    tests = np.array([o.column("tests") for o in outcomes])
    assert tests[:, 1:].mean() == pytest.approx(200, rel=0.03)
    true = np.array([o.column("positives") - o.column("false_positives") for o in outcomes]).mean(axis=0)
    assert true[1] == 0, "sensitivity of day 1 is 0"
    assert true[2:].mean() == pytest.approx(100, rel=0.06)
    assert np.mean([o.column("false_positives")[1:] for o in outcomes]) == pytest.approx(10, rel=0.1)


def test_capacity_of_tests_and_their_days() -> None:
    world = world_of(50, [(0, 0, 1)])
    isolation = Isolation(delay=Distribution(exponential=1))
    for testing, most, days in (
        (Checks(per_day=3), 3, range(1, 60)),
        (Checks(start=5, end=7), 50, range(5, 7)),
        (Checks(on=False), 0, range(0)),
    ):
        setting = simulation(
            Measures(isolation=isolation, testing=testing),
            initial=Initial(infected=50),
            outside=Outside(),
            transmission=NO_SPREAD,
        )
        tests = simulate(world, setting, 0).column("tests")
        assert tests.max() <= most
        assert set(np.flatnonzero(tests)) <= set(days)
        assert bool(tests.sum()) is bool(most)
