"""How a sweep over fixes is split: days into slabs of time, slabs into bands of latitude."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.cores import threads
from engine.graph.eligibility import Eligibility
from engine.graph.kernels.fix_slabs import NORTH, ROUND, WIDE, count_slots
from engine.graph.proximity import NORTH_M, Proximity, vaguest_dm
from engine.graph.scanning import touched
from engine.graph.segments import Segment
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]
SLAB_ROWS = 1 << 14
"""Least fixes of a slab, unless the day ends: each slab costs some 0.1 ms beside its fixes."""
SPAN_ROWS = 1 << 23
"""Most fixes of slabs that are filled together, about: 16 bytes each."""
BAND_ROWS = 1 << 14
"""Fixes of a slab and band, about: they are sorted and looked through in the cache."""
WORTH_SPLITTING = 50_000
"""Rows from which several threads are worth their while."""
SAMPLE = 1 << 14
"""Rows looked at to find out how fixes spread over latitudes."""


@dataclass(frozen=True)
class Limits:
    """How near fixes have to be, from the policy and from how vague the vaguest is that counts."""

    exact: Proximity
    reach: float
    """Greatest search radius, 1e-7 degree of latitude."""

    @property
    def reach_y(self) -> int:
        """A whole number above the greatest search radius."""
        return int(self.reach) + 1

    @classmethod
    def of(cls, eligibility: Eligibility, segments: list[Segment]) -> "Limits":
        """Those of a policy for the fixes of some segments."""
        exact = Proximity.of(eligibility)
        vaguest = min(exact.worst_dm, max((vaguest_dm(s) for s in segments), default=0))
        return cls(exact, float(exact.radius_m(vaguest, vaguest)) * (1 + 1e-9) / NORTH_M)


@dataclass(frozen=True)
class Part:
    """Slabs of one day and some bands of latitude; a band also holds the strip north of it, for others to meet."""

    day: int
    segments: tuple[tuple[int, Segment], ...]
    since: Ints
    until: Ints
    rows: int
    """Upper bound of the fixes of all slabs, whatever their latitude."""
    edges: Ints
    """First strip of each band, counted from the south pole, and the one behind the last."""


def fix_parts(view: GraphView, low: int, high: int, eligibility: Eligibility) -> tuple[Limits, list[Part]]:
    """Everything to do in [low, high), split so that threads have alike to do."""
    gap = int(params.FIX_MAX_GAP_S.value)
    limits = Limits.of(eligibility, [s for _, s in touched(view.location, low, high, gap)])
    spans = [(*dated, *span) for dated in _days(view, low, high) for span in _spans(*dated, low, high)]
    many = threads() if sum(int(counts.sum()) for *_, counts in spans) >= WORTH_SPLITTING else 1
    split = 1 if len(spans) >= 2 * many else many
    parts = []
    for day, segments, since, until, counts in spans:
        edges = _edges(segments, max(split, -(-int(counts.max()) // BAND_ROWS)), limits.reach_y + 1)
        bands = len(edges) - 1
        for first, last in pairwise(sorted({n * bands // split for n in range(split + 1)})):
            parts.append(Part(day, segments, since, until, int(counts.sum()), edges[first : last + 1]))
    return limits, parts


def _slots(segment: Segment, slot_s: int) -> Ints:
    """Fixes in each slot of the day, the last one taking what is left of the day; remembered."""
    name = f"slots of {slot_s} s"
    if name not in segment.memory:
        add_up: Callable[..., Any] = count_slots
        counts = np.zeros(max(1, DAY // slot_s), np.int64)
        add_up(segment.rows.k1, slot_s, counts)
        segment.memory[name] = counts
    found: Ints = segment.memory[name]
    return found


def _days(view: GraphView, low: int, high: int) -> list[tuple[int, tuple[tuple[int, Segment], ...]]]:
    """Days with fixes, and with the day in which the window begins, and the segments whose fixes reach into each."""
    gap = int(params.FIX_MAX_GAP_S.value)
    found = list(touched(view.location, low, high, gap))
    days = sorted({max(s.day_start, low // DAY * DAY) for _, s in found})
    return [(day, tuple((at, s) for at, s in found if s.day_start <= day < s.day_start + DAY + gap)) for day in days]


def _spans(
    day: int, segments: tuple[tuple[int, Segment], ...], low: int, high: int
) -> Iterator[tuple[Ints, Ints, Ints]]:
    """(beginnings, ends, most fixes) of slabs, in seconds of the day, so many together as are filled together."""
    gap = int(params.FIX_MAX_GAP_S.value)
    slots = max(1, DAY // gap)
    own, before = np.zeros(slots, np.int64), np.zeros(slots, np.int64)
    for _, s in segments:
        counts = _slots(s, gap)
        if s.day_start == day:
            own += counts
        else:
            before[0] += counts[-1]
    before[1:] = own[:-1]
    first, last = min(max(0, (low - day) // gap), slots - 1), min(-(-(high - day) // gap), slots)
    # After the last slot in which a fix begins nobody meets anybody new.
    last = first + int(np.flatnonzero(own[first:last])[-1:].sum()) + 1 if first < last else first
    most = int(own[first:last].sum())
    share = -(-most // max(1, -(-most // SPAN_ROWS)))
    since, until, rows = [], [], []
    count, begun, begin = 0, 0, first
    for slot in range(first, last):
        count += int(own[slot])
        if count >= SLAB_ROWS or slot + 1 == last:
            since.append(max(begin * gap, low - day))
            until.append((slot + 1) * gap if slot + 1 < slots else DAY)
            rows.append(count + int(before[begin]))
            count, begun, begin = 0, begun + count, slot + 1
            if begun >= share or slot + 1 == last:
                yield np.array(since, np.int64), np.array(until, np.int64), np.array(rows, np.int64)
                since, until, rows, begun = [], [], [], 0


def _edges(segments: tuple[tuple[int, Segment], ...], bands: int, height: int) -> Ints:
    """First strip of bands with about as many fixes each, and the one behind the last."""
    south, north, _, _ = extent_of_fixes(segments)
    edges = {south // height, north // height + 1}
    if bands > 1:
        step = -(-sum(len(s.rows) for _, s in segments) // SAMPLE)
        lat = np.sort(np.concatenate([s.rows.payload["lat_e7"][::step] for _, s in segments])).astype(np.int64)
        edges |= set(((lat[np.arange(1, bands) * len(lat) // bands] + NORTH) // height).tolist())
    return np.array(sorted(edges), np.int64)


def extent_of_fixes(segments: tuple[tuple[int, Segment], ...]) -> tuple[int, int, int, int]:
    """Least and greatest y and x of the fixes, copies included; those of each segment are remembered."""
    for _, s in segments:
        if "extent" not in s.memory:
            lat, lng = s.rows.payload["lat_e7"], s.rows.payload["lng_e7"]
            s.memory["extent"] = tuple(int(v) for v in (lat.min(), lat.max(), lng.min(), lng.max()))
    south, north, west, east = zip(*(s.memory["extent"] for _, s in segments), strict=True)
    low, high = min(west) + ROUND // 2, max(east) + ROUND // 2
    around = low < 2 * WIDE or high == ROUND
    return min(south) + NORTH, max(north) + NORTH, 0 if around else low, ROUND + 2 * WIDE if around else high
