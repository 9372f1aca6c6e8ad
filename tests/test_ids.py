"""Keys and codes."""

import random
import threading

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import ids
from engine.ids import Keys
from engine.kernels.interning import LONGEST, intern_few


def test_codes_are_dense_in_order_of_arrival() -> None:
    keys = Keys()
    assert [keys.add(k) for k in ("b", "a", "b", "c")] == [0, 1, 0, 2]
    assert len(keys) == 3


def test_find_does_not_add() -> None:
    keys = Keys()
    assert keys.find("a") is None
    assert len(keys) == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=2)), st.lists(st.text(min_size=1, max_size=2)))
def test_those_that_were_seen_are_found_in_the_order_asked(first: list[str], second: list[str]) -> None:
    keys = Keys()
    known = {key: keys.add(key) for key in first}
    assert keys.found([*second, *first]).tolist() == [known[key] for key in [*second, *first] if key in known]
    assert len(keys) == len(known)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=4)), st.lists(st.text(min_size=1, max_size=4)))
def test_encoding_is_undone_by_keys(first: list[str], second: list[str]) -> None:
    keys = Keys()
    for batch in (first, second, first):
        codes = keys.encode(pa.array(batch, pa.string()))
        assert codes.dtype == np.int32
        assert keys.keys(codes.tolist()) == batch


@settings(max_examples=100, deadline=None)
@given(st.data(), st.integers(0, 2), st.integers(0, 40))
def test_keys_that_differ_in_one_byte_or_in_length_are_different(data: st.DataObject, width: int, before: int) -> None:
    letter = ("a", "é", "𝄞")[width]
    texts = [letter * n for n in range(1, 40)]
    texts += [text[:at] + "b" + text[at + 1 :] for text in texts for at in {0, len(text) // 2, len(text) - 1}]
    asked = data.draw(st.lists(st.sampled_from(texts), min_size=1, max_size=200))
    keys = Keys()
    keys.encode(pa.array([f"{n}" for n in range(before)], pa.string()))
    codes = keys.encode(pa.array(asked, pa.string()).slice(1))
    first: dict[str, int] = {}
    assert codes.tolist() == [first.setdefault(text, before + len(first)) for text in asked[1:]]
    assert [keys.find(text) for text in texts] == [first.get(text) for text in texts]
    assert keys.keys(codes.tolist()) == asked[1:]


@pytest.mark.parametrize(("key", "other"), [("12345678", "87654321"), ("123456789", "abcdefghi"), ("a", "b")])
def test_keys_of_one_hash_and_length_are_different(key: str, other: str) -> None:
    seed, heads = np.uint64(7), []
    for first in (key, other):
        table = ids._Table.of(8, np.zeros(64, np.uint8), np.zeros(7, np.int64))
        assert interned(table, first, 0, seed) == (1, 0)
        heads.append(table.slots.copy())
    at = int(np.flatnonzero(heads[0][::2] >= 0)[0])
    table.slots[:] = ids.EMPTY
    table.slots[2 * at : 2 * at + 2] = heads[0][2 * at], heads[1][heads[1] >= 0][-1]  # as if ``other`` had its hash
    assert interned(table, key, 1, seed) == (2, 1)
    assert interned(table, key, 2, seed) == (2, 1)
    assert table.held[: int(table.starts[2])].tobytes().decode() == other + key


def interned(table: ids._Table, key: str, count: int, seed: np.uint64) -> tuple[int, int]:
    out = np.empty(1, np.int32)
    data, offsets = ids._one(key)
    offsets.setflags(write=False)
    count, done = intern_few(data, offsets, 0, True, table.slots, table.held, table.starts, count, seed, out)
    assert done == 1
    return count, int(out[0])


def test_very_long_keys_are_told_apart_by_length_and_end() -> None:
    keys, size = Keys(), LONGEST
    names = ["x" * (size - 1), "x" * size, "x" * (size + 1), "x" * size + "y", "x"]
    assert keys.encode(pa.array(names)).tolist() == [0, 1, 2, 3, 4]
    assert [keys.find(name) for name in (*names, "x" * (size + 2))] == [0, 1, 2, 3, 4, None]


@pytest.mark.parametrize("known", [0, 1, 3_000, 6_000])
@pytest.mark.parametrize("rows", [ids.FEW, ids.FEW + 3_000])
def test_many_keys_at_once_get_the_codes_that_one_by_one_would_get(known: int, rows: int) -> None:
    many = [f"k{i * 7 % 5_000}" for i in range(rows)]
    bulk, single = Keys(), Keys()
    for keys in (bulk, single):
        keys.encode(pa.array([f"k{i}" for i in range(known)], pa.string()))
    codes = bulk.encode(pa.array(many))
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


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=3)))
def test_the_column_is_the_namespace(given_keys: list[str]) -> None:
    keys = Keys()
    keys.encode(pa.array(given_keys, pa.string()))
    again = Keys.of(keys.column())
    assert again.column() == keys.column()
    assert [again.find(k) for k in given_keys] == [keys.find(k) for k in given_keys]


def test_no_code_beyond_the_last_has_a_key() -> None:
    keys = Keys()
    keys.add("a")
    for code in (-1, 1):
        with pytest.raises(IndexError):
            keys.key(code)


def test_a_slice_of_a_column_is_its_own_keys() -> None:
    keys = Keys()
    assert keys.keys(keys.encode(pa.array(["no", "a", "bb", "no"]).slice(1, 2)).tolist()) == ["a", "bb"]


def test_those_who_look_while_keys_come_see_each_whole_or_not_at_all() -> None:
    keys, names = Keys(), [f"person-{i}" for i in range(30_000)]
    wrong: list[str] = []
    over = threading.Event()

    def look() -> None:
        rng = random.Random(1)
        while not over.is_set():
            name = names[rng.randrange(len(names))]
            code = keys.find(name)
            if code is not None and keys.key(code) != name:
                wrong.append(name)

    readers = [threading.Thread(target=look) for _ in range(2)]
    writers = [threading.Thread(target=_adding, args=(keys, names[i:] + names[:i])) for i in (0, 9_000)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in readers:
        thread.join()
    assert not wrong
    assert len(keys) == len(names)
    assert sorted(keys.column().to_pylist()) == sorted(names)


def _adding(keys: Keys, names: list[str]) -> None:
    for at in range(0, len(names), 500):
        keys.encode(pa.array(names[at : at + 500]))


def test_who_reads_older_arrays_is_never_sent_beyond_their_ends() -> None:
    keys, rng = Keys(), random.Random(1)
    for size in (600, 200, 300, 3_000, 1_000, 50):
        before = keys._table
        keys.encode(pa.array([f"{rng.random()} {n}" * rng.choice((1, 40)) for n in range(size)]))
        if before is not keys._table:
            heads = before.slots[::2]
            known = heads[heads >= 0] & 0xFFFFFFFF
            assert known.max(initial=-1) + 1 < len(before.starts)
            assert before.starts[known.max(initial=-1) + 1] <= len(before.held)


@given(st.lists(st.lists(st.integers(0, 3_000).map(lambda n: "x" * (n % 17) + str(n)), max_size=1_500), max_size=4))
def test_room_is_made_for_new_keys_alone(columns: list[list[str]]) -> None:
    keys, codes = Keys(), dict[str, int]()
    for column in columns:
        found = keys.encode(pa.array(column, pa.string())).tolist()
        assert found == [codes.setdefault(name, len(codes)) for name in column]
    assert len(keys) == len(codes)
    assert keys.column().to_pylist() == list(codes)
    assert len(keys._table.slots) // 2 <= max(1_024, 6 * len(codes))
