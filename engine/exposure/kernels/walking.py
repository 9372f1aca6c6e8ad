"""Labels on their way through a view's lists: where a person's lists are, and which of the rows a window meets.

Whoever walks keeps some labels behind each other in these steps, each of which asks for the memory that the next one
reads, so that waits overlap. All is read and written by address; moments count from the lists' first day.
"""

import numpy as np

from engine.exposure.kernels import reaching_fields as f
from engine.graph.kernels import lists
from engine.graph.kernels.memory import int32_at, int64_at, prefetch, put_int64
from engine.kernels.memory import inner

_SHORT = 24
"""Entries that are looked through one by one."""


@inner
def item_of(q, label):
    """What is known of a label on its way: the address."""
    return q[f.ITEMS_AT] + 8 * f.ITEM * (label & (f.ITEMS - 1))


@inner
def ask(q, who):
    """Ask for where the lists of a person begin."""
    if q[f.ATTENUATION] >= 0:
        prefetch(q[lists.MET_STARTS] + 4 * who)
    if q[f.STAYS]:
        prefetch(q[lists.OWN_STARTS] + 4 * who)


@inner
def look_up(q, who, start, end, item):
    """Where the lists of a person are, with a window; asks for them."""
    put_int64(item, f.I_FROM, start)
    put_int64(item, f.I_TO, end)
    lo = hi = np.int64(0)
    if q[f.ATTENUATION] >= 0 and who < q[lists.MET_PEOPLE] and start < end:
        lo, hi = int32_at(q[lists.MET_STARTS], who), int32_at(q[lists.MET_STARTS], who + 1)
        _ask_list(q[lists.MET_AT] + 4 * lists.MET * lo, q[lists.MET_AT] + 4 * lists.MET * hi)
    put_int64(item, f.I_MET, lo)
    put_int64(item, f.I_MET_END, hi)
    lo = hi = np.int64(0)
    if q[f.STAYS] and who < q[lists.OWN_PEOPLE] and start < end:
        lo, hi = int32_at(q[lists.OWN_STARTS], who), int32_at(q[lists.OWN_STARTS], who + 1)
        _ask_list(q[lists.OWN_AT] + 4 * lists.OWN * lo, q[lists.OWN_AT] + 4 * lists.OWN * hi)
    put_int64(item, f.I_OWN, lo)
    put_int64(item, f.I_OWN_END, hi)


@inner
def _ask_list(address, end):
    """Ask for a short list, or for the middle of a long one."""
    if end - address > 1_024:
        prefetch((address + end) >> 1)
        return
    while address < end:
        prefetch(address)
        address += 64
    prefetch(end - 1)


@inner
def _after(address, width, column, moment, lo, hi):
    """The first entry of [lo, hi) whose ``column`` is above ``moment``, else hi."""
    while lo < hi:
        mid = (lo + hi) >> 1
        if int32_at(address, width * mid + column) <= moment:
            lo = mid + 1
        else:
            hi = mid
    return lo


@inner
def met_within(q, item):
    """Which entries of a label's list of people met may overlap its window: [lo, hi)."""
    lo, hi = int64_at(item, f.I_MET), int64_at(item, f.I_MET_END)
    if hi - lo > _SHORT:
        address = q[lists.MET_AT]
        lo = _after(address, lists.MET, lists.SINCE, int64_at(item, f.I_FROM) - q[lists.MET_LONGEST], lo, hi)
        hi = _after(address, lists.MET, lists.SINCE, int64_at(item, f.I_TO) - 1, lo, hi)
    return lo, hi


@inner
def own_stays(q, item, n):
    """A label's own stays that overlap its window go into the ring from ``n`` on; returns the end.

    Each as the part of it that counts, and the run of rows that has everybody who was there meanwhile. What run that
    is, the list tells where there is no slack; else it is to be looked for (ROWS_FIRST -1).
    """
    lo, hi, address = int64_at(item, f.I_OWN), int64_at(item, f.I_OWN_END), q[lists.OWN_AT]
    slack, since, until = q[f.OWN_SLACK], int64_at(item, f.I_FROM), int64_at(item, f.I_TO)
    told = slack == 0 and q[f.OTHER_SLACK] == 0
    if hi - lo > _SHORT:
        lo = _after(address, lists.OWN, lists.ARRIVED, since - slack - q[lists.OWN_LONGEST], lo, hi)
        hi = _after(address, lists.OWN, lists.ARRIVED, until + slack - 1, lo, hi)
    put_int64(item, f.I_OWN, n)
    for j in range(lo, hi):
        stay, at = address + 4 * lists.OWN * j, q[f.STAYS_AT] + 8 * f.STAY * (n & q[f.STAYS_MASK])
        came, gone = int32_at(stay, lists.ARRIVED) - slack, int32_at(stay, lists.DEPARTED) + slack
        where, near = int32_at(stay, lists.WHERE), int32_at(stay, lists.NEAR)
        before, after = (near >> 16) & lists.MANY, near & lists.MANY
        first, last = where - before, where + after + 1
        if not told or before == lists.MANY or after == lists.MANY:
            first, last = np.int64(-1), where
        begun, ended = max(came, since), min(gone, until)
        put_int64(at, f.ROWS_FIRST, first)
        put_int64(at, f.ROWS_LAST, last)
        put_int64(at, f.SINCE, begun)
        put_int64(at, f.STAY_UNTIL, ended)
        n += begun < ended
    put_int64(item, f.I_OWN_END, n)
    return n


@inner
def ask_rows(q, stay):
    """Ask for the rows round a stay of the ring."""
    at = q[f.STAYS_AT] + 8 * f.STAY * (stay & q[f.STAYS_MASK])
    first = q[lists.ROWS_AT] + 4 * lists.ROW * int64_at(at, f.ROWS_FIRST)
    last = q[lists.ROWS_AT] + 4 * lists.ROW * int64_at(at, f.ROWS_LAST) - 1
    prefetch(first)
    prefetch(min(first + 64, last))
    prefetch(last)


@inner
def run_of(q, stay):
    """The rows [lo, hi) among which everybody is who was at the place of a stay of the ring meanwhile."""
    lo, hi = int64_at(stay, f.ROWS_FIRST), int64_at(stay, f.ROWS_LAST)
    if lo >= 0:
        return lo, hi
    return _run_round(q[lists.ROWS_AT], q[lists.LONGESTS], hi, int64_at(stay, f.SINCE) - q[f.OTHER_SLACK],
                      int64_at(stay, f.STAY_UNTIL) + q[f.OTHER_SLACK])  # fmt: skip


@inner
def _run_round(rows, longests, row, since, until):
    """The same, looked for from one's own row: back as far as the longest stay at the place reaches."""
    place, lo, hi = int32_at(rows, lists.ROW * row + lists.PLACE), row, row + 1
    since -= int32_at(longests, place)
    while _came(rows, lo - 1, place, lists.ALWAYS) > since:
        lo -= 1
    while _came(rows, hi, place, lists.NEVER) < until:
        hi += 1
    return lo, hi


@inner
def _came(rows, row, place, otherwise):
    """When the row's person came to a place; ``otherwise``: it is no row of that."""
    there = int32_at(rows, lists.ROW * row + lists.PLACE) == place
    return int32_at(rows, lists.ROW * row + lists.CAME) if there else otherwise
