"""Scans through an atlas find what looking at every pair of rows finds, however days are cut into segments."""

import gc
import pickle
from copy import deepcopy as copy_of
from unittest.mock import patch
from weakref import ref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.graph import segments
from engine.graph.atlas import atlas_of
from engine.graph.eligibility import CHANNELS, Eligibility
from engine.graph.evidence import gather
from engine.graph.kernels import atlas as layout
from engine.graph.presences import Queries, fixes_of, stays_of
from engine.graph.segments import Segment
from tests.graph.segmented import DAY, DAYS, T0, pieces, view_of

LIMITS = Eligibility(70.0, 2.0)
# (rows a segment, people, places): crowds; a usual town; few rows among many codes.
SHAPES = st.sampled_from([(60, 5, 2), (30, 40, 20), (8, 100_000, 50_000), (2, 3, 1)])
MOMENTS = st.integers(T0 - 2 * DAY, T0 + (DAYS + 2) * DAY)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1), SHAPES, st.data(), st.booleans(), st.sampled_from([0, 600, 3_600]),
    st.sets(st.sampled_from(sorted(CHANNELS)), min_size=1),
)  # fmt: skip
def test_gather_finds_every_pair(
    seed: int, shape: tuple[int, int, int], data: st.DataObject, infector: bool, slack: int, channels: set[str]
) -> None:
    with patch.object(segments, "SHORT", data.draw(st.sampled_from([segments.SHORT, 4]))):
        view = view_of(seed, *shape)
    there = sorted({int(p) for s in (*view.bluetooth, *view.location) for p in s.rows.k1 >> 17}) or [0]
    people = data.draw(st.lists(st.sampled_from([*there, 0, shape[1] - 1]), min_size=1, max_size=6))
    asked = [(p, *sorted((data.draw(MOMENTS), data.draw(MOMENTS)))) for p in people]
    limits = Eligibility(70.0, 2.0, slack_s=slack, channels=frozenset(channels))
    columns = np.array(asked, np.int64).T
    ev = gather(view, Queries(columns[0].astype(np.int32), columns[1], columns[2], infector), limits)
    found = zip(
        ev.query.tolist(), ev.other.tolist(), ev.start.tolist(), ev.end.tolist(), ev.channel.tolist(),
        ev.weight.tolist(), ev.measure.tolist(), ev.place.tolist(), strict=True,
    )  # fmt: skip
    expected = pieces(view, asked, limits, infector)
    assert [p[:5] for p in sorted(found)] == [p[:5] for p in expected]
    values = sorted(zip(ev.weight.tolist(), ev.measure.tolist(), ev.place.tolist(), strict=True))
    assert values == [pytest.approx(p) for p in sorted(p[5:] for p in expected)]
    _assert_rows_are_those(view.check_in, ev.other_segment, ev.other_row, ev.other, ev.channel == 1)


def _assert_rows_are_those(
    held: tuple[Segment, ...], segment: np.ndarray, row: np.ndarray, other: np.ndarray, mine: np.ndarray
) -> None:
    for s, r, who in zip(segment[mine].tolist(), row[mine].tolist(), other[mine].tolist(), strict=True):
        assert held[s].rows.k2[r] == who


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), SHAPES, MOMENTS, MOMENTS)
def test_own_presences_are_those_that_overlap(seed: int, shape: tuple[int, int, int], a: int, b: int) -> None:
    view, (low, high) = view_of(seed, *shape), sorted((a, b + 1))
    people = sorted(
        {int(p) for s in view.check_in for p in s.rows.k2} | {int(p) for s in view.location for p in s.rows.k1 >> 17}
    )
    asked = Queries(np.array(people, np.int32), np.full(len(people), low), np.full(len(people), high))
    stays, fixes = stays_of(view, asked), fixes_of(view, asked)
    expected = []
    for n, s in enumerate(view.check_in):
        for r, key in enumerate(s.rows.k1.tolist()):
            came, left = s.day_start + (key & 0x1FFFF), int(s.rows.payload["left_at"][r])
            gone = s.day_start + left if left >= 0 else came + int(view.places.stay_s[key >> 17])
            if came < high and gone > low:
                expected.append((people.index(int(s.rows.k2[r])), came, gone, n, r))
    columns = (stays.query, stays.start, stays.end, stays.segment, stays.row)
    assert sorted(zip(*(c.tolist() for c in columns), strict=True)) == sorted(expected)
    expected = []
    for n, s in enumerate(view.location):
        for r, key in enumerate(s.rows.k1.tolist()):
            at = s.day_start + (key & 0x1FFFF)
            if at < high and at + int(s.stay_s[r]) > low:
                expected.append((people.index(key >> 17), at, at + int(s.stay_s[r]), n, r))
    columns = (fixes.query, fixes.start, fixes.end, fixes.segment, fixes.row)
    assert sorted(zip(*(c.tolist() for c in columns), strict=True)) == sorted(expected)


def test_copies_find_their_own_columns() -> None:
    view = view_of(3, 60, 5, 2)
    atlas = atlas_of(view)
    for copy in (copy_of(view), pickle.loads(pickle.dumps(view))):
        assert not np.array_equal(atlas_of(copy), atlas)
        asked = Queries(np.arange(5, dtype=np.int32), np.full(5, T0), np.full(5, T0 + DAYS * DAY))
        assert len(gather(copy, asked, LIMITS)) == len(gather(view, asked, LIMITS)) > 0


def test_an_atlas_keeps_alive_what_it_has_the_addresses_of() -> None:
    view = view_of(3, 60, 5, 2)
    atlas = atlas_of(view)
    held = (*view.bluetooth, *view.check_in, *view.location)
    kept = [ref(column) for s in held for column in (*s.memory["atlas"].value[1], s.rows.k1, s.order)]
    kept += [ref(column) for s in held for column in s.grouped.columns().values()]
    kept.append(ref(view.places.weight))
    for s in held:
        s.memory.clear()
    assert atlas_of(view) is atlas
    view.memory.clear()
    again = atlas_of(view)  # as another thread does that began before there was one
    assert again is not atlas
    del view, held, s
    gc.collect()
    assert all(column() is not None for column in kept)
    del atlas, again
    gc.collect()
    assert not any(column() is not None for column in kept)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(300, 5, 2), (300, 4_000, 900), (90, 1_000_000, 300_000)]))
def test_directories_cost_at_most_a_byte_and_a_half_a_row(seed: int, shape: tuple[int, int, int]) -> None:
    view = view_of(seed, *shape)
    atlas_of(view)
    for s in (*view.bluetooth, *view.check_in, *view.location):
        line, directories = s.memory["atlas"].value
        assert len(line) == layout.LINE
        # Besides, the smallest ones have room for 32 codes, or a bound at each end.
        assert sum(d.nbytes for d in directories) <= 1.5 * len(s.rows) + 256
