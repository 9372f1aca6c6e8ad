"""A glance at a column says what a close look says, or nothing."""

from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import validate
from engine.events.json_rows import table_of
from engine.events.kernels import BAD, GOOD, parse_moments
from engine.events.schemas import KINDS, TIME, kind_named
from engine.events.usual import usual
from engine.events.validate import Checked, check
from tests.events.rows import NOW, tables


def looked_at_closely(kind: str, raw: pa.Table) -> Checked:
    with patch.object(validate, "usual", lambda *_: None):
        return check(kind, raw, NOW)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_both_looks_say_the_same(kind: str, data: st.DataObject) -> None:
    """Of raw rows, of canonical ones, and of slices of them."""
    rows = data.draw(tables(kind, spoilt=data.draw(st.booleans())))
    raw = table_of(rows, kind)
    from_row = data.draw(st.integers(0, len(rows)))
    for table in (raw, check(kind, raw, NOW).table, raw.slice(from_row)):
        assert check(kind, table, NOW) == looked_at_closely(kind, table)


VALUES = {
    "person": pa.array(["a", "b" * 128, "c"]),
    "at": pa.array([0, NOW, -5], TIME),
    "lat": pa.array([-90.0, 90.0, -0.0]),
    "revision": pa.array([0, 2**31 - 1, 7], pa.int32()),
    "retract": pa.array([True, False, True]),
}


@pytest.mark.parametrize("name", VALUES)
def test_good_values_are_seen_at_a_glance_also_in_the_middle_of_a_column(name: str) -> None:
    field = next(f for f in (*kind_named("location").fields, validate.RETRACT, validate.REVISION) if f.name == name)
    for column in (VALUES[name], VALUES[name].slice(1), VALUES[name].take(pa.array([2, 1]))):
        assert usual(field, pa.chunked_array([column]), NOW) == column
    one_missing = VALUES[name].take(pa.array([0, 1, None]))
    assert usual(field, pa.chunked_array([one_missing]), NOW) is None


@pytest.mark.parametrize("offsets", [[0, 1, 9], [0, 2, 1], [-1, 1, 2], [0, 0, 1], [0, 2**31 - 1, 2]])
def test_offsets_are_not_followed_out_of_the_text(offsets: list[int]) -> None:
    told = np.array([0, 1, 2], np.int32)
    text = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(told), pa.py_buffer(b"ab")], 0)
    told[:] = offsets
    assert usual(kind_named("location").fields[0], pa.chunked_array([text]), NOW) is None


MOMENT = st.datetimes().map(lambda t: t.isoformat(timespec="seconds") + "Z")


@settings(max_examples=200, deadline=None)
@given(st.lists(MOMENT, min_size=1, max_size=4), st.data())
def test_a_moment_read_by_words_is_the_one_read_by_letters(texts: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, 19))
    texts.append(texts[0][:at] + data.draw(st.sampled_from("0123456789/:-TZtz +~\x7f")) + texts[0][at + 1 :])
    by_words, by_letters = read(texts), read([f" {text}" for text in texts])
    assert by_words == by_letters
    assert [state for _, state in by_words[:-1]] == [GOOD] * (len(texts) - 1)


def test_dates_that_are_none_are_bad_each_time() -> None:
    assert read(["2021-02-29T00:00:00Z"] * 2 + ["2021-13-01T00:00:00Z"]) == [(0, BAD)] * 3


def read(texts: list[str]) -> list[tuple[int, int]]:
    column = pa.array(texts, pa.string())
    _, starts, data = column.buffers()
    offsets, text = np.frombuffer(starts, np.int32, len(texts) + 1), np.frombuffer(data, np.uint8)
    seconds, state = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.uint8)
    for given_array in (offsets, text):
        given_array.flags.writeable = False
    parse_moments(text, offsets, seconds, state)
    return list(zip(seconds.tolist(), state.tolist(), strict=True))
