"""Segments that grow, merge and shrink bit by bit: equal to sorting the day at once, column by column."""

from functools import reduce
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import DAY
from engine.graph import merges, segments
from engine.graph.batches import Batch
from engine.graph.layout import SECOND_BITS
from engine.graph.segments import PAYLOAD, Rows, Segment, merge_segments
from engine.graph.store import EventLog
from tests.graph.test_store import batch, told

COLUMNS = ("groups", "group_start", "by_group", "majors", "major_longest", "longest_s", "last_end", "stay_s")


def cells(rows: Rows) -> Any:
    return (rows.payload["lat_e7"] % 5).astype(np.uint64) << np.uint64(12) | np.uint64(0xFFF)


def log_of(kind: str) -> EventLog:
    return EventLog(kind, cells if kind == "location" else None)


def sealed(kind: str, parts: list[list[dict]], seal_between: bool) -> dict[int, Segment]:
    log = log_of(kind)
    for events in parts:
        log.apply(batch(kind, events))
        if seal_between:
            log.seal()
    return whole_days(log)


def whole_days(log: EventLog) -> dict[int, Segment]:
    days: dict[int, list[Segment]] = {}
    for segment in log.seal():
        days.setdefault(segment.day_start // DAY, []).append(segment)
    return {day: reduce(merge_segments, segments) for day, segments in days.items()}


event = st.builds(
    told,
    key=st.integers(0, 500),
    day=st.integers(0, 1),
    retract=st.sampled_from([False] * 5 + [True]),
    revision=st.sampled_from([0] * 5 + [1]),
    duration_s=st.integers(1, 99),
    left_at=st.integers(-1, 90_000),
    lat_e7=st.integers(0, 9),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(event, min_size=20, max_size=60), st.lists(st.lists(event, min_size=1, max_size=5), max_size=6))
@pytest.mark.parametrize("kind", ["bluetooth", "check_in", "location"])
def test_sealing_between_batches_changes_no_column(kind: str, first: list[dict], rest: list[list[dict]]) -> None:
    at_once, bit_by_bit = (sealed(kind, [first, *rest], between) for between in (False, True))
    agree(at_once, bit_by_bit)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(event, min_size=10, max_size=40),
    st.lists(st.tuples(st.lists(event, min_size=1, max_size=8), st.booleans()), max_size=8),
)
@pytest.mark.parametrize("kind", ["bluetooth", "check_in", "location"])
def test_merging_meanwhile_changes_no_column(kind: str, first: list[dict], rest: list[tuple[list[dict], bool]]) -> None:
    """Rows come, change and go while segments are merged, and what was merged is taken over at once or later.

    Longer segments number their rows in more bytes."""
    with patch.object(merges, "AT_ONCE", 4), patch.object(segments, "SHORT", 12):
        log = log_of(kind)
        for events, wait in [(first, False), *rest]:
            log.apply(batch(kind, events))
            log.seal()
            if wait:
                wait_for(log)
        wait_for(log)
        grown = whole_days(log)
    agree(sealed(kind, [first, *(events for events, _ in rest)], False), grown)


def test_large_segments_become_one_once_that_is_done() -> None:
    with patch.object(merges, "AT_ONCE", 10):
        log = log_of("check_in")
        for low in (0, 30):
            log.apply(batch("check_in", [told(3 * k, left_at=1) for k in range(low, low + 30)]))
            log.seal()
        log.apply(batch("check_in", [told(3, left_at=70_000)]))  # changes a row of a segment that is being merged
        wait_for(log)
        (segment,) = log.seal()
        assert len(segment.rows) == 60
        assert segment.rows.payload["left_at"].max() == 70_000
        assert segment.last_end == 70_000


def wait_for(log: EventLog) -> None:
    for day in log._days.values():
        if day.merges._pending is not None:
            day.merges._pending.found.result()


def agree(at_once: dict[int, Segment], bit_by_bit: dict[int, Segment]) -> None:
    assert at_once.keys() == bit_by_bit.keys()
    for day, whole in at_once.items():
        grown = bit_by_bit[day]
        for name in COLUMNS:
            one, other = np.asarray(getattr(whole, name)), np.asarray(getattr(grown, name))
            assert one.dtype == other.dtype
            assert one.tolist() == other.tolist(), name
        for name in ("k1", "k2"):
            assert getattr(whole.rows, name).tolist() == getattr(grown.rows, name).tolist()
        for name, column in whole.rows.payload.items():
            assert column.tolist() == grown.rows.payload[name].tolist()


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2 * DAY - 1), st.booleans(), st.booleans()), max_size=30))
def test_a_fix_holds_to_the_persons_next_one_wherever_that_is(steps: list[tuple[int, int, bool, bool]]) -> None:
    """Against the definition: the next live fix of the person, on this day or the following, at most 900 s later."""
    log, live, dead = log_of("location"), set(), set()
    for person, at, retract, seal in steps:
        # Times near midnight and near each other, where it matters.
        at = DAY - 1_000 + at % 2_000
        payload = {n: np.ones(1, t) for n, t in PAYLOAD["location"].items()}
        log.apply(Batch("location", np.array([person], np.int32), np.array([at]), None, payload, np.array([retract])))
        if retract:
            dead.add((person, at))
        else:
            live.add((person, at))
        if seal:
            log.seal()
    found = {}
    for s in log.seal():
        for k1, stay in zip(s.rows.k1.tolist(), s.stay_s.tolist(), strict=True):
            found[k1 >> SECOND_BITS, s.day_start + (k1 & ((1 << SECOND_BITS) - 1))] = stay
    live -= dead
    expected = {(p, t): min([900, *(u - t for q, u in live if q == p and u > t)]) for p, t in live}
    assert found == expected


def test_what_a_reader_holds_never_changes() -> None:
    log = log_of("check_in")
    log.apply(batch("check_in", [told(k, left_at=1) for k in range(50)]))
    held = log.seal()
    columns = [held[0].rows.payload["left_at"].copy(), held[0].major_longest.copy()]
    log.apply(batch("check_in", [told(k, left_at=70_000) for k in range(0, 50, 3)]))
    log.apply(batch("check_in", [told(4, retract=True)]))
    assert log.seal()[0] is not held[0]
    assert held[0].rows.payload["left_at"].tolist() == columns[0].tolist()
    assert held[0].major_longest.tolist() == columns[1].tolist()


def test_a_day_holds_few_segments() -> None:
    log = log_of("bluetooth")
    for k in range(200):
        log.apply(batch("bluetooth", [told(3 * k, duration_s=5)]))
        log.seal()
    assert len(log) == 200
    assert len(log.seal()) <= 8
