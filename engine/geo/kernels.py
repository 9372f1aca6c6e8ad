"""Kernels of H3 cells: coordinates to cells. Arrays in, arrays out.

A cell of H3 is a base cell and, for each finer resolution, a digit 0..6: the centre child or one of six
directions. On one face of the icosahedron the centres of one resolution are the Eisenstein integers
``i + j w``; the centres of the next coarser one are its multiples by a prime of norm 7, on alternating sides
(Class III and Class II). So a digit is a residue mod that prime, and *four* digits together are the residue
mod 49 of both coordinates: one look-up in a table of 2,401 replaces four rounds of finding a parent.

Points go through in blocks that stay in the first cache, stage by stage. Each stage is one loop without a
branch, so that the compiler makes it work on several points at once; look-ups have loops of their own.
"""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.geo.lattice import top_digit, turned

F8 = npt.NDArray[np.float64]
I1 = npt.NDArray[np.int8]
I8 = npt.NDArray[np.int64]
I4 = npt.NDArray[np.int32]
I2 = npt.NDArray[np.int16]
U8 = npt.NDArray[np.uint64]

BLOCK = 512
"""Points at a time: their nine columns of scratch take 32 KB."""
EDGE = 1e-6
"""Closer than this to the edge of a cell (distance of centres 1), rounding might decide: undecided. The error
of both ways to compute is about 1e-8 at resolution 15, and sqrt(7) times less with each coarser one."""
CENTRE = 1.0 - 1e-6
"""Cosine of the distance to a face's centre above which older H3 releases lose digits: undecided."""
TIE = 1e-12
"""Two faces nearer in cosine than this are a tie: undecided."""
MIXED = -1
"""The face of a degree field that an edge crosses."""
NO_FACE = 20
"""The face of an undecided point: its base cells are all unknown."""
UNKNOWN = -1
PENTAGON = 1024
"""Added to the entry of digit 0 in ``base`` where the turn depends on the top digit."""
PLACES = 64
"""Lattice places of base cells on a face: coordinates -4..3, as 8 (i + 4) + j + 4."""

_RAD = math.pi / 180.0
_HEADER = np.uint64(1 << 59)
_LOW = np.uint64(0o111111111111111)
_RIGHT = np.int32(0b01_10_00_01_10_00)
"""By how many bits the digits' bits turn to the right, for each turn of the cell: two bits a turn."""
_1, _2, _3, _7 = (np.uint64(k) for k in (1, 2, 3, 7))
# Minimax polynomials of FreeBSD's libm on an eighth of a turn; errors below 1e-16.
_S1, _S2, _S3 = -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04
_S4, _S5, _S6 = 2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10
_C1, _C2, _C3 = 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05
_C4, _C5, _C6 = -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _quarter(degrees: float) -> tuple[float, float, float]:
    """The nearest number of quarter turns, and sine and cosine of the angle that is left."""
    k = np.floor(degrees * (1.0 / 90.0) + 0.5)
    t = (degrees - 90.0 * k) * _RAD  # the difference is exact
    q = t * t
    s = t + t * q * (_S1 + q * (_S2 + q * (_S3 + q * (_S4 + q * (_S5 + q * _S6)))))
    c = 1.0 - 0.5 * q + q * q * (_C1 + q * (_C2 + q * (_C3 + q * (_C4 + q * (_C5 + q * _C6)))))
    return k, s, c


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _vectors(lat: F8, lng: F8, x: F8, y: F8, z: F8, field: I4) -> None:
    """Unit vectors of points in degrees, and the degree field of each; field 0 where off the globe."""
    for n in range(len(lat)):
        on_globe = (abs(lat[n]) <= 90.0) & (abs(lng[n]) <= 180.0)
        north = lat[n] if on_globe else 0.0
        east = lng[n] if on_globe else 0.0
        k, s, c = _quarter(north)
        z[n] = s if k == 0.0 else k * c
        axis = c if k == 0.0 else -k * s
        k, s, c = _quarter(east)
        quarter = abs(k) == 1.0
        half = -1.0 if abs(k) == 2.0 else 1.0
        x[n] = axis * (-k * s if quarter else half * c)
        y[n] = axis * (k * c if quarter else half * s)
        field[n] = np.int32(np.floor(north + 90.0) * 361.0 + np.floor(east + 180.0) + 1.0) if on_globe else 0


@njit(cache=True, nogil=True)
def _nearest_face(x: float, y: float, z: float, frames: F8) -> int:
    """The face with the nearest centre, or NO_FACE if two are equally near."""
    best, second, face = -2.0, -2.0, 0
    for f in range(20):
        dot = x * frames[f, 0] + y * frames[f, 1] + z * frames[f, 2]
        if dot > best:
            best, second, face = dot, best, f
        elif dot > second:
            second = dot
    return face if best - second > TIE else NO_FACE


@njit(cache=True, nogil=True)
def _faces(x: F8, y: F8, z: F8, field: I4, bins: I1, frames: F8, face: I4) -> bool:
    """The face of each point; whether it is the same for all."""
    low, high = np.int32(NO_FACE), np.int32(MIXED)
    for n in range(len(x)):
        found = np.int32(bins[np.uint32(field[n])])
        face[n] = found
        low, high = min(low, found), max(high, found)
    if low >= 0:
        return bool(low == high)
    for n in range(len(x)):
        if face[n] == MIXED:
            face[n] = _nearest_face(x[n], y[n], z[n], frames)
    return False


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _project(x: F8, y: F8, z: F8, face: I4, frames: F8, a: F8, b: F8) -> None:
    """Lattice coordinates times the cosine to the face's centre, into ``a`` and ``b``; the cosine into ``z``."""
    for n in range(len(x)):
        f = np.uint32(face[n])
        high = z[n]
        z[n] = x[n] * frames[f, 0] + y[n] * frames[f, 1] + high * frames[f, 2]
        a[n] = x[n] * frames[f, 3] + y[n] * frames[f, 4] + high * frames[f, 5]
        b[n] = x[n] * frames[f, 6] + y[n] * frames[f, 7] + high * frames[f, 8]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _project_one(x: F8, y: F8, z: F8, frame: F8, a: F8, b: F8) -> None:
    """As ``_project`` where all points have the same face."""
    cx, cy, cz = frame[0], frame[1], frame[2]
    ix, iy, iz, jx, jy, jz = frame[3], frame[4], frame[5], frame[6], frame[7], frame[8]
    for n in range(len(x)):
        high = z[n]
        z[n] = x[n] * cx + y[n] * cy + high * cz
        a[n] = x[n] * ix + y[n] * iy + high * iz
        b[n] = x[n] * jx + y[n] * jy + high * jz


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _round(a: F8, b: F8, cosine: F8, face: I4) -> None:
    """The nearest lattice point to (a, b) / cosine, in place. NO_FACE and (0, 0) where undecided."""
    for n in range(len(a)):
        per = 1.0 / cosine[n]
        u, v = a[n] * per, b[n] * per
        i, j = np.floor(u + 0.5), np.floor(v + 0.5)
        u -= i
        v -= j
        outside = (abs(2.0 * u - v) > 1.0) | (abs(2.0 * v - u) > 1.0)
        along_i = abs(u) > abs(v)
        # Arithmetic and no branch: a quarter of all points are outside, and no processor can guess which.
        di = math.copysign(1.0 if outside & along_i else 0.0, u)
        dj = math.copysign(1.0 if outside & (not along_i) else 0.0, v)
        u -= di
        v -= dj
        inside = 1.0 - max(abs(2.0 * u - v), abs(2.0 * v - u), abs(u + v))
        undecided = (inside < EDGE) | (cosine[n] > CENTRE) | (face[n] == NO_FACE)
        a[n] = 0.0 if undecided else i + di
        b[n] = 0.0 if undecided else j + dj
        face[n] = NO_FACE if undecided else face[n]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _up(i: F8, j: F8, table: I4, turn: I8, shift: np.uint64, digits: U8, entry: I4) -> None:
    """Some steps up, four at most: (i, j) become the ancestor's, its digits are added at ``shift``."""
    for n in range(len(i)):
        qi, qj = np.floor((i[n] + 0.5) * (1.0 / 49.0)), np.floor((j[n] + 0.5) * (1.0 / 49.0))
        entry[n] = np.int32((i[n] - 49.0 * qi) * 49.0 + (j[n] - 49.0 * qj))
        i[n], j[n] = qi, qj
    for n in range(len(i)):
        entry[n] = table[np.uint32(entry[n])]
    ii, ij, ji, jj = np.float64(turn[0]), np.float64(turn[1]), np.float64(turn[2]), np.float64(turn[3])
    for n in range(len(i)):
        qi, qj = i[n], j[n]
        packed = entry[n]
        digits[n] |= np.uint64(packed & np.int32(0xFFF)) << shift
        i[n] = ii * qi + ij * qj + np.float64((packed >> np.int32(12) & np.int32(63)) - np.int32(32))
        j[n] = ji * qi + jj * qj + np.float64((packed >> np.int32(18)) - np.int32(32))


@njit(cache=True, nogil=True)
def placed(
    lat: F8, lng: F8, resolution: int, bins: I1, frames: F8, table: I4, turns: I8,
    x: F8, y: F8, z: F8, i: F8, j: F8, field: I4, face: I4, digits: U8,
) -> None:  # fmt: skip
    """Face (NO_FACE: undecided), digits (packed as in a cell) and base cell's place of each point.

    Args:
        lat: degrees, shape (n,); so is ``lng``.
        resolution: 0..15.
        bins: (1 + 181 x 361,): the face of a whole degree field, or MIXED; the first one is no field.
        frames: (21, 9): for each face (and NO_FACE) its centre and the vectors whose dot products, over the
            centre's, are the lattice coordinates at the wanted resolution.
        table: (4, 2401): ``icosahedron.Tables.steps``. ``turns``: (4, 4): ``icosahedron.Tables.turns``.
        x: scratch (n,), as ``y`` and ``z``.
        i, j: place (n,) on the lattice of resolution 0.
        field: as shape (n,); in the end 8 (i + 4) + j + 4.
    """
    _vectors(lat, lng, x, y, z, field)
    if _faces(x, y, z, field, bins, frames, face):
        _project_one(x, y, z, frames[face[0]], i, j)
    else:
        _project(x, y, z, face, frames, i, j)
    _round(i, j, z, face)
    digits[:] = np.uint64(0)
    shift = 3 * (15 - resolution)
    first = resolution & 3
    if first:
        _up(i, j, table[first], turns[first], np.uint64(shift), digits, field)
        shift += 3 * first
    for _ in range(resolution >> 2):
        _up(i, j, table[0], turns[0], np.uint64(shift), digits, field)
        shift += 12
    for n in range(len(i)):
        field[n] = np.int32(8.0 * i[n] + j[n] + 36.0)


@njit(cache=True, nogil=True)
def _assemble(header: np.uint64, resolution: int, base: I2, digits: U8, face: I4, place: I4, out: U8) -> int:
    """Cells from digits and places; 0 where the base cell is unknown. Returns how many are."""
    for n in range(len(out)):
        code = base[np.uint32(face[n]), np.uint32(place[n]), 0]
        if code >= PENTAGON:
            code = base[np.uint32(face[n]), np.uint32(place[n]), top_digit(digits[n], resolution)]
        place[n] = code
    unknown = 0
    for n in range(len(out)):
        code = place[n]
        d = digits[n]
        # As ``lattice.turned``, without its branches.
        some = (d | d >> _1 | d >> _2) & _LOW
        d ^= some * (_7 * np.uint64(code & np.int32(1)))
        right = np.uint64(_RIGHT >> (code << np.int32(1) & np.int32(14)) & np.int32(3))
        d = d >> right & _LOW * (_7 >> right) | (d & _LOW * ((_1 << right) - _1)) << (_3 - right)
        cell = header | np.uint64(code >> np.int32(3) & np.int32(127)) << np.uint64(45) | d
        out[n] = cell if code >= 0 else np.uint64(0)
        unknown += code < 0
    return unknown


@njit(cache=True, nogil=True)
def encode(lat: F8, lng: F8, resolution: int, bins: I1, frames: F8, table: I4, turns: I8, base: I2, out: U8) -> int:
    """Cells of points (degrees) into ``out``; 0 where undecided. Returns how many are undecided.

    ``base`` (21, PLACES, 8): for a face, a base cell's lattice place and the top digit, 8 x base cell + turns
    (-1: not known; see PENTAGON). The others as in ``placed``.
    """
    x, y, z, i, j = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    field, face, digits = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.uint64)
    header = _HEADER | np.uint64(resolution << 52 | ((1 << (3 * (15 - resolution))) - 1))
    undecided = 0
    for first in range(0, len(lat), BLOCK):
        last = min(first + BLOCK, len(lat))
        m = last - first
        placed(
            lat[first:last], lng[first:last], resolution, bins, frames, table, turns,
            x[:m], y[:m], z[:m], i[:m], j[:m], field[:m], face[:m], digits[:m],
        )  # fmt: skip
        undecided += _assemble(header, resolution, base, digits[:m], face[:m], field[:m], out[first:last])
    return undecided


@njit(cache=True, nogil=True)
def learn(cells: U8, resolution: int, face: I4, place: I4, digits: U8, base: I2) -> int:
    """Fill ``base`` from points whose cells are known. Returns how many contradict what was learnt before.

    ``face``, ``place`` and ``digits`` as found by ``placed``.
    """
    wrong = 0
    used = np.uint64((1 << 45) - (1 << (3 * (15 - resolution))))
    for n in range(len(cells)):
        if face[n] == NO_FACE:
            continue
        code = np.int64(cells[n] >> np.uint64(45) & np.uint64(127)) << 3
        if digits[n]:
            while code & 7 < 6 and turned(digits[n], code & 7) != cells[n] & used:
                code += 1
        top = top_digit(digits[n], resolution)
        known = base[face[n], place[n], top]
        if code & 7 == 6 or (known >= 0 and known != code):
            wrong += 1
        base[face[n], place[n], top] = code
    return wrong
