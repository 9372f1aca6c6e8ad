"""Sorted runs, or two sorted segments, become one, in one pass. Arrays in, arrays out."""

import numpy as np
from numba import njit

from engine.graph.kernels.memory import int16_at, int32_at, int64_at, lean, put_int16, put_int32, put_int64
from engine.graph.kernels.order import put_row, row_in
from engine.graph.layout import SECOND_MASK

ROW = 0xFFFFFFFF
"""Lower half of a moment."""
LAST = np.iinfo(np.int64).max
"""No first key is as great."""


@lean
def merge_sources(k1_at, k2_at, sizes, place, tree, head1, head2, source):
    """From which run each row comes when runs sorted by (k1, k2) are merged; no key is in two of them.

    A tree of losers: its inner nodes keep who lost there, so that the next of the winner's run meets only those.

    Args:
        k1_at, k2_at: addresses of the int64, and of the int32 keys of each run; 0 for the latter where there are none.
        sizes: rows of each run.
        place: to work in, zeros, shape (runs,).
        tree, head1, head2: to work in, int64, the first shape (2 x ways,), the others (ways,): a power of two of at
            least as many ways as runs.
        source: number of the run of each merged row, uint8.

    Cost: linear, 2 to 3 ns a row and level of the tree.
    """
    ways = len(head1)
    for r in range(ways):
        head1[r], head2[r], tree[ways + r] = LAST, 0, r
        if r < len(sizes) and sizes[r] > 0:
            head1[r] = int64_at(k1_at[r], 0)
            head2[r] = int32_at(k2_at[r], 0) if k2_at[r] else 0
    for node in range(ways - 1, 0, -1):  # who wins, for now
        a, b = tree[2 * node], tree[2 * node + 1]
        a_first = (head1[a] < head1[b]) | ((head1[a] == head1[b]) & (head2[a] < head2[b]))
        tree[node] = a if a_first else b
    winner = tree[1]
    for node in range(1, ways):  # from the root on: whoever came up and did not win here lost here
        a, b = tree[2 * node], tree[2 * node + 1]
        tree[node] = b if tree[node] == a else a
    for row in range(len(source)):
        source[row] = winner
        at = place[winner] + 1
        place[winner] = at
        key1, key2 = LAST, np.int64(0)
        if at < sizes[winner]:
            key1 = int64_at(k1_at[winner], at)
            key2 = int32_at(k2_at[winner], at) if k2_at[winner] else np.int64(0)
        head1[winner], head2[winner] = key1, key2
        node = (ways + winner) >> 1
        while node > 0:
            other = tree[node]
            other1, other2 = head1[other], head2[other]
            loses = (other1 < key1) | ((other1 == key1) & (other2 < key2))
            tree[node] = winner if loses else other
            winner = other if loses else winner
            key1, key2 = other1 if loses else key1, other2 if loses else key2
            node >>= 1


@lean
def weave_many(at, width, source, place, out_at):
    """The merged column, at ``out_at``, of those at the addresses ``at``, whose numbers have ``width`` bytes each.

    ``source`` as :func:`merge_sources` gives it; ``place``, zeros, as many as there are runs, is to work in.
    """
    for row in range(len(source)):
        run = source[row]
        here = place[run]
        place[run] = here + 1
        if width == 8:
            put_int64(out_at, row, int64_at(at[run], here))
        elif width == 4:
            put_int32(out_at, row, int32_at(at[run], here))
        else:
            put_int16(out_at, row, int16_at(at[run], here))


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
