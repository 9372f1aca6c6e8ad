"""Everybody's contacts of a window at once: sweeps instead of a question a person.

A sweep finds what :func:`engine.graph.evidence.gather` finds for everybody, each pair from one end. Pairs come in
chunks, so that a crowd, whose pairs go by the square of its number, never has to lie in memory as a whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TypeVar

import numpy as np

from engine.cores import in_parallel
from engine.graph.eligibility import BLUETOOTH, Eligibility
from engine.graph.evidence import sighting_weight
from engine.graph.kernels.sighting_pairs import list_sightings
from engine.graph.pair_columns import Found, Pairs, codes
from engine.graph.pairs_fix_plan import fix_parts
from engine.graph.pairs_fixes import count_fixes, fix_pairs
from engine.graph.pairs_places import count_places, place_pairs, place_parts
from engine.graph.scanning import touched
from engine.graph.segments import Segment
from engine.graph.view import GraphView

SIGHTINGS = 1 << 16
"""Sightings handed on together."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Totals:
    """What a window adds up to."""

    pairs: int
    """Eligible intervals of pairs, as :class:`Pairs` has rows."""
    seconds: int
    """Their lengths; what overlaps on several channels counts on each."""


@dataclass(frozen=True)
class _Part:
    """Work that can go on beside other parts."""

    listed: Callable[[], Iterator[Pairs]]
    counted: Callable[[], tuple[int, int]] | None = None
    """(pairs, seconds) where they can be had without a list."""
    both: bool = False
    """Whether each pair also counts from the other side."""

    def pairs(self) -> Iterator[Pairs]:
        for found in self.listed():
            yield found
            if self.both:
                yield found.swapped()

    def totals(self) -> tuple[int, int]:
        sides = 2 if self.both else 1
        if self.counted is not None:
            pairs, seconds = self.counted()
            return sides * pairs, sides * seconds
        found = [(len(p), int(np.subtract(p.end, p.start).sum(dtype=np.int64))) for p in self.pairs()]
        return sum(pairs for pairs, _ in found), sum(seconds for _, seconds in found)


def pairs_of(view: GraphView, start: int, end: int, eligibility: Eligibility) -> Iterator[Pairs]:
    """All eligible evidence of [start, end), a chunk at a time, on this thread. Cost: the pairs, and a few passes."""
    for part in _parts(view, start, end, eligibility):
        yield from part.pairs()


def sweep(
    view: GraphView, start: int, end: int, eligibility: Eligibility, take: Callable[[Pairs], Result]
) -> list[Result]:
    """``take`` of every chunk of :func:`pairs_of`, on several threads at once; results in the order of the chunks."""
    parts = _parts(view, start, end, eligibility)
    return list(chain.from_iterable(in_parallel(lambda part: [take(found) for found in part.pairs()], parts)))


def totals(view: GraphView, start: int, end: int, eligibility: Eligibility) -> Totals:
    """How many pairs there are, and for how long together, without writing any down where that can be helped."""
    found = in_parallel(_Part.totals, _parts(view, start, end, eligibility))
    return Totals(sum(pairs for pairs, _ in found), sum(seconds for _, seconds in found))


def _parts(view: GraphView, start: int, end: int, eligibility: Eligibility) -> list[_Part]:
    slack, channels = eligibility.slack_s, eligibility.channels
    parts = []
    if "location" in channels:
        limits, near = fix_parts(view, start, end, eligibility)
        for few in near:
            given = (start, end, limits, few)
            parts.append(_Part(partial(fix_pairs, *given), partial(count_fixes, *given), slack > 0))
    if "check_in" in channels and eligibility.same_place:
        for some in place_parts(view, start, end, slack):
            count = None if slack else partial(count_places, view, start, end, some)
            parts.append(_Part(partial(place_pairs, view, start, end, slack, some), count))
    if "bluetooth" in channels:
        most = round(min(300.0, eligibility.max_attenuation_db) * 100)
        for at, s in touched(view.bluetooth, start, end, 0):
            parts.append(_Part(partial(_sightings, at, s, start, end, most), None, slack > 0))
    return parts


def _sightings(number: int, s: Segment, low: int, high: int, most: int) -> Iterator[Pairs]:
    write: Callable[..., int] = list_sightings
    for first in range(0, len(s.rows), SIGHTINGS):
        last = min(first + SIGHTINGS, len(s.rows))
        out = codes(6, last - first)
        n = write(
            s.rows.k1, s.rows.k2, s.rows.payload["duration_s"], s.rows.payload["attenuation_cdb"],
            first, last, low - s.day_start, high - s.day_start, most, *out,
        )  # fmt: skip
        if n:
            a, b, start, end, centi_db, row = (column[:n] for column in out)
            at, db = np.arange(n, dtype=np.int32), centi_db / 100
            found = Found(np.full(n, number, np.int32), row, np.full(n, -1, np.int32))
            yield Pairs(BLUETOOTH, s.day_start, a, b, start, end, at, at, found, sighting_weight(db), db, np.empty(0))
