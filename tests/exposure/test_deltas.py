"""What a batch may change: every interval that evidence of it can have or have had."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import params
from engine.events.schemas import KINDS, canonical_schema
from engine.events.validate import check
from engine.exposure.deltas import LONGEST_USUAL_STAY_S, Delta, delta_of, joined, merge, nothing
from engine.graph.eligibility import BLUETOOTH, CHECK_IN, LOCATION
from engine.graph.graph import ContactGraph
from engine.ids import Keys
from tests.worlds import NOW, wire

T0 = 1_625_011_200


def told(kind: str, *events: dict[str, Any]) -> list[tuple[str, int, int, int, bool]]:
    """(person, start, end, channel, removed) of each row, moments counted from T0."""
    people = Keys()
    rows = [wire(event) for event in events]
    names = {name: None for row in rows for name in row}
    raw = pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})
    d = delta_of(kind, check(kind, raw, NOW).table.select(canonical_schema(kind).names), people)
    columns = (people.keys(d.person.tolist()), d.start - T0, d.end - T0, d.channel, d.removed)
    return sorted((p, int(s), int(e), int(c), bool(r)) for p, s, e, c, r in zip(*columns, strict=True))


def test_a_sighting_touches_both_for_as_long_as_it_lasted() -> None:
    event = {"person": "a", "peer": "b", "at": T0, "duration_s": 60, "attenuation_db": 50.0}
    assert told("bluetooth", event) == [("a", 0, 60, BLUETOOTH, False), ("b", 0, 60, BLUETOOTH, False)]
    retracted = {"person": "a", "peer": "b", "at": T0, "retract": True}
    assert told("bluetooth", retracted) == [("a", 0, 32_767, BLUETOOTH, True), ("b", 0, 32_767, BLUETOOTH, True)]
    assert told("bluetooth", {**event, "revision": 1})[0] == ("a", 0, 32_767, BLUETOOTH, True)


def test_a_stay_may_have_been_assumed_longer_until_its_end_is_told() -> None:
    event = {"person": "a", "place": "m", "entered_at": T0}
    assert told("check_in", event) == [("a", 0, LONGEST_USUAL_STAY_S, CHECK_IN, False)]
    assert told("check_in", {**event, "left_at": T0 + 60}) == [("a", 0, LONGEST_USUAL_STAY_S, CHECK_IN, True)]
    assert told("check_in", {**event, "left_at": T0 + 90_000}) == [("a", 0, 90_000, CHECK_IN, True)]
    longest = int(params.MAX_STAY_S.value)
    assert told("check_in", {**event, "retract": True}) == [("a", 0, longest, CHECK_IN, True)]


def test_a_fix_ends_the_one_before_it() -> None:
    gap = int(params.FIX_MAX_GAP_S.value)
    assert told("location", {"person": "a", "at": T0, "lat": 10.0, "lng": 106.0}) == [("a", 0, gap, LOCATION, True)]


def test_kinds_without_contacts_and_empty_batches_touch_nothing() -> None:
    assert told("case", {"person": "a", "onset_at": T0}) == []
    assert told("place", {"place": "m"}) == []
    for kind in KINDS:
        assert len(delta_of(kind, canonical_schema(kind).empty_table(), Keys())) == 0


@pytest.mark.parametrize("kind", ["bluetooth", "check_in", "location"])
def test_codes_that_the_graph_has_looked_up_say_the_same(kind: str) -> None:
    rows = {
        "bluetooth": [{"person": p, "peer": "m", "at": T0 + i, "attenuation_db": 50.0} for i, p in enumerate("ab")],
        "check_in": [{"person": p, "place": "a", "entered_at": T0} for p in "ba"],
        "location": [{"person": p, "at": T0, "lat": 10.0, "lng": 106.0} for p in "ab"],
    }[kind]
    raw = pa.Table.from_pylist([wire(row) for row in rows])
    table = check(kind, raw, NOW).table.select(canonical_schema(kind).names)
    graph = ContactGraph(Keys(), Keys())
    assert graph.coded(table) is None
    graph.apply(kind, table)
    coded = graph.coded(table)
    assert coded is not None
    assert graph.coded(table.slice(0)) is None
    with_codes, without = delta_of(kind, table, graph.people, coded), delta_of(kind, table, graph.people)
    assert all((a == b).all() for a, b in zip(columns_of(with_codes), columns_of(without), strict=True))


def columns_of(d: Delta) -> tuple[Any, ...]:
    return d.person, d.start, d.end, d.channel, d.removed


def test_merging_keeps_every_row_and_the_word_that_all_is_to_be_forgotten() -> None:
    one = Delta(*(np.array([n], t) for n, t in ((3, np.int32), (10, np.int64), (20, np.int64))), *_kind(1))
    assert len(merge([])) == len(nothing()) == 0
    both = merge([one, nothing(everything=True), one])
    assert (both.person.tolist(), both.start.tolist(), both.everything) == ([3, 3], [10, 10], True)
    assert not merge([one, one]).everything


def _kind(n: int) -> tuple[Any, Any]:
    return np.zeros(n, np.int8), np.zeros(n, np.bool_)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-30, 30), st.integers(1, 15)), max_size=25),
    st.integers(0, 4),
    st.integers(-40, 40),
)
def test_joined_rows_cover_the_same_seconds_without_overlap(
    rows: list[tuple[int, int, int]], slack: int, after: int
) -> None:
    person, start, length = (np.array([r[i] for r in rows], np.int64) for i in range(3))
    delta = Delta(person.astype(np.int32), start, start + length, *_kind(len(rows)))
    found = list(zip(*(c.tolist() for c in joined(delta, 0, after, slack)), strict=True))
    kept = [(p, s, s + n) for p, s, n in rows if s + n + slack > after]
    covered = {(p, t) for p, s, e in kept for t in range(s - slack, e + slack)}
    assert {(p, t) for p, s, e in found for t in range(s, e)} == covered
    assert sum(e - s for _, s, e in found) == len(covered)
    assert found == sorted(found)
    assert len(joined(delta, 1, after, slack)[0]) == 0
