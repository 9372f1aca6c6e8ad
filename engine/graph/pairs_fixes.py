"""Everybody's fixes at once: a sweep over strips of latitude, in slabs of time.

A fix is in the slab in which it begins and, when it still holds then, in the next; two fixes that are present together
are a pair of the slab in which the later one begins. Slabs are no shorter than a fix may hold.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log, pi
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.cores import threads
from engine.graph.eligibility import LOCATION, Eligibility
from engine.graph.kernels.fix_pairs import scan_slab
from engine.graph.kernels.fix_slabs import NORTH, count_slots, fill_slabs, sort_slab
from engine.graph.pair_columns import Codes, Found, Pairs, codes
from engine.graph.scanning import touched
from engine.graph.segments import Segment
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]
CHUNK = 1 << 14
"""Pairs that are handed on together."""
SLAB_ROWS = 1 << 14
"""Least fixes of a slab, unless the day ends: each slab costs some 0.1 ms beside its fixes."""
SPAN_ROWS = 1 << 22
"""Fixes of slabs that are filled together, about: 24 bytes each."""
BAND_ROWS = 1 << 19
"""Fixes of a slab beyond which it is split by latitude."""
WORTH_SPLITTING = 50_000
"""Rows from which several threads are worth their while."""
SAMPLE = 1 << 12
_Kernel = Callable[..., Any]


@dataclass(frozen=True)
class Limits:
    """How near fixes have to be, from the policy and from how vague the vaguest is that counts."""

    limit_m: float
    worst_dm: int
    """Accuracy beyond which no pair can be likely enough."""
    reach: float
    """Greatest search radius, 1e-7 degree of latitude."""
    judged: tuple[float, ...]
    """Parameters of the exact test."""

    @property
    def reach_y(self) -> int:
        """A whole number above the greatest search radius."""
        return int(self.reach) + 1

    @classmethod
    def of(cls, eligibility: Eligibility, segments: list[Segment]) -> "Limits":
        """Those of a policy for the fixes of some segments."""
        limit, floor = eligibility.max_distance_m, params.FIX_WEIGHT_FLOOR.value
        per_sigma, radius = params.ACCURACY_SIGMAS.value, params.EARTH_RADIUS_M.value
        sigmas, cap = params.FIX_SEARCH_SIGMAS.value, params.FIX_SEARCH_CAP_M.value
        # Two fixes on the same spot have chance 1 - exp(-limit^2 / 2 sigma^2): vaguer ones can never reach the floor.
        most_sigma = limit / (-2 * log(1 - floor)) ** 0.5 if 0 < floor < 1 else 1e6
        worst = min(65_535, ceil(most_sigma * per_sigma * 10))
        vaguest = min(worst, max((_vaguest(s) for s in segments), default=0)) / 10
        sigma = min(2**0.5 * vaguest / per_sigma, most_sigma)
        reach_m = min(cap, limit + sigmas * sigma) * (1 + 1e-9)
        judged = (limit, sigmas, cap, per_sigma, floor, radius)
        return cls(limit, worst, reach_m / (radius * pi / 180e7), judged)


@dataclass(frozen=True)
class Part:
    """Slabs of one day and a band of latitude; the band's northern strip holds only fixes for others to meet."""

    day: int
    segments: tuple[tuple[int, Segment], ...]
    since: Ints
    until: Ints
    rows: Ints
    """Upper bound of the fixes of each slab."""
    south: int
    own_strips: int


def fix_parts(view: GraphView, low: int, high: int, eligibility: Eligibility) -> tuple[Limits, list[Part]]:
    """Everything to do in [low, high), split so that threads have alike to do."""
    gap = int(params.FIX_MAX_GAP_S.value)
    limits = Limits.of(eligibility, [s for _, s in touched(view.location, low, high, gap)])
    spans = [(*dated, span) for dated in _days(view, low, high) for span in _spans(*dated, low, high)]
    rows = sum(int(counts.sum()) for _, _, (_, _, counts) in spans)
    many = threads() if rows >= WORTH_SPLITTING else 1
    wanted = 1 if many == 1 else -(-3 * many // max(1, len(spans)))
    parts = []
    for day, segments, (since, until, counts) in spans:
        bands = max(wanted, -(-int(counts.max()) // BAND_ROWS))
        for south, strips in _bands(segments, bands, limits.reach_y + 1):
            parts.append(Part(day, segments, since, until, counts, south, strips))
    return limits, parts


def count_fixes(low: int, high: int, limits: Limits, part: Part) -> tuple[int, int]:
    """(pairs, seconds together) of one part."""
    pairs = seconds = 0
    for slab in _swept(low, high, limits, part):
        found = slab.scan(np.zeros(2, np.uint64), *_buffers(0))
        pairs, seconds = pairs + found[0], seconds + found[1]
    return pairs, seconds


def fix_pairs(low: int, high: int, limits: Limits, part: Part) -> Iterator[Pairs]:
    """The pairs of one part, a chunk at a time."""
    numbers = np.array([number for number, _ in part.segments], np.int32)
    room = CHUNK
    for slab in _swept(low, high, limits, part):
        state = np.zeros(2, np.uint64)
        while state[0] < slab.rows:
            out = _buffers(room)
            n, _ = slab.scan(state, *out)
            if n < 0:
                room *= 2
            elif n:
                yield _pairs(part.day, numbers, [column[:n] for column in out])


def _pairs(day: int, numbers: Codes, columns: list[Array]) -> Pairs:
    a, b, start, end, a_row, b_row, a_segment, b_segment, weight, metres = columns
    at = np.arange(2 * len(a), dtype=np.int32)
    segment, row = numbers[np.concatenate([a_segment, b_segment])], np.concatenate([a_row, b_row])
    found = Found(segment, row, np.full(len(at), -1, np.int32))
    return Pairs(LOCATION, day, a, b, start, end, at[: len(a)], at[len(a) :], found, weight, metres, np.empty(0))


def _buffers(rows: int) -> tuple[Array, ...]:
    return (*codes(8, rows), *np.empty((2, rows)))


def _vaguest(segment: Segment) -> int:
    """Worst accuracy among the fixes of a segment, dm; remembered."""
    if "vaguest dm" not in segment.memory:
        segment.memory["vaguest dm"] = int(segment.rows.payload["accuracy_dm"].max(initial=0))
    found: int = segment.memory["vaguest dm"]
    return found


def _slots(segment: Segment, slot_s: int) -> Ints:
    """Fixes in each slot of the day, the last one taking what is left of the day; remembered."""
    name = f"slots of {slot_s} s"
    if name not in segment.memory:
        add_up: _Kernel = count_slots
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
    since, until, rows = [], [], []
    count, begin = 0, first
    for slot in range(first, last):
        count += int(own[slot])
        if count >= SLAB_ROWS or slot + 1 == last:
            since.append(max(begin * gap, low - day))
            until.append((slot + 1) * gap if slot + 1 < slots else DAY)
            rows.append(count + int(before[begin]))
            count, begin = 0, slot + 1
            if sum(rows) >= SPAN_ROWS or slot + 1 == last:
                yield np.array(since, np.int64), np.array(until, np.int64), np.array(rows, np.int64)
                since, until, rows = [], [], []


def _bands(segments: tuple[tuple[int, Segment], ...], bands: int, height: int) -> list[tuple[int, int]]:
    """(southern edge, strips) of bands of latitude with about as many fixes each."""
    top = 2 * NORTH // height + 2
    if bands == 1:
        return [(0, top)]
    rows = sum(len(s.rows) for _, s in segments)
    step = -(-rows // SAMPLE)
    lat = np.sort(np.concatenate([s.rows.payload["lat_e7"][::step] for _, s in segments])).astype(np.int64) + NORTH
    cuts = np.unique(lat[np.arange(1, bands) * len(lat) // bands] // height).tolist()
    return [(a * height, b - a) for a, b in pairwise(sorted({0, *cuts, top}))]


@dataclass(frozen=True)
class _Slab:
    """Fixes of a slab, sorted by strip and x, ready to be looked through."""

    limits: Limits
    part: Part
    since: int
    held: Array
    columns: tuple[Array, ...]
    rows: int
    x_bits: int
    shift: int

    def scan(self, state: Array, *out: Array) -> tuple[int, int]:
        """(pairs, seconds) from where ``state`` stands; see the kernel."""
        look: _Kernel = scan_slab
        pairs, seconds = look(
            *self.columns, self.held, self.rows, self.x_bits, self.shift, self.part.south, self.part.own_strips,
            self.since, self.limits.reach_y, self.limits.reach, *self.limits.judged, state, *out,
        )  # fmt: skip
        return int(pairs), int(seconds)


def _filled(low: int, high: int, limits: Limits, part: Part) -> tuple[Array, Ints, Ints]:
    """Records of a part, where those of each slab begin, and where they end."""
    fill: _Kernel = fill_slabs
    gap = int(params.FIX_MAX_GAP_S.value)
    slab_of = np.searchsorted(part.until, np.arange(DAY // gap + 1) * gap, "right").clip(max=len(part.until) - 1)
    room = part.rows
    north = part.south + (part.own_strips + 1) * (limits.reach_y + 1)
    while True:
        ends = np.cumsum(room)
        begins, filled = ends - room, ends - room
        held = np.empty((int(ends[-1]), 3), np.uint64)
        for number, (_, s) in enumerate(part.segments):
            p = s.rows.payload
            if not fill(
                s.rows.k1, s.stay_s, p["lat_e7"], p["lng_e7"], p["accuracy_dm"], number, s.day_start - part.day,
                low - part.day, high - part.day, limits.worst_dm, part.south, north, limits.reach_y,
                slab_of, gap, part.since, part.until, filled, ends, held,
            ):  # fmt: skip
                break
        else:
            return held, begins, filled
        room = 2 * room  # copies of fixes next to the antimeridian were not counted


def _swept(low: int, high: int, limits: Limits, part: Part) -> Iterator[_Slab]:
    """The slabs of a part, one by one; columns are written again when the next is asked for."""
    sort: _Kernel = sort_slab
    held, begins, ends = _filled(low, high, limits, part)
    most = int((ends - begins).max())
    keys, spare = np.empty((2, most), np.uint64)
    x, y = np.empty((2, most), np.uint32)
    start, end, person, at = codes(4, most)
    columns = keys, x, y, start, end, person, at
    for since, first, last in zip(part.since.tolist(), begins.tolist(), ends.tolist(), strict=True):
        if last - first > 1:
            x_bits, shift = sort(held, first, last, part.south, limits.reach_y, keys, spare, *columns[1:])
            yield _Slab(limits, part, since, held, columns, last - first, x_bits, shift)
