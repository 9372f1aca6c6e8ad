"""Areas round centres, points in them, and cells as GeoJSON."""

import json

import numpy as np
import pytest
import shapely

from engine.city.districts import DISTRICTS
from engine.errors import BadParameterError
from engine.geo.areas import areas_of, hexes_geojson, outlines, voronoi_areas
from engine.geo.cells import cells_of, to_text

CENTRES = [(d.code, d.en, d.lat, d.lng) for d in DISTRICTS]


@pytest.fixture(scope="module")
def districts():
    return voronoi_areas(CENTRES, 0.05)


def test_every_centre_lies_in_its_own_area(districts):
    lat, lng = np.array([c[2] for c in CENTRES]), np.array([c[3] for c in CENTRES])
    assert areas_of(lat, lng, districts) == [c[0] for c in CENTRES]


def test_a_point_belongs_to_the_nearest_centre(districts):
    rng = np.random.default_rng(1)
    lats, lngs = [c[2] for c in CENTRES], [c[3] for c in CENTRES]
    lat, lng = rng.uniform(min(lats), max(lats), 400), rng.uniform(min(lngs), max(lngs), 400)
    squeeze = np.cos(np.radians((min(c[2] for c in CENTRES) + max(c[2] for c in CENTRES)) / 2))
    gap = [((lat - c[2]) ** 2 + ((lng - c[3]) * squeeze) ** 2) for c in CENTRES]
    nearest = [CENTRES[i][0] for i in np.argmin(gap, axis=0)]
    assert areas_of(lat, lng, districts) == nearest


def test_areas_neither_overlap_nor_leave_gaps(districts):
    total = shapely.union_all(districts.geometry.to_numpy())
    assert total.area == pytest.approx(sum(shape.area for shape in districts.geometry), rel=1e-9)
    assert total.area == pytest.approx(shapely.box(*total.bounds).area, rel=1e-9)


def test_a_point_outside_has_no_area(districts):
    assert areas_of(np.array([21.0]), np.array([105.8]), districts) == [None]


def test_outlines_are_closed_rings_with_names(districts):
    rings = outlines(districts)
    assert {name for name, _ in rings} == {c[1] for c in CENTRES}
    assert all(np.array_equal(ring[0], ring[-1]) for _, ring in rings)


@pytest.mark.parametrize("centres", [[], [("a", "A", 10.0, 106.0), ("b", "B", 10.0, 106.0)]])
def test_impossible_centres_are_refused(centres):
    with pytest.raises(BadParameterError):
        voronoi_areas(centres, 0.1)


def test_cells_become_valid_geojson_in_order():
    cells = cells_of(np.array([10.7, 10.8, -17.0]), np.array([106.6, 106.7, 179.999]), 7)
    found = json.loads(hexes_geojson(cells, {"score": np.array([1.5, 2.5, 3.5])}))
    assert [f["properties"]["h3"] for f in found["features"]] == to_text(cells)
    assert [f["properties"]["score"] for f in found["features"]] == [1.5, 2.5, 3.5]
    for feature in found["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert shape.area < 1
