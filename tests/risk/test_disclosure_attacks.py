"""Attacks on what is published, by somebody who knows the rules and gets every exact sum of every release."""

import h3.api.basic_int as h3
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.risk.disclosure import partition
from engine.risk.disclosure_views import RESOLUTIONS, merged
from tests.oracles.disclosure import Knowledge
from tests.oracles.disclosure_cities import (
    attack,
    attack_naive,
    behind,
    city,
    corrected_cases,
    differences,
    large,
    naive_releases,
    official,
    published,
    releases,
    units_of,
)

seeds = st.integers(0, 100_000)
SOME = range(20)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_no_combination_of_sums_is_about_few(seed):
    """Every view of every release, corrections in between, and the totals of all areas."""
    assert attack(city(seed), seed) == 0


def test_the_same_attack_opens_plain_suppression():
    assert sum(attack_naive(city(seed)) > 0 for seed in SOME) > len(SOME) // 2


def test_simple_differences_open_plain_suppression():
    assert sum(differences(naive_releases(city(seed))[:60], city(seed).cases) > 0 for seed in range(8)) >= 3


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_parent_minus_children_and_one_resolution_minus_another(seed):
    place = city(seed)
    given_ = published(place.rows, partition(behind(place.rows), place.areas))
    assert differences(given_, place.cases) == 0


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_yesterday_minus_today(seed):
    """Two releases share not one day of anybody's presence: there is nothing to subtract."""
    place = city(seed)
    given_, _ = releases(place, seed)
    for one in given_:
        for other in given_:
            days = [{atom[0] // 3 for atom in s} for s in (one, other)]
            assert days[0] == days[1] or not (one & other)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_areas_minus_cells(seed):
    """An area's exact total minus all that is published inside it is nothing, or many, or an area as a whole."""
    place = city(seed)
    given_ = published(place.rows, partition(behind(place.rows), place.areas))
    totals = official(place.rows, place)
    whole = Knowledge(totals, place.cases)
    for total in totals:
        inside = [s for s in given_ if s <= total]
        rest = total - frozenset().union(*inside) if inside else total
        assert not rest or large(rest, place.cases) or whole.block_of(rest)


@given(seeds, st.lists(st.tuples(st.floats(10.6, 10.9), st.floats(106.5, 106.9)), min_size=4, max_size=4))
@settings(max_examples=15, deadline=None)
def test_probing_with_boxes(seed, corners):
    """A box gives whole units: any two boxes give the same sums for the same units, and no part of one."""
    place = city(seed)
    part = partition(behind(place.rows), place.areas)
    everything = set(published(place.rows, part))
    unit = dict(zip(part.cell.tolist(), part.unit_of_cell.tolist(), strict=True))
    (south, west), (north, east) = (tuple(f(c[i] for c in corners) for i in (0, 1)) for f in (min, max))
    for resolution in RESOLUTIONS:
        names, into = merged(units_of(part), resolution)
        for n, (r, name) in enumerate(names):
            lat, lng = h3.cell_to_latlng(h3.str_to_int(name)) if r > 0 else (south, west)
            if south <= lat <= north and west <= lng <= east:
                assert frozenset(a for a in place.rows if into[unit[a[1]]] == n) in everything


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_nobody_below_the_floors_is_a_block_of_its_own(seed):
    place = city(seed)
    given_, _ = releases(place, seed)
    assert not any(Knowledge(given_, corrected_cases(place, seed)).small)


def test_a_cell_that_grows_is_not_given_away_by_its_parent():
    """Three cases yesterday, six today, the neighbours unchanged: the old parent minus the new children."""
    eight = h3.latlng_to_cell(10.77, 106.70, 8)
    a, b = sorted(h3.cell_to_children(eight, 9))[:2]
    first = {(0, a, n): (1, 1) for n in range(12)} | {(0, b, 100 + n): (1, 1) for n in range(3)}
    second = {(1, a, n): (1, 1) for n in range(12)} | {(1, b, 100 + n): (1, 1) for n in range(12)}
    given_ = [*published(first, partition(behind(first))), *published(second, partition(behind(second)))]
    known = Knowledge(given_, set(first) | set(second))
    assert not known.block_of({atom for atom in first if atom[1] == b})
    assert known.on_small_blocks() == 0
    # With a sliding window the new children would still hold the old days, and give them away.
    grown = Knowledge([frozenset(first), frozenset(c for c in first if c[1] == a)], set(first))
    assert grown.block_of({atom for atom in first if atom[1] == b})
