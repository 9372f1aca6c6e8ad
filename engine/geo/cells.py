"""H3 cells of arrays: coordinates to cells, parents, disks, centres, outlines, text.

Every answer is the h3 library's. Where our kernels cannot be sure to round as it does (within a millionth of
a cell of an edge), or the grid is irregular (the twelve pentagons), the library itself is asked.
"""

import re
from functools import lru_cache
from itertools import pairwise

import h3.api.basic_int as h3
import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError
from engine.geo import icosahedron, kernels, lattice

Cells = npt.NDArray[np.uint64]
Degrees = npt.NDArray[np.float64]
FINEST = 15
_MAX_RING = 100
_TEXT = re.compile("[0-9a-fA-F]{15}")


def _plain(values: npt.ArrayLike) -> Degrees:
    """As a contiguous, writeable float64 array: numba compiles another kernel for any other kind."""
    array = np.ascontiguousarray(values, np.float64)
    return array if array.flags.writeable else array.copy()


def _check_resolution(resolution: int, finest: int = FINEST) -> int:
    if not 0 <= resolution <= finest:
        raise BadParameterError(f"resolution {resolution} is not in 0..{finest}")
    return int(resolution)


def cells_of(lat: npt.ArrayLike, lng: npt.ArrayLike, resolution: int) -> Cells:
    """The cell of each point, in the same order, shape (n,).

    Args:
        lat: latitudes in degrees (WGS 84), shape (n,).
        lng: longitudes in degrees, shape (n,).
        resolution: H3 resolution 0..15.

    Raises:
        BadParameterError: no such resolution, lengths differ, or a coordinate is not finite.

    Cost: about 25 ns a point (the h3 library: 0.6-1 us). Coordinates off the globe are wrapped as by h3.
    """
    a, b = _plain(lat), _plain(lng)
    if a.ndim != 1 or a.shape != b.shape:
        raise BadParameterError(f"lat and lng must be columns of one length, not {a.shape} and {b.shape}")
    frames = icosahedron.frames(_check_resolution(resolution))
    tables = icosahedron.tables()
    out = np.empty(len(a), np.uint64)
    undecided = kernels.encode(a, b, resolution, tables.bins, frames, tables.steps, tables.turns, tables.base, out)
    if undecided:
        asked = np.flatnonzero(out == 0)
        if not (np.isfinite(a[asked]).all() and np.isfinite(b[asked]).all()):
            raise BadParameterError("a coordinate is not finite")
        for n in asked.tolist():
            out[n] = h3.latlng_to_cell(float(a[n]), float(b[n]), resolution)
    return out


def resolution_of(cells: Cells) -> npt.NDArray[np.int8]:
    """The resolution of each cell, shape (n,)."""
    return (np.asarray(cells, np.uint64) >> np.uint64(52) & np.uint64(15)).astype(np.int8)


def parents(cells: Cells, resolution: int) -> Cells:
    """The ancestor of each cell at a coarser (or its own) resolution, in the same order, shape (n,).

    Raises:
        BadParameterError: no such resolution, or a cell is coarser than that.
    """
    cells = np.asarray(cells, np.uint64)
    _check_resolution(resolution, int(resolution_of(cells).min(initial=FINEST)))
    unused = np.uint64((1 << (3 * (FINEST - resolution))) - 1)
    return (cells & ~np.uint64(15 << 52)) | np.uint64(resolution << 52) | unused


@lru_cache(maxsize=16)
def _steps(k: int) -> npt.NDArray[np.int64]:
    """Lattice steps (m, 2) of grid distance at most k, by distance."""

    def distance(i: int, j: int) -> int:
        return max(abs(i), abs(j)) if i * j >= 0 else abs(i) + abs(j)

    near = [(i, j) for i in range(-k, k + 1) for j in range(-k, k + 1) if distance(i, j) <= k]
    return np.array(sorted(near, key=lambda s: (distance(*s), s)), np.int64)


@lru_cache(maxsize=1)
def _pentagon() -> npt.NDArray[np.bool_]:
    """(128,): is the base cell a pentagon?"""
    flags = np.zeros(128, np.bool_)
    flags[[h3.get_base_cell_number(p) for p in h3.get_pentagons(0)]] = True
    return flags


def _rings(cell: int, k: int) -> list[list[int]]:
    """Cells at grid distance 0, 1, .. k, each ring ascending; by the library, anywhere on the globe."""
    rings, inner = [], set[int]()
    for r in range(k + 1):
        within = set(h3.grid_disk(cell, r))
        rings.append(sorted(within - inner))
        inner = within
    return rings


def disk(cells: Cells, k: int) -> tuple[npt.NDArray[np.int64], Cells, npt.NDArray[np.int8]]:
    """The cells within grid distance k of each cell, itself included.

    Args:
        cells: valid cells, shape (n,); may repeat, resolutions may differ.
        k: 0..100.

    Returns:
        offsets (n + 1,), neighbours, rings: those of cell x are ``[offsets[x]:offsets[x + 1]]``, ordered by
        ring (grid distance), then by cell.

    Raises:
        BadParameterError: k out of its bounds.

    Cost: about 30 ns a neighbour; a few microseconds near pentagons and the borders of base cells.
    """
    if not 0 <= k <= _MAX_RING:
        raise BadParameterError(f"k = {k} is not in 0..{_MAX_RING}")
    cells = np.array(cells, np.uint64)
    tables, steps = icosahedron.tables(), _steps(k)
    full = np.empty((len(cells), len(steps)), np.uint64)
    undecided = lattice.neighbourhoods(cells, steps, _pentagon(), tables.steps, tables.turns, full)
    edges = [0, *(1 + 3 * r * (r + 1) for r in range(k + 1))]
    asked = {n: _rings(int(cells[n]), k) for n in np.flatnonzero(full[:, 0] == 0).tolist()} if undecided else {}
    for a, b in pairwise(edges[1:]):
        full[:, a:b].sort(axis=1)
    ring = np.repeat(np.arange(k + 1), np.diff(edges)).astype(np.int8)
    sizes = np.full(len(cells), len(steps), np.int64)
    if not asked:
        return np.arange(len(cells) + 1) * len(steps), full.ravel(), np.tile(ring, len(cells))
    for n, rings in asked.items():
        sizes[n] = sum(map(len, rings))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    valid = np.arange(len(steps)) < sizes[:, None]
    rings_out = np.broadcast_to(ring, full.shape).copy()
    for n, rings in asked.items():
        full[n, : sizes[n]] = [c for some in rings for c in some]
        rings_out[n, : sizes[n]] = np.repeat(np.arange(k + 1), [len(some) for some in rings])
    return offsets, full[valid], rings_out[valid]


def centres(cells: Cells) -> tuple[Degrees, Degrees]:
    """Centre of each cell: (lat, lng) in degrees, shapes (n,). Cost: about 1 us a cell."""
    both = np.array([h3.cell_to_latlng(c) for c in cells.tolist()], np.float64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def boundaries(cells: Cells) -> list[Degrees]:
    """Outline of each cell, open (first corner not repeated): arrays (corners, 2) of lng, lat in degrees.

    A hexagon has six corners, more where it crosses an edge of the icosahedron.
    """
    return [np.array(h3.cell_to_boundary(c), np.float64)[:, ::-1] for c in cells.tolist()]


def to_text(cells: Cells) -> list[str]:
    """Cells as H3 strings (15 hexadecimal digits), in the same order."""
    return [format(c, "x") for c in cells.tolist()]


def from_text(texts: list[str]) -> Cells:
    """H3 strings (15 hexadecimal digits, either case) as cells, in the same order, shape (n,).

    Raises:
        BadParameterError: one of them is not a valid cell; the message names it.
    """
    out = np.empty(len(texts), np.uint64)
    for n, text in enumerate(texts):
        # int() alone would take signs, spaces, underscores and the digits of other scripts.
        cell = int(text, 16) if _TEXT.fullmatch(text) else 0
        if not h3.is_valid_cell(cell):
            raise BadParameterError(f"{text!r} is not an H3 cell")
        out[n] = cell
    return out


def cell_named(text: str) -> int | None:
    """The cell that ``text`` names, or None when it names none."""
    cell = int(text, 16) if _TEXT.fullmatch(text) else 0
    return cell if h3.is_valid_cell(cell) else None
