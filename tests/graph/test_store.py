"""The growing set of bulk events: runs, merge rules, retraction, revision."""

import itertools
import random
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import DAY
from engine.events.outcome import ACCEPTED, DUPLICATE, RETRACTED
from engine.graph import days
from engine.graph.batches import Batch
from engine.graph.segments import PAYLOAD
from engine.graph.store import EventLog

Told = dict[str, Any]


def told(key: int = 1, day: int = 0, retract: bool = False, revision: int = 0, **payload: int) -> Told:
    return {"key": key, "day": day, "retract": retract, "revision": revision, "payload": payload}


def batch(kind: str, events: list[Told]) -> Batch:
    keys = np.array([e["key"] for e in events], np.int64)
    payload = {n: np.array([e["payload"].get(n, 0) for e in events], t) for n, t in PAYLOAD[kind].items()}
    first, second = (keys // 3).astype(np.int32), keys % 7
    return Batch(
        kind, first, np.array([e["day"] for e in events], np.int64) * DAY + second,
        None if kind == "location" else (keys % 3).astype(np.int32), payload,
        np.array([e["retract"] for e in events], np.bool_), np.array([e["revision"] for e in events], np.int32),
    )  # fmt: skip


def live(log: EventLog) -> dict[tuple[int, ...], tuple[int, ...]]:
    found = {}
    for segment in log.seal():
        day, rows = segment.day_start // DAY, segment.rows
        columns = [rows.payload[n].tolist() for n in PAYLOAD[rows.kind]]
        for k1, k2, *values in zip(rows.k1.tolist(), rows.k2.tolist(), *columns, strict=True):
            found[day, k1, k2] = tuple(values)
    return found


def after(kind: str, *batches: list[Told]) -> tuple[EventLog, list[int]]:
    log = EventLog(kind)
    outcomes: list[int] = []
    for events in batches:
        outcomes += log.apply(batch(kind, events)).tolist()
    return log, outcomes


def only(kind: str, *batches: list[Told]) -> tuple[int, ...]:
    (row,) = live(after(kind, *batches)[0]).values()
    return row


events = st.builds(
    told,
    key=st.integers(0, 8),
    day=st.integers(0, 1),
    retract=st.sampled_from((False, False, False, True)),
    revision=st.sampled_from((0, 0, 0, 1, 2)),
    left_at=st.integers(-1, 3),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(events, max_size=25), st.integers(0, 99), st.lists(st.integers(1, 6), max_size=8))
def test_state_does_not_depend_on_order_or_batches(world: list[Told], seed: int, sizes: list[int]) -> None:
    one = EventLog("check_in")
    if world:
        one.apply(batch("check_in", world))
    other = EventLog("check_in")
    rest = random.Random(seed).sample(world, len(world))
    for size in [*sizes, *([1] * len(rest))]:
        if rest:
            other.apply(batch("check_in", rest[:size]))
            rest = rest[size:]
    assert live(other) == live(one)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=300), st.integers(1, 30))
def test_many_small_batches_stay_few_runs_and_lose_nothing(keys: list[int], size: int) -> None:
    log = EventLog("bluetooth")
    for at in range(0, len(keys), size):
        log.apply(batch("bluetooth", [told(k, duration_s=k % 50) for k in keys[at : at + size]]))
    runs = log._days[0].runs
    assert all(len(a) >= 2 * len(b) for a, b in itertools.pairwise(runs))
    assert len(log) == len(set(keys))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=300), st.integers(1, 30), st.integers(0, 40))
def test_large_runs_wait_until_there_are_many(keys: list[int], size: int, small: int) -> None:
    log = EventLog("bluetooth")
    with patch.object(days, "SMALL", small), patch.object(days, "MOST_RUNS", 3):
        for at in range(0, len(keys), size):
            log.apply(batch("bluetooth", [told(k, duration_s=1 + k % 50) for k in keys[at : at + size]]))
            assert len(log._days[0].runs) <= 3
    assert len(log) == len(set(keys))
    assert sorted(value[0] for value in live(log).values()) == sorted(1 + k % 50 for k in set(keys))


def test_the_same_row_again_is_a_duplicate() -> None:
    row = [told(left_at=5)]
    log, outcomes = after("check_in", row, row, row + row)
    assert outcomes == [ACCEPTED, DUPLICATE, DUPLICATE, DUPLICATE]
    assert len(log) == 1


def test_repeats_within_one_batch_merge() -> None:
    log, outcomes = after("check_in", [told(left_at=5), told(left_at=9), told(left_at=7)])
    assert outcomes == [ACCEPTED, ACCEPTED, DUPLICATE]
    assert list(live(log).values()) == [(9,)]


def test_sightings_keep_the_longest_and_the_strongest() -> None:
    a, b = told(duration_s=300, attenuation_cdb=7000), told(duration_s=200, attenuation_cdb=6000)
    assert only("bluetooth", [a], [b]) == only("bluetooth", [b, a]) == (300, 6000)


def test_check_ins_keep_the_latest_departure_and_none_loses() -> None:
    assert only("check_in", [told(left_at=-1)], [told(left_at=5)], [told(left_at=3)]) == (5,)


def test_fixes_are_kept_whole_the_most_accurate_first() -> None:
    vague = told(lat_e7=1, lng_e7=1, accuracy_dm=90)
    sharp = told(lat_e7=5, lng_e7=9, accuracy_dm=20)
    equal = told(lat_e7=5, lng_e7=8, accuracy_dm=20)
    for order in ([vague], [sharp], [equal]), ([equal, sharp, vague],):
        assert only("location", *order) == (5, 8, 20)


def test_a_retraction_removes_whatever_came_before_or_comes_after() -> None:
    log, outcomes = after("check_in", [told(left_at=5)], [told(retract=True)], [told(left_at=6)])
    assert outcomes == [ACCEPTED, ACCEPTED, RETRACTED]
    assert live(log) == {}


def test_a_retraction_of_nothing_is_remembered() -> None:
    log, outcomes = after("check_in", [told(retract=True)], [told(retract=True)], [told(left_at=6)])
    assert outcomes == [ACCEPTED, DUPLICATE, RETRACTED]
    assert len(log) == 0


def test_a_retracted_row_does_not_come_back_from_an_older_run() -> None:
    many = [told(k, left_at=1) for k in range(20)]
    log, _ = after("check_in", many, [told(3, left_at=9)], [told(3, retract=True)])
    assert len(live(log)) == 19


def test_a_higher_revision_replaces_instead_of_merging() -> None:
    assert only("check_in", [told(left_at=9)], [told(left_at=2, revision=1)], [told(left_at=8)]) == (2,)


def test_one_revision_merges_with_itself() -> None:
    assert only("check_in", [told(left_at=3, revision=1)], [told(left_at=4, revision=1)]) == (4,)


def test_a_revision_above_the_retraction_brings_the_row_back() -> None:
    steps = [told(left_at=5)], [told(retract=True, revision=1)], [told(left_at=6, revision=1)]
    log, outcomes = after("check_in", *steps, [told(left_at=7, revision=2)])
    assert outcomes == [ACCEPTED, ACCEPTED, RETRACTED, ACCEPTED]
    assert list(live(log).values()) == [(7,)]


def test_a_retraction_leaves_higher_revisions() -> None:
    assert only("check_in", [told(left_at=7, revision=2)], [told(retract=True, revision=1)]) == (7,)


def test_days_are_apart() -> None:
    log, _ = after("check_in", [told(day=0, left_at=1), told(day=1, left_at=2)], [told(day=0, retract=True)])
    assert [(key[0], v) for key, v in live(log).items()] == [(1, (2,))]
    assert [s.day_start for s in log.seal()] == [DAY]


def test_a_sealed_segment_is_kept_until_its_day_changes() -> None:
    log, _ = after("check_in", [told(day=0, left_at=1), told(day=1, left_at=2)])
    before = log.seal()
    log.apply(batch("check_in", [told(day=1, left_at=9)]))
    now = log.seal()
    assert now[0] is before[0]
    assert now[1] is not before[1]
    assert before[1].rows.payload["left_at"].tolist() == [2]


@pytest.mark.parametrize("kind", ["bluetooth", "check_in", "location"])
def test_an_empty_log_has_no_segments(kind: str) -> None:
    assert EventLog(kind).seal() == ()
