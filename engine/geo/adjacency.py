"""Which polygons are neighbours, in files whose borders do not quite meet."""

import math

import numpy as np
import numpy.typing as npt
import shapely

NEAR_M = 50.0
"""Polygons nearer than this are neighbours, metres: published files are simplified unit by unit, by up to 100 m, so
that common borders part a little. More would join units across the narrowest wards of the old towns."""
DEGREE_M = 111_195.0
"""Metres of a degree of latitude on the sphere of 6,371 km."""


def near_pairs(polygons: npt.NDArray[np.object_], near_m: float = NEAR_M) -> npt.NDArray[np.int64]:
    """Pairs (a < b) of polygons at most ``near_m`` apart, shape (pairs, 2), ascending.

    Neighbours at a corner count (queen contiguity), and so do banks of a river narrower than ``near_m``.

    Distances are taken in the sinusoidal plane about the middle meridian: for a country as wide as Viet Nam
    (8 degrees) they are right within some percent. Cost: about 1 ms for each pair of neighbouring outlines.
    """
    if len(polygons) == 0:
        return np.empty((0, 2), np.int64)
    west, _, east, _ = shapely.total_bounds(polygons)
    middle = (west + east) / 2

    def metres(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x = (points[:, 0] - middle) * np.cos(points[:, 1] * (math.pi / 180))
        return np.stack([x, points[:, 1]], -1) * DEGREE_M

    flat = shapely.transform(polygons, metres)
    a, b = shapely.STRtree(flat).query(flat, predicate="dwithin", distance=near_m)
    pairs: npt.NDArray[np.int64] = np.stack([a, b], -1)[a < b].astype(np.int64)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return pairs
