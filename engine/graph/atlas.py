"""The atlas of a view: where every column of every segment is, and directories that find rows in them.

Kernels that get it look at all segments in one call. Made when first asked for and remembered with the view, the
directories (at most 1.5 bytes a row) with their segment. Whoever holds an atlas keeps alive all that it has the
addresses of, even when another thread makes the same anew or the memories are cleared meanwhile.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.clock import DAY
from engine.graph.eligibility import CHANNEL_NAMES, CHECK_IN, LOCATION
from engine.graph.groups import CellGroups, Groups, Keys
from engine.graph.kernels import atlas as layout
from engine.graph.layout import SECOND_BITS
from engine.graph.segments import PAYLOAD, Segment
from engine.graph.view import GraphView
from engine.params import FIX_MAX_GAP_S

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]
ROWS_A_START, CODES_A_ROW = 8, 3
"""A directory costs at most three quarters of a byte a row: 4 to 6 bytes for 8 rows, or 8 bytes for 32 codes."""


class Kept:
    """What holds addresses. A copy of it, or one that comes from another process, holds nothing."""

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def __reduce__(self) -> tuple[type["Kept"], tuple[()]]:
        return Kept, ()


class _Owner:
    """A column as numpy sees it, together with what it has the addresses of."""

    def __init__(self, column: Ints, held: list[Any]) -> None:
        self.column, self.held = column, held

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self.column.__array_interface__


def atlas_of(view: GraphView) -> Ints:
    """The atlas, shape (heads + lines,), as :mod:`engine.graph.kernels.atlas` reads it; remembered.

    Cost: the directories of segments that have none yet, linear in their rows; else a few microseconds a segment.
    """
    kept = view.memory.get("atlas")
    if kept is None or kept.value is None:
        view.memory["atlas"] = kept = Kept(_made(view))
    found: Ints = kept.value
    return found


def _made(view: GraphView) -> Ints:
    heads, tail, at = np.zeros(layout.HEADS, np.int64), [], layout.HEADS
    held: list[Any] = [view.places]
    for channel, name in enumerate(CHANNEL_NAMES):
        segments: tuple[Segment, ...] = getattr(view, name)
        if not segments:
            continue
        days = np.array([s.day_start // DAY for s in segments], np.int64)
        first = np.searchsorted(days, np.arange(days[0], days[-1] + 2)).astype(np.int64)
        held += segments
        lines = np.concatenate([_line(s, held) for s in segments])
        reach = max(s.longest_s for s in segments)
        if channel == CHECK_IN:
            heads[layout.USUAL_STAY] = view.places.longest_stay_s
            reach = max(reach, int(heads[layout.USUAL_STAY]))
        elif channel == LOCATION:
            reach = int(FIX_MAX_GAP_S.value)
        head = slice(channel * layout.HEAD, channel * layout.HEAD + 5)
        heads[head] = at, at + len(lines), days[0], len(first) - 1, reach
        tail += [lines, first]
        at += len(lines) + len(first)
    heads[layout.PLACE_STAY] = _address(view.places.stay_s, np.int32)
    heads[layout.PLACE_WEIGHT] = _address(view.places.weight, np.float64)
    return np.asarray(_Owner(np.concatenate([heads, *tail]), held))


def _address(column: Array, dtype: Any) -> int:
    if column.dtype != dtype or not (column.flags.c_contiguous or len(column) < 2):
        raise TypeError(f"a column of {dtype} in one piece is needed, not one of {column.dtype}")
    return int(column.ctypes.data)


def _line(s: Segment, held: list[Any]) -> Ints:
    """The line of a segment; remembered, with the directories, which are put into ``held``."""
    kept = s.memory.get("atlas")
    if kept is not None and kept.value is not None:
        known: Ints = kept.value[0]
        held += kept.value[1]
        return known
    line = np.zeros(layout.LINE, np.int64)
    kind, rows = s.rows.kind, s.rows
    line[[layout.DAY_START, layout.ROWS, layout.LONGEST]] = s.day_start, len(rows), s.longest_s
    line[layout.K1] = _address(rows.k1, np.int64)
    if kind == "location":
        line[layout.STAY] = _address(s.stay_s, np.uint16)
    else:
        line[layout.K2] = _address(rows.k2, np.int32)
    for n, (name, dtype) in enumerate(PAYLOAD[kind].items()):
        line[layout.FIRST_PAYLOAD + n] = _address(rows.payload[name], dtype)
    _add_groups(line, s.grouped, np.uint64 if kind == "location" else np.int32)
    line[[layout.ORDER, layout.ORDER_WIDTH]] = _address(s.order, np.uint8), s.order_width
    line[layout.ORDER_MASK] = (1 << 8 * s.order_width) - 1
    directories = _first_order(s, line)
    if kind != "location":
        directories += _second_order(s.groups, line)
    s.memory["atlas"] = Kept((line, directories))
    held += directories
    return line


def _first_order(s: Segment, line: Ints) -> list[Array]:
    k1 = s.rows.k1
    codes = int(k1[-1] >> SECOND_BITS) + 1 if len(k1) else 1
    if s.rows.kind == "check_in":
        shift, span = _thinned(codes, len(k1) // ROWS_A_START)
        starts = layout.starts_of_codes(k1, shift, span)
        longest = layout.longest_of_places(s.majors, s.major_longest, shift, span)
        line[[layout.FIRST_STARTS, layout.LONGESTS]] = starts.ctypes.data, longest.ctypes.data
        line[[layout.FIRST_SHIFT, layout.FIRST_SPAN]] = shift, span
        return [starts, longest]
    if len(k1) >= ROWS_A_START * codes:
        starts = layout.starts_of_codes(k1, 0, codes)
        line[[layout.FIRST_STARTS, layout.FIRST_SPAN]] = starts.ctypes.data, codes
        return [starts]
    shift, span = _thinned(codes, len(k1) * CODES_A_ROW)
    words = layout.words_of_codes(k1, 0, SECOND_BITS, shift, span)
    line[[layout.FIRST_SHIFT, layout.FIRST_SPAN, layout.FIRST_WORDS]] = shift, span, words.ctypes.data
    return [words]


def _add_groups(line: Ints, grouped: Groups | CellGroups, dtype: Any) -> None:
    line[layout.GROUP_COUNT] = len(grouped)
    if isinstance(grouped, Groups):
        line[layout.GROUPS] = _address(grouped.keys, dtype)
        line[layout.GROUP_START] = _address(grouped.start, np.int32)
    else:
        line[[layout.CELLS, layout.BEGINS]] = [_address(c, np.int64) for c in (grouped.directory, grouped.begins)]
        line[layout.FAR] = _address(grouped.far, np.int32)


def _second_order(groups: Keys, line: Ints) -> list[Array]:
    base = int(groups[0]) if len(groups) else 0
    shift, span = _thinned(int(groups[-1]) - base + 1 if len(groups) else 1, len(groups) * CODES_A_ROW)
    words = layout.words_of_codes(groups, base, 0, shift, span)
    line[[layout.SECOND_SHIFT, layout.SECOND_SPAN, layout.SECOND_WORDS]] = shift, span, words.ctypes.data
    line[layout.SECOND_BASE] = base
    return [words]


def _thinned(codes: int, most: int) -> tuple[int, int]:
    """Shift, and how many values codes below ``codes`` then have: at most so many, or 32."""
    shift = 0
    while ((codes - 1) >> shift) + 1 > max(32, most):
        shift += 1
    return shift, ((codes - 1) >> shift) + 1
