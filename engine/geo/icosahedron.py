"""Tables of the H3 grid, derived at first use from geometry and from the h3 library's own answers.

No numbering of faces or choice of axes of H3 is needed: the twelve pentagons are the vertices of the
icosahedron, any corner of a face may be its i-axis, and how a face's lattice meets the base cells is learnt
from sample points. What no sample shows stays unknown, and such points are asked of the h3 library.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import h3.api.basic_int as h3
import numpy as np
import numpy.typing as npt

from engine.errors import GridError
from engine.geo import kernels

F8 = npt.NDArray[np.float64]
_CLASS_III = math.asin(math.sqrt(3 / 28))
"""Turn of the odd resolutions against the even ones: the argument of the Eisenstein prime 3 + w."""
_UNITS = {0: (0, 0), 1: (-1, -1), 2: (0, 1), 3: (-1, 0), 4: (1, 0), 5: (0, -1), 6: (1, 1)}
"""Lattice offset of each digit: bit 4 is the i direction, 2 is j, 1 is k = -(i + j)."""


@dataclass(frozen=True)
class Tables:
    """What ``kernels.encode`` needs besides the frames of a resolution."""

    bins: npt.NDArray[np.int8]
    """(1 + 181 x 361,) face of a degree field, MIXED if more than one; first NO_FACE, for points off the globe"""
    steps: npt.NDArray[np.int32]
    """(4, 2401) by 49 i + j, both mod 49: the digits of k steps up (12 bits, the last one lowest), then what the
    ancestor's i and j exceed the turned quotients by, plus 32 (6 bits each). k = 0 stands for 4 steps."""
    turns: npt.NDArray[np.int64]
    """(4, 4) what turns quotients by 49 into the ancestor k steps up: matrix row by row"""
    base: npt.NDArray[np.int16]
    """(21, PLACES, 8) base cell and turns by face, lattice place and top digit; -1 unknown"""


def unit_vectors(lat: F8, lng: F8) -> F8:
    """Points (degrees, shape (n,)) as unit vectors (n, 3)."""
    a, b = np.radians(lat), np.radians(lng)
    return np.stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)], -1)


@lru_cache(maxsize=1)
def _faces() -> tuple[F8, F8]:
    """Centres (20, 3) of the faces, and the three corners (20, 3, 3) of each."""
    where = np.array([h3.cell_to_latlng(c) for c in sorted(h3.get_pentagons(0))])
    corner = unit_vectors(where[:, 0], where[:, 1])
    adjacent = (corner @ corner.T > 0.4) & (corner @ corner.T < 0.5)
    faces = [t for t in combinations(range(12), 3) if all(adjacent[a, b] for a, b in combinations(t, 2))]
    corners = corner[np.array(faces)]
    centre = corners.sum(1)
    return centre / np.linalg.norm(centre, axis=1, keepdims=True), corners


@lru_cache(maxsize=16)
def frames(resolution: int) -> F8:
    """(21, 9): centre of each face, and its vectors of the lattice coordinates (see ``kernels.placed``).

    The last one stands for no face; it is a copy of the first.
    """
    centre, corners = _faces()
    corner = corners[:, 0]
    cosine = np.sum(centre * corner, axis=1, keepdims=True)
    x_axis = corner - cosine * centre
    x_axis /= np.linalg.norm(x_axis, axis=1, keepdims=True)
    y_axis = np.cross(centre, x_axis)
    # In the plane that touches the face's centre, a corner lies two resolution-0 steps from it.
    step = np.sqrt(1 - cosine**2) / cosine / 2
    if resolution % 2:
        c, s = math.cos(_CLASS_III), math.sin(_CLASS_III)
        x_axis, y_axis = c * x_axis + s * y_axis, c * y_axis - s * x_axis
    scale = math.sqrt(7.0) ** resolution / step
    along_j = y_axis * scale / math.sin(math.pi / 3)
    along_i = x_axis * scale + along_j / 2
    rows = np.hstack([centre, along_i, along_j])
    return np.ascontiguousarray(np.vstack([rows, rows[:1]]))


def _up(i: int, j: int, odd: bool) -> tuple[int, int, int]:
    """Digit and parent of lattice point (i, j) of an odd (or even) resolution."""
    for digit, (di, dj) in _UNITS.items():
        a, b = i - di, j - dj
        pi, pj = (3 * a - b, a + 2 * b) if odd else (2 * a + b, 3 * b - a)
        if pi % 7 == 0 and pj % 7 == 0:
            return digit, pi // 7, pj // 7
    raise GridError("the seven digits are the seven residues of the prime: this cannot happen")


def _climbed(i: int, j: int, steps: int) -> tuple[int, int, int]:
    """Digits and ancestor so many steps up, from a resolution of which ``steps`` is the remainder by 4."""
    digits = 0
    for n in range(steps):
        digit, i, j = _up(i, j, odd=(steps - n) % 2 == 1)
        digits |= digit << 3 * n
    return digits, i, j


def _steps() -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """``Tables.steps`` and ``Tables.turns``."""
    table, turns = np.empty((4, 49 * 49), np.int32), np.empty((4, 4), np.int64)
    for k in range(4):
        _, ii, ji = _climbed(49, 0, k or 4)
        _, ij, jj = _climbed(0, 49, k or 4)
        turns[k] = ii, ij, ji, jj
        for place in range(49 * 49):
            digits, i, j = _climbed(*divmod(place, 49), k or 4)
            table[k, place] = digits | (i + 32) << 12 | (j + 32) << 18
    return table, turns


def _bins() -> npt.NDArray[np.int8]:
    centre, _ = _faces()
    lat, lng = np.meshgrid(np.arange(181) - 89.5, np.arange(361) - 179.5, indexing="ij")
    dot = unit_vectors(lat.ravel(), lng.ravel()) @ centre.T
    two = np.partition(dot, 18, axis=1)[:, 18:]
    # The nearest edge of a face is one with an adjacent face; all adjacent centres are equally far apart.
    apart = np.sort(np.linalg.norm(centre - centre[0], axis=1))[1]
    # No point of a degree field is further than 0.71 degrees from its middle.
    alone = (two[:, 1] - two[:, 0]) / apart > math.sin(math.radians(0.75))
    return np.append(np.int8(kernels.NO_FACE), np.where(alone, dot.argmax(1), kernels.MIXED).astype(np.int8))


def _samples() -> tuple[F8, F8]:
    """Points (lat, lng) that show where each face meets the base cells: more at its edges and corners."""
    _, corners = _faces()
    weight = np.random.default_rng(0).dirichlet((0.4, 0.4, 0.4), (20, 1000))
    point = np.einsum("fnc,fcx->fnx", weight, corners).reshape(-1, 3)
    return (
        np.degrees(np.arctan2(point[:, 2], np.hypot(point[:, 0], point[:, 1]))),
        np.degrees(np.arctan2(point[:, 1], point[:, 0])),
    )


def _learn(tables: Tables) -> None:
    """Fill ``tables.base`` by what the h3 library says of sample points."""
    lat, lng = _samples()
    resolution = 5
    points = zip(lat.tolist(), lng.tolist(), strict=True)
    cells = np.array([h3.latlng_to_cell(a, b, resolution) for a, b in points], np.uint64)
    x, y, z, i, j = np.empty((5, len(lat)))
    place, face = np.empty((2, len(lat)), np.int32)
    digits = np.empty(len(lat), np.uint64)
    kernels.placed(
        lat, lng, resolution, tables.bins, frames(resolution), tables.steps, tables.turns,
        x, y, z, i, j, place, face, digits,
    )  # fmt: skip
    wrong = kernels.learn(cells, resolution, face, place, digits, tables.base)
    if wrong:
        raise GridError(f"{wrong} cells of the h3 library do not follow the published grid")
    pentagons = {h3.get_base_cell_number(p) for p in h3.get_pentagons(0)}
    for row in tables.base.reshape(-1, 8):
        learnt = row[row >= 0]
        if len(learnt):
            # Only at a pentagon does the turn depend on the top digit; digits 0 need none.
            keep = int(learnt[-1]) >> 3 in pentagons
            row[:] = np.where(keep & (row >= 0), row, kernels.UNKNOWN if keep else learnt[-1])
            row[0] = learnt[-1] + keep * kernels.PENTAGON


@lru_cache(maxsize=1)
def tables() -> Tables:
    """The tables, made at first use (about 0.2 s)."""
    steps, turns = _steps()
    base = np.full((kernels.NO_FACE + 1, kernels.PLACES, 8), kernels.UNKNOWN, np.int16)
    made = Tables(_bins(), steps, turns, base)
    _learn(made)
    return made
