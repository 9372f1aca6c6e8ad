"""Points, cells and neighbours against the brute-force oracle, on areas round random centres."""

from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geo.adjacency import near_pairs
from engine.geo.areas import voronoi_areas
from engine.geo.cells import centres, disk, parents
from engine.geo.overlay import ShareStore, area_km2, shares
from engine.geo.unit_checks import check
from engine.geo.units import Unit, Units
from tests.oracles import areas as oracle

DAY = date(2021, 7, 1)
PLACES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda p: (10.7 + p[0] / 400, 106.6 + p[1] / 400)),
    min_size=1, max_size=6, unique=True,
)  # fmt: skip


def units_of(polygons, tier="district"):
    return Units([Unit(f"{i:03}", tier, None, str(i), str(i)) for i in range(len(polygons))], polygons)


def voronoi(places):
    return list(voronoi_areas([(str(i), str(i), *p) for i, p in enumerate(places)], 0.02).geometry)


def cells_over(polygons, resolution, rng, count):
    west, south, east, north = shapely.total_bounds(np.array(polygons, np.object_))
    from engine.geo.cells import cells_of

    return cells_of(rng.uniform(south - 0.02, north + 0.02, count), rng.uniform(west, east, count), resolution)


@given(PLACES, st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_points_are_where_the_oracle_has_them(places, seed):
    polygons = voronoi(places)
    polygons[-1] = None if len(polygons) > 1 else polygons[-1]
    rng = np.random.default_rng(seed)
    lat, lng = rng.uniform(10.65, 10.85, 60), rng.uniform(106.55, 106.75, 60)
    found = units_of(polygons).area_of(lat, lng, "district", DAY)
    expected = [oracle.holder(a, b, polygons) for a, b in zip(lat, lng, strict=True)]
    assert found == [None if n is None else f"{n:03}" for n in expected]


@given(PLACES, st.integers(0, 10**6), st.integers(7, 10))
@settings(max_examples=10, deadline=None)
def test_shares_of_cells_are_those_of_a_fine_grid(places, seed, resolution):
    polygons = voronoi(places)
    cells = cells_over(polygons, resolution, np.random.default_rng(seed), 5)
    found = units_of(polygons).overlay(cells, "district", DAY)
    for n, cell in enumerate(cells.tolist()):
        mine = {int(u): w for u, w in zip(found.unit[found.cell == n], found.weight[found.cell == n], strict=True)}
        slow = oracle.weights(cell, polygons)
        for u in mine.keys() | slow.keys():
            assert mine.get(u, 0.0) == pytest.approx(slow.get(u, 0.0), abs=0.05)


@given(PLACES, st.integers(0, 10**6), st.integers(0, 3))
@settings(max_examples=15, deadline=None)
def test_shares_add_up_and_are_ordered(places, seed, swell):
    polygons = [p.buffer(swell * 0.001) for p in voronoi(places)]
    cells = cells_over(polygons, 9, np.random.default_rng(seed), 40)
    found = shares(cells, np.array(polygons, np.object_))
    assert (found.weight > 0).all()
    total = np.bincount(found.cell, found.weight, len(cells))
    assert (total <= 1 + 1e-9).all()
    assert list(zip(found.cell, found.unit, strict=True)) == sorted(zip(found.cell, found.unit, strict=True))
    lat, lng = centres(cells)
    middle = shapely.points(lng, lat)
    hull = shapely.union_all(polygons)
    deep = shapely.contains(hull.buffer(-0.01), middle)
    assert total[deep] == pytest.approx(1.0)


@given(PLACES, st.lists(st.integers(0, 10**6), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_remembered_shares_are_the_same(places, seeds):
    polygons = np.array(voronoi(places), np.object_)
    store = ShareStore()
    for seed in seeds:
        rng = np.random.default_rng(seed)
        cells = cells_over(polygons, 9, rng, 30)
        cells = np.concatenate([cells, rng.choice(cells, 5)])
        for mine, fresh in zip(store.of(cells, polygons), shares(cells, polygons), strict=True):
            assert np.array_equal(mine, fresh)


def test_memory_of_shares_starts_anew_when_it_is_full(monkeypatch):
    monkeypatch.setattr("engine.geo.overlay.KEPT_CELLS", 40)
    polygons = np.array(voronoi([(10.7, 106.6), (10.75, 106.7)]), np.object_)
    store = ShareStore()
    for seed in range(4):
        cells = np.unique(cells_over(polygons, 9, np.random.default_rng(seed), 30))
        for mine, fresh in zip(store.of(cells, polygons), shares(cells, polygons), strict=True):
            assert np.array_equal(mine, fresh)


def test_half_a_cell_weighs_a_half():
    units = units_of([shapely.box(106.0, 10.0, 106.7, 11.0), shapely.box(106.7, 10.0, 107.0, 11.0)])
    line = np.linspace(10.05, 10.95, 200)
    from engine.geo.cells import cells_of

    found = units.overlay(np.unique(cells_of(line, np.full(200, 106.7), 9)), "district", DAY)
    assert np.bincount(found.cell, found.weight) == pytest.approx(1.0)
    assert found.weight.min() < 0.5 < found.weight.max()


def test_cells_of_a_unit_have_their_centre_in_it():
    polygons = voronoi([(10.7, 106.6), (10.75, 106.7), (10.72, 106.65)])
    units = units_of([*polygons, None])
    parts = [units.cells_of(f"{i:03}", 8) for i in range(3)]
    for cells, polygon in zip(parts, polygons, strict=True):
        lat, lng = centres(cells)
        assert shapely.contains(polygon, shapely.points(lng, lat)).all()
        assert np.array_equal(cells, np.unique(cells))
    together = np.concatenate(parts)
    assert len(np.unique(together)) == len(together)
    _, around, _ = disk(together, 1)
    lat, lng = centres(np.setdiff1d(around, together))
    assert not shapely.contains(shapely.union_all(polygons), shapely.points(lng, lat)).any()
    assert len(units.cells_of("003", 8)) == 0
    assert units.cells_of("000", 8) is parts[0]


@given(PLACES, st.floats(0, 0.004))
@settings(max_examples=25, deadline=None)
def test_neighbours_are_those_of_the_distance_matrix(places, shrink):
    polygons = [p.buffer(-shrink) for p in voronoi(places)]
    polygons = [p for p in polygons if not p.is_empty]
    found = {tuple(p) for p in near_pairs(np.array(polygons, np.object_), 300.0).tolist()}
    for a in range(len(polygons)):
        for b in range(a + 1, len(polygons)):
            apart = oracle.distance_m(polygons[a], polygons[b])
            if abs(apart - 300.0) > 6.0:  # the two planes differ by some percent
                assert ((a, b) in found) == (apart < 300.0)


def test_codes_without_polygon_have_no_neighbours_and_keep_their_index():
    left, right = shapely.box(106.0, 10.0, 106.5, 11.0), shapely.box(106.5, 10.0, 107.0, 11.0)
    units = units_of([None, left, None, right])
    assert units.adjacency("district", DAY) == [("001", "003")]
    cells = cells_over([left, right], 7, np.random.default_rng(0), 20)
    assert set(units.overlay(cells, "district", DAY).unit.tolist()) <= {1, 3}
    assert set(units.index_of(np.array([10.5]), np.array([106.7]), "district", DAY).tolist()) == {3}
    assert [code for code, _ in units.outlines("district", DAY)] == ["001", "003"]
    assert units.area_of(np.array([10.5]), np.array([106.7]), "commune", DAY) == [None]


def test_nothing_over_nothing():
    none = np.empty(0, np.uint64)
    assert len(Units().overlay(none, "province", DAY).cell) == 0
    assert Units().adjacency("province", DAY) == []
    cells = parents(cells_over([shapely.box(106, 10, 107, 11)], 9, np.random.default_rng(1), 5), 8)
    assert len(Units().overlay(cells, "province", DAY).weight) == 0


def test_a_square_degree_at_the_equator_has_its_size():
    box = np.array([shapely.box(0, -0.5, 1, 0.5), None], np.object_)
    assert area_km2(box) == pytest.approx([12_364.2, 0.0], rel=1e-4)


def test_the_check_finds_what_is_wrong():
    whole = shapely.box(106.0, 10.0, 107.0, 11.0)
    rows = [
        (Unit("79", "province", None, "a", "a"), whole),
        (Unit("001", "district", "79", "a", "a"), shapely.box(106.0, 10.0, 106.6, 11.0)),
        (Unit("002", "district", "79", "b", "b"), shapely.box(106.5, 10.0, 106.8, 11.1)),
        (Unit("003", "district", "80", "c", "c"), None),
        (Unit("004", "district", None, "d", "d"), None),
    ]
    found = check(Units([r[0] for r in rows], [r[1] for r in rows]), DAY)
    assert found.orphans == (("003", "80"), ("004", None))
    assert found.no_polygon == {"province": (), "district": ("003", "004")}
    assert found.no_population["province"] == ("79",)
    assert [(p.code, p.other) for p in found.overlaps] == [("001", "002")]
    assert found.overlaps[0].share == pytest.approx(0.1 / 0.33, rel=0.01)
    assert [(p.code, round(p.share, 2)) for p in found.gaps] == [("79", 0.2)]
    assert [(p.code, p.other) for p in found.outside] == [("002", "79")]


def test_the_check_is_silent_where_nothing_is_wrong():
    from engine.geo.units import Population

    people = (Population(DAY, 1, "x"),)
    rows = [Unit("79", "province", None, "a", "a"), Unit("001", "district", "79", "a", "a", population=people)]
    found = check(Units(rows, [shapely.box(0, 0, 1, 1)] * 2), DAY)
    assert not any(map(any, (found.no_polygon.values(), found.no_population.values())))
    assert not any((found.orphans, found.overlaps, found.gaps, found.outside))
