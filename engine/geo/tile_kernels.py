"""Kernels of vector tiles: polygons clipped to a tile and written as protobuf. Arrays in, arrays out."""

import math

import numpy as np
from numba import njit

MOST = 16
"""Corners of a clipped cell at most: ten of a pentagon's outline, and one more for each side of the tile."""
_MOVE_TO_1 = 9
_CLOSE_PATH = 15
_LINE_TO = 2
# Bytes of one feature besides its packed tags and its geometry: tags, lengths, type; a length takes 5 at most.
_FRAME = 24


@njit(nogil=True, cache=True)
def _varint(out, at, value):
    """Write an unsigned varint; the place behind it."""
    while value >= 128:
        out[at] = np.uint8((value & 127) | 128)
        value >>= 7
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@njit(nogil=True, cache=True)
def _zigzag(out, at, value):
    return _varint(out, at, (value << 1) ^ (value >> 63))


@njit(nogil=True, cache=True)
def _clip_side(px, py, n, axis, bound, keep_less, qx, qy):
    """Sutherland-Hodgman: the part of a convex ring on one side of a line; the number of its corners."""
    m = 0
    for i in range(n):
        j = i + 1 if i + 1 < n else 0
        a = px[i] if axis == 0 else py[i]
        b = px[j] if axis == 0 else py[j]
        a_in = a <= bound if keep_less else a >= bound
        b_in = b <= bound if keep_less else b >= bound
        if a_in:
            qx[m], qy[m] = px[i], py[i]
            m += 1
        if a_in != b_in:
            t = (bound - a) / (b - a)
            qx[m] = bound if axis == 0 else px[i] + t * (px[j] - px[i])
            qy[m] = bound if axis == 1 else py[i] + t * (py[j] - py[i])
            m += 1
    return m


@njit(nogil=True, cache=True)
def clip(x, y, corners, low, high, out_x, out_y, sizes):
    """Convex rings in tile units -> clipped rings on the tile's whole-number grid.

    Args:
        x, y: float64 (n, w): corners in tile units, y downwards; the first ``corners[i]`` of row i count.
        low, high: the square that is kept, on both axes.
        out_x, out_y: int64 (n, MOST): corners, without repeats, in the exterior order of the tile format.
        sizes: int64 (n,): corners of each; 0 where nothing with an area is left.
    """
    px, py, qx, qy = np.empty(MOST), np.empty(MOST), np.empty(MOST), np.empty(MOST)
    for i in range(len(corners)):
        n = corners[i]
        for c in range(n):
            px[c], py[c] = x[i, c], y[i, c]
        n = _clip_side(px, py, n, 0, low, False, qx, qy)
        n = _clip_side(qx, qy, n, 0, high, True, px, py)
        n = _clip_side(px, py, n, 1, low, False, qx, qy)
        n = _clip_side(qx, qy, n, 1, high, True, px, py)
        m = 0
        for c in range(n):
            cx, cy = math.floor(px[c] + 0.5), math.floor(py[c] + 0.5)
            if m == 0 or cx != out_x[i, m - 1] or cy != out_y[i, m - 1]:
                out_x[i, m], out_y[i, m] = cx, cy
                m += 1
        while m > 1 and out_x[i, m - 1] == out_x[i, 0] and out_y[i, m - 1] == out_y[i, 0]:
            m -= 1
        area = 0
        for c in range(m):
            d = c + 1 if c + 1 < m else 0
            area += out_x[i, c] * out_y[i, d] - out_x[i, d] * out_y[i, c]
        if area < 0:
            for c in range(m // 2):
                d = m - 1 - c
                out_x[i, c], out_x[i, d] = out_x[i, d], out_x[i, c]
                out_y[i, c], out_y[i, d] = out_y[i, d], out_y[i, c]
        sizes[i] = m if area != 0 else 0


@njit(nogil=True, cache=True)
def features(x, y, sizes, tags):
    """Rings and their tags -> the bytes of the layer's feature messages, one after the other.

    Args:
        x, y: int64 (n, w) corners in tile units; the first ``sizes[i]`` (3 at least) of row i count.
        tags: int64 (n, k): pairs of key and value numbers; a pair whose value is negative is left out.
    """
    n, k = tags.shape
    out = np.empty(n * (_FRAME + 10 * k + 4) + 20 * (int(sizes.sum()) + n), np.uint8)
    packed = np.empty(10 * k + 1, np.uint8)
    ring = np.empty(20 * x.shape[1] + 32, np.uint8)
    at = 0
    for i in range(n):
        p = 0
        for j in range(0, k, 2):
            if tags[i, j + 1] >= 0:
                p = _varint(packed, _varint(packed, p, tags[i, j]), tags[i, j + 1])
        g = _varint(ring, 0, _MOVE_TO_1)
        last_x, last_y = 0, 0
        for c in range(sizes[i]):
            if c == 1:
                g = _varint(ring, g, _LINE_TO | (sizes[i] - 1) << 3)
            g = _zigzag(ring, g, x[i, c] - last_x)
            g = _zigzag(ring, g, y[i, c] - last_y)
            last_x, last_y = x[i, c], y[i, c]
        g = _varint(ring, g, _CLOSE_PATH)
        size = 2 + _width(p) - 1 + p + 2 + 2 + _width(g) - 1 + g
        out[at] = 0x12
        at = _varint(out, at + 1, size)
        out[at] = 0x12
        at = _varint(out, at + 1, p)
        out[at : at + p] = packed[:p]
        at += p
        out[at], out[at + 1], out[at + 2] = 0x18, 3, 0x22
        at = _varint(out, at + 3, g)
        out[at : at + g] = ring[:g]
        at += g
    return out[:at]


@njit(nogil=True, cache=True)
def _width(value):
    """Bytes of an unsigned varint."""
    n = 1
    while value >= 128:
        value >>= 7
        n += 1
    return n
