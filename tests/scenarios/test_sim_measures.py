"""Each measure that acts on contacts, each way infection begins: small worlds whose answer is plain."""

import numpy as np
import pytest

from engine import params
from engine.errors import ScenarioError
from engine.scenarios.model import (
    CapacityLimit,
    Closure,
    Course,
    Distribution,
    HalfNormal,
    Initial,
    Lockdown,
    Masks,
    Measures,
    Outside,
    Population,
    Quarantine,
    Removal,
    Tracing,
    TracingMethod,
    Transmission,
    Vaccination,
    fixed,
)
from engine.scenarios.model import (
    Testing as Checks,
)
from engine.scenarios.plan import prepare
from engine.scenarios.run_one import simulate
from tests.scenarios.sim_worlds import TABLED, many, placed, random_world, simulation, total, world_of

HOME, MARKET = tuple(params.PLACE_KINDS).index("home"), tuple(params.PLACE_KINDS).index("market")
ROUND = [(0, i, (i + 1) % 20) for i in range(20)]
"""Twenty people in a ring."""
FIRST = Initial(from_cases=True)
"""The person of ``one``, infected on day 0."""


def one(person: int) -> dict[str, object]:
    """Columns of a world whose only known case falls ill on day 4.5, so that it was infected on day 0."""
    return {"case_person": np.array([person], np.int32), "case_onset": np.array([4.5])}


def ring(place: int = -1, **more):
    world = world_of(20, [(0, a, b, 1.0, place, 8) for _, a, b in ROUND], **more)
    return world


def infected(world, measures=None, **more) -> int:
    return total(simulate(world, simulation(measures, **more), 0))


def test_everybody_is_reached_where_everybody_met_is_infected() -> None:
    outcome = simulate(ring(), simulation(initial=Initial(infected=1)), 3, chains=True)
    assert total(outcome) == 20
    # Latent for a day, so one step of the ring in each direction every day.
    assert outcome.column("infections")[:12].tolist() == [1, *[2] * 9, 1, 0]


def test_scale_0_infects_nobody_but_the_first_and_those_from_outside() -> None:
    run = {"transmission": Transmission(scale=0, profile="flat")}
    assert infected(ring(), **run) == 1
    assert infected(ring(), **run, outside=Outside(days={3: 4})) == 5
    assert infected(ring(), transmission=Transmission(scale=0, profile=HalfNormal())) == 1


def test_seasonality_multiplies_the_day() -> None:
    run = Transmission(scale=1000, profile="flat", seasonality=(0, 0, 0, 1, 0, 0, 0))
    outcome = simulate(ring(), simulation(transmission=run, initial=Initial(infected=1)), 0)
    assert set(np.flatnonzero(outcome.column("infections"))) <= {0, 3, 10, 17, 24, 31, 38}


@pytest.mark.parametrize("profile", ["flat", HalfNormal(sd_after=5)])
def test_closures_and_limits_need_the_place(profile) -> None:
    run = {"transmission": Transmission(scale=1000, profile=profile), "initial": Initial(infected=1)}
    market = ring(0, places=placed(ring(), [MARKET], [20]))
    assert infected(market, Measures(closures=(Closure(kinds=("market",)),)), **run) == 1
    assert infected(market, Measures(closures=(Closure(kinds=("cafe",)),)), **run) > 1
    assert infected(market, Measures(closures=(Closure(kinds=("market",), end=2, start=1),)), **run) > 1
    assert infected(market, Measures(capacity_limits=(CapacityLimit(max_people=20),)), **run) == infected(market, **run)


def test_a_limit_lets_a_random_part_in() -> None:
    """Each end of a contact gets in with chance 5/20, so a sixteenth of the contacts is left."""
    world = world_of(
        2000, [(0, 0, i, 1.0, 0, 8) for i in range(1, 2000)], **one(0), places=placed(ring(), [MARKET], [20])
    )
    run = simulation(Measures(capacity_limits=(CapacityLimit(max_people=5),)), initial=FIRST, days=2)
    got = [total(o) - 1 for o in many(world, run, 400)]
    came = np.array(got) > 0
    assert came.mean() == pytest.approx(0.25, abs=0.08)
    assert np.array(got)[came].mean() == pytest.approx(1999 / 4, rel=0.1)


def test_lockdowns_spare_households_and_close_the_border() -> None:
    area = np.array([0] * 10 + [1] * 10, np.int32)
    world = ring(area=area, areas=("A", "B"), parents=(("A", "P"), ("B", "P")))
    inside = Measures(lockdowns=(Lockdown(areas=("A",), factor=0),))
    assert infected(world, inside, initial=Initial(infected=20)) == 20
    sizes = {infected(world, inside, initial=Initial(infected=1), seed=s) for s in range(12)}
    assert sizes == {1, 10}, "nobody leaves or enters A, nobody in A meets, B goes on among itself"
    open_border = Measures(lockdowns=(Lockdown(areas=("A",), factor=1, closed=False),))
    assert infected(world, open_border, initial=Initial(infected=1)) == 20
    assert infected(world, Measures(lockdowns=(Lockdown(areas=("P",), factor=0),)), initial=Initial(infected=1)) == 1
    homes = ring(area=area, areas=("A", "B"), parents=(("A", "P"), ("B", "P")), household=np.zeros(20, np.int32))
    assert infected(homes, Measures(lockdowns=(Lockdown(areas=("P",), factor=0),)), initial=Initial(infected=1)) == 20


def test_a_lockdown_by_cells_is_about_homes_in_them() -> None:
    import h3.api.basic_int as h3

    cell = h3.latlng_to_cell(10.77, 106.7, 9)
    away = h3.latlng_to_cell(21.03, 105.85, 9)
    world = ring(cell=np.array([cell] * 19 + [away], np.uint64))
    locked = Measures(lockdowns=(Lockdown(cells=(h3.int_to_str(h3.cell_to_parent(cell, 6)),), factor=0),))
    assert infected(world, locked, initial=Initial(infected=1)) == 1


def test_masks_work_at_both_ends() -> None:
    def share(**mask) -> float:
        run = simulation(
            Measures(masks=(Masks(coverage=1, **mask),)),
            initial=FIRST,
            days=2,
            transmission=Transmission(scale=0.01, profile="flat"),
        )
        world = world_of(3000, [(0, 0, i) for i in range(1, 3000)], **one(0))
        return sum(total(o) - 1 for o in many(world, run, 60)) / 60 / 2999 / 0.01

    assert share(source_efficacy=0, wearer_efficacy=0) == pytest.approx(1, abs=0.1)
    assert share(source_efficacy=0.5, wearer_efficacy=0) == pytest.approx(0.5, abs=0.08)
    assert share(source_efficacy=0.5, wearer_efficacy=0.5) == pytest.approx(0.25, abs=0.06)
    assert share(source_efficacy=1, wearer_efficacy=0) == 0
    assert share(source_efficacy=1, wearer_efficacy=1, kinds=()) == 0


def test_vaccines_protect_groups_in_order() -> None:
    group = np.array([0] * 10 + [1] * 10, np.int16)
    world = ring(group=group, groups=("old", "young"), **one(15))
    run = {"initial": FIRST}
    full = {"against_infection": 1, "against_transmission": 1}
    everybody = Measures(vaccination=Vaccination(coverage={"all": 1}, **full))
    assert infected(world, everybody, **run) == 1
    assert infected(world, Measures(vaccination=Vaccination(coverage={"old": 1}, **full)), **run) == 10
    slow = Vaccination(per_day=20, order=("old",), protection_after_d=2, **full)
    assert infected(world, Measures(vaccination=slow), **run) < 20
    assert infected(world, Measures(vaccination=slow.model_copy(update={"per_day": 0})), **run) == 20
    mild = Measures(
        vaccination=Vaccination(coverage={"all": 1}, against_infection=0, against_transmission=0, against_symptoms=1)
    )
    outcome = simulate(world, simulation(mild, **run), 0, chains=True)
    assert outcome.infections is not None
    assert outcome.infections.symptomatic.tolist() == [True] + [False] * 19, "the known case has symptoms"
    assert total(outcome) == 20


def test_contacts_taken_away_are_the_same_all_run_long() -> None:
    world = random_world(400, 8, weights=True)

    def left(share: float, **limits: float) -> list[int]:
        run = simulation(
            population=Population(table=TABLED.table, remove=(Removal(share=share, **limits),)),
            days=60,
        )
        return [total(o) for o in many(world, run, 5)]

    assert left(1) == [1] * 5
    assert left(1, min_weight=4) == left(0)
    assert np.mean(left(0.9)) < np.mean(left(0.5)) <= np.mean(left(0))


def test_importations_are_poisson_and_named_days_exact() -> None:
    world = world_of(5000, [(0, 0, 1)])
    run = simulation(outside=Outside(importations=3, days={5: 7, 39: 2}), days=40, initial=Initial(infected=0))
    outcomes = many(world, run, 30)
    came = np.array([o.column("outside_infections") for o in outcomes])
    assert came[:, 0].sum() == 0
    assert (came[:, 5] >= 7).all()
    drawn = np.delete(came, [0, 5, 39], axis=1)
    assert drawn.mean() == pytest.approx(3, abs=0.2)
    assert drawn.var() == pytest.approx(3, abs=0.5)


def test_the_rate_from_outside_is_each_persons() -> None:
    world = world_of(5000, [(0, 0, 1)])
    run = simulation(outside=Outside(rate=0.01), days=11, initial=Initial(infected=0))
    got = np.array([total(o) for o in many(world, run, 60)]) / 5000
    assert got.mean() == pytest.approx(1 - 0.99**10, abs=0.002)
    assert total(simulate(world, simulation(outside=Outside(rate=1), days=2, initial=Initial(infected=0)), 0)) == 5000


def test_named_people_known_cases_and_the_immune() -> None:
    world = ring(case_person=np.array([4, 7], np.int32), case_onset=np.array([-20.0, -1.0]), named=(2, 3))
    named = simulate(world, simulation(population=TABLED, initial=Initial(people=("a", "b")), days=1), 0, chains=True)
    assert named.infections is not None
    assert named.infections.person.tolist() == [2, 3]
    known = simulate(world, simulation(initial=Initial(from_cases=True), days=3), 0, chains=True)
    assert known.infections is not None
    tree = known.infections
    assert tree.person[:2].tolist() == [4, 7]
    assert tree.onset[:2].tolist() == [-20, -1]
    assert tree.person[2:4].tolist() == [6, 8]
    assert 4 not in tree.infector, "it recovered before the run"
    assert infected(ring(), initial=Initial(infected=1, immune_share=1)) == 0
    immune = simulate(world, simulation(initial=Initial(infected=1, immune_share=0.5)), 0)
    assert 0 < immune.column("susceptible")[0] < 19


def test_the_dead_are_counted_and_infect_nobody() -> None:
    run = simulation(
        course=Course(incubation=fixed(4.5), latent=fixed(3), death=fixed(0.1), fatality=1, asymptomatic_share=0),
        initial=Initial(infected=5),
        transmission=Transmission(scale=0, profile="flat"),
    )  # fmt: skip
    outcome = simulate(ring(), run, 0)
    assert outcome.column("deaths").nonzero()[0].tolist() == [5]
    assert total(outcome, "deaths") == 5
    assert outcome.column("infectious").nonzero()[0].tolist() == [3, 4]


def test_what_a_world_does_not_have_is_refused() -> None:
    world = ring()
    for measures, word in (
        (Measures(closures=(Closure(kinds=("market",)),)), "places"),
        (Measures(lockdowns=(Lockdown(areas=("760",)),)), "760"),
        (Measures(quarantine=Quarantine(household=True)), "household"),
        (Measures(vaccination=Vaccination(coverage={"old": 1})), "old"),
        (
            Measures(tracing=Tracing(methods=(TracingMethod(channels=("bluetooth",)),)), quarantine=Quarantine()),
            "there are: table",
        ),
    ):
        with pytest.raises(ScenarioError, match=word):
            prepare(world, simulation(measures))
    with pytest.raises(ScenarioError, match=r"initial.infected"):
        prepare(world, simulation(initial=Initial(infected=21)))
    with pytest.raises(ScenarioError, match=r"from_cases"):
        prepare(world, simulation(initial=Initial(from_cases=True)))
    with pytest.raises(ScenarioError, match=r"outside.days"):
        prepare(world, simulation(outside=Outside(days={0: 1})))


def test_observed_weeks_are_repeated() -> None:
    """Contacts on observed day 2 of 7: the run's days 2, 9, 16 ..."""
    world = world_of(3, [(2, 0, 1), (2, 1, 2)], days=7, **one(0))
    outcome = simulate(
        world, simulation(initial=FIRST, course=Course(incubation=fixed(3), latent=fixed(0), recovery=fixed(30))), 0
    )
    assert np.flatnonzero(outcome.column("infections")).tolist() == [0, 2, 9]


def test_rates_as_small_as_can_be_hit_nobody_and_great_numbers_end() -> None:
    world = world_of(300, [(0, 0, 1)])
    for rate in (5e-324, 1e-300, 1e-18, 1e-16):
        tests = Measures(testing=Checks(of=("random",), rate=rate))
        assert infected(world, tests, outside=Outside(rate=rate), initial=Initial(infected=0)) == 0
    for outside in (Outside(importations=1e15), Outside(days={1: 10**18})):
        assert infected(world, outside=outside, initial=Initial(infected=0), days=3) == 300


def test_times_of_many_years_are_only_late() -> None:
    slow = Distribution(exponential=1e9)
    for profile in ("flat", HalfNormal(presymptomatic_share=1)):
        run = simulation(
            course=Course(incubation=slow, latent=slow, recovery=slow, asymptomatic_share=0),
            transmission=Transmission(scale=1000, profile=profile),
            initial=Initial(infected=5),
            days=2000,
        )
        assert {total(o) for o in many(ring(), run, 5)} == {5}
    wide = Distribution(lognormal=(700, 90))
    assert infected(ring(), course=Course(incubation=wide, latent=wide, recovery=wide)) >= 1


def test_a_weight_reaches_the_limit_that_is_written_as_it_is() -> None:
    world = world_of(20, [(0, i, (i + 1) % 20, 0.1) for i in range(20)])

    def left(**limits: float) -> int:
        table = Population(table=TABLED.table, remove=(Removal(share=1, **limits),))
        return infected(world, population=table, initial=Initial(infected=1))

    assert left(max_weight=0.1) == left(min_weight=0.1) == 1
    assert left(max_weight=0.09) == left(min_weight=0.11) == 20
