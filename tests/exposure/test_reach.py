"""Levels and moments out of lists are those of traces, however the room, the order of cases and the rows are."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import FOREVER
from engine.exposure import reach, tracing
from engine.exposure import trace as traces
from engine.exposure.policies import PRESETS, Policy
from engine.exposure.reach import Levels, by_lists, direct_counts, reach_each
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace_each
from engine.exposure.windows import infectious_window
from engine.graph import lists
from engine.graph.kernels.lists import MANY, NOWHERE
from engine.graph.lists import known_lists, lists_of
from engine.graph.view import GraphView
from engine.ids import Keys
from tests.exposure.test_trace_each import FEW, LATE, town
from tests.property.conftest import EXTRA
from tests.strategies import DAY, T0, long_worlds, until_moments, worlds
from tests.worlds import World, load_sorted

LISTED = frozenset({"bluetooth", "check_in"})
ANY_TIME = sorted(name for name, policy in EXTRA.items() if policy.min_minutes == 0)


def told(levels: Levels) -> list[tuple[int, int, int, int]]:
    rows = (levels.seed.tolist(), levels.person.tolist(), levels.level.tolist(), levels.moment.tolist())
    return list(zip(*rows, strict=True))


def traced(view: GraphView, keys: Keys, question: Question) -> list[tuple[int, int, int, int]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traces, "known_lists", lambda _: None)
        patch.setattr(tracing, "known_lists", lambda _: None)
        patch.setattr(traces, "lists_if_they_pay", lambda *_: None)
        each = trace_each(view, keys, question)
    moment = each.first if question.forward else each.last
    rows = (each.seed.tolist(), each.person.tolist(), each.level.tolist(), moment.tolist())
    return sorted(zip(*rows, strict=True))


def assert_as_traced(view: GraphView, keys: Keys, question: Question) -> None:
    made = lists_of(view)
    assert made is not None
    found = told(reach_each(view, keys, question))
    assert [row[0] for row in found] == sorted(row[0] for row in found)
    assert [row[::2] for row in found] == sorted(row[::2] for row in found)
    assert sorted(found) == traced(view, keys, question)


def of_world(world: World, policy: Policy, until: int, depth: int, forward: bool = True) -> tuple[Any, ...]:
    state = load_sorted(world).snapshot()
    seeds = [Seed(f0.person, *infectious_window(f0, policy, until)) for f0 in state.people.cases.values()]
    seeds += [Seed(code, T0, T0 + 2 * DAY) for code in range(min(4, len(state.person_keys)))]
    question = Question(
        tuple(seeds), depth, until, policy, state.courses, state.people.isolation, LISTED, forward=forward
    )
    return state.graph, state.person_keys, question


@settings(**FEW)
@given(worlds(f0_count=3), until_moments(), st.sampled_from(ANY_TIME), st.booleans())
def test_levels_out_of_lists_are_those_of_traces(world: World, until: int, policy: str, forward: bool) -> None:
    assert_as_traced(*of_world(world, EXTRA[policy], until, 4, forward))


@settings(**FEW)
@given(long_worlds(), st.booleans())
def test_long_chains_out_of_lists_are_those_of_traces(world: World, forward: bool) -> None:
    assert_as_traced(*of_world(world, EXTRA["test-latent"], LATE, 6, forward))


SHAPES = st.sampled_from([(60, 5, 2), (30, 40, 20), (300, 40, 20), (300, 900, 40)])


@settings(**FEW | {"max_examples": 40})
@given(
    st.integers(0, 2**32 - 1), SHAPES, st.booleans(), st.sampled_from([0, 600, 7_200]),
    st.sampled_from([("bluetooth",), ("check_in",), ("bluetooth", "check_in")]), st.integers(1, 4),
)  # fmt: skip
def test_many_segments_a_day_out_of_lists_are_as_traced(
    seed: int, shape: tuple[int, int, int], forward: bool, slack: int, channels: tuple[str, ...], depth: int
) -> None:
    view, keys, question = town(seed, shape, forward)
    policy = replace(question.policy, slack_s=slack, min_minutes=0.0)
    assert_as_traced(view, keys, replace(question, policy=policy, channels=frozenset(channels), depth=depth))


@settings(**FEW)
@given(st.integers(0, 2**32 - 1), SHAPES, st.booleans())
def test_a_reach_in_a_small_room_is_the_same(seed: int, shape: tuple[int, int, int], forward: bool) -> None:
    view, keys, question = town(seed, shape, forward)
    seeds = tuple(Seed(code, s.start, s.end) for code in range(shape[1]) for s in question.seeds[:2])
    asked = replace(question, seeds=seeds, channels=LISTED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach, "_ROWS", 64)
        patch.setattr(reach, "_idle", [])
        assert_as_traced(view, keys, asked)


def test_many_cases_on_many_cores_are_as_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUYVET_THREADS", "3")
    view, keys, question = town(6, (300, 900, 40), True)
    seeds = tuple(Seed(code, s.start, s.end) for code in range(200) for s in question.seeds[:1])
    assert_as_traced(view, keys, replace(question, seeds=seeds, channels=LISTED))


def test_a_crowd_at_one_place_is_as_traced() -> None:
    view, keys, question = town(4, (4_000, 3_000, 1), True)
    assert_as_traced(view, keys, replace(question, channels=LISTED))


def test_nobody_reaches_nobody() -> None:
    view, keys, question = town(4, (60, 5, 2), True)
    assert len(reach_each(view, keys, replace(question, seeds=(), channels=LISTED))) == 0
    assert lists_of(view) is not None
    assert len(reach_each(view, keys, replace(question, seeds=(), channels=LISTED))) == 0
    assert direct_counts(view, keys, replace(question, seeds=())) == {}


def test_minimum_times_and_fixes_are_traced() -> None:
    view, keys, question = town(4, (300, 900, 40), True)
    assert lists_of(view) is not None
    for asked in (question, replace(question, channels=LISTED, policy=PRESETS["cdc"])):
        assert sorted(told(reach_each(view, keys, asked))) == traced(view, keys, asked)


def test_lists_are_made_once_they_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    view, keys, question = town(4, (300, 900, 40), True)
    asked = replace(question, channels=LISTED, seeds=question.seeds[:1])
    monkeypatch.setattr(lists, "NS_A_ROW", 10**9)
    assert sorted(told(reach_each(view, keys, asked))) == traced(view, keys, asked)
    assert known_lists(view) is None
    many = replace(asked, seeds=question.seeds[:1] * 70)
    assert sorted(told(reach_each(view, keys, many))) == traced(view, keys, many)
    assert known_lists(view) is None
    monkeypatch.setattr(lists, "NS_A_ROW", 1)
    assert sorted(told(reach_each(view, keys, many))) == traced(view, keys, many)
    assert known_lists(view) is not None


def test_the_rest_of_a_large_batch_is_out_of_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    view, keys, question = town(4, (300, 900, 40), True)
    asked = replace(question, channels=LISTED, seeds=question.seeds[:1] * 70)
    monkeypatch.setattr(lists, "NS_A_ROW", 1)
    assert sorted(told(reach_each(view, keys, asked))) == traced(view, keys, asked)
    made = known_lists(view)
    assert made is not None
    tail = by_lists(view, made, asked, asked.seeds[60:], asked.depth)
    assert sorted(row for part in tail for row in told(part)) == [r for r in traced(view, keys, asked) if r[0] >= 60]


@settings(**FEW)
@given(st.integers(0, 2**32 - 1), SHAPES)
def test_lists_hold_every_row_once_in_order(seed: int, shape: tuple[int, int, int]) -> None:
    view, _, _ = town(seed, shape, True)
    made = lists_of(view)
    assert made is not None
    columns = list(made.held)
    expected: dict[int, list[tuple[int, ...]]] = {}
    base = min((s.day_start for s in (*view.bluetooth, *view.check_in)), default=0)
    for s in view.bluetooth:
        rows = zip(s.rows.k1.tolist(), s.rows.k2.tolist(), *(c.tolist() for c in s.rows.payload.values()), strict=True)
        for key, peer, duration, attenuation in rows:
            a, since = key >> 17, s.day_start - base + (key & 0x1FFFF)
            expected.setdefault(a, []).append((since, peer, duration, attenuation))
            expected.setdefault(peer, []).append((since, a, duration, attenuation))
    if view.bluetooth:
        starts, met = columns[:2]
        for person in range(len(starts) - 1):
            mine = met[starts[person] : starts[person + 1]].tolist()
            assert [m[1] for m in mine] == sorted(m[1] for m in mine)
            assert sorted((m[1], m[0], m[2] & 0xFFFF, m[2] >> 16) for m in mine) == sorted(expected.get(person, []))
        columns = columns[2:]
    if view.check_in:
        _stays_are_right(view, base, *columns)


def _stays_are_right(view: GraphView, base: int, starts: Any, own: Any, rows: Any, longest: Any) -> None:
    expected = []
    for s in view.check_in:
        for key, who, left in zip(
            s.rows.k1.tolist(), s.rows.k2.tolist(), s.rows.payload["left_at"].tolist(), strict=True
        ):
            came = s.day_start - base + (key & 0x1FFFF)
            gone = s.day_start - base + left if left >= 0 else came + int(view.places.stay_s[key >> 17])
            if gone > came:
                expected.append((key >> 17, came, who, gone))
    assert rows[0].tolist() == rows[-1].tolist() == [NOWHERE] * 4
    found = [(place, came, who, gone) for who, came, gone, place in rows[1:-1].tolist()]
    assert [row[:2] for row in found] == sorted(row[:2] for row in found)
    assert sorted(found) == sorted(expected)
    for place, most in enumerate(longest.tolist()):
        assert most == max((gone - came for there, came, _, gone in found if there == place), default=0)
    for person in range(len(starts) - 1):
        mine = own[starts[person] : starts[person + 1]].tolist()
        assert [came for came, *_ in mine] == sorted(came for came, *_ in mine)
        for came, gone, where, near in mine:
            assert found[where - 1][1:] == (came, person, gone)
            meanwhile = [
                n + 1 for n, (place, since, _, until) in enumerate(found)
                if place == found[where - 1][0] and since < gone and until > came
            ]  # fmt: skip
            assert (where - (near >> 16 & MANY), where + (near & MANY)) == (meanwhile[0], meanwhile[-1])
    assert len(own) == len(expected)


def test_lists_beyond_their_budget_are_not_made() -> None:
    view, _, _ = town(4, (300, 900, 40), True)
    assert lists_of(view, 1_000) is None
    assert known_lists(view) is None
    far = replace(view.places, stay_s=np.full(len(view.places.stay_s), 2**31 - 1, np.int32))
    assert lists_of(GraphView(view.bluetooth, view.check_in, view.location, far)) is None
    made = lists_of(view)
    assert made is not None
    assert 0 < made.bytes <= 1.2 * lists.bytes_of(view) + 8_000
    assert lists_of(view) is made


def test_isolation_beyond_the_column_and_for_ever() -> None:
    view, keys, question = town(4, (300, 900, 40), False)
    for isolation in (np.empty(0, np.int64), np.full(900, FOREVER, np.int64)):
        assert_as_traced(view, keys, replace(question, isolation=isolation, channels=LISTED))
