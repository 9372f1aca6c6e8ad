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
from engine.graph.pairs_places import Part, count_places, parts_of, place_pairs
from engine.graph.scanning import touched
from engine.graph.segments import Segment
from engine.graph.view import GraphView

SIGHTINGS = 1 << 16
"""Sightings handed on together."""
Result = TypeVar("Result")
_Part = Callable[[], Iterator[Pairs]]


@dataclass(frozen=True)
class Totals:
    """What a window adds up to."""

    pairs: int
    """Eligible intervals of pairs, as :class:`Pairs` has rows."""
    seconds: int
    """Their lengths; what overlaps on several channels counts on each."""


def pairs_of(view: GraphView, start: int, end: int, eligibility: Eligibility) -> Iterator[Pairs]:
    """All eligible evidence of [start, end), a chunk at a time, on this thread. Cost: the pairs, and a few passes."""
    for part in _parts(view, start, end, eligibility):
        yield from part()


def sweep(
    view: GraphView, start: int, end: int, eligibility: Eligibility, take: Callable[[Pairs], Result]
) -> list[Result]:
    """``take`` of every chunk of :func:`pairs_of`, on several threads at once; results in the order of the chunks."""
    parts = _parts(view, start, end, eligibility)
    return list(chain.from_iterable(in_parallel(lambda part: [take(found) for found in part()], parts)))


def totals(view: GraphView, start: int, end: int, eligibility: Eligibility) -> Totals:
    """How many pairs there are, and for how long together, without writing any down."""
    work: list[Callable[[], tuple[int, int]]] = []
    if eligibility.slack_s == 0:
        work += [partial(count_places, view, start, end, part) for part in _places(view, start, end, eligibility)]
    else:
        work += [partial(_added_up, part) for part in _shared(view, start, end, eligibility)]
    work += [partial(_added_up, part) for part in _seen(view, start, end, eligibility)]
    found = in_parallel(lambda one: one(), work)
    return Totals(sum(pairs for pairs, _ in found), sum(seconds for _, seconds in found))


def _added_up(part: _Part) -> tuple[int, int]:
    pairs = seconds = 0
    for found in part():
        pairs += len(found)
        seconds += int(np.subtract(found.end, found.start).sum(dtype=np.int64))
    return pairs, seconds


def _parts(view: GraphView, start: int, end: int, eligibility: Eligibility) -> list[_Part]:
    """Work that can go on side by side."""
    return [*_seen(view, start, end, eligibility), *_shared(view, start, end, eligibility)]


def _places(view: GraphView, start: int, end: int, eligibility: Eligibility) -> list[Part]:
    on = "check_in" in eligibility.channels and eligibility.same_place
    return parts_of(view, start, end, eligibility.slack_s) if on else []


def _shared(view: GraphView, start: int, end: int, eligibility: Eligibility) -> list[_Part]:
    parts = _places(view, start, end, eligibility)
    return [partial(place_pairs, view, start, end, eligibility.slack_s, part) for part in parts]


def _seen(view: GraphView, start: int, end: int, eligibility: Eligibility) -> list[_Part]:
    if "bluetooth" not in eligibility.channels:
        return []
    most = round(min(300.0, eligibility.max_attenuation_db) * 100)
    found = touched(view.bluetooth, start, end, 0)
    both = eligibility.slack_s > 0
    return [partial(_sightings, at, s, start, end, most, both) for at, s in found]


def _sightings(number: int, s: Segment, low: int, high: int, most: int, both: bool) -> Iterator[Pairs]:
    """Sightings of a segment; with ``both`` seen from either side."""
    write: Callable[..., int] = list_sightings
    for first in range(0, len(s.rows), SIGHTINGS):
        last = min(first + SIGHTINGS, len(s.rows))
        out = codes(6, last - first)
        n = write(
            s.rows.k1, s.rows.k2, s.rows.payload["duration_s"], s.rows.payload["attenuation_cdb"],
            first, last, low - s.day_start, high - s.day_start, most, *out,
        )  # fmt: skip
        if n == 0:
            continue
        a, b, start, end, centi_db, row = (column[:n] for column in out)
        at, db = np.arange(n, dtype=np.int32), centi_db / 100
        found = Found(np.full(n, number, np.int32), row, np.full(n, -1, np.int32))
        pairs = Pairs(BLUETOOTH, s.day_start, a, b, start, end, at, at, found, sighting_weight(db), db, np.empty(0))
        yield pairs
        if both:
            yield pairs.swapped()
