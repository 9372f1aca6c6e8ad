"""Traces of many seeds at once are those one by one; and traces do not depend on the room that they have."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import FOREVER
from engine.exposure import trace as traces
from engine.exposure.infectiousness import KNOWN, Course
from engine.exposure.policies import PRESETS, Policy
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace, trace_each
from engine.exposure.windows import infectious_window
from engine.graph import near_book, rooms
from engine.graph.near_book import known_book
from engine.graph.view import GraphView
from engine.ids import Keys
from tests.graph.segmented import T0 as SINCE
from tests.graph.segmented import view_of
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
    assert_each_as_alone(state.graph, state.person_keys, question)


def assert_each_as_alone(view: GraphView, keys: Keys, question: Question) -> None:
    found = trace_each(view, keys, question)
    assert found.seed.tolist() == sorted(found.seed.tolist())
    for n, seed in enumerate(question.seeds):
        mine = found.take(found.seed == n)
        alone = trace(view, keys, replace(question, seeds=(seed,))).reached
        names = ("person", "level", "first", "last", "seconds", "dose", "probability", "channels", "via")
        rows = [sorted(zip(*(vars(part)[name].tolist() for name in names), strict=True)) for part in (mine, alone)]
        assert rows[0] == rows[1]


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


def town(seed: int, shape: tuple[int, int, int], forward: bool) -> tuple[GraphView, Keys, Question]:
    view, keys, rng = view_of(seed, *shape), Keys(), np.random.default_rng(seed)
    keys.encode(pa.array([f"{n * 7919 % 100_003:x}-{n}" for n in range(shape[1])]))
    start = [int(t) for t in rng.integers(SINCE, SINCE + 2 * DAY, 5)]
    there = np.concatenate([[0], *(s.rows.k2 for s in view.check_in), *(s.rows.k2 for s in view.bluetooth)])
    seeds = tuple(Seed(int(p), t, t + 3 * DAY) for p, t in zip(rng.permutation(np.unique(there)), start, strict=False))
    courses = {seeds[0].person: Course(start[0], KNOWN, 1.0)}
    isolation = rng.choice([FOREVER, SINCE + DAY, SINCE + 2 * DAY], shape[1] // 2).astype(np.int64)
    policy = EXTRA["test-latent"] if seed % 2 else PRESETS["vn-2021-07"]
    return view, keys, Question(seeds, 3, SINCE + 5 * DAY, policy, courses, isolation, forward=forward)


@settings(**FEW)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(60, 5, 2), (30, 40, 20), (300, 900, 40)]), st.booleans())
def test_a_batch_over_many_segments_a_day_is_the_traces_one_by_one(
    seed: int, shape: tuple[int, int, int], forward: bool
) -> None:
    assert_each_as_alone(*town(seed, shape, forward))


@settings(**FEW)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(60, 5, 2), (30, 40, 20), (300, 900, 40)]), st.booleans())
def test_a_batch_that_looks_up_who_was_near_whom_is_the_one_that_searches(
    seed: int, shape: tuple[int, int, int], forward: bool
) -> None:
    found = []
    for pays in (False, True):
        view, keys, question = town(seed, shape, forward)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(near_book, "PAGES", 0 if pays else 10**9)
            patch.setattr(traces, "TOGETHER", 1)
            each = trace_each(view, keys, question)
        limits = question.policy.eligibility()
        assert (known_book(view, limits) is not None) == (pays and len(question.seeds) > 1 and bool(view.location))
        found.append(each.take(np.lexsort((each.person, each.level, each.seed))))
    for name, column in vars(found[0]).items():
        assert np.array_equal(column, vars(found[1])[name]), name


@settings(**FEW)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(60, 5, 2), (300, 40, 20), (300, 900, 40)]), st.booleans())
def test_a_trace_in_a_small_room_is_the_same(seed: int, shape: tuple[int, int, int], forward: bool) -> None:
    view, keys, question = town(seed, shape, forward)
    expected = trace(view, keys, question)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "FEWEST", 1)
        patch.setattr(rooms, "_idle", [])
        small = trace(view, keys, question)
    for name, column in vars(expected.reached).items():
        assert np.array_equal(column, vars(small.reached)[name]), name
    for one, other in zip(expected.labels, small.labels, strict=True):
        assert all(np.array_equal(column, vars(other)[name]) for name, column in vars(one).items())


def test_kept_labels_are_ordered_by_key() -> None:
    view, keys, question = town(4, (300, 900, 40), True)
    labels = trace(view, keys, question).labels
    assert len(labels) == 4
    for level in labels[:-1]:
        names = keys.keys(level.person.tolist())
        assert len(names) > 1
        assert names == sorted(names)


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
