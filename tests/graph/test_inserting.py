"""A few rows put into a sealed day: equal to sorting the day again, column by column."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.graph import store
from engine.graph.segments import Rows, Segment
from engine.graph.store import EventLog
from tests.graph.test_store import batch, told


def cells(rows: Rows) -> Any:
    return (rows.payload["lat_e7"] % 5).astype(np.uint64)


def sealed(kind: str, parts: list[list[dict]], seal_between: bool) -> Segment:
    log = EventLog(kind, cells if kind == "location" else None)
    for events in parts:
        log.apply(batch(kind, events))
        if seal_between:
            log.seal()
    return log.seal()[0]


event = st.builds(
    told,
    key=st.integers(0, 500),
    duration_s=st.integers(1, 99),
    left_at=st.integers(-1, 90_000),
    lat_e7=st.integers(0, 9),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(event, min_size=20, max_size=60), st.lists(st.lists(event, min_size=1, max_size=3), max_size=6))
@pytest.mark.parametrize("kind", ["bluetooth", "check_in", "location"])
def test_sealing_between_batches_changes_no_column(kind: str, first: list[dict], rest: list[list[dict]]) -> None:
    at_once, bit_by_bit = (sealed(kind, [first, *rest], between) for between in (False, True))
    for name in ("groups", "group_start", "by_group", "majors", "major_longest", "longest_s", "last_end"):
        one, other = np.asarray(getattr(at_once, name)), np.asarray(getattr(bit_by_bit, name))
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist(), name
    for name in ("k1", "k2"):
        assert getattr(at_once.rows, name).tolist() == getattr(bit_by_bit.rows, name).tolist()
    for name, column in at_once.rows.payload.items():
        assert column.tolist() == bit_by_bit.rows.payload[name].tolist()


def test_few_rows_are_put_in_and_many_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = store.insert_rows
    monkeypatch.setattr(store, "insert_rows", lambda old, new, c: calls.append(len(new)) or real(old, new, c))
    many = [told(k, left_at=1) for k in range(100)]
    sealed("check_in", [many, [told(200)], [told(k) for k in range(300, 390)]], True)
    assert calls == [1]
