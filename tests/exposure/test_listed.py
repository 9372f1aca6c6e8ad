"""Traces that read a view's lists are those that do not, to the last bit: people, moments, doses, places and labels."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exposure import trace as traces
from engine.exposure.policies import PRESETS
from engine.exposure.reached import Each, Question, Reached, Seed
from engine.exposure.trace import trace, trace_each
from engine.exposure.windows import infectious_window
from engine.graph import lists, rooms
from engine.graph.lists import known_lists, lists_of
from engine.graph.view import GraphView
from engine.ids import Keys
from tests.exposure.test_trace_each import FEW, LATE, town
from tests.property.conftest import EXTRA
from tests.strategies import DAY, T0, long_worlds, until_moments, worlds
from tests.worlds import World, load_sorted

Told = list[list[Any]]


def told(found: Reached | Each) -> Told:
    """All columns, ordered by case, level and person: each person is at one level of a case."""
    seed = found.seed if isinstance(found, Each) else np.zeros(len(found.person))
    order = np.lexsort((found.person, found.level, seed))
    return [getattr(found, c.name)[order].tolist() for c in fields(found) if c.name != "shared"]


def answers(view: GraphView, keys: Keys, question: Question) -> list[Any]:
    """Of the seeds together, with chains, and of each alone."""
    whole = trace(view, keys, question)
    labels = [
        sorted(zip(*(column.tolist() for name, column in vars(level).items() if name != "parent"), strict=True))
        for level in whole.labels
    ]
    return [told(whole.reached), whole.reached.places(), labels, told(trace_each(view, keys, question))]


def assert_the_same(view: GraphView, keys: Keys, question: Question) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traces, "lists_if_they_pay", lambda *_: None)
        without = answers(view, keys, question)
        assert known_lists(view) is None
    assert lists_of(view) is not None
    found = answers(view, keys, question)
    # At the last level people are in no order, and so are their places.
    assert [found[0], *found[2:]] == [without[0], *without[2:]]
    assert sorted(map(sorted, found[1])) == sorted(map(sorted, without[1]))


@settings(**FEW)
@given(worlds(f0_count=3), until_moments(), st.sampled_from(sorted(EXTRA)), st.booleans())
def test_traces_out_of_lists_are_the_same(world: World, until: int, name: str, forward: bool) -> None:
    state, policy = load_sorted(world).snapshot(), EXTRA[name]
    seeds = [Seed(f0.person, *infectious_window(f0, policy, until)) for f0 in state.people.cases.values()]
    seeds += [Seed(code, T0, T0 + 2 * DAY) for code in range(min(3, len(state.person_keys)))]
    people = state.people
    question = Question(tuple(seeds), 4, until, policy, state.courses, people.isolation, forward=forward)
    assert_the_same(state.graph, state.person_keys, question)


@settings(**FEW)
@given(long_worlds(), st.booleans())
def test_long_chains_out_of_lists_are_the_same(world: World, forward: bool) -> None:
    state = load_sorted(world).snapshot()
    seeds = tuple(Seed(code, T0, T0 + 2 * DAY) for code in range(min(4, len(state.person_keys))))
    policy, isolation = EXTRA["test-latent"], state.people.isolation
    question = Question(seeds, 6, LATE, policy, state.courses, isolation, forward=forward)
    assert_the_same(state.graph, state.person_keys, question)


@settings(**FEW | {"max_examples": 40})
@given(
    st.integers(0, 2**32 - 1), st.sampled_from([(60, 5, 2), (30, 40, 20), (300, 40, 20), (300, 900, 40)]),
    st.booleans(), st.sampled_from([0, 600, 7_200]), st.sampled_from([0.0, 15.0]), st.booleans(),
)  # fmt: skip
def test_many_segments_a_day_out_of_lists_are_the_same(
    seed: int, shape: tuple[int, int, int], forward: bool, slack: int, minutes: float, small: bool
) -> None:
    view, keys, question = town(seed, shape, forward)
    policy = replace(question.policy, slack_s=slack, min_minutes=minutes)
    with pytest.MonkeyPatch.context() as patch:
        if small:
            patch.setattr(rooms, "FEWEST", 1)
            patch.setattr(rooms, "_idle", [])
        assert_the_same(view, keys, replace(question, policy=policy))


def test_a_crowd_at_one_place_is_the_same() -> None:
    view, keys, question = town(4, (1_000, 700, 1), True)
    assert_the_same(view, keys, replace(question, channels=frozenset({"bluetooth", "check_in"})))


def test_many_cases_have_lists_made_that_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    view, keys, question = town(4, (300, 900, 40), True)
    many = replace(question, seeds=question.seeds * 20, policy=PRESETS["cdc"])
    monkeypatch.setattr(lists, "NS_A_ROW", 10**9)
    without = told(trace_each(view, keys, many))
    assert known_lists(view) is None
    monkeypatch.setattr(lists, "NS_A_ROW", 1)
    assert told(trace_each(view, keys, many)) == without
    assert known_lists(view) is not None
    assert told(trace_each(view, keys, many)) == without
