"""Areas, slowly and obviously: one point and one polygon at a time, weights by counting points of a grid."""

import math
from collections.abc import Sequence
from typing import Any

import h3
import shapely


def holder(lat: float, lng: float, polygons: Sequence[Any]) -> int | None:
    """The first polygon that holds a point; borders count."""
    for i, polygon in enumerate(polygons):
        if polygon is not None and polygon.intersects(shapely.Point(lng, lat)):
            return i
    return None


def weights(cell: int, polygons: Sequence[Any], steps: int = 40) -> dict[int, float]:
    """Share of a cell in each polygon, from a grid of points inside the cell; made to add up to at most 1."""
    ring = shapely.Polygon([(lng, lat) for lat, lng in h3.cell_to_boundary(h3.int_to_str(cell))])
    west, south, east, north = ring.bounds
    inside, hits = 0, dict.fromkeys(range(len(polygons)), 0)
    for i in range(steps):
        for j in range(steps):
            point = shapely.Point(west + (i + 0.5) / steps * (east - west), south + (j + 0.5) / steps * (north - south))
            if not ring.contains(point):
                continue
            inside += 1
            for n, polygon in enumerate(polygons):
                hits[n] += polygon is not None and polygon.contains(point)
    total = max(1.0, sum(hits.values()) / inside)
    return {n: count / inside / total for n, count in hits.items() if count}


def distance_m(a: Any, b: Any) -> float:
    """Distance of two polygons in the plane that is right at the middle of both."""
    lat = (a.centroid.y + b.centroid.y) / 2
    scale = 111_195.0

    def plane(points: Any) -> Any:
        return points * [math.cos(math.radians(lat)) * scale, scale]

    return float(shapely.transform(a, plane).distance(shapely.transform(b, plane)))


def population(code: str, figures: dict[str, int], parents: dict[str, str | None]) -> int | None:
    """Own figure, else the sum of the children where every one has one."""
    if code in figures:
        return figures[code]
    below = [population(c, figures, parents) for c, parent in parents.items() if parent == code]
    return sum(n or 0 for n in below) if below and None not in below else None


def longest(rows: Sequence[tuple[str | None, bool, int]]) -> str | None:
    """(unit, at home, seconds) of one person: the unit with the most seconds, at home first, then the smaller code."""
    for home in (True, False):
        total: dict[str, int] = {}
        for unit, at_home, seconds in rows:
            if unit is not None and seconds > 0 and (at_home or not home):
                total[unit] = total.get(unit, 0) + seconds
        if total:
            return min(total, key=lambda code: (-total[code], code))
    return None
