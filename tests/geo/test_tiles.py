"""Vector tiles: what GDAL and a slow reader find in them are the cells of the map, within a unit."""

import math

import h3.api.basic_int as h3
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadParameterError
from engine.geo.cells import cells_of
from engine.geo.tile_grid import grid_of
from engine.geo.tiles import BUFFER, EXTENT, MIN_ZOOM, encode_tile, resolution_at
from tests.oracles import tiles as oracle

UNIT = math.sqrt(0.5) + 1e-6
"""A corner moves at most this far when it is rounded."""


def tile_of(lat, lng, z):
    x, y = oracle.position(lat, lng, z, 0, 0, 1)
    return min(int(x), 2**z - 1), min(max(int(y), 0), 2**z - 1)


def ascending(cells):
    return np.unique(np.array(cells, np.uint64))


def columns_of(cells):
    n = len(cells)
    return {
        "score": np.linspace(0, 99.9, n).round(1),
        "band": (np.arange(n) % 4).astype(np.int8),
        "change": np.arange(n) % 7 - 3,
    }


def check(cells, columns, z, x, y):
    """Compare a tile with the oracle; gives the number of its features."""
    grid = grid_of(cells)
    tile = encode_tile(grid, columns, z, x, y)
    found = {}
    if tile:
        (layer,) = oracle.decode(tile)
        assert (layer["name"], layer["version"], layer["extent"]) == ("hexes", 2, EXTENT)
        for properties, (ring,) in layer["features"]:
            at = int(np.searchsorted(cells, int(properties["h3"], 16)))
            assert properties == {
                "h3": f"{int(cells[at]):x}",
                **{name: column[at].item() for name, column in columns.items()},
            }
            signed = sum(a * d - b * c for (a, b), (c, d) in zip(ring, ring[1:] + ring[:1], strict=True))
            assert signed > 0
            assert all(-BUFFER <= v <= EXTENT + BUFFER for corner in ring for v in corner)
            assert len(set(ring)) == len(ring) >= 3
            found.setdefault(at, []).append(shapely.Polygon(ring))
    for at, cell in enumerate(cells.tolist()):
        want = oracle.clipped(cell, z, x, y, EXTENT, BUFFER)
        got = shapely.union_all([shapely.make_valid(p) for p in found.get(at, [])])
        if got.is_empty:  # whatever has no area on the grid of whole units is thin or small
            assert want.is_empty or want.buffer(-UNIT).is_empty
        else:
            assert got.hausdorff_distance(want) <= UNIT + 0.2  # a thin corner moves along its edge
            assert want.buffer(-UNIT).difference(got.buffer(1e-6)).is_empty
    return len(found)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-84, 84), st.floats(-180, 180), st.integers(7, 10), st.integers(MIN_ZOOM, 18), st.integers(0, 2),
    st.integers(-1, 1), st.integers(-1, 1),
)  # fmt: skip
def test_a_tile_holds_the_cells_clipped_within_a_unit(lat, lng, resolution, z, k, dx, dy):
    cells = ascending(h3.grid_disk(h3.latlng_to_cell(lat, lng, resolution), k))
    x, y = tile_of(lat, lng, z)
    check(cells, columns_of(cells), z, (x + dx) % 2**z, min(max(y + dy, 0), 2**z - 1))


def test_pentagons_are_drawn_whole():
    for cell in h3.get_pentagons(7):
        lat, lng = h3.cell_to_latlng(cell)
        if abs(lat) < 84:
            x, y = tile_of(lat, lng, 12)
            assert check(ascending(h3.grid_disk(cell, 1)), {}, 12, x, y) > 0


@pytest.mark.parametrize("z", [MIN_ZOOM, 9, 13])
def test_a_cell_across_180_degrees_is_on_both_sides(z):
    cells = ascending(h3.grid_disk(h3.latlng_to_cell(-17.0, 180.0, 7), 3))
    crossing = [c for c in cells.tolist() if np.ptp([g for _, g in h3.cell_to_boundary(c)]) > 180]
    assert crossing
    sides = []
    for x in (0, 2**z - 1):
        y = tile_of(-17.0, 179.9, z)[1]
        assert check(cells, {}, z, x, y) > 0
        sides.append({p["h3"] for p, _ in oracle.decode(encode_tile(grid_of(cells), {}, z, x, y))[0]["features"]})
    if z < 13:
        assert {f"{c:x}" for c in crossing} <= sides[0] & sides[1]


def test_cells_beyond_the_ends_of_mercator_are_left_out():
    cells = ascending([*h3.grid_disk(h3.latlng_to_cell(90, 0, 7), 1), h3.latlng_to_cell(85.0, 10.0, 7)])
    grid = grid_of(cells)
    assert np.count_nonzero(grid.corners) == 1
    for x in range(2**MIN_ZOOM):
        encode_tile(grid, {}, MIN_ZOOM, x, 0)


def test_what_gdal_reads_is_the_outline_of_the_cells(tmp_path):
    cells = ascending(h3.grid_disk(h3.latlng_to_cell(10.7769, 106.7009, 9), 20))
    columns = columns_of(cells)
    z = 13
    x, y = tile_of(10.7769, 106.7009, z)
    path = tmp_path / f"{z}" / f"{x}" / f"{y}.mvt"
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_tile(grid_of(cells), columns, z, x, y))
    found = pyogrio.read_dataframe(str(path), layer="hexes").to_crs(4326)
    unit = 360 / 2**z / EXTENT
    whole = 0
    for row in found.itertuples():
        at = int(np.searchsorted(cells, int(row.h3, 16)))
        assert (row.score, row.band, row.change) == tuple(columns[c][at] for c in ("score", "band", "change"))
        outline = shapely.Polygon([(g, a) for a, g in h3.cell_to_boundary(int(cells[at]))])
        assert outline.buffer(unit).contains(row.geometry)
        corners = [oracle.position(a, g, z, x, y, EXTENT) for a, g in h3.cell_to_boundary(int(cells[at]))]
        if all(0 <= v <= EXTENT for corner in corners for v in corner):
            whole += 1
            assert row.geometry.hausdorff_distance(outline) < unit
    assert whole > 100  # GDAL cuts the buffer off


def test_the_tiles_of_a_zoom_hold_every_cell_and_neighbours_meet():
    cells = ascending(h3.grid_disk(h3.latlng_to_cell(10.77, 106.69, 9), 12))
    seen, area = set(), 0.0
    x0, y0 = tile_of(10.77, 106.69, 14)
    for x in range(x0 - 4, x0 + 5):
        for y in range(y0 - 4, y0 + 5):
            tile = encode_tile(grid_of(cells), {}, 14, x, y)
            for properties, (ring,) in oracle.decode(tile)[0]["features"] if tile else []:
                seen.add(properties["h3"])
                area += shapely.Polygon(ring).intersection(shapely.box(0, 0, EXTENT, EXTENT)).area
    whole = sum(
        shapely.Polygon([oracle.position(a, g, 14, 0, 0, EXTENT) for a, g in h3.cell_to_boundary(c)]).area
        for c in cells.tolist()
    )
    assert seen == {f"{c:x}" for c in cells.tolist()}
    assert area == pytest.approx(whole, rel=1e-3)


def test_a_missing_number_is_no_property():
    cells = ascending(h3.grid_disk(h3.latlng_to_cell(10.77, 106.69, 9), 1))
    x, y = tile_of(10.77, 106.69, 12)
    low = np.full(len(cells), np.nan)
    low[2] = 5.0
    features = oracle.decode(encode_tile(grid_of(cells), {"low": low}, 12, x, y))[0]["features"]
    assert [p for p, _ in features if "low" in p] == [{"h3": f"{int(cells[2]):x}", "low": 5.0}]


def test_far_and_tiny_tiles_are_empty_and_wrong_ones_refused():
    cells = cells_of(np.array([10.77]), np.array([106.69]), 9)
    grid = grid_of(cells)
    assert encode_tile(grid, {}, 12, 0, 0) == b""
    assert encode_tile(grid, {}, MIN_ZOOM - 1, *tile_of(10.77, 106.69, MIN_ZOOM - 1)) == b""
    assert encode_tile(grid_of(np.empty(0, np.uint64)), {}, 12, 0, 0) == b""
    for z, x, y in ((-1, 0, 0), (23, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0)):
        with pytest.raises(BadParameterError, match="no tile"):
            encode_tile(grid, {}, z, x, y)
    with pytest.raises(BadParameterError, match="rows"):
        encode_tile(grid, {"score": np.zeros(2)}, 12, 0, 0)


@given(st.lists(st.tuples(st.floats(-80, 80), st.floats(-180, 180)), min_size=1, max_size=8), st.data())
@settings(max_examples=30, deadline=None)
def test_a_grid_made_from_another_is_the_grid_made_anew(points, data):
    cells = ascending([h3.latlng_to_cell(a, g, 8) for a, g in points])
    known = data.draw(st.lists(st.sampled_from(cells.tolist()), unique=True))
    new, again = grid_of(cells), grid_of(cells, grid_of(ascending(known)))
    for name in ("cells", "x", "y", "corners", "box"):
        assert np.array_equal(getattr(new, name), getattr(again, name))
    assert grid_of(cells, new) is new


@pytest.mark.parametrize(("zoom", "resolution"), [(0, 7), (9.9, 7), (10, 8), (12, 9), (13.9, 9), (14, 10), (22, 10)])
def test_the_resolution_follows_the_zoom(zoom, resolution):
    assert resolution_at(zoom) == resolution
