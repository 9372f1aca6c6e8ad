"""Two sorted segments become one, in one pass. Arrays in, arrays out."""

from numba import njit

from engine.graph.kernels.order import put_row, row_in
from engine.graph.layout import SECOND_MASK

ROW = 0xFFFFFFFF
"""Lower half of a moment."""


@njit(cache=True, nogil=True)
def merge_places(k1_a, k2_a, k1_b, k2_b, place_a, place_b):
    """Where each row of a, and each of b, comes to lie when both, sorted by (k1, k2), are merged. No key is in both.

    Cost: linear, without a branch on the keys.
    """
    n, m = len(k1_a), len(k1_b)
    i = j = 0
    while i < n and j < m:
        place_a[i] = place_b[j] = i + j
        a, b = k1_a[i], k1_b[j]
        first = (a < b) | ((a == b) & (k2_a[i] < k2_b[j]))
        i += first
        j += not first
    while i < n:
        place_a[i] = i + j
        i += 1
    while j < m:
        place_b[j] = i + j
        j += 1


@njit(cache=True, nogil=True)
def weave(a, b, place_a, place_b, out):
    """The merged column of ``a`` and ``b``."""
    for i in range(len(a)):
        out[place_a[i]] = a[i]
    for i in range(len(b)):
        out[place_b[i]] = b[i]


@njit(cache=True, nogil=True)
def distinct_groups(groups_a, groups_b):
    """How many distinct ones there are in two ascending columns."""
    n, m = len(groups_a), len(groups_b)
    count = i = j = 0
    while i < n and j < m:
        a, b = groups_a[i], groups_b[j]
        i += a <= b
        j += b <= a
        count += 1
    return count + n - i + m - j


@njit(cache=True, nogil=True)
def moments_of(order, width, k1, place, moments):
    """Second of the day (upper half) and merged row (lower half) of the rows in ``order``.

    Apart from the merge, whose branches would have to wait for each of these.
    """
    for i in range(len(k1)):
        row = row_in(order, width, i)
        moments[i] = (k1[row] & SECOND_MASK) << 32 | place[row]


@njit(cache=True, nogil=True)
def merge_groups(groups_a, first_a, moments_a, groups_b, first_b, moments_b, groups, first, width, order):
    """The second order of merged rows: by group, then second, then row.

    ``moments_a`` and ``moments_b`` are those of :func:`moments_of`; ``groups`` gets the distinct groups, ``first`` the
    first index of each and the end, ``order`` the rows, ``width`` bytes each.
    """
    n, m = len(groups_a), len(groups_b)
    at = i = j = 0
    for g in range(len(groups)):
        with_a = j == m or (i < n and groups_a[i] <= groups_b[j])
        with_b = i == n or (j < m and groups_b[j] <= groups_a[i])
        groups[g], first[g] = groups_a[i] if with_a else groups_b[j], at
        p, p_end = (first_a[i], first_a[i + 1]) if with_a else (0, 0)
        q, q_end = (first_b[j], first_b[j + 1]) if with_b else (0, 0)
        while p < p_end and q < q_end:
            a, b = moments_a[p], moments_b[q]
            put_row(order, width, at, min(a, b) & ROW)
            p += a < b
            q += b < a
            at += 1
        while p < p_end:
            put_row(order, width, at, moments_a[p] & ROW)
            p += 1
            at += 1
        while q < q_end:
            put_row(order, width, at, moments_b[q] & ROW)
            q += 1
            at += 1
        i += with_a
        j += with_b
    first[-1] = at
