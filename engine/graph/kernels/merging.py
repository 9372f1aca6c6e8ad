"""Two sorted segments become one, in one pass. Arrays in, arrays out."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def merge_keys(k1_a, k2_a, k1_b, k2_b):
    """Order that merges rows a and b, each sorted by (k1, k2), no key in both: indices into a followed by b."""
    n, m = len(k1_a), len(k1_b)
    out = np.empty(n + m, np.int64)
    i = j = 0
    for at in range(n + m):
        if j == m or (i < n and (k1_a[i] < k1_b[j] or (k1_a[i] == k1_b[j] and k2_a[i] < k2_b[j]))):
            out[at] = i
            i += 1
        else:
            out[at] = n + j
            j += 1
    return out


@njit(cache=True, nogil=True)
def merge_groups(groups_a, first_a, by_a, groups_b, first_b, by_b, place, start):
    """The second order of merged rows: by group, then start, then row.

    ``place`` maps an index into a followed by b to the merged row; ``start`` is the second of each merged row.
    Returns (distinct groups, first index of each and the end, rows).
    """
    n, m, rows_a = len(groups_a), len(groups_b), len(by_a)
    groups = np.empty(n + m, groups_a.dtype)
    first = np.empty(n + m + 1, np.int32)
    by = np.empty(rows_a + len(by_b), np.int32)
    i = j = count = at = 0
    while i < n or j < m:
        with_a = j == m or (i < n and groups_a[i] <= groups_b[j])
        with_b = i == n or (j < m and groups_b[j] <= groups_a[i])
        groups[count] = groups_a[i] if with_a else groups_b[j]
        first[count] = at
        p, p_end = (first_a[i], first_a[i + 1]) if with_a else (0, 0)
        q, q_end = (first_b[j], first_b[j + 1]) if with_b else (0, 0)
        while p < p_end or q < q_end:
            row_a = place[by_a[p]] if p < p_end else -1
            row_b = place[rows_a + by_b[q]] if q < q_end else -1
            if row_b < 0 or (
                row_a >= 0 and (start[row_a] < start[row_b] or (start[row_a] == start[row_b] and row_a < row_b))
            ):
                by[at] = row_a
                p += 1
            else:
                by[at] = row_b
                q += 1
            at += 1
        count += 1
        i += with_a
        j += with_b
    first[count] = at
    return groups[:count].copy(), first[: count + 1].copy(), by
