"""From a simulation and a world to the arrays that the kernels of a run read: once for all replicates."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.exposure.infectiousness import relative
from engine.scenarios import distributions
from engine.scenarios.kernels import arrays
from engine.scenarios.kernels.protection import Doses
from engine.scenarios.model import Distribution, HalfNormal, Isolation, Quarantine, Simulation, Testing, Tracing
from engine.scenarios.plan_checks import CHANNELS, check
from engine.scenarios.plan_factors import doses, ground
from engine.scenarios.world import World

EVERY = sum(CHANNELS.values())
Numbers = Iterator[tuple[str, object]]


@dataclass(frozen=True)
class Prepared:
    """What all replicates of a run share; nothing in it is ever written."""

    plan: arrays.Plan
    doses: Doses
    dated: bool
    sums: bool
    """Whether tracing adds up minutes or weights."""
    limited: bool
    """Whether tracing or testing has a capacity."""


def prepare(world: World, simulation: Simulation) -> Prepared:
    """The arrays of a run in this world.

    Raises ``ScenarioError``, one line a mistake, for what this world does not have. Cost: one pass over the contacts
    and the people; contacts themselves are not copied.
    """
    check(world, simulation)
    measures = simulation.measures
    isolation = measures.isolation or Isolation(on=False)
    tracing = measures.tracing or Tracing(on=False)
    testing = measures.testing or Testing(on=False)
    times = _times(simulation, isolation, tracing, testing)
    rules = np.zeros(1, arrays.RULES)
    for name, value in _numbers(world, simulation, isolation, tracing, testing):
        rules[0][name] = value
    rules[0]["stepwise"][: len(times)] = [distributions.stepwise(time) for time in times]
    plan = arrays.Plan(
        rules=rules,
        tables=arrays.Tables(
            times=distributions.tables(times),
            profile=_profile(),
            total=_totals(world),
            steps=_steps(world, simulation),
        ),
        sensitivity=np.atleast_1d(np.array(testing.sensitivity, np.float64)),
        case_person=_start(world, simulation)[0],
        case_onset=_start(world, simulation)[1],
        net=_net(world),
        ground=ground(world, simulation),
    )
    sums = any(way.min_minutes or way.min_weight for way in tracing.methods)
    limited = tracing.cases_per_day is not None or testing.per_day is not None
    return Prepared(plan, doses(world, simulation), bool(rules[0]["dated"]), tracing.on and sums, limited)


def _times(simulation: Simulation, isolation: Isolation, tracing: Tracing, testing: Testing) -> list[Distribution]:
    course = simulation.course
    before = [course.incubation, course.latent, course.recovery, course.death, isolation.delay]
    tests = [testing.delay or isolation.delay, testing.result_delay]
    return [*before, *tests, *(way.delay or isolation.delay for way in tracing.methods)]


def _numbers(world: World, simulation: Simulation, isolation: Isolation, tracing: Tracing, testing: Testing) -> Numbers:
    start, outside = simulation.initial, simulation.outside
    vaccination = simulation.measures.vaccination
    yield "days", simulation.days
    yield "dated", world.contacts.days > 1
    yield "infected", 0 if start.people or start.from_cases else start.infected
    yield "immune", start.immune_share
    yield "outside_rate", outside.rate
    yield "importations", outside.importations
    yield "vaccinated", vaccination is not None
    if vaccination is not None:
        yield "against_infection", vaccination.against_infection
        yield "against_transmission", vaccination.against_transmission
        yield "against_symptoms", vaccination.against_symptoms
    yield from _disease(simulation)
    yield from _confinement(isolation, simulation.measures.quarantine)
    yield from _tracing(tracing)
    yield from _testing(testing)


def _disease(simulation: Simulation) -> Numbers:
    course, profile = simulation.course, simulation.transmission.profile
    half = profile if isinstance(profile, HalfNormal) else HalfNormal()
    yield "symptoms", 1 - course.asymptomatic_share
    yield "asymptomatic_factor", course.asymptomatic_factor
    yield "fatality", course.fatality
    yield "scale", simulation.transmission.scale
    yield "half_normal", isinstance(profile, HalfNormal)
    yield "flat", profile == "flat"
    yield "before_share", half.presymptomatic_share
    yield "sd_before", half.sd_before
    yield "sd_after", half.sd_after


def _confinement(isolation: Isolation, ordered: Quarantine | None) -> Numbers:
    quarantine = ordered or Quarantine()
    yield "isolation", isolation.on
    yield "isolation_start", isolation.start
    yield "isolation_end", isolation.end
    yield "isolation_days", isolation.days
    yield "isolation_compliance", isolation.compliance
    yield "quarantine_start", quarantine.start
    yield "quarantine_end", quarantine.end if ordered else 0
    yield "quarantine_days", quarantine.days
    yield "quarantine_compliance", quarantine.compliance
    yield "stops_onward", quarantine.stops_onward
    yield "by_household", quarantine.household
    yield "extend", quarantine.extend


def _tracing(tracing: Tracing) -> Numbers:
    ways = tracing.methods
    fill = [0.0] * (arrays.WAYS - len(ways))
    yield "tracing", tracing.on
    yield "tracing_start", tracing.start
    yield "tracing_end", tracing.end
    yield "depth", tracing.depth
    yield "only_found", tracing.only_found
    yield "forward", tracing.direction != "backward"
    yield "backward", tracing.direction != "forward"
    yield "at_onset", tracing.trigger != "positive_test"
    yield "at_positive", tracing.trigger != "onset"
    yield "forward_days", tracing.forward_days
    yield "backward_days", tracing.backward_days
    yield "cases_per_day", -1 if tracing.cases_per_day is None else tracing.cases_per_day
    yield "patience", tracing.patience
    yield "ways", len(ways)
    yield "ascertainment", [*(way.ascertainment for way in ways), *fill]
    yield "adoption", [*(way.adoption for way in ways), *fill]
    yield "channels", [*(sum(CHANNELS[c] for c in set(way.channels)) or EVERY for way in ways), *fill]
    yield "min_minutes", [*(arrays.single(way.min_minutes) for way in ways), *fill]
    yield "min_weight", [*(arrays.single(way.min_weight) for way in ways), *fill]


def _testing(testing: Testing) -> Numbers:
    yield "testing", testing.on
    yield "testing_start", testing.start
    yield "testing_end", testing.end
    yield "test_confined", testing.on and "isolated_or_quarantined" in testing.of
    yield "test_symptomatic", testing.symptomatic_share if testing.on and "symptomatic" in testing.of else 0
    yield "test_rate", testing.rate if testing.on and "random" in testing.of else 0
    yield "tests_per_day", -1 if testing.per_day is None else testing.per_day
    yield "false_positive", testing.false_positive
    yield "negative_releases", testing.negative_releases
    yield "positive_isolates", testing.positive_isolates


def _steps(world: World, simulation: Simulation) -> arrays.Records:
    steps = np.zeros(simulation.days, arrays.STEP)
    seasons = simulation.transmission.seasonality
    for day in range(simulation.days):
        steps[day] = (world.contacts.day_of(day), seasons[day % len(seasons)], simulation.outside.days.get(day, 0))
    return steps


def _profile() -> arrays.F4:
    width = (arrays.PROFILE_TO - arrays.PROFILE_FROM) * arrays.PROFILE_STEPS
    since = np.arange(width + 1) / arrays.PROFILE_STEPS + arrays.PROFILE_FROM
    return np.asarray(relative(since), np.float32)


def _start(world: World, simulation: Simulation) -> tuple[arrays.I4, arrays.F8]:
    """Who is infected at the start by name or as a known case, and onsets (infinite: infected on day 0)."""
    if simulation.initial.from_cases:
        return np.array(world.case_person, np.int32), np.array(world.case_onset, np.float64)
    named = world.named if simulation.initial.people else ()
    return np.array(named, np.int32), np.full(len(named), np.inf)


def _totals(world: World) -> arrays.F4:
    contacts = world.contacts
    total = np.zeros((contacts.days, world.people), np.float32)
    for day in range(contacts.days):
        first = contacts.first[day]
        low, high = int(first[0]), int(first[-1])
        summed = np.concatenate([[0.0], np.cumsum(contacts.weight[low:high], dtype=np.float64)])
        total[day] = np.diff(summed[first - low])
    return total


def _net(world: World) -> arrays.Net:
    contacts = world.contacts
    return arrays.Net(
        first=arrays.plain(contacts.first, np.int64),
        other=arrays.plain(contacts.other, np.int32),
        weight=arrays.plain(contacts.weight, np.float32),
        minutes=arrays.plain(contacts.minutes, np.float32),
        place=arrays.plain(contacts.place, np.int32),
        channel=arrays.plain(contacts.channel, np.uint8),
    )
