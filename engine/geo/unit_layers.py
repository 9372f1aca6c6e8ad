"""The units of one tier in force on a day, with their polygons and what was worked out about them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from engine.geo.adjacency import near_pairs
from engine.geo.cells import Cells, Degrees
from engine.geo.overlay import Shares, ShareStore, first_holders, rings_of


class Layer:
    """Units in the order of their codes; indexes below count in it, also those without a polygon. Thread-safe.

    Args:
        codes: of the units, ascending.
        polygons: one a unit, or None.
    """

    def __init__(self, codes: list[str], polygons: npt.NDArray[np.object_]) -> None:
        self.codes = codes
        self._known = np.flatnonzero([p is not None for p in polygons])
        self._polygons = polygons[self._known]
        self._shares = ShareStore()
        self._pairs: list[tuple[str, str]] | None = None
        self._tree: Any = None

    def index_of(self, lat: Degrees, lng: Degrees) -> npt.NDArray[np.int64]:
        """The first unit that holds each point, -1 where none does."""
        if self._tree is None:
            self._tree = shapely.STRtree(self._polygons)
        return np.append(self._known, -1)[first_holders(self._tree, lat, lng)]

    def overlay(self, cells: Cells) -> Shares:
        """Shares of cells in the units, remembered."""
        cell, unit, weight = self._shares.of(cells, self._polygons)
        return Shares(cell, self._known[unit], weight)

    def adjacency(self) -> list[tuple[str, str]]:
        """Pairs of codes of neighbours, remembered."""
        if self._pairs is None:
            names = [self.codes[i] for i in self._known.tolist()]
            self._pairs = [(names[a], names[b]) for a, b in near_pairs(self._polygons).tolist()]
        return self._pairs

    def outlines(self) -> list[tuple[str, Degrees]]:
        """(code, ring) of every ring of every polygon."""
        shapes = zip(self._known.tolist(), self._polygons, strict=True)
        return [(self.codes[i], ring) for i, shape in shapes for ring in rings_of(shape)]
