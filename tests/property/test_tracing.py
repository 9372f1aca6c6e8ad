"""Tracing on the Engine equals the exhaustive oracle, and obeys what follows from it."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exposure.policies import PRESETS
from tests.oracles import cases, tracing
from tests.oracles.state import fold
from tests.property.answers import COMMON, assert_same_rows
from tests.property.conftest import EXTRA
from tests.strategies import (
    DAY,
    DAYS,
    PEOPLE,
    T0,
    check_ins,
    long_worlds,
    moments,
    sightings,
    until_moments,
    worlds,
)  # fmt: skip
from tests.worlds import World, load, load_sorted

POLICIES = {**PRESETS, **EXTRA}
LATE = T0 + (DAYS + 2) * DAY


@settings(**COMMON)
@given(worlds(), until_moments(), st.sampled_from(sorted(POLICIES)))
def test_exposures_equal_the_exhaustive_oracle(world: World, until: int, policy: str) -> None:
    engine, state = load_sorted(world), fold(world)
    for seed in cases.f0s(state):
        answer = tracing.forward(state, seed, POLICIES[policy], until, 4)
        assert_same_rows(engine.exposures(seed, depth=4, policy=policy, until=until), answer)


@settings(**COMMON)
@given(worlds(), until_moments(), st.sampled_from(sorted(POLICIES)))
def test_sources_equal_the_exhaustive_oracle(world: World, until: int, policy: str) -> None:
    engine, state = load_sorted(world), fold(world)
    for seed in cases.f0s(state):
        answer = tracing.backward(state, seed, POLICIES[policy], until, 3)
        assert_same_rows(engine.sources(seed, depth=3, policy=policy, until=until), answer)


@settings(**COMMON)
@given(long_worlds(), st.sampled_from(("vn-2021-07", "test-latent", "test-single")))
def test_long_chains_equal_the_exhaustive_oracle(world: World, policy: str) -> None:
    engine, state = load_sorted(world), fold(world)
    answer = tracing.forward(state, "r0", POLICIES[policy], LATE, 6)
    assert_same_rows(engine.exposures("r0", depth=6, policy=policy, until=LATE), answer)
    back = tracing.backward(state, "r0", POLICIES[policy], LATE, 6, since=T0)
    assert_same_rows(engine.sources("r0", depth=6, policy=policy, until=LATE, since=T0), back)


@settings(**COMMON)
@given(
    st.lists(st.tuples(st.integers(0, 72 * 6), st.sampled_from((3, 5, 9, 12))), min_size=2, max_size=9),
    st.sampled_from(("who", "cdc", "test-24h", "test-single")),
)
def test_minutes_add_up_as_the_policy_says(meetings: list[tuple[int, int]], policy: str) -> None:
    """Two people who meet now and then over three days: enough together, not enough in any one day."""
    world: World = [("case", {"person": "s", "onset_at": T0 + DAY})]
    for n, minutes in meetings:
        event = {"person": "s", "peer": "y", "at": T0 + n * 600, "attenuation_db": 50.0}
        world.append(("bluetooth", {**event, "duration_s": minutes * 60}))
    engine, state = load_sorted(world), fold(world)
    answer = tracing.forward(state, "s", POLICIES[policy], LATE, 1)
    assert_same_rows(engine.exposures("s", depth=1, policy=policy, until=LATE), answer)


@settings(**COMMON)
@given(worlds())
def test_until_defaults_to_data_time(world: World) -> None:
    engine, state = load_sorted(world), fold(world)
    data_time = cases.data_time(state, 2**40)
    assert engine.data_time == data_time
    for seed in cases.f0s(state):
        answer = tracing.forward(state, seed, POLICIES["vn-2021-07"], data_time, 2)
        assert_same_rows(engine.exposures(seed, depth=2), answer)


@settings(**COMMON)
@given(worlds(), until_moments(), st.sets(st.sampled_from(("bluetooth", "check_in", "location")), min_size=1))
def test_channels_narrow_the_evidence(world: World, until: int, channels: set[str]) -> None:
    engine, state, only = load_sorted(world), fold(world), frozenset(channels)
    for seed in cases.f0s(state):
        answer = tracing.forward(state, seed, POLICIES["vn-2021-07"], until, 3, channels=only)
        assert_same_rows(engine.exposures(seed, depth=3, until=until, channels=only), answer)


@settings(**COMMON)
@given(worlds(), until_moments(), st.floats(0, 0.01))
def test_rows_are_ordered_and_min_probability_only_hides(world: World, until: int, least: float) -> None:
    engine = load_sorted(world)
    for case in engine.cases():
        rows = engine.exposures(case.person, depth=3, until=until).rows
        order = [(r.level, -r.probability, r.first_exposed_at, r.person) for r in rows]
        assert order == sorted(order)
        kept = engine.exposures(case.person, depth=3, until=until, min_probability=least).rows
        assert kept == tuple(r for r in rows if r.probability >= least)


@settings(**COMMON)
@given(worlds(changes=False), until_moments(), st.one_of(sightings(), check_ins()))
def test_one_more_contact_never_raises_a_level(world: World, until: int, extra: Any) -> None:
    before, after = load_sorted(world), load_sorted([*world, extra])
    for case in before.cases():
        levels = {r.person: r.level for r in after.exposures(case.person, depth=4, until=until).rows}
        for row in before.exposures(case.person, depth=4, until=until).rows:
            assert levels[row.person] <= row.level


@settings(**COMMON)
@given(worlds(f0_count=0), st.sampled_from(("vn-2021-07", "pc-covid")), st.integers(0, DAYS * 8))
def test_forward_and_backward_are_dual(world: World, policy: str, n: int) -> None:
    """y is Fk of x if and only if x is a k-step source of y, when both look at the same time."""
    x, y = PEOPLE[0], PEOPLE[1]
    onset = T0 + n * 10_800
    pair: World = [("case", {"person": x, "onset_at": onset}), ("case", {"person": y, "onset_at": LATE})]
    engine = load_sorted([*world, *pair])
    forward = engine.exposures(x, depth=4, policy=policy, until=LATE)
    backward = engine.sources(y, depth=4, policy=policy, until=LATE, since=forward.window.start)
    onward = {r.person: r for r in forward.rows}.get(y)
    home = {r.person: r for r in backward.rows}.get(x)
    assert (onward and onward.level) == (home and home.level)
    if onward is not None and onward.level == 1:
        assert home is not None
        assert (onward.first_exposed_at, onward.last_exposed_at) == (
            home.first_exposed_at,
            home.last_exposed_at,
        )
        assert onward.minutes == pytest.approx(home.minutes)


@settings(**COMMON)
@given(worlds(), until_moments(), st.sampled_from(PEOPLE), moments())
def test_contacts_of_the_isolated_do_not_count(world: World, until: int, who: str, at: int) -> None:
    meeting = {"person": who, "peer": "stranger", "at": at, "duration_s": 900, "attenuation_db": 45.0}
    order = ("quarantine", {"person": who, "started_at": at})
    engine = load([*world, ("bluetooth", meeting), order])
    for case in engine.cases():
        rows = engine.exposures(case.person, depth=4, until=until).rows
        assert "stranger" not in {r.person for r in rows}
        for row in rows:
            closed = engine.person(row.via).isolated_at
            assert closed is None or row.first_exposed_at < closed


@settings(**COMMON)
@given(worlds(), until_moments())
def test_chains_realise_the_levels(world: World, until: int) -> None:
    engine = load_sorted(world)
    for case in engine.cases():
        for row in engine.exposures(case.person, depth=3, until=until).rows:
            chain = engine.chains(row.person, case=case.person, until=until, depth=3)[0]
            links = chain.links
            assert (chain.level, len(links), links[0].source) == (row.level, row.level, case.person)
            assert (links[-1].source, links[-1].person) == (row.via, row.person)
            assert all(a.person == b.source for a, b in pairwise(links))
            assert links[-1].first_exposed_at == row.first_exposed_at
            assert all(link.contacts for link in links)


@settings(**COMMON)
@given(worlds(), until_moments())
def test_a_single_case_counts_its_f1_and_f2(world: World, until: int) -> None:
    engine = load_sorted(world)
    for case in engine.cases(until=until):
        levels = [r.level for r in engine.exposures(case.person, depth=2, until=until).rows]
        counts = engine.case(case.person, until=until).counts
        assert counts == {"F1": levels.count(1), "F2": levels.count(2)}


@settings(**COMMON)
@given(worlds())
def test_a_persons_level_is_the_least_over_all_cases(world: World) -> None:
    engine, state = load_sorted(world), fold(world)
    now = cases.data_time(state, 2**40)
    known = cases.f0s(state)
    levels: dict[str, int] = {}
    for seed in known:
        for row in tracing.forward(state, seed, POLICIES["vn-2021-07"], now, 2).rows.values():
            levels[row.person] = min(row.level, levels.get(row.person, 9))
    levels |= dict.fromkeys(known, 0)
    for person, level in levels.items():
        assert engine.person(person).level == level
