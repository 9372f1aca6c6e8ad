"""Traces in batches are those one by one."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exposure.policies import PRESETS, Policy
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace
from engine.exposure.windows import infectious_window
from engine.scenarios.study_trace import trace_each
from tests.property.answers import COMMON
from tests.property.conftest import EXTRA
from tests.strategies import DAY, DAYS, T0, long_worlds, until_moments, worlds
from tests.worlds import World, load_sorted

FEW: dict[str, Any] = COMMON | {"max_examples": 15}
LATE = T0 + (DAYS + 12) * DAY


def check(world: World, policy: Policy, until: int, depth: int, extra: int = 0) -> None:
    state = load_sorted(world).snapshot()
    seeds = [Seed(f0.person, *infectious_window(f0, policy, until)) for f0 in state.people.cases.values()]
    seeds += [Seed(code, T0, T0 + 2 * DAY) for code in range(min(extra, len(state.person_keys)))]
    question = Question(tuple(seeds), depth, until, policy, state.courses, state.people.isolation)
    found = trace_each(state.graph, state.person_keys, question, 5)
    got: dict[int, dict[int, Any]] = {n: {} for n in range(len(seeds))}
    for row in zip(*(column.tolist() for column in vars(found).values()), strict=True):
        assert row[1] not in got[row[0] - 5], "a person appears twice"
        got[row[0] - 5][row[1]] = row[2:]
    for n, seed in enumerate(seeds):
        alone = trace(state.graph, state.person_keys, replace(question, seeds=(seed,))).reached
        columns = (alone.person, alone.level, alone.first, alone.last, alone.probability)
        expected = {row[0]: row[1:] for row in zip(*(c.tolist() for c in columns), strict=True)}
        assert {p: r[:3] for p, r in got[n].items()} == {p: r[:3] for p, r in expected.items()}
        for person, row in got[n].items():
            assert row[3] == pytest.approx(expected[person][3], rel=1e-12)


@settings(**FEW)
@given(worlds(f0_count=3), until_moments(), st.sampled_from(sorted(EXTRA)))
def test_a_batch_of_traces_is_the_traces_one_by_one(world: World, until: int, policy: str) -> None:
    check(world, EXTRA[policy], until, 4, extra=3)


@settings(**FEW)
@given(long_worlds())
def test_a_batch_of_long_chains_is_the_chains_one_by_one(world: World) -> None:
    check(world, EXTRA["test-latent"], LATE, 6, extra=4)


def test_a_batch_of_nobody_finds_nobody() -> None:
    state = load_sorted([("place", {"place": "m", "kind": "market"})]).snapshot()
    question = Question((), 2, LATE, EXTRA["test-latent"], {}, state.people.isolation)
    assert len(trace_each(state.graph, state.person_keys, question)) == 0


@settings(**FEW)
@given(worlds(f0_count=3), until_moments(), st.sampled_from((None, "bluetooth", "check_in")))
def test_whom_a_stricter_definition_finds_a_looser_one_finds_no_later(
    world: World, until: int, channel: str | None
) -> None:
    state = load_sorted(world).snapshot()
    strict, loose = replace(PRESETS["vn-2021-07"], min_minutes=15), PRESETS["vn-2021-07"]
    seeds = tuple(Seed(f0.person, *infectious_window(f0, loose, until)) for f0 in state.people.cases.values())
    question = Question(seeds, 3, until, loose, state.courses, state.people.isolation)
    narrow = replace(question, policy=strict, channels=None if channel is None else frozenset({channel}))
    levels = []
    for asked in (question, narrow):
        found = trace_each(state.graph, state.person_keys, asked)
        pairs = zip(found.seed.tolist(), found.person.tolist(), strict=True)
        levels.append(dict(zip(pairs, found.level.tolist(), strict=True)))
    for pair, level in levels[1].items():
        assert levels[0][pair] <= level
