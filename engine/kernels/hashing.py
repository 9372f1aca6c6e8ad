"""Counter-based draws inside kernels: a hash of a key and counters, as uniform and normal numbers."""

import numpy as np
import numpy.typing as npt
from numba import njit

_A = np.uint64(0x9E3779B97F4A7C15)
_B = np.uint64(0xBF58476D1CE4E5B9)
_C = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@njit(cache=True, nogil=True)
def fold(key: np.uint64, value: int | np.uint64) -> np.uint64:
    """A new key from a key and a counter (the finaliser of SplitMix64, Steele et al. 2014)."""
    x = (key ^ np.uint64(value)) * _A
    x = (x ^ (x >> _S30)) * _B
    x = (x ^ (x >> _S27)) * _C
    return x ^ (x >> _S31)


@njit(cache=True, nogil=True)
def fold3(key: np.uint64, a: int | np.uint64, b: int | np.uint64, c: int | np.uint64) -> np.uint64:
    """A new key from a key and three counters, in order."""
    return fold(fold(fold(key, a), b), c)


@njit(cache=True, nogil=True)
def unit(key: np.uint64) -> float:
    """A number in [0, 1) from a key."""
    return float(key >> _S11) * 1.1102230246251565e-16


@njit(cache=True, nogil=True)
def normal(key: np.uint64) -> float:
    """A standard normal number from a key (Box-Muller)."""
    u = 1.0 - unit(fold(key, 1))
    return float(np.sqrt(-2.0 * np.log(u)) * np.cos(2.0 * np.pi * unit(fold(key, 2))))


@njit(cache=True, nogil=True)
def draws(key: np.uint64, ids: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.float64]:
    """Uniform numbers for each id, shape (ids, count): the same id gets the same numbers in any company."""
    out = np.empty((len(ids), count))
    for i in range(len(ids)):
        for j in range(count):
            out[i, j] = unit(fold(fold(key, ids[i]), j))
    return out
