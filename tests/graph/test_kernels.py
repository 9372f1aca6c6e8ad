"""The small kernels, against definitions."""

import itertools
from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ncx2

from engine import params
from engine.graph.kernels.episodes import episodes
from engine.graph.kernels.fixes import chance_within, distance_m
from engine.graph.kernels.search import find_places, gallop, lower_bound

RADIUS = params.EARTH_RADIUS_M.value
lats = st.integers(-900_000_000, 900_000_000)
lngs = st.integers(-1_800_000_000, 1_800_000_000)


@settings(max_examples=100, deadline=None)
@given(st.floats(0.5, 3.0), st.floats(0.0, 60.0), st.floats(0.1, 40.0))
def test_chance_within_is_the_noncentral_chi_square(limit: float, distance: float, sigma: float) -> None:
    if 0.5 * (distance / sigma) ** 2 > 500 or 0.5 * (limit / sigma) ** 2 > 500:
        return
    expected = ncx2.cdf((limit / sigma) ** 2, 2, max((distance / sigma) ** 2, 1e-12))
    assert chance_within(limit, distance, sigma) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("distance", "chance"), [(1.9, 1.0), (2.0, 1.0), (2.1, 0.0)])
@pytest.mark.parametrize("sigma", [0.0, 1e-4])
def test_chance_within_of_exact_fixes_is_the_distance_test(distance: float, chance: float, sigma: float) -> None:
    assert chance_within(2.0, distance, sigma) == chance


@settings(max_examples=100, deadline=None)
@given(lats, lngs, lats, lngs)
def test_distance_is_symmetric_to_the_last_bit(a: int, b: int, c: int, d: int) -> None:
    assert distance_m(a, b, c, d, RADIUS) == distance_m(c, d, a, b, RADIUS)


@settings(max_examples=100, deadline=None)
@given(st.integers(-850_000_000, 850_000_000), lngs, st.integers(-9_000, 9_000), st.integers(-9_000, 9_000))
def test_short_distances_are_great_circle_distances(lat: int, lng: int, north: int, east: int) -> None:
    lat2, lng2 = lat + north, lng + east
    p, q = np.radians(lat / 1e7), np.radians(lat2 / 1e7)
    h = np.sin((q - p) / 2) ** 2 + np.cos(p) * np.cos(q) * np.sin(np.radians((lng2 - lng) / 1e7) / 2) ** 2
    great_circle = 2 * RADIUS * np.arcsin(np.sqrt(h))
    assert distance_m(lat, lng, lat2, lng2, RADIUS) == pytest.approx(great_circle, rel=1e-6, abs=1e-5)


def test_distance_goes_the_short_way_round_the_date_line() -> None:
    near = distance_m(0, 1_799_999_900, 0, -1_799_999_900, RADIUS)
    assert near == pytest.approx(distance_m(0, 0, 0, 200, RADIUS))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=9), st.integers(-1, 10))
def test_lower_bound_is_searchsorted(values: list[int], wanted: int) -> None:
    column = np.array(sorted(values), np.int64)
    assert lower_bound(column, wanted, 0, len(column)) == np.searchsorted(column, wanted)


@settings(max_examples=50, deadline=None)
@given(
    st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4))),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5))),
)
def test_find_places_finds_every_key_and_no_other(have: set[tuple[int, int]], want: list[tuple[int, int]]) -> None:
    keys = sorted(have)
    k1, k2 = (np.array([k[i] for k in keys], t) for i, t in enumerate((np.int64, np.int32)))
    w1, w2 = (np.array([k[i] for k in want], t) for i, t in enumerate((np.int64, np.int32)))
    at, known = find_places(k1, k2, w1, w2)
    assert known.tolist() == [k in have for k in want]
    assert at.tolist() == [bisect_left(keys, k) for k in want]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60), st.integers(1, 20)), max_size=12),
    st.sampled_from((0, 1, 10)),
)
def test_episodes_credit_the_union_and_never_a_gap(rows: list[tuple[int, int, int]], gap: int) -> None:
    rows.sort()
    group, start = np.array([r[0] for r in rows], np.int64), np.array([r[1] for r in rows], np.int64)
    end = start + np.array([r[2] for r in rows], np.int64)
    new = np.ones(len(rows), np.bool_)
    new[1:] = group[1:] != group[:-1]
    number, adds = episodes(new, start, end, gap)
    for g in set(group.tolist()):
        mine = group == g
        seconds = {t for s, e in zip(start[mine], end[mine], strict=True) for t in range(s, e)}
        assert adds[mine].sum() == len(seconds)
        covered = sorted(seconds)
        breaks = sum(b - a > 1 and b - a - 1 >= gap for a, b in itertools.pairwise(covered))
        assert len(set(number[mine].tolist())) == breaks + 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=40), st.integers(-1, 31), st.integers(0, 40))
def test_galloping_from_anywhere_before_it_finds_the_lower_bound(values: list[int], wanted: int, skipped: int) -> None:
    column = np.array(sorted(values), np.int64)
    expected = bisect_left(column.tolist(), wanted)
    assert gallop(column, wanted, min(skipped, expected), len(column)) == expected
