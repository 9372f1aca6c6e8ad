"""Polygons as GeoJSON, and which of them meet a box."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import mapping

from engine.errors import BadParameterError

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees; west > east: across 180."""


def polygons_meeting(polygons: Sequence[Any], box: Box) -> npt.NDArray[np.bool_]:
    """Which polygons (None: no shape, meets nothing) have a point in common with the box; shape (n,)."""
    west, south, east, north = box
    parts = [shapely.box(west, south, east, north)] if west <= east else [
        shapely.box(west, south, 180.0, north),
        shapely.box(-180.0, south, east, north),
    ]  # fmt: skip
    shapes = np.array(polygons, object)
    found = np.zeros(len(shapes), np.bool_)
    for part in parts:
        found |= shapely.intersects(shapes, part)
    return found


def points_in(lat: npt.NDArray[np.float64], lng: npt.NDArray[np.float64], box: Box) -> npt.NDArray[np.bool_]:
    """Which points (degrees, shapes (n,)) are in the box, its border included.

    Raises:
        BadParameterError: not such a box.
    """
    west, south, east, north = box
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise BadParameterError("bbox must be west,south,east,north in degrees, with south <= north")
    across = (lng >= west) & (lng <= east) if west <= east else (lng >= west) | (lng <= east)
    return np.asarray((lat >= south) & (lat <= north) & across, np.bool_)


def geometry_of(polygon: Any) -> dict[str, Any] | None:
    """A polygon as a GeoJSON geometry; None stays None."""
    return None if polygon is None else dict(mapping(polygon))
