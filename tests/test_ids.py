"""Keys and codes."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import ids
from engine.ids import Keys


def test_codes_are_dense_in_order_of_arrival() -> None:
    keys = Keys()
    assert [keys.add(k) for k in ("b", "a", "b", "c")] == [0, 1, 0, 2]
    assert len(keys) == 3


def test_find_does_not_add() -> None:
    keys = Keys()
    assert keys.find("a") is None
    assert len(keys) == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=4)), st.lists(st.text(min_size=1, max_size=4)))
def test_encoding_is_undone_by_keys(first: list[str], second: list[str]) -> None:
    keys = Keys()
    for batch in (first, second, first):
        codes = keys.encode(pa.array(batch, pa.string()))
        assert codes.dtype == np.int32
        assert keys.keys(codes.tolist()) == batch


@pytest.mark.parametrize("known", [0, 1, 3_000, 6_000])
def test_many_keys_at_once_get_the_codes_that_one_by_one_would_get(known: int) -> None:
    many = [f"k{i % 5_000}" for i in range(7_000)]
    bulk, single = Keys(), Keys()
    for keys in (bulk, single):
        keys.encode(pa.array([f"k{i}" for i in range(known)], pa.string()))
    codes = bulk.encode(pa.array(many))
    assert len(set(many)) > ids.MANY
    assert codes.tolist() == [single.add(k) for k in many]
    assert len(bulk) == len(single)


def test_chunks_with_their_own_dictionaries_are_encoded_as_one_column() -> None:
    keys = Keys()
    chunks = [pa.array(["a", "b"]).dictionary_encode(), pa.array(["c", "a"]).dictionary_encode()]
    codes = keys.encode(pa.chunked_array(chunks))
    assert keys.keys(codes.tolist()) == ["a", "b", "c", "a"]


def test_no_rows_give_no_codes() -> None:
    assert Keys().encode(pa.chunked_array([], pa.string())).tolist() == []


def test_ranks_follow_the_keys_not_the_codes() -> None:
    keys = Keys()
    codes = keys.encode(pa.array(["c", "a", "b"]))
    assert keys.ranks(codes).tolist() == [2, 0, 1]
