"""Maps cut to tiles and boxes; the outlines of cells are remembered from map to map."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.geo.cells import boundaries, cell_named
from engine.geo.tile_grid import Grid, grid_of, meeting
from engine.geo.tiles import BUFFER, EXTENT, MAX_ZOOM, MIN_ZOOM, RESOLUTION_FROM_ZOOM, encode_tile, resolution_at

__all__ = [
    "BUFFER",
    "EXTENT",
    "MAX_ZOOM",
    "MIN_ZOOM",
    "RESOLUTION_FROM_ZOOM",
    "Drawing",
    "cell_named",
    "outlines",
    "resolution_at",
]

Cells = npt.NDArray[np.uint64]
KEPT = 8
"""Maps whose outlines are kept: four resolutions of two kinds."""


class Drawing:
    """Draws maps. Thread-safe."""

    def __init__(self) -> None:
        self._grids: OrderedDict[object, Grid] = OrderedDict()
        self._lock = Lock()

    def tile(
        self, kind: object, cells: Cells, columns: Mapping[str, npt.NDArray[Any]], z: int, x: int, y: int
    ) -> bytes:
        """A vector tile of a map (see :func:`engine.geo.tiles.encode_tile`); ``kind``: maps that share most cells."""
        return encode_tile(self._grid(kind, cells), columns, z, x, y)

    def meeting(self, kind: object, cells: Cells, box: tuple[float, float, float, float]) -> npt.NDArray[np.bool_]:
        """Which cells (ascending) meet the box west, south, east, north (degrees; west > east: across 180)."""
        return meeting(self._grid(kind, cells), box)

    def _grid(self, kind: object, cells: Cells) -> Grid:
        with self._lock:
            known = self._grids.get(kind)
        grid = grid_of(cells, known)
        with self._lock:
            self._grids[kind] = grid
            self._grids.move_to_end(kind)
            while len(self._grids) > KEPT:
                self._grids.popitem(last=False)
        return grid


def outlines(cells: Cells) -> list[list[list[float]]]:
    """Closed rings of lng, lat (degrees, 1e-7) of cells; across 180 the western corners are beyond 180."""
    rings = []
    for ring in boundaries(cells):
        if np.ptp(ring[:, 0]) > 180.0:
            ring[:, 0] += np.where(ring[:, 0] < 0, 360.0, 0.0)
        rings.append(np.round(np.vstack([ring, ring[:1]]), 7).tolist())
    return rings
