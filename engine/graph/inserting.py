"""A few new rows go into a sealed day without sorting the day again: what keeps live answers quick."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.graph.kernels.search import find_in_groups, find_places
from engine.graph.segments import Rows, Segment, extent_of, second, second_key


def insert_rows(old: Segment, new: Rows, cells: npt.NDArray[np.uint64] | None) -> Segment | None:
    """The segment of ``old`` with ``new`` (sorted, keys unique, the newer wins) put in.

    ``cells`` are those of the new rows (locations only). None when a fix was replaced: it may have moved to
    another cell, and the day must be sorted again. Cost: copies of the columns, and log n a new row.
    """
    at, known = find_places(old.rows.k1, old.rows.k2, new.k1, new.k2)
    payload = dict(old.rows.payload)
    if known.any():
        if new.kind == "location":
            return None
        for name, column in payload.items():
            payload[name] = column.copy()
            payload[name][at[known]] = new.payload[name][known]
    fresh, at = new.take(~known), at[~known]
    rows = Rows(
        new.kind,
        np.insert(old.rows.k1, at, fresh.k1),
        np.insert(old.rows.k2, at, fresh.k2),
        {name: np.insert(column, at, fresh.payload[name]) for name, column in payload.items()},
    )
    index = at + np.arange(len(at))
    key = second_key(fresh, None if cells is None else cells[~known])
    start = second(fresh.k1)
    order = np.lexsort((start, key))
    place = find_in_groups(
        old.groups, old.group_start, old.by_group, second(old.rows.k1), key[order], start[order], at[order]
    )
    moved = old.by_group + np.searchsorted(at, old.by_group, side="right").astype(np.int32)
    by_group = np.insert(moved, place, index[order].astype(np.int32))
    groups, counts = _counted(old, key)
    extended = replace(old, rows=rows, groups=groups, group_start=counts, by_group=by_group)
    return replace(extended, **extent_of(old.day_start, rows))


def _counted(old: Segment, key: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    more, times = np.unique(key, return_counts=True)
    groups = np.union1d(old.groups, more).astype(old.groups.dtype)
    counts = np.zeros(len(groups) + 1, np.int64)
    counts[np.searchsorted(groups, old.groups) + 1] += np.diff(old.group_start)
    counts[np.searchsorted(groups, more) + 1] += times
    return groups, np.cumsum(counts)
