"""Cells and points over polygons: which share of a cell lies in which polygon, which polygon holds a point."""

from threading import Lock
from typing import Any, NamedTuple

import h3.api.basic_int as h3
import numpy as np
import numpy.typing as npt
import shapely

from engine.geo.cells import Cells, Degrees, boundaries

Real = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Polygons = npt.NDArray[np.object_]

LEAST = 1e-9
"""Smaller shares are what rounding leaves of cells that only touch."""
EARTH_KM = 6371.0
KEPT_CELLS = 2_000_000
"""Cells whose shares are remembered; then memory starts anew."""


class Shares(NamedTuple):
    """Which part of which cell lies in which unit, ordered by cell, then unit. Columns of one length."""

    cell: Index
    """Index into the cells given."""
    unit: Index
    weight: Real
    """Share of the cell's area, in (0, 1]; those of one cell add up to at most 1."""


def shares(cells: Cells, polygons: Polygons) -> Shares:
    """The share of each cell in each polygon, by area.

    Args:
        cells: valid cells, shape (n,), none across 180 degrees of longitude.
        polygons: polygons or multipolygons (degrees, longitude first), shape (m,). Their edges are straight in
            longitude and latitude, as RFC 7946 has it.

    Returns:
        As :class:`Shares`; ``unit`` is an index into ``polygons``. Where polygons overlap so that a cell would
        be given away more than once, its shares are made smaller in proportion.

    Areas are taken in the plane of degrees. That is equal-area within a cell: to shorten longitude by cos(lat)
    is the same for the part and the whole, and cos(lat) hardly changes across a cell (in Viet Nam by less than
    0.02 % at resolution 7, ten times that at resolution 5).

    Cost: 6 us a cell, and 50-200 us for each border that crosses one.
    """
    if len(cells) == 0 or len(polygons) == 0:
        return Shares(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))
    hexagons = cell_polygons(cells)
    tree = shapely.STRtree(hexagons)
    # The polygon is the prepared one: what a cell costs does not grow with the number of its corners.
    unit, cell = tree.query(polygons, predicate="contains_properly")
    any_unit, any_cell = tree.query(polygons, predicate="intersects")
    cut = ~np.isin(any_unit * len(cells) + any_cell, unit * len(cells) + cell)
    cut_unit, cut_cell = any_unit[cut], any_cell[cut]
    part = shapely.area(shapely.intersection(hexagons[cut_cell], polygons[cut_unit]))
    weight = np.minimum(part / shapely.area(hexagons[cut_cell]), 1.0)
    some = weight > LEAST
    cell = np.concatenate([cell, cut_cell[some]]).astype(np.int64)
    unit = np.concatenate([unit, cut_unit[some]]).astype(np.int64)
    weight = np.concatenate([np.ones(len(cell) - int(some.sum())), weight[some]])
    order = np.lexsort((unit, cell))
    cell, unit, weight = cell[order], unit[order], weight[order]
    return Shares(cell, unit, weight / np.maximum(np.bincount(cell, weight, len(cells)), 1.0)[cell])


def cell_polygons(cells: Cells) -> Polygons:
    """Cells as polygons of longitude and latitude, in the same order, shape (n,). Cost: about 5 us a cell."""
    rings = boundaries(cells)
    sizes = np.array([len(ring) for ring in rings], np.int64)
    corners = np.concatenate(rings) if rings else np.empty((0, 2))
    found: Polygons = shapely.polygons(shapely.linearrings(corners, indices=np.repeat(np.arange(len(cells)), sizes)))
    return found


def _nothing() -> tuple[Cells, Index, Index, Real]:
    return np.empty(0, np.uint64), np.zeros(1, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)


class ShareStore:
    """The shares of cells in a fixed list of polygons, worked out once. Thread-safe."""

    def __init__(self) -> None:
        self._known = _nothing()
        """Cells ascending, where their shares begin, unit, weight."""
        self._lock = Lock()

    def of(self, cells: Cells, polygons: Polygons) -> Shares:
        """As :func:`shares`, with the same polygons at every call."""
        asked, where = np.unique(np.asarray(cells, np.uint64), return_inverse=True)
        with self._lock:
            missing = asked[~np.isin(asked, self._known[0], assume_unique=True)]
            if len(self._known[0]) + len(missing) > KEPT_CELLS:
                self._known, missing = _nothing(), asked
            if len(missing):
                self._learn(missing, polygons)
            known, start, unit, weight = self._known
        at = np.searchsorted(known, asked)[where]
        sizes = start[at + 1] - start[at]
        cell = np.repeat(np.arange(len(cells)), sizes)
        first = np.repeat(start[at] - (np.cumsum(sizes) - sizes), sizes)
        row = first + np.arange(len(cell))
        return Shares(cell, unit[row], weight[row])

    def _learn(self, missing: Cells, polygons: Polygons) -> None:
        known, start, unit, weight = self._known
        more = shares(missing, polygons)
        cells = np.concatenate([known, missing])
        owner = np.concatenate([np.repeat(known, np.diff(start)), missing[more.cell]])
        order = np.argsort(owner, kind="stable")
        cells.sort()
        sizes = np.bincount(np.searchsorted(cells, owner), minlength=len(cells))
        begins = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        columns = np.concatenate([unit, more.unit])[order], np.concatenate([weight, more.weight])[order]
        self._known = cells, begins, *columns


def first_holders(tree: Any, lat: Degrees, lng: Degrees) -> Index:
    """Index of the first polygon of a shapely tree that holds each point (borders count); -1: none. Shape (n,)."""
    lat, lng = np.asarray(lat, np.float64), np.asarray(lng, np.float64)
    points = shapely.points(lng, lat)
    shapely.prepare(tree.geometries)
    which, polygon = tree.query(points)
    inside = shapely.intersects_xy(tree.geometries[polygon], lng[which], lat[which])
    first = np.full(len(points), len(tree.geometries), np.int64)
    np.minimum.at(first, which[inside], polygon[inside])
    return np.where(first == len(tree.geometries), -1, first)


def within(polygon: Any, resolution: int) -> Cells:
    """Cells whose centre lies in a polygon (None: none), ascending."""
    found = (
        [] if polygon is None else [c for part in shapely.get_parts(polygon) for c in h3.geo_to_cells(part, resolution)]
    )
    return np.unique(np.array(found, np.uint64))


def area_km2(shapes: Polygons) -> Real:
    """Area of each polygon on the sphere of 6,371 km, by the cylindrical equal-area plane; 0 for None. Shape (n,)."""

    def equal_area(points: Real) -> Real:
        return EARTH_KM * np.stack([np.radians(points[:, 0]), np.sin(np.radians(points[:, 1]))], -1)

    found: Real = np.nan_to_num(shapely.area(shapely.transform(shapes, equal_area)))
    return found


def rings_of(shape: Any) -> list[Degrees]:
    """The rings of a polygon or multipolygon, outer ones and holes, as arrays (k, 2) of lng, lat."""
    return [shapely.get_coordinates(ring) for part in shapely.get_parts(shape) for ring in shapely.get_rings(part)]
