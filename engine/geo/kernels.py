"""Kernels of H3 cells: coordinates to cells, and disks of neighbours. Arrays in, arrays out.

A cell of H3 is a base cell and, for each finer resolution, a digit 0..6: the centre child or one of six
directions. On one face of the icosahedron the centres of one resolution are the Eisenstein integers
``i + j w``; the centres of the next coarser one are its multiples by a prime of norm 7, on alternating sides
(Class III and Class II). So a digit is a residue mod that prime, and *two* digits together are the residue
mod 7 of both coordinates: one look-up in a table of 49 replaces two rounds of finding a parent.

Three bits of a digit stand for the directions i, j and k, so a turn of 120 degrees rotates the bits of every
digit and a turn of 180 degrees inverts them (if not zero): all digits turn at once.
"""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint64]
U4 = npt.NDArray[np.uint32]
Whole = int | np.int64

TRIG_STEPS = 1024
"""Entries of the sine table; a power of two, so that the step in degrees is exact in binary."""
STEP_DEG = 360.0 / TRIG_STEPS
BIAS = 7**9
"""Added to coordinates so that they are positive; divisible by 7 often enough, larger than any coordinate."""
EDGE = 1e-6
"""Closer than this to the edge of a cell (distance of centres 1), rounding might decide: undecided. The error
of both ways to compute is about 1e-8 at resolution 15, and sqrt(7) times less with each coarser one."""
CENTRE = 1.0 - 1e-6
"""Cosine of the distance to a face's centre above which older H3 releases lose digits: undecided."""
TIE = 1e-12
"""Two faces nearer in cosine than this are a tie: undecided."""
UNKNOWN = -1
PENTAGON = 1024
"""Added to the entry of digit 0 in ``base`` where the turn depends on the top digit."""

_RAD = math.pi / 180.0
_PER_STEP = 1.0 / STEP_DEG
_1_6TH, _1_12TH, _1_20TH = 1.0 / 6.0, 1.0 / 12.0, 1.0 / 20.0
_HEADER = np.uint64(1 << 59)
_LOW = np.uint64(0o111111111111111)
_ALL = np.uint64((1 << 45) - 1)
_DIGITS = np.uint64(0o7777)
_3, _4, _7, _12, _15, _49 = (np.uint64(k) for k in (3, 4, 7, 12, 15, 49))


@njit(cache=True, nogil=True)
def _sincos(degrees: float, trig: F8) -> tuple[float, float]:
    """Sine and cosine by the angle sum with the nearest of 1,024 table angles; error about 2e-16."""
    k = math.floor(degrees * _PER_STEP + 0.5)
    d = (degrees - k * STEP_DEG) * _RAD
    d2 = d * d
    s = d * (1.0 - d2 * _1_6TH * (1.0 - d2 * _1_20TH))
    c = 1.0 - d2 * 0.5 * (1.0 - d2 * _1_12TH)
    n = np.uint64(np.int64(k) & (TRIG_STEPS - 1))  # an unsigned index needs no test for negative ones
    return trig[n, 0] * c + trig[n, 1] * s, trig[n, 1] * c - trig[n, 0] * s


@njit(cache=True, nogil=True)
def _nearest_face(x: float, y: float, z: float, frames: F8) -> Whole:
    """The face with the nearest centre, or -1 if two are equally near."""
    best, second, face = -2.0, -2.0, 0
    for f in range(20):
        dot = x * frames[f, 0] + y * frames[f, 1] + z * frames[f, 2]
        if dot > best:
            best, second, face = dot, best, f
        elif dot > second:
            second = dot
    return face if best - second > TIE else UNKNOWN


@njit(cache=True, nogil=True)
def _turn(digits: np.uint64, turns: Whole) -> np.uint64:
    """All digits (3 bits each, 15 of them) turned by ``turns`` x 60 degrees counter-clockwise."""
    third = turns % 3  # 60 = 180 + 240, so an odd turn is a half turn and then thirds
    if turns & 1:
        any_bit = (digits | digits >> np.uint64(1) | digits >> np.uint64(2)) & _LOW
        digits ^= any_bit * np.uint64(7)
    two = np.uint64(2)
    one = np.uint64(1)
    if third == 2:  # turn by 120 degrees: 4 -> 2 -> 1 -> 4
        return (digits >> one) & (_LOW * np.uint64(3)) | (digits & _LOW) << two
    if third == 1:  # turn by 240 degrees
        return (digits >> two) & _LOW | (digits & (_LOW * np.uint64(3))) << one
    return digits


@njit(cache=True, nogil=True)
def _climb(
    i: Whole, j: Whole, resolution: Whole, single: U4, double: U4, fourfold: U4
) -> tuple[np.uint64, Whole, Whole]:
    """Digits (packed as in a cell) and resolution-0 coordinates of the cell at lattice (i, j).

    Table entries: digits in the low 12 bits; then what the parent's i and j exceed the quotients by, plus 4.
    """
    shift = np.uint64(3 * (15 - resolution))
    digits = np.uint64(0)
    u, v = np.uint64(i + BIAS), np.uint64(j + BIAS)
    if resolution & 1:
        qu, qv = u // _7, v // _7
        entry = np.uint64(single[(u - _7 * qu) * _7 + v - _7 * qv])
        digits = (entry & _DIGITS) << shift
        # The step is linear, so the bias comes out multiplied: 3 - 1 and 1 + 2 seventh parts of it.
        u = _3 * qu - qv + (entry >> _12 & _7) - _4 + np.uint64(BIAS - 2 * (BIAS // 7))
        v = qu + qv + qv + (entry >> _15) - _4 + np.uint64(BIAS - 3 * (BIAS // 7))
        shift += _3
    bias = BIAS
    if resolution & 2:
        qu, qv = u // _7, v // _7
        entry = np.uint64(double[(u - _7 * qu) * _7 + v - _7 * qv])
        digits |= (entry & _DIGITS) << shift
        u, v = qu + (entry >> _12 & _7) - _4, qv + (entry >> _15) - _4
        bias //= 7
        shift += np.uint64(6)
    for _ in range(resolution >> 2):
        qu, qv = u // _49, v // _49
        entry = np.uint64(fourfold[(u - _49 * qu) * _49 + v - _49 * qv])
        digits |= (entry & _DIGITS) << shift
        u, v = qu + (entry >> _12 & _7) - _4, qv + (entry >> _15) - _4
        bias //= 49
        shift += _12
    return digits, np.int64(u) - bias, np.int64(v) - bias


@njit(cache=True, nogil=True)
def _round(a: float, b: float) -> tuple[Whole, Whole, float]:
    """The nearest lattice point to (a, b), and how far inside its cell the point is (0: on the edge)."""
    i, j = math.floor(a + 0.5), math.floor(b + 0.5)
    a -= i
    b -= j
    outside = (abs(2 * a - b) > 1.0) | (abs(2 * b - a) > 1.0)
    along_i = abs(a) > abs(b)
    # Arithmetic and no branch: a quarter of all points are outside, and no processor can guess which.
    di = math.copysign(1.0 if outside and along_i else 0.0, a)
    dj = math.copysign(1.0 if outside and not along_i else 0.0, b)
    a -= di
    b -= dj
    inside = 1.0 - max(abs(2 * a - b), abs(2 * b - a), abs(a + b))
    return np.int64(i + di), np.int64(j + dj), inside


@njit(cache=True, nogil=True)
def _top_digit(digits: np.uint64, resolution: int) -> Whole:
    """The first digit that is not 0 (0 if none)."""
    d = np.int64(digits)
    for r in range(1, resolution + 1):
        digit = d >> (45 - 3 * r) & 7
        if digit:
            return digit
    return 0


@njit(cache=True, nogil=True)
def locate(lat: float, lng: float, trig: F8, bins: npt.NDArray[np.int8], frames: F8) -> tuple[Whole, Whole, Whole]:
    """Face (-1: undecided) and lattice coordinates of the cell of a point.

    ``frames`` (20, 9) holds for each face its centre and the vectors whose dot products, over the centre's,
    are the lattice coordinates at the wanted resolution. ``bins`` (181, 361): the face of a whole degree
    field, or -1 when an edge crosses it.
    """
    if not (-90.0 <= lat <= 90.0 and -180.0 <= lng <= 180.0):
        return UNKNOWN, 0, 0
    sin_lat, z_axis = _sincos(lat, trig)
    sin_lng, cos_lng = _sincos(lng, trig)
    x, y = z_axis * cos_lng, z_axis * sin_lng
    known: Whole = np.int64(bins[np.uint64(lat + 90.0), np.uint64(lng + 180.0)])
    if known < 0:
        known = _nearest_face(x, y, sin_lat, frames)
        if known < 0:
            return UNKNOWN, 0, 0
    face = np.uint64(known)
    dot = x * frames[face, 0] + y * frames[face, 1] + sin_lat * frames[face, 2]
    per = 1.0 / dot
    a = (x * frames[face, 3] + y * frames[face, 4] + sin_lat * frames[face, 5]) * per
    b = (x * frames[face, 6] + y * frames[face, 7] + sin_lat * frames[face, 8]) * per
    i, j, inside = _round(a, b)
    if inside < EDGE or dot > CENTRE:
        return UNKNOWN, 0, 0
    return known, i, j


@njit(cache=True, nogil=True)
def encode(
    lat: F8, lng: F8, resolution: int, trig: F8, bins: npt.NDArray[np.int8], frames: F8,
    single: U4, double: U4, fourfold: U4, base: npt.NDArray[np.int16], out: U8,
) -> int:  # fmt: skip
    """Cells of points (degrees) into ``out``; 0 where undecided. Returns how many are undecided.

    ``base`` (20, 25, 8): for a face, a base cell's lattice place and the top digit, 8 x base cell + turns
    (-1: not known; see PENTAGON).
    """
    unused = np.uint64((1 << (3 * (15 - resolution))) - 1)
    header = _HEADER | np.uint64(resolution << 52) | unused
    undecided = 0
    for n in range(len(lat)):
        face, i, j = locate(lat[n], lng[n], trig, bins, frames)
        code: Whole = UNKNOWN
        digits = np.uint64(0)
        if face >= 0:
            digits, bi, bj = _climb(i, j, resolution, single, double, fourfold)
            if -2 <= bi <= 2 and -2 <= bj <= 2:
                place = (bi + 2) * 5 + bj + 2
                code = np.int64(base[face, place, 0])
                if code >= PENTAGON:
                    code = np.int64(base[face, place, _top_digit(digits, resolution)])
        if code < 0:
            out[n] = np.uint64(0)
            undecided += 1
        else:
            out[n] = header | np.uint64((code >> 3 & 127) << 45) | _turn(digits, code & 7)
    return undecided


@njit(cache=True, nogil=True)
def learn(
    lat: F8, lng: F8, cells: U8, resolution: int, trig: F8, bins: npt.NDArray[np.int8], frames: F8,
    single: U4, double: U4, fourfold: U4, base: npt.NDArray[np.int16],
) -> int:  # fmt: skip
    """Fill ``base`` from points whose cells are known. Returns how many contradict what was learnt before."""
    wrong = 0
    used = ~np.uint64((1 << (3 * (15 - resolution))) - 1) & _ALL
    for n in range(len(lat)):
        face, i, j = locate(lat[n], lng[n], trig, bins, frames)
        if face < 0:
            continue
        digits, bi, bj = _climb(i, j, resolution, single, double, fourfold)
        code = np.int64(cells[n] >> np.uint64(45) & np.uint64(127)) << 3
        if digits:
            while code & 7 < 6 and _turn(digits, code & 7) != cells[n] & used:
                code += 1
        place, top = (bi + 2) * 5 + bj + 2, _top_digit(digits, resolution)
        known = base[face, place, top]
        if code & 7 == 6 or (known >= 0 and known != code):
            wrong += 1
        base[face, place, top] = code
    return wrong


@njit(cache=True, nogil=True)
def neighbourhoods(
    cells: U8, steps: I8, pentagon: npt.NDArray[np.bool_], single: U4, double: U4, fourfold: U4, out: U8
) -> int:
    """Cells at lattice ``steps`` (m, 2) from each cell into ``out`` (n, m); returns how many rows fail.

    Inside one base cell that is no pentagon the digits are a plain lattice. A row whose disk leaves its base
    cell begins with 0: undecided.
    """
    undecided = 0
    for n in range(len(cells)):
        cell = cells[n]
        resolution = np.int64(cell >> np.uint64(52) & np.uint64(15))
        base_cell = np.int64(cell >> np.uint64(45) & np.uint64(127))
        digits = np.int64(cell & _ALL)
        i: Whole = 0
        j: Whole = 0
        for r in range(1, resolution + 1):
            digit = digits >> (45 - 3 * r)
            i, j = (2 * i + j, 3 * j - i) if r & 1 else (3 * i - j, i + 2 * j)
            i += (digit >> 2 & 1) - (digit & 1)
            j += (digit >> 1 & 1) - (digit & 1)
        rest = cell & ~_ALL | np.uint64((1 << (3 * (15 - resolution))) - 1)
        stays = not pentagon[base_cell]
        for m in range(len(steps)):
            found, bi, bj = _climb(i + steps[m, 0], j + steps[m, 1], resolution, single, double, fourfold)
            stays &= bi == 0 and bj == 0
            out[n, m] = rest | found
        if not stays:
            out[n, 0] = np.uint64(0)
            undecided += 1
    return undecided
