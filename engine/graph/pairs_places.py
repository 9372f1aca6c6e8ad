"""Everybody's shared stays at once: a sweep over each place, day by day.

Stays that last past midnight are carried into the next day, where they meet only those who come that day.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from engine.clock import DAY
from engine.cores import threads
from engine.graph.eligibility import CHECK_IN
from engine.graph.kernels.place_pairs import PLACE, carry, count_pairs, list_pairs, list_wide_pairs, take_in
from engine.graph.layout import SECOND_BITS
from engine.graph.pair_columns import Codes, Found, Pairs, codes
from engine.graph.scanning import touched
from engine.graph.segments import Segment
from engine.graph.view import GraphView

CHUNK = 1 << 15
"""Pairs that are handed on together: they stay in the cache until they are used."""
DAY_ROWS = 25_000
"""Stays of one day looked at together, about."""
WORTH_SPLITTING = 50_000
"""Rows from which several threads are worth their while."""
SAMPLE = 1 << 15
"""Rows looked at to find out how visits spread over places."""
COLUMNS = 6
"""Of stays at hand: place, person, start, end, segment, row."""
_NEVER = -(2**31)
_Kernel = Callable[..., int]


@dataclass(frozen=True)
class Part:
    """Places from ``first`` to before ``last``; of their rows the ``turn``-th of each ``turns``."""

    first: int
    last: int
    turn: int = 0
    turns: int = 1


@dataclass(frozen=True)
class _Hand:
    """The stays of a day, sorted by (place, start), with those that last from before."""

    origin: int
    rows: int
    columns: tuple[Codes, ...]
    fresh: int
    """Stays that began before this second have met each other on an earlier day."""


def place_parts(view: GraphView, low: int, high: int, slack: int) -> list[Part]:
    """The places, split so that threads have alike to do. A place with a large share of all rows is shared out."""
    days = [[len(s.rows) for _, s in segments] for _, segments in _days(view, low, high, slack)]
    rows = sum(map(sum, days))
    if rows == 0:
        return []
    many = threads() if rows >= WORTH_SPLITTING else 1
    wanted = max(1 if many == 1 else 3 * many, -(-max(map(sum, days)) // DAY_ROWS))
    step = -(-rows // SAMPLE)
    found = touched(view.check_in, low - slack, high + slack, view.places.longest_stay_s)
    sample = np.sort(np.concatenate([s.rows.k1[::step] for _, s in found]) >> SECOND_BITS)
    cuts = np.unique(sample[np.arange(1, wanted) * len(sample) // wanted])
    # A place on which a cut falls and that fills a part of its own stands alone.
    filled = np.searchsorted(sample, cuts, "right") - np.searchsorted(sample, cuts) >= len(sample) // wanted
    alone = set(cuts[filled].tolist())
    bounds = sorted({0, *cuts.tolist(), *(place + 1 for place in alone), len(view.places.stay_s)})
    return [
        Part(first, last, turn, turns)
        for first, last in pairwise(bounds)
        for turns in [many if first in alone else 1]
        for turn in range(turns)
    ]


def count_places(view: GraphView, low: int, high: int, part: Part) -> tuple[int, int]:
    """(pairs of stays, seconds together) of one part; no slack."""
    pairs = seconds = 0
    for hand in _swept(view, low, high, 0, part):
        place, person, start, end, _, _ = hand.columns
        found = count_pairs(place, person, start, end, hand.rows, hand.fresh, part.turn, part.turns)
        pairs, seconds = pairs + found[0], seconds + found[1]
    return pairs, seconds


def place_pairs(view: GraphView, low: int, high: int, slack: int, part: Part) -> Iterator[Pairs]:
    """The pairs of one part, a chunk at a time."""
    write: _Kernel = list_wide_pairs if slack else list_pairs
    for hand in _swept(view, low, high, slack, part):
        place, person, start, end, segment, row = hand.columns
        widened = (slack, low - hand.origin, high - hand.origin) if slack else ()
        state = np.zeros(5, np.uint64)
        while state[PLACE] < hand.rows:
            out = codes(6, CHUNK)
            split = (hand.rows, hand.fresh, part.turn, part.turns)
            n = write(place, person, start, end, *split, *widened, state, *out)
            if n:
                a, b, begin, until, a_at, b_at = (column[:n] for column in out)
                found = Found(segment, row, place)
                yield Pairs(
                    CHECK_IN, hand.origin, a, b, begin, until, a_at, b_at, found, None, None, view.places.weight
                )


def _days(view: GraphView, low: int, high: int, slack: int) -> list[tuple[int, list[tuple[int, Segment]]]]:
    """Segments by day, numbered; what began before the window's first day is clipped, and counts as of that day."""
    found = touched(view.check_in, low - slack, high + slack, view.places.longest_stay_s)
    first = (low - slack) // DAY * DAY
    dated = sorted(((max(s.day_start, first), at, s) for at, s in found), key=lambda item: item[:2])
    return [(day, [(at, s) for _, at, s in group]) for day, group in groupby(dated, key=lambda item: item[0])]


def _swept(view: GraphView, low: int, high: int, slack: int, part: Part) -> Iterator[_Hand]:
    """The stays of one part of the places, day by day."""
    merge: _Kernel = take_in
    keep: _Kernel = carry
    hand: _Hand | None = None
    for day, segments in _days(view, low, high, slack):
        columns, rows = codes(COLUMNS, 0), 0
        if hand is not None:
            columns = codes(COLUMNS, hand.rows)
            rows = keep(*hand.columns, hand.rows, day - hand.origin, slack, *columns)
        for at, s in segments:
            first, last = np.searchsorted(s.rows.k1, (part.first << SECOND_BITS, part.last << SECOND_BITS)).tolist()
            before, columns = columns, codes(COLUMNS, rows + last - first)
            rows = merge(
                *before, rows, s.rows.k1, s.rows.k2, s.rows.payload["left_at"], first, last, at, view.places.stay_s,
                s.day_start - day, low - slack - day, high + slack - day, *columns,
            )  # fmt: skip
        hand = _Hand(day, rows, columns, _NEVER if hand is None else 0)
        yield hand
