"""Which rows of a segment's second order have which key: as columns, or, of fixes in cells near each other, as bits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.graph.kernels.cell_groups import (
    COUNT,
    NUMBER_BITS,
    PARENT_BYTES,
    SLOTS_AT,
    WORDS,
    cells_in,
    fill,
    sizes_of,
    starts_in,
)

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Keys = npt.NDArray[np.int32] | npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Groups:
    """Columns: a key and a beginning each."""

    keys: Keys
    """Distinct, ascending."""
    start: Codes
    """Where the rows of each begin in the second order, and the end; shape (groups + 1,)."""

    def __len__(self) -> int:
        return len(self.keys)

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """What checkpoints store."""
        return {"groups": self.keys, "group_start": self.start}


@dataclass(frozen=True)
class CellGroups:
    """The same of H3 cells, in about a third of a byte a row and half a byte a cell.

    See :mod:`engine.graph.kernels.cell_groups`.
    """

    directory: Ints
    begins: Ints
    far: Codes

    def __len__(self) -> int:
        return int(self.directory[COUNT])

    @property
    def keys(self) -> npt.NDArray[np.uint64]:
        """As :attr:`Groups.keys`. Cost: they are made each time, 2 ns a cell."""
        cells = np.empty(len(self), np.uint64)
        cells_in(self.directory, cells)
        return cells

    @property
    def start(self) -> Codes:
        """As :attr:`Groups.start`. Cost: they are made each time, 1 ns a cell."""
        start = np.empty(len(self) + 1, np.int32)
        starts_in(self.begins, start)
        return start

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """What checkpoints store."""
        return {"cells": self.directory, "begins": self.begins, "far_start": self.far}


def grouped_from(columns: Mapping[str, npt.NDArray[Any]]) -> Groups | CellGroups:
    """What ``columns()`` gave. Checkpoints of old hold cells as columns and starts as int64."""
    if "cells" in columns:
        return CellGroups(columns["cells"], columns["begins"], columns["far_start"])
    groups = Groups(columns["groups"], columns["group_start"].astype(np.int32, copy=False))
    return held_small(groups) if groups.keys.dtype == np.uint64 else groups


def held_small(groups: Groups) -> Groups | CellGroups:
    """Groups of cells as bits, unless the cells lie too far from each other. Cost: linear, about 5 ns a cell."""
    rows, unused = int(groups.start[-1]), 3 * (15 - int(params.FIX_CELL_RESOLUTION.value))
    parents, kept = sizes_of(groups.keys, groups.start, unused)
    if not parents or parents >> NUMBER_BITS or parents * PARENT_BYTES > 4_096 + 8 * len(groups) + rows:
        return groups
    slots = 2
    while 2 * slots < 3 * parents:
        slots *= 2
    directory, begins = np.empty(SLOTS_AT + slots + WORDS * parents, np.int64), np.empty((rows >> 6) + 3, np.int64)
    far = np.empty(kept, np.int32)
    fill(groups.keys, groups.start, unused, parents, directory, begins, far)
    return CellGroups(directory, begins, far)
