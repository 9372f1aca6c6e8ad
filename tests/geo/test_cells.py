"""Cells of arrays equal the h3 library on every point."""

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.cells_check import check, differing, on_borders
from engine.errors import BadParameterError
from engine.geo import cells as geo
from engine.geo.icosahedron import unit_vectors

lats = st.floats(-90, 90)
lngs = st.floats(-180, 180)


def by_library(lat, lng, resolution):
    return np.array([h3.latlng_to_cell(a, b, resolution) for a, b in zip(lat, lng, strict=True)], np.uint64)


def points(n, seed):
    """Even over the globe, and thick where grids are awkward."""
    rng = np.random.default_rng(seed)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    lng = rng.uniform(-180, 180, n)
    corners = [h3.cell_to_latlng(p) for p in h3.get_pentagons(0)]
    corners += [(10.78, 106.7), (89.9999, 0.0), (-89.9999, 0.0), (0.0, 179.9999), (0.0, -179.9999), (0.0, 0.0)]
    near = rng.integers(0, len(corners), n // 2)
    spread = 10.0 ** rng.uniform(-6, 1, n // 2)
    home = np.array(corners)[near]
    lat[: n // 2] = np.clip(home[:, 0] + rng.normal(0, 1, n // 2) * spread, -90, 90)
    lng[: n // 2] = (home[:, 1] + rng.normal(0, 1, n // 2) * spread + 180) % 360 - 180
    return lat, lng


@pytest.mark.parametrize("resolution", range(16))
def test_cells_are_those_of_the_library(resolution):
    lat, lng = points(12_000, resolution)
    assert np.array_equal(geo.cells_of(lat, lng, resolution), by_library(lat, lng, resolution))


def test_many_points_of_the_city_at_the_engines_resolution():
    rng = np.random.default_rng(11)
    lat, lng = rng.uniform(10.3, 11.2, 200_000), rng.uniform(106.3, 107.1, 200_000)
    assert np.array_equal(geo.cells_of(lat, lng, 11), by_library(lat, lng, 11))


@pytest.mark.parametrize("resolution", [0, 1, 4, 7, 9, 10, 11, 14, 15])
def test_edges_centres_and_corners_of_the_icosahedrons_faces_fall_as_in_the_library(resolution):
    vertex = unit_vectors(*np.array([h3.cell_to_latlng(p) for p in h3.get_pentagons(0)]).T)
    near = vertex @ vertex.T > 0.4  # itself and its five neighbours
    edges = np.argwhere(np.triu(near, 1))
    faces = np.array([(a, b, c) for a, b in edges for c in range(b + 1, 12) if near[a, c] and near[b, c]])
    assert (len(edges), len(faces)) == (30, 20)
    rng = np.random.default_rng(resolution)
    share = rng.random((2_000, 1))
    some = edges[rng.integers(0, 30, 2_000)]
    on_edge = vertex[some[:, 0]] * share + vertex[some[:, 1]] * (1 - share)
    at = np.concatenate([on_edge, vertex[rng.integers(0, 12, 500)], vertex[faces[rng.integers(0, 20, 500)]].mean(1)])
    at += rng.normal(0, 1, at.shape) * 10.0 ** rng.uniform(-13, -2, (len(at), 1))
    lat = np.degrees(np.arctan2(at[:, 2], np.hypot(at[:, 0], at[:, 1])))
    lng = np.degrees(np.arctan2(at[:, 1], at[:, 0]))
    assert np.array_equal(geo.cells_of(lat, lng, resolution), by_library(lat, lng, resolution))


@settings(max_examples=200)
@given(st.lists(st.tuples(lats, lngs), min_size=1, max_size=20), st.integers(0, 15))
def test_any_point_at_any_resolution(where, resolution):
    lat, lng = (np.array(c) for c in zip(*where, strict=True))
    assert np.array_equal(geo.cells_of(lat, lng, resolution), by_library(lat, lng, resolution))


@pytest.mark.parametrize("resolution", [0, 3, 7, 11, 14, 15])
def test_edges_and_corners_of_cells_fall_as_in_the_library(resolution):
    lat, lng = on_borders(*points(1_000, 77), resolution, np.random.default_rng(resolution))
    assert np.array_equal(geo.cells_of(lat, lng, resolution), by_library(lat, lng, resolution))


def test_the_long_check_in_short():
    checked = check(20_000, 11, seed=3)
    assert (checked.even, checked.awkward) == (20_000, 2_000)
    assert checked.wrong == []


def test_a_wrong_cell_is_found():
    lat, lng = points(1_000, 5)
    assert len(differing(lat, lng, geo.cells_of(lat, lng, 11), 11)) == 0
    cells = geo.cells_of(lat, lng, 11)
    cells[7] ^= np.uint64(1 << 12)
    assert differing(lat, lng, cells, 11).tolist() == [7]


@pytest.mark.parametrize("n", [511, 512, 513, 1_500])
def test_blocks_may_end_anywhere(n):
    lat, lng = points(n, n)
    assert np.array_equal(geo.cells_of(lat, lng, 11), by_library(lat, lng, 11))


def test_coordinates_off_the_globe_are_wrapped_as_in_the_library():
    lat, lng = np.array([10.7, 10.7, 91.0, -90.0, 1e9, 10.7]), np.array([466.6, -253.4, 106.6, 180.0, 1.0, 106.6])
    for resolution in (0, 7, 11, 15):
        assert np.array_equal(geo.cells_of(lat, lng, resolution), by_library(lat, lng, resolution))


@pytest.mark.parametrize("resolution", [0, 7, 9, 10, 11])
def test_parents_are_those_of_the_library(resolution):
    cells = np.append(by_library(*points(2_000, 3), 11), np.array(h3.get_pentagons(11), np.uint64))
    assert geo.parents(cells, resolution).tolist() == [h3.cell_to_parent(c, resolution) for c in cells.tolist()]


@pytest.mark.parametrize("k", [0, 1, 2, 5])
def test_disks_are_those_of_the_library_with_grid_distance(k):
    cells = np.concatenate([by_library(*points(300, 4), 9), np.array(h3.get_pentagons(9), np.uint64)])
    offsets, near, ring = geo.disk(cells, k)
    for i, cell in enumerate(cells.tolist()):
        found = dict(zip(near[offsets[i] : offsets[i + 1]].tolist(), ring[offsets[i] : offsets[i + 1]], strict=True))
        inner: set[int] = set()
        want = {}
        for r in range(k + 1):
            within = set(h3.grid_disk(cell, r))
            want |= dict.fromkeys(within - inner, r)
            inner = within
        assert found == want


def test_centres_outlines_and_texts_are_those_of_the_library():
    cells = np.append(by_library(*points(200, 6), 10), np.array(h3.get_pentagons(10), np.uint64))
    lat, lng = geo.centres(cells)
    for i, cell in enumerate(cells.tolist()):
        assert (lat[i], lng[i]) == pytest.approx(h3.cell_to_latlng(cell))
    for cell, outline in zip(cells.tolist(), geo.boundaries(cells), strict=True):
        assert outline[:, ::-1] == pytest.approx(np.array(h3.cell_to_boundary(cell)))
    assert geo.to_text(cells) == [h3.int_to_str(c) for c in cells.tolist()]
    assert np.array_equal(geo.from_text(geo.to_text(cells)), cells)


@pytest.mark.parametrize("text", [
    "", "zz", "-1", "8965b5663a7fff", "8965b5663a7fffe", "0x8965b5663a7ffff", " 8965b5663a7ffff", "8965b5_663a7ffff",
])  # fmt: skip
def test_a_text_that_is_no_cell_is_named(text):
    with pytest.raises(BadParameterError, match="not an H3 cell") as caught:
        geo.from_text(["8965b5663a7ffff", text])
    assert repr(text) in str(caught.value)


def test_nothing_in_nothing_out():
    none = np.empty(0)
    assert len(geo.cells_of(none, none, 9)) == 0
    offsets, near, ring = geo.disk(np.empty(0, np.uint64), 2)
    assert offsets.tolist() == [0]
    assert len(near) == len(ring) == 0


@pytest.mark.parametrize("call", [
    lambda: geo.cells_of(np.array([1.0]), np.array([1.0]), 16),
    lambda: geo.cells_of(np.array([np.nan]), np.array([1.0]), 9),
    lambda: geo.cells_of(np.array([1.0, 10.7]), np.array([np.inf, 106.6]), 11),
    lambda: geo.cells_of(np.array([1.0, 2.0]), np.array([1.0]), 9),
    lambda: geo.parents(by_library([10.0], [106.0], 7), 9),
    lambda: geo.disk(by_library([10.0], [106.0], 7), -1),
])  # fmt: skip
def test_what_cannot_be_done_is_said(call):
    with pytest.raises(BadParameterError):
        call()
