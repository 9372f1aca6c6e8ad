"""Mapbox vector tiles (version 2.1) of H3 cells: one layer of polygons with a column of values each."""

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError
from engine.geo import tile_kernels as kernels
from engine.geo.cells import Cells
from engine.geo.tile_grid import Grid

EXTENT = 4_096
"""Units of a tile's side."""
BUFFER = 64
"""Units by which shapes reach over the side, so that outlines are not drawn along it."""
MIN_ZOOM = 4
"""Below, a cell of resolution 7 is smaller than a unit: tiles are empty."""
MAX_ZOOM = 22
RESOLUTION_FROM_ZOOM = {0: 7, 10: 8, 12: 9, 14: 10}
"""From this zoom on -> H3 resolution: cells are 8 to 30 pixels wide."""
Whole = npt.NDArray[np.int64]


def resolution_at(zoom: float) -> int:
    """The H3 resolution to show at a zoom of Web Mercator maps (256-pixel tiles)."""
    return max(resolution for since, resolution in RESOLUTION_FROM_ZOOM.items() if since <= max(zoom, 0.0))


def encode_tile(
    grid: Grid, columns: Mapping[str, npt.NDArray[Any]], z: int, x: int, y: int, layer: str = "hexes"
) -> bytes:
    """The tile z/x/y of a map; ``b""`` when no cell is in it.

    Args:
        grid: cells, shape (n,), and their outlines.
        columns: further properties by name, numbers of shape (n,), at most 60; NaN is no property. ``h3`` is added.
        z, x, y: address in the Web Mercator pyramid, y from the north.
        layer: its name.

    Returns:
        Protobuf. Features are in the order of the cells, each a polygon within the tile and ``BUFFER``, with corners
        rounded to whole units (extent ``EXTENT``); cells without an area at this zoom are left out, and so are those
        beyond 85.05 degrees. A cell across 180 degrees is in the tiles of both sides.

    Raises:
        BadParameterError: no such tile, or a column of another length.

    Cost: a look at every cell's box (0.1 ms for 50,000), and about 1 us a cell in the tile.
    """
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise BadParameterError(f"there is no tile {z}/{x}/{y}: zoom is 0 to {MAX_ZOOM}, x and y below 2^zoom")
    for name, column in columns.items():
        if len(column) != len(grid.cells):
            raise BadParameterError(f"column {name!r} has {len(column)} rows, not {len(grid.cells)}")
    if z < MIN_ZOOM:
        return b""
    rows, rings_x, rings_y, sizes = _rings(grid, z, x, y)
    if len(rows) == 0:
        return b""
    tags, values = _tags(grid.cells[rows], {name: np.asarray(column)[rows] for name, column in columns.items()})
    body = b"".join(
        (
            b"\x78\x02",
            _text(0x0A, layer),
            kernels.features(rings_x, rings_y, sizes, tags).tobytes(),
            b"".join(_text(0x1A, name) for name in ("h3", *columns)),
            values,
            b"\x28" + _varint(EXTENT),
        )
    )
    return b"\x1a" + _varint(len(body)) + body


def _rings(grid: Grid, z: int, x: int, y: int) -> tuple[Whole, Whole, Whole, Whole]:
    """Rows of the cells in a tile, ascending, and their clipped corners in tile units."""
    scale = float(1 << z)
    margin = BUFFER / EXTENT / scale
    north, south = y / scale - margin, (y + 1) / scale + margin
    level = (grid.corners > 0) & (grid.box[:, 1] <= south) & (grid.box[:, 3] >= north)
    found, shifts = [], []
    # Beyond its edges the world goes on: the buffer of the outermost tiles, and cells across 180 degrees.
    for shift in (0.0, 1.0, -1.0):
        west, east = x / scale - margin + shift, (x + 1) / scale + margin + shift
        near = np.flatnonzero(level & (grid.box[:, 0] <= east) & (grid.box[:, 2] >= west))
        found.append(near)
        shifts.append(np.full(len(near), shift))
    rows, shifted = np.concatenate(found), np.concatenate(shifts)
    order = np.argsort(rows, kind="stable")
    rows, shifted = rows[order], shifted[order]
    units_x = ((grid.x[rows] - shifted[:, None]) * scale - x) * EXTENT
    units_y = (grid.y[rows] * scale - y) * EXTENT
    out_x, out_y = np.zeros((2, len(rows), kernels.MOST), np.int64)
    sizes = np.zeros(len(rows), np.int64)
    low, high = float(-BUFFER), float(EXTENT + BUFFER)
    kernels.clip(units_x, units_y, grid.corners[rows], low, high, out_x, out_y, sizes)
    kept = sizes >= 3
    return rows[kept], out_x[kept], out_y[kept], sizes[kept]


def _tags(cells: Cells, columns: Mapping[str, npt.NDArray[Any]]) -> tuple[Whole, bytes]:
    """(n, 2 k) pairs of key and value numbers, and the encoded values."""
    distinct, which = np.unique(cells, return_inverse=True)
    tags = np.empty((len(cells), 2 * (1 + len(columns))), np.int64)
    tags[:, 0], tags[:, 1] = 0, which
    values = [_cell_values(distinct)]
    number = len(distinct)
    for key, column in enumerate(columns.values(), 1):
        real = column.dtype.kind == "f"
        there = ~np.isnan(column) if real else np.ones(len(column), np.bool_)
        distinct, which = np.unique(column[there], return_inverse=True)
        tags[:, 2 * key], tags[:, 2 * key + 1] = key, -1
        tags[there, 2 * key + 1] = number + which
        number += len(distinct)
        values += [_real_value(v) if real else _whole_value(v) for v in distinct.tolist()]
    return tags, b"".join(values)


_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_TEXT_LENGTH = 15


def _cell_values(cells: Cells) -> bytes:
    """Value messages with the cells as H3 strings."""
    out = np.empty((len(cells), 4 + _TEXT_LENGTH), np.uint8)
    out[:, :4] = 0x22, 2 + _TEXT_LENGTH, 0x0A, _TEXT_LENGTH
    shift = np.arange(4 * (_TEXT_LENGTH - 1), -1, -4).astype(np.uint64)
    out[:, 4:] = _DIGITS[(cells[:, None] >> shift & np.uint64(15)).astype(np.int64)]
    return out.tobytes()


def _real_value(value: float) -> bytes:
    return b"\x22\x09\x19" + struct.pack("<d", value)


def _whole_value(value: int) -> bytes:
    coded = b"\x28" + _varint(value) if value >= 0 else b"\x30" + _varint(-2 * value - 1)
    return b"\x22" + _varint(len(coded)) + coded


def _text(tag: int, text: str) -> bytes:
    data = text.encode()
    return bytes((tag,)) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))
