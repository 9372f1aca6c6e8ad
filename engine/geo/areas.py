"""Administrative areas as polygons, points in them, and GeoJSON of cells. The only place with geopandas."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import orjson
import shapely

from engine.errors import BadParameterError
from engine.geo.cells import Cells, boundaries, to_text

WGS84 = "EPSG:4326"
Degrees = npt.NDArray[np.float64]


def voronoi_areas(centres: Sequence[tuple[str, str, float, float]], margin_deg: float) -> gpd.GeoDataFrame:
    """One polygon round each centre: the points nearer to it than to any other centre.

    Args:
        centres: (code, name, lat, lng) in degrees; at least one, no two at one place.
        margin_deg: how far the areas reach beyond the outermost centres, degrees of latitude.

    Returns:
        Columns ``code``, ``name``, ``geometry`` (WGS 84), in the order of ``centres``. Neighbours share their
        borders exactly; together the areas fill the box of the centres with its margin.

    Raises:
        BadParameterError: no centres, two at one place, or a margin that is not positive.

    Distances are measured with degrees of longitude shortened by the cosine of the middle latitude: right for
    a city or a province, not near the poles or across 180 degrees.
    """
    if not centres or not margin_deg > 0:
        raise BadParameterError("voronoi_areas needs at least one centre and a positive margin")
    if len({(lat, lng) for _, _, lat, lng in centres}) < len(centres):
        raise BadParameterError("two areas have their centre at one place")
    lat = np.array([c[2] for c in centres], np.float64)
    squeeze = math.cos(math.radians(float(lat.min() + lat.max()) / 2))
    x = np.array([c[3] for c in centres], np.float64) * squeeze
    frame = shapely.box(x.min() - margin_deg, lat.min() - margin_deg, x.max() + margin_deg, lat.max() + margin_deg)
    if len(centres) == 1:
        parts = [frame]
    else:
        sites = shapely.MultiPoint(np.stack([x, lat], -1))
        found = shapely.voronoi_polygons(sites, extend_to=frame, ordered=True)
        parts = [shapely.intersection(p, frame) for p in found.geoms]
    polygons = shapely.transform(parts, lambda xy: xy / [squeeze, 1.0])
    return gpd.GeoDataFrame(
        {"code": [c[0] for c in centres], "name": [c[1] for c in centres]}, geometry=list(polygons), crs=WGS84
    )


def areas_of(lat: Degrees, lng: Degrees, areas: gpd.GeoDataFrame) -> list[str | None]:
    """The code of the area that holds each point (degrees, shapes (n,)), or None; in the order of the points.

    A point on a border belongs to the first of its areas in the order of ``areas``.

    Cost: one look-up in an R-tree a point, built anew at each call: give points in bulk.
    """
    tree = shapely.STRtree(areas.geometry.to_numpy())
    points = shapely.points(np.asarray(lng, np.float64), np.asarray(lat, np.float64))
    which, area = tree.query(points, predicate="intersects")
    first = np.full(len(points), len(areas), np.int64)
    np.minimum.at(first, which, area)
    codes = [*areas["code"].tolist(), None]
    return [codes[n] for n in first.tolist()]


def outlines(areas: gpd.GeoDataFrame) -> list[tuple[str, Degrees]]:
    """The rings of each area as (name, array (k, 2) of lng, lat); parts and holes are rings of their own."""
    rings = []
    for name, shape in zip(areas["name"].tolist(), areas.geometry, strict=True):
        for part in shapely.get_parts(shape):
            rings += [(str(name), shapely.get_coordinates(ring)) for ring in shapely.get_rings(part)]
    return rings


def hexes_geojson(cells: Cells, columns: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Cells as a GeoJSON FeatureCollection (RFC 7946), one feature a cell in the given order.

    Args:
        cells: valid cells, shape (n,).
        columns: properties by name, each a numeric column of shape (n,); ``h3`` is added.

    Raises:
        BadParameterError: a column of another length.

    A cell across 180 degrees of longitude keeps its shape: its western corners are given beyond 180.
    Coordinates are rounded to 1e-7 degrees (1 cm).
    """
    for name, column in columns.items():
        if len(column) != len(cells):
            raise BadParameterError(f"column {name!r} has {len(column)} rows, not {len(cells)}")
    values = {name: np.asarray(column).tolist() for name, column in columns.items()}
    features = []
    texts = to_text(cells)
    for n, ring in enumerate(boundaries(cells)):
        if np.ptp(ring[:, 0]) > 180:
            ring[:, 0] += np.where(ring[:, 0] < 0, 360.0, 0.0)
        corners = np.round(np.vstack([ring, ring[:1]]), 7).tolist()
        properties = {"h3": texts[n], **{name: column[n] for name, column in values.items()}}
        geometry = {"type": "Polygon", "coordinates": [corners]}
        features.append({"type": "Feature", "id": texts[n], "geometry": geometry, "properties": properties})
    return orjson.dumps({"type": "FeatureCollection", "features": features})
