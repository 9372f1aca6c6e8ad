"""Lists over all days of a view: whom each person met, and who was at each place, each in one piece.

Segments keep days apart, so that a person's rows of two weeks lie in a dozen places; where many traces are asked of
one view, lists pay: they take 24 bytes a sighting (it is in two of them) and 32 a stay, and are forgotten with the
view.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.cores import Turn, in_parallel, threads
from engine.graph.atlas import Kept, atlas_of
from engine.graph.kernels import lists as kernels
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
MOST_BYTES = 1 << 30
"""Lists that would take more are not made."""
NS_A_ROW = 100
"""What making them costs a row, CPU time."""
_LAST_S = (1 << 31) - 2
_turn = Turn()


@dataclass(frozen=True)
class Lists:
    """The table of :mod:`engine.graph.kernels.lists`, and what it has the addresses of."""

    table: Ints
    held: tuple[Any, ...]

    @property
    def bytes(self) -> int:
        """Memory."""
        return sum(column.nbytes for column in self.held)


def bytes_of(view: GraphView) -> int:
    """How much memory the view's lists take, nearly."""
    rows = 2 * 4 * kernels.MET * sum(len(s.rows) for s in view.bluetooth)
    rows += 4 * (kernels.ROW + kernels.OWN) * sum(len(s.rows) for s in view.check_in)
    return rows


def cost_ns(view: GraphView) -> int:
    """What making the lists takes, CPU time, nearly."""
    return NS_A_ROW * sum(len(s.rows) for s in (*view.bluetooth, *view.check_in))


def known_lists(view: GraphView) -> Lists | None:
    """The view's lists if there are any."""
    kept = view.memory.get("lists")
    found: Lists | None = kept.value if kept is not None else None
    return found


def lists_of(view: GraphView, most_bytes: int = MOST_BYTES) -> Lists | None:
    """The view's lists, remembered; None: they would take more than ``most_bytes``, or moments do not fit in 31 bits.

    Cost: linear, about 100 ns a row, on as many cores as there are.
    """
    with _turn:
        found = known_lists(view)
        if found is None and bytes_of(view) <= most_bytes and _fits(view):
            found = _made(view)
            view.memory["lists"] = Kept(found)
    return found


def lists_if_they_pay(view: GraphView, ns: int) -> Lists | None:
    """The view's lists, once what would have taken ``ns`` less with them, CPU time, is in all more than they take."""
    asked = view.memory["asked without lists"] = view.memory.get("asked without lists", 0) + ns
    return lists_of(view) if asked > cost_ns(view) else None


def _base(view: GraphView) -> int:
    return min((s.day_start for s in (*view.bluetooth, *view.check_in)), default=0)


def _fits(view: GraphView) -> bool:
    last = max((s.last_end for s in (*view.bluetooth, *view.check_in)), default=0) + view.places.longest_stay_s
    rows = max(2 * sum(len(s.rows) for s in view.bluetooth), sum(len(s.rows) for s in view.check_in))
    return last - _base(view) < _LAST_S and rows + len(view.places.stay_s) < _LAST_S


def _made(view: GraphView) -> Lists:
    table = np.zeros(kernels.TABLE, np.int64)
    table[kernels.BASE] = _base(view)
    held: list[Any] = []
    if view.bluetooth:
        held += _sightings(view, table)
    if view.check_in:
        held += _stays(view, table)
    return Lists(table, tuple(held))


def _sightings(view: GraphView, table: Ints) -> list[Any]:
    segments, atlas = view.bluetooth, atlas_of(view)
    people = 1 + max(max(int(s.rows.k1[-1] >> 17), int(s.groups[-1])) for s in segments)
    parts = _halves(np.array([len(s.rows) for s in segments]))
    counts = np.zeros((len(parts), people), np.int32)
    in_parallel(lambda n: kernels.count_sightings(atlas, *parts[n], counts[n]), range(len(parts)))
    starts = _starts(counts)
    met = np.empty((int(starts[-1]), kernels.MET), np.int32)
    base = int(table[kernels.BASE])
    in_parallel(lambda n: kernels.fill_sightings(atlas, *parts[n], base, counts[n], met), range(len(parts)))
    _by_parts(starts, lambda first, last: kernels.order_met(starts, met, first, last))
    table[kernels.MET_STARTS], table[kernels.MET_AT] = starts.ctypes.data, met.ctypes.data
    table[kernels.MET_PEOPLE], table[kernels.MET_LONGEST] = people, max(s.longest_s for s in segments)
    return [starts, met]


def _stays(view: GraphView, table: Ints) -> list[Any]:
    segments, atlas, places = view.check_in, atlas_of(view), len(view.places.stay_s)
    people = 1 + max(int(s.groups[-1]) for s in segments)
    parts = _halves(np.array([len(s.rows) for s in segments]))
    counts = np.zeros((len(parts), places), np.int32)
    in_parallel(lambda n: kernels.count_stays(atlas, *parts[n], counts[n]), range(len(parts)))
    where = _starts(counts) + np.int32(1)
    counts += 1
    rows = np.empty((int(where[-1]) + 1, kernels.ROW), np.int32)
    rows[[0, -1]] = kernels.NOWHERE
    base = int(table[kernels.BASE])
    in_parallel(lambda n: kernels.fill_stays(atlas, *parts[n], base, counts[n], rows), range(len(parts)))
    halves, longest = _halves(np.diff(where)), np.zeros(places, np.int32)
    own_counts = np.zeros((len(halves), people), np.int32)
    in_parallel(lambda n: kernels.order_rows(where, rows, *halves[n], own_counts[n], longest), range(len(halves)))
    starts = _starts(own_counts)
    own = np.empty((int(starts[-1]), kernels.OWN), np.int32)
    in_parallel(lambda n: kernels.fill_own(where, rows, *halves[n], own_counts[n], own), range(len(halves)))
    _by_parts(starts, lambda first, last: kernels.order_own(starts, own, first, last))
    table[kernels.OWN_STARTS], table[kernels.OWN_AT] = starts.ctypes.data, own.ctypes.data
    table[kernels.OWN_PEOPLE], table[kernels.OWN_LONGEST] = people, longest.max(initial=0)
    table[kernels.OWN_MOST] = np.diff(starts).max(initial=0)
    table[kernels.ROWS_AT], table[kernels.LONGESTS] = rows.ctypes.data, longest.ctypes.data
    return [starts, own, rows, longest]


def _halves(sizes: npt.NDArray[Any]) -> list[tuple[int, int]]:
    """Neighbours [first, last) for every core, of about the same size together."""
    share = np.append(0, np.cumsum(sizes))
    cuts = np.searchsorted(share, np.linspace(0, share[-1], threads() + 1)[1:-1]).tolist()
    bounds = [0, *cuts, len(sizes)]
    return [(a, b) for a, b in pairwise(bounds) if a < b]


def _starts(counts: Codes) -> Codes:
    """Where the lists begin, and the end of the last; ``counts`` (parts, lists) becomes where each part begins."""
    starts = np.zeros(counts.shape[1] + 1, np.int32)
    np.cumsum(counts.sum(axis=0), out=starts[1:])
    before = starts[:-1].copy()
    for part in counts:
        part[:], before = before, before + part
    return starts


def _by_parts(starts: Codes, work: Callable[[int, int], Any]) -> None:
    in_parallel(lambda part: work(*part), _halves(np.diff(starts)))
