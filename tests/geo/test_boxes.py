"""Boxes meet what shapely says they meet, also across 180 degrees."""

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadParameterError
from engine.geo.boxes import geometry_of, points_in, polygons_meeting
from engine.geo.tile_grid import grid_of, meeting


def turned(box):
    west, south, east, north = box
    return [shapely.box(west + t, south, east + (360 if west > east else 0) + t, north) for t in (-360, 0, 360)]


def outline(cell):
    corners = h3.cell_to_boundary(cell)
    across = max(g for _, g in corners) - min(g for _, g in corners) > 180
    return shapely.Polygon([(g + 360 if across and g < 0 else g, a) for a, g in corners])


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-80, 80), st.floats(-180, 179.9), st.floats(0, 0.05), st.floats(0, 0.05), st.floats(-0.03, 0.03)
)  # fmt: skip
def test_cells_meet_the_boxes_that_their_outlines_meet(lat, lng, high, wide, off):
    cells = np.unique(np.array(h3.grid_disk(h3.latlng_to_cell(lat, lng, 8), 4), np.uint64))
    east = lng + off + wide
    west, east = (v - 360 if v > 180 else v + 360 if v < -180 else v for v in (lng + off, east))
    box = (west, lat, east, lat + high)
    found = meeting(grid_of(cells), box)
    shapes = np.array([outline(c) for c in cells.tolist()])
    distance = np.min([shapely.distance(shapes, part) for part in turned(box)], axis=0)
    inside = np.max([shapely.area(shapely.intersection(shapes, part)) for part in turned(box)], axis=0)
    assert not found[distance > 1e-5].any()
    assert found[inside > 1e-9].all()


@given(
    st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=9), st.floats(-180, 180), st.floats(0, 90)
)
def test_points_and_polygons_agree(points, west, wide):
    lat, lng = (np.array([p[k] for p in points], np.float64) for k in (0, 1))
    east = west + wide if west + wide <= 180 else west + wide - 360
    box = (west, -30.0, east, 60.0)
    shapes = [shapely.Point(g, a) for a, g in points]
    assert points_in(lat, lng, box).tolist() == polygons_meeting(shapes, box).tolist()


def test_what_has_no_shape_meets_nothing():
    assert polygons_meeting([None, shapely.box(0, 0, 1, 1)], (-180, -90, 180, 90)).tolist() == [False, True]
    assert geometry_of(None) is None
    assert geometry_of(shapely.Point(1, 2)) == {"type": "Point", "coordinates": (1.0, 2.0)}


@pytest.mark.parametrize("box", [(-180.0, -90.0, 180.0, 90.0), (106.0, 10.0, 107.0, 11.0)])
def test_a_wide_box_meets_all(box):
    cells = np.unique(np.array(h3.grid_disk(h3.latlng_to_cell(10.5, 106.5, 9), 5), np.uint64))
    assert meeting(grid_of(cells), box).all()


@pytest.mark.parametrize("box", [(0, 10, 1, 9), (-181, 0, 1, 1), (0, 0, 1, 91)])
def test_an_impossible_box_is_refused(box):
    with pytest.raises(BadParameterError, match="bbox must be"):
        points_in(np.zeros(1), np.zeros(1), box)
