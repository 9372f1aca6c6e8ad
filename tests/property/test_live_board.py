"""The board, told batch after batch, says at every moment what a full computation says, and what the rules say."""

import random
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exposure import board_first, board_updating
from engine.exposure.board import Board, Change
from engine.exposure.deltas import nothing
from engine.exposure.policies import PRESETS
from engine.graph.eligibility import CHANNEL_NAMES
from tests.exposure.live import Live, expected_rows, rows_of
from tests.oracles import board as oracle
from tests.oracles.state import KEYS, fold
from tests.property.answers import COMMON
from tests.property.conftest import EXTRA
from tests.strategies import DAYS, PEOPLE, T0, cases, long_worlds, quarantines, worlds
from tests.worlds import World, batches

POLICIES = {**PRESETS, **EXTRA}
USUAL = sorted(POLICIES)
ANEW = st.sampled_from((0, 0, 1, 3))
"""In worlds as small as these nearly every change would have a level made anew."""


@st.composite
def streams(draw: st.DrawFn) -> World:
    """A world in any order, in which cases and orders come, move and go too, and anything may be taken back."""
    world = draw(worlds(most=15))
    world += [draw(cases(draw(st.sampled_from(PEOPLE)))) for _ in range(draw(st.integers(0, 3)))]
    world += draw(st.lists(quarantines(), max_size=2))
    random.Random(draw(st.integers(0, 2**32))).shuffle(world)
    for n, index in enumerate(draw(st.lists(st.integers(0, len(world) - 1), max_size=8))):
        kind, event = world[index]
        key = {name: event[name] for name in KEYS[kind]}
        at = draw(st.integers(0, len(world)))
        if event.get("retract") or draw(st.booleans()):
            world.insert(at, (kind, {**key, "retract": True, "revision": n}))
        else:
            world.insert(at, (kind, {**event, **_moved(kind, draw), "retract": False, "revision": n}))
    return world


def _moved(kind: str, draw: st.DrawFn) -> dict[str, Any]:
    if kind == "case":
        return {"onset_at": T0 + draw(st.integers(10, 8 * DAYS)) * 10_800}
    if kind == "bluetooth":
        return {"duration_s": draw(st.sampled_from((60, 1200))), "attenuation_db": 50.0}
    return {}


def _follow(world: World, sizes: list[int], policy: str, every: int, anew: int) -> None:
    with patch.object(board_updating, "ANEW_SHARE", anew):
        _followed(world, sizes, policy, every)


def _followed(world: World, sizes: list[int], policy: str, every: int) -> None:
    live, board = Live(), Board(POLICIES[policy])
    said: dict[int, int | None] = {}
    for n, (kind, events) in enumerate(batches(world, sizes)):
        live.tell(kind, events)
        if n % every and n + 1 < len(world):
            continue
        state = live.state()
        changes = board.update(state, live.delta())
        _check_changes(changes, said)
        expected = expected_rows(state, POLICIES[policy])
        assert rows_of(board, state) == expected
        told = {state.keys.key(p): level for p, level in said.items() if level is not None}
        assert told == {p: row[0] for p, row in expected.items()}


def _check_changes(changes: list[Change], said: dict[int, int | None]) -> None:
    assert len({c.person for c in changes}) == len(changes)
    for change in changes:
        assert change.from_level == said.get(change.person)
        assert change.from_level != change.to_level
        said[change.person] = change.to_level


@settings(**COMMON | {"max_examples": 50})
@given(streams(), st.lists(st.integers(1, 4), max_size=60), st.sampled_from(USUAL), st.integers(1, 3), ANEW)
def test_after_every_batch_it_equals_the_full_computation(
    world: World, sizes: list[int], policy: str, every: int, anew: int
) -> None:
    _follow(world, sizes, policy, every, anew)


@settings(**COMMON | {"max_examples": 15})
@given(long_worlds(), st.integers(0, 2**32), st.sampled_from(("vn-2021-07", "test-latent", "cdc")), ANEW)
def test_long_chains_event_by_event(world: World, seed: int, policy: str, anew: int) -> None:
    shuffled = random.Random(seed).sample(world, len(world))
    more: World = [("case", {"person": "r4", "onset_at": T0 + 3 * 86_400})]
    _follow([*shuffled, *more, ("case", {"person": "r0", "retract": True})], [1] * 99, policy, 1, anew)


@settings(**COMMON)
@given(streams(), st.sampled_from(USUAL), st.integers(1, 6), ANEW)
def test_it_says_what_the_rules_say(world: World, policy: str, size: int, anew: int) -> None:
    live, board = Live(), Board(POLICIES[policy])
    with patch.object(board_updating, "ANEW_SHARE", anew):
        for kind, events in batches(world, [size] * len(world)):
            live.tell(kind, events)
            board.update(live.state(), live.delta())
    expected = oracle.board(fold(world), POLICIES[policy])
    rows = board.rows()
    assert [live.people.key(p) for p in rows.person.tolist()] == sorted(expected, key=lambda p: (expected[p].level, p))
    columns = (rows.person, rows.level, rows.moment, rows.via, rows.channels)
    for person, level, moment, via, bits in zip(*(c.tolist() for c in columns), strict=True):
        row = expected[live.people.key(person)]
        assert (level, moment) == (row.level, row.since)
        assert {name for c, name in enumerate(CHANNEL_NAMES) if bits >> c & 1} == row.channels
        assert via < 0 if level == 0 else live.people.key(via) in row.rivals


@settings(**COMMON | {"max_examples": 60})
@given(streams(), st.sampled_from(USUAL), st.integers(1, 3), st.sampled_from((1, 2, 512)), st.booleans())
def test_made_at_once_it_says_what_everybody_looked_up_says(
    world: World, policy: str, depth: int, chunk: int, many: bool
) -> None:
    live, board = Live(), Board(POLICIES[policy], depth)
    for kind, events in batches(world, [10] * len(world)):
        live.tell(kind, events)
    state = live.state()
    always = patch.object(board_first, "pays", lambda *_: many)
    with patch.object(board_first, "CHUNK", chunk), patch.object(board_first, "BLOCK", 2 * chunk), always:
        board.update(state, nothing())
    assert rows_of(board, state) == expected_rows(state, POLICIES[policy], depth)
    for k in range(1, depth + 1):
        level, columns = board._levels[k], ("moment", "via", "channels")
        made = [getattr(level, name).copy() for name in columns]
        board._look_up(state, k, np.arange(len(level.moment), dtype=np.int32))
        for name, column in zip(columns, made, strict=True):
            assert np.array_equal(column, getattr(level, name)), (k, name)
