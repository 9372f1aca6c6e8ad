"""Kernels of digits and lattice places of H3 cells: turns, ancestors, disks of neighbours.

Three bits of a digit stand for the directions i, j and k, so a turn of 120 degrees rotates the bits of every
digit and a turn of 180 degrees inverts them (if not zero): all digits turn at once.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

I8 = npt.NDArray[np.int64]
I4 = npt.NDArray[np.int32]
F8 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint64]
Whole = int | np.int64

BIAS = 49 << 20
"""Added to coordinates so that they are positive; larger than any."""
_LOW = np.uint64(0o111111111111111)
_ALL = np.uint64((1 << 45) - 1)


@njit(cache=True, nogil=True)
def turned(digits: np.uint64, turns: Whole) -> np.uint64:
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
def top_digit(digits: np.uint64, resolution: int) -> Whole:
    """The first digit that is not 0 (0 if none)."""
    d = np.int64(digits)
    for r in range(1, resolution + 1):
        digit = d >> (45 - 3 * r) & 7
        if digit:
            return digit
    return 0


@njit(cache=True, nogil=True)
def _climb(i: Whole, j: Whole, resolution: Whole, table: I4, turns: I8) -> tuple[np.uint64, Whole, Whole]:
    """Digits (packed as in a cell) and resolution-0 coordinates of the cell at lattice (i, j)."""
    shift = 3 * (15 - resolution)
    digits = np.uint64(0)
    steps = resolution & 3
    some = steps if steps else 4
    while shift < 45:
        qi, qj = np.uint64(i + BIAS) // np.uint64(49), np.uint64(j + BIAS) // np.uint64(49)
        ri, rj = np.uint64(i + BIAS) - np.uint64(49) * qi, np.uint64(j + BIAS) - np.uint64(49) * qj
        packed = np.int64(table[steps, ri * np.uint64(49) + rj])
        digits |= np.uint64((packed & 0xFFF) << shift)
        a, b = np.int64(qi) - BIAS // 49, np.int64(qj) - BIAS // 49
        i = turns[steps, 0] * a + turns[steps, 1] * b + (packed >> 12 & 63) - 32
        j = turns[steps, 2] * a + turns[steps, 3] * b + (packed >> 18) - 32
        shift += 3 * some
        steps, some = 0, 4
    return digits, i, j


@njit(cache=True, nogil=True)
def neighbourhoods(cells: U8, steps: I8, pentagon: npt.NDArray[np.bool_], table: I4, turns: I8, out: U8) -> int:
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
            found, bi, bj = _climb(i + steps[m, 0], j + steps[m, 1], resolution, table, turns)
            stays &= bi == 0 and bj == 0
            out[n, m] = rest | found
        if not stays:
            out[n, 0] = np.uint64(0)
            undecided += 1
    return undecided
