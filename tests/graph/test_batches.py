"""Batches taken apart by day, and look-ups of sorted keys in sorted rows."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import DAY
from engine.graph.batches import MOST_DAYS, Batch
from engine.graph.kernels.search import find_places, mark_known
from engine.graph.layout import SECOND_BITS

sightings = st.tuples(st.integers(0, 30), st.integers(-2, 2), st.integers(0, 3), st.integers(0, 4), st.integers(0, 9))


def batch_of(rows: list[tuple[int, ...]], far: bool) -> Batch:
    person, day, second, peer, value = (np.array(c, np.int64) for c in zip(*rows, strict=True))
    at = day * (MOST_DAYS if far else 1) * DAY + DAY - 2 + second
    payload = {"duration_s": value.astype(np.uint16), "attenuation_cdb": -value.astype(np.int16)}
    return Batch("bluetooth", person.astype(np.int32), at, peer.astype(np.int32), payload)


@settings(max_examples=100, deadline=None)
@given(st.lists(sightings, min_size=1, max_size=120), st.booleans())
def test_rows_by_day_in_the_order_of_their_keys(given_rows: list[tuple[int, ...]], far: bool) -> None:
    """Around midnight, before 1970 too; many of one person at one second; repeats stay in the order given."""
    batch = batch_of(given_rows, far)
    seen: list[int] = []
    for day, found in batch.days():
        index = found.row
        assert index.tolist() == np.flatnonzero(batch.at // DAY == day).tolist()
        rows, source, twice = found.sorted()
        k1 = batch.first.astype(np.int64) << SECOND_BITS | batch.at % DAY
        wanted = sorted(index.tolist(), key=lambda i: (k1[i], batch.other[i]))
        assert source.tolist() == wanted
        assert rows.k1.tolist() == k1[wanted].tolist()
        assert rows.k2.tolist() == batch.other[wanted].tolist()
        for name, column in rows.payload.items():
            assert column.tolist() == batch.payload[name][wanted].tolist()
        keys = [(k1[i], batch.other[i]) for i in wanted]
        assert twice == (len(set(keys)) < len(keys))
        seen.append(day)
    assert seen == sorted(set((batch.at // DAY).tolist()))


def test_a_crowd_at_one_second() -> None:
    person = np.random.default_rng(3).permutation(5_000).astype(np.int32)
    batch = Batch("check_in", np.zeros(5_000, np.int32), np.full(5_000, 7), person, {"left_at": person})
    ((_, found),) = batch.days()
    rows, _, twice = found.sorted()
    assert not twice
    assert rows.k2.tolist() == rows.payload["left_at"].tolist() == list(range(5_000))


def test_no_rows_have_no_days() -> None:
    none = np.empty(0, np.int32)
    assert list(Batch("location", none, none.astype(np.int64), None, {}).days()) == []


keys = st.sets(st.tuples(st.integers(0, 60), st.integers(0, 5), st.integers(0, 3)), max_size=80)


def columns(found: set[tuple[int, int, int]], spread: int) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(sorted(found), np.int64).reshape(-1, 3)
    return table[:, 0] ** spread << SECOND_BITS | table[:, 1], table[:, 2].astype(np.int32)


@settings(max_examples=150, deadline=None)
@given(keys, keys, st.sampled_from([1, 3]), st.integers(0, 5), st.integers(0, 5), st.booleans())
def test_keys_are_found_wherever_they_are(
    here: set[tuple[int, int, int]], wanted: set[tuple[int, int, int]], spread: int, low: int, high: int, mixed: bool
) -> None:
    """Codes evenly spread and not; wanted ones in order and not."""
    k1, k2 = columns(here, spread)
    w1, w2 = columns(wanted, spread)
    there = set(zip(k1.tolist(), k2.tolist(), strict=True))
    known = np.zeros(len(w1), np.bool_)
    count = mark_known(k1, k2, low, high, w1, w2, known)
    second = w1 & ((1 << SECOND_BITS) - 1)
    expected = [
        (a, b) in there and low <= s <= high for a, b, s in zip(*(c.tolist() for c in (w1, w2, second)), strict=True)
    ]
    assert known.tolist() == expected
    assert count == sum(expected)
    if mixed:
        turn = np.random.default_rng(0).permutation(len(w1))
        w1, w2 = w1[turn], w2[turn]
    at, found = find_places(k1, k2, w1, w2)
    rows = list(zip(k1.tolist(), k2.tolist(), strict=True))
    for key, place, is_there in zip(
        zip(w1.tolist(), w2.tolist(), strict=True), at.tolist(), found.tolist(), strict=True
    ):
        assert place == sum(row < key for row in rows)
        assert is_there == (key in there)
