"""The cells of a map at one resolution, numbered as they come (slots), with who is near whom. It only grows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.geo.cells import Cells, Degrees, centres, disk, parents
from engine.risk import kernels

Slots = npt.NDArray[np.int32]
RINGS = 2
_NEAR = kernels.RING[-1]
_FIRST = 1_024


class Lattice:
    """Cells of one resolution. Not thread-safe: whoever owns it takes a lock."""

    def __init__(self, resolution: int, coarser: Lattice | None) -> None:
        self.resolution = resolution
        self.coarser = coarser
        """The lattice of the parents; None: the parents take no part, nor do the neighbours."""
        self.size = 0
        self._cells = np.empty(_FIRST, np.uint64)
        self._near = np.full((_FIRST if coarser is not None else 0, _NEAR), -1, np.int32)
        self._parent = np.empty(_FIRST, np.int32)
        self._table = np.full(4 * _FIRST, -1, np.int32)
        self._order = np.empty(0, np.int64)
        self._lat, self._lng = np.empty(0), np.empty(0)

    @property
    def cells(self) -> Cells:
        """By slot."""
        return self._cells[: self.size]

    @property
    def near(self) -> npt.NDArray[np.int32]:
        """Slots of each cell's neighbours, itself first, then the rings, -1 where there is none; (size, 19)."""
        return self._near[: self.size]

    @property
    def parent(self) -> Slots:
        """Slot of each cell's parent in the coarser lattice."""
        return self._parent[: self.size]

    @property
    def order(self) -> npt.NDArray[np.int64]:
        """The slots in the order of their cells."""
        known = len(self._order)
        if known < self.size:
            fresh = known + np.argsort(self.cells[known:])
            at = np.searchsorted(self.cells[self._order], self.cells[fresh])
            self._order = np.insert(self._order, at, fresh)
        return self._order

    @property
    def centres(self) -> tuple[Degrees, Degrees]:
        """Latitude and longitude of each cell's centre, by slot."""
        if len(self._lat) < self.size:
            lat, lng = centres(self.cells[len(self._lat) :])
            self._lat, self._lng = np.append(self._lat, lat), np.append(self._lng, lng)
        return self._lat, self._lng

    def find(self, cells: Cells) -> Slots:
        """Slot of each cell; -1: not in the lattice."""
        found: Slots = kernels.find(self._table, self._cells, np.ascontiguousarray(cells, np.uint64))
        return found

    def add(self, cells: Cells) -> Slots:
        """Slot of each cell; those not there yet come in, and their parents. Cost: 20 ns a cell, 2 us a new one."""
        slots = self.find(cells)
        missing = slots < 0
        if missing.any():
            self._append(np.unique(cells[missing]))
            slots = self.find(cells)
        return slots

    def add_reach(self, slots: npt.NDArray[np.integer]) -> None:
        """Let the two rings of the cells of ``slots`` come in."""
        open_ = slots[(self._near[slots] < 0).any(1)]
        if len(open_):
            self.add(disk(self.cells[open_], RINGS)[1])

    def _append(self, cells: Cells) -> None:
        first, size = self.size, self.size + len(cells)
        self._make_room(size)
        self._cells[first:size] = cells
        self.size = size
        kernels.insert(self._table, self._cells, first, size)
        if self.coarser is not None:
            self._parent[first:size] = self.coarser.add(parents(cells, self.resolution - 1))
            offsets, neighbours, ring = disk(cells, RINGS)
            kernels.connect(self._near, first, offsets, self.find(neighbours), ring)

    def _make_room(self, size: int) -> None:
        if size <= len(self._cells):
            return
        more = max(size, 2 * len(self._cells)) - len(self._cells)
        self._cells = np.append(self._cells, np.empty(more, np.uint64))
        self._parent = np.append(self._parent, np.empty(more, np.int32))
        if self.coarser is not None:
            self._near = np.concatenate([self._near, np.full((more, _NEAR), -1, np.int32)])
        self._table = np.full(1 << (4 * len(self._cells) - 1).bit_length(), -1, np.int32)
        kernels.insert(self._table, self._cells, 0, self.size)
