"""Everybody's fixes at once: a sweep over strips of latitude, in slabs of time and bands of strips.

A fix is in the slab in which it begins and, when it still holds then, in the next; two fixes that are present together
are a pair of the slab in which the later one begins. Of a band and the next, the southern fix's band has the pair.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import cos, pi
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.graph.eligibility import LOCATION
from engine.graph.kernels.fix_order import ACROSS, DIGIT, LANES, MARGIN, TABLE, TWICE, drop_lonely, sort_slab
from engine.graph.kernels.fix_pairs import ACTIVE, ROW, scan_slab
from engine.graph.kernels.fix_slabs import BATCH, BLOCK, NORTH, NOWHERE, WIDE, WORD_BITS, fill_slabs
from engine.graph.pair_columns import Codes, Found, Pairs, codes
from engine.graph.pairs_fix_plan import Limits, Part, extent_of_fixes

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]
CHUNK = 1 << 14
"""Pairs that are handed on together."""
ROUND_ROWS = 1 << 10
"""Fixes whose candidates are looked at in one round."""
MOST_SPARE = 1 << 25
"""Words of memory for records that are kept from sweep to sweep, together (256 MB, of which half is ever written)."""
_spare: list[Array] = []
"""What earlier sweeps left: fresh pages can cost as much as the sweep, where the system has few whole ones left."""
_Kernel = Callable[..., Any]


def count_fixes(low: int, high: int, limits: Limits, part: Part) -> tuple[int, int]:
    """(pairs, seconds together) of one part."""
    pairs = seconds = 0
    state, nothing = np.zeros(3, np.uint64), _buffers(0)
    for bucket in _swept(low, high, limits, part):
        state[:] = 0
        found = bucket.scan(state, *nothing)
        pairs, seconds = pairs + found[0], seconds + found[1]
    return pairs, seconds


def fix_pairs(low: int, high: int, limits: Limits, part: Part) -> Iterator[Pairs]:
    """The pairs of one part, a chunk at a time."""
    numbers = np.array([number for number, _ in part.segments], np.int32)
    for bucket in _swept(low, high, limits, part):
        state = np.zeros(3, np.uint64)
        while state[ROW] < bucket.rows or state[ACTIVE]:
            out = _buffers(CHUNK)
            n, _ = bucket.scan(state, *out)
            if n:
                yield _pairs(part.day, numbers, [column[:n] for column in out])


def _pairs(day: int, numbers: Codes, columns: list[Array]) -> Pairs:
    a, b, start, end, a_row, b_row, a_segment, b_segment, weight, metres = columns
    at = np.arange(2 * len(a), dtype=np.int32)
    segment, row = numbers[np.concatenate([a_segment, b_segment])], np.concatenate([a_row, b_row])
    found = Found(segment, row, np.full(len(at), -1, np.int32))
    return Pairs(LOCATION, day, a, b, start, end, at[: len(a)], at[len(a) :], found, weight, metres, np.empty(0))


def _buffers(rows: int) -> tuple[Array, ...]:
    return (*codes(8, rows), *np.empty((2, rows)))


@dataclass(frozen=True)
class _Keys:
    """How fixes of a band are put in order: by strip, then by x less its lowest bits."""

    shift: int
    x_bits: int
    index_bits: int
    digit: int
    passes: int

    @classmethod
    def of(cls, rows: int, strips: int, width: int, reach_y: int) -> "_Keys":
        """Keys for so many fixes, in 64 bits."""
        index, strip = rows.bit_length(), strips.bit_length()
        shift = max(0, reach_y.bit_length() - 2)
        x = max(1, min((width >> shift).bit_length(), 64 - index - strip))
        shift = max(shift, width.bit_length() - x)
        passes = -(-(x + strip) // DIGIT)
        return cls(shift, x, index, -(-(x + strip) // passes), passes)


@dataclass(frozen=True)
class _Bucket:
    """Fixes of a slab and band, sorted by strip and x, ready to be looked through."""

    limits: Limits
    south: int
    own_strips: int
    since: int
    segments: Ints
    """Addresses of the columns of each segment."""
    columns: tuple[Array, ...]
    active: tuple[Array, ...]
    rows: int
    x_bits: int
    shift: int
    narrow: float

    def scan(self, state: Array, *out: Array) -> tuple[int, int]:
        """(pairs, seconds) from where ``state`` stands; see the kernel."""
        look: _Kernel = scan_slab
        pairs, seconds = look(
            *self.columns, self.segments, self.rows, self.x_bits, self.shift, self.south, self.own_strips, self.since,
            self.narrow, self.limits.reach_y, self.limits.reach, self.limits.exact.limits, state, *self.active, *out,
        )  # fmt: skip
        return int(pairs), int(seconds)


@dataclass(frozen=True)
class _Filled:
    """Records of a part, in blocks."""

    held: Array
    segment_of: Codes
    """Number of the segment of each block."""
    buckets: list[tuple[Codes, Codes]]
    """Blocks, and records in each of them, of each slab and band."""
    rows: list[int]
    """Records of each slab and band."""

    @classmethod
    def of(cls, low: int, high: int, limits: Limits, part: Part) -> "_Filled":
        """All records of [low, high)."""
        buckets = len(part.since) * (len(part.edges) - 1)
        most = buckets * len(part.segments) + part.rows // BLOCK + 1
        while True:
            held, owner = _memory(most << WORD_BITS), np.empty(most, np.int32)
            segment_of, sizes = np.empty(most, np.int32), np.full(most, BLOCK, np.int32)
            used = _fill(low, high, limits, part, held, owner, segment_of, sizes)
            if used >= 0:
                order = np.argsort(owner[:used], kind="stable").astype(np.int32)
                ends = np.searchsorted(owner[order], np.arange(1, buckets))
                blocks = np.split(order, ends)
                rows = np.bincount(owner[:used], sizes[:used], buckets).astype(np.int64)
                return cls(held, segment_of, [(b, sizes[b]) for b in blocks], rows.tolist())
            most *= 2  # fixes of two bands, and copies of those next to the antimeridian, were not counted


def _memory(words: int) -> Array:
    """At least so many words, with anything in them; smaller ones that were left are given back to the system."""
    while _spare:
        try:
            held = _spare.pop()
        except IndexError:  # another thread took it
            break
        if len(held) >= words:
            return held
    return np.empty(words, np.uint64)


def _leave(held: Array) -> None:
    """Let later sweeps have it, unless enough is left already."""
    if len(held) + sum([len(other) for other in _spare]) <= MOST_SPARE:
        _spare.append(held)


def _fill(
    low: int, high: int, limits: Limits, part: Part, held: Array, owner: Codes, segment_of: Codes, sizes: Codes
) -> int:
    """How many blocks are in use, -1 if there are too few."""
    fill: _Kernel = fill_slabs
    gap, height, bands = int(params.FIX_MAX_GAP_S.value), limits.reach_y + 1, len(part.edges) - 1
    slab_of = np.searchsorted(part.until, np.arange(DAY // gap + 1) * gap, "right").clip(max=len(part.until) - 1)
    slab_of = np.append(NOWHERE, slab_of).astype(np.int32)
    strips = np.arange(part.edges[0], part.edges[-1] + 1)
    band = np.searchsorted(part.edges, strips, "right") - 1
    first = (strips == part.edges[band]) & (band > 0)
    band_of = np.concatenate([[NOWHERE], 2 * band + first, [NOWHERE]]).astype(np.int32)
    since, until = max(int(part.since[0]), low - part.day), min(int(part.until[-1]), high - part.day)
    room, used = np.zeros((len(part.since) * bands, 2), np.int64), np.zeros(1, np.int64)
    batch = (*np.empty((2, BATCH), np.uint64), *np.empty((3, BATCH), np.int32))
    for number, (_, s) in enumerate(part.segments):
        p, before = s.rows.payload, int(used[0])
        if not fill(
            s.rows.k1, s.stay_s, p["lat_e7"], p["lng_e7"], p["accuracy_dm"], s.day_start - part.day,
            low - part.day, high - part.day, limits.exact.worst_dm, int(part.edges[0]) * height, limits.reach_y,
            band_of, bands, slab_of, gap, since, until, held, owner, room, used, *batch,
        ):  # fmt: skip
            return -1
        segment_of[before : used[0]] = number
        last = room[room[:, 0] < room[:, 1], 0]
        sizes[last >> WORD_BITS] = last & (BLOCK - 1)
        room[:] = 0
    return int(used[0])


def _addresses(part: Part) -> Ints:
    """Where keys and accuracies of each segment lie."""
    rows = [s.rows for _, s in part.segments]
    return np.array([[r.k1.ctypes.data, r.payload["accuracy_dm"].ctypes.data] for r in rows], np.int64)


class _Sieve:
    """Room to tell fixes that may meet from lonely ones."""

    def __init__(self, rows: int) -> None:
        self._tables = np.empty(TABLE + 2 * MARGIN, np.uint8), np.empty(TWICE, np.uint8)
        self._spots, self.kept = np.empty(rows, np.uint32), np.empty(rows, np.int32)

    def sift(
        self, filled: _Filled, bucket: int, south: int, reach_y: int, west: int, reach_x: float, since: int, until: int
    ) -> int:
        """How many records of a bucket may meet others; :attr:`kept` has their numbers."""
        blocks, sizes = filled.buckets[bucket]
        if reach_x >= WIDE:
            rows = [
                (b << WORD_BITS) + np.arange(n, dtype=np.int32)
                for b, n in zip(blocks.tolist(), sizes.tolist(), strict=True)
            ]
            self.kept[: filled.rows[bucket]] = np.concatenate(rows)
            return filled.rows[bucket]
        drop: _Kernel = drop_lonely
        step = max(1, int(params.FIX_MAX_GAP_S.value) // 6)
        lane_s = -(-(until - since) // (LANES * step)) * step
        left = drop(
            filled.held, blocks, sizes, south, reach_y, west, int(reach_x) // ACROSS + 1, since, lane_s,
            *self._tables, self._spots, self.kept,
        )  # fmt: skip
        return int(left)


def _swept(low: int, high: int, limits: Limits, part: Part) -> Iterator[_Bucket]:
    """The slabs and bands of a part, one by one; columns are written again when the next is asked for."""
    sort: _Kernel = sort_slab
    filled, addresses = _Filled.of(low, high, limits, part), _addresses(part)
    most = max(filled.rows) + 1
    sieve = _Sieve(most)
    keys, spare = np.empty((2, most), np.uint64)
    columns: tuple[Array, ...] = (*np.empty((2, most), np.uint32), *codes(4, most))
    starts = np.empty((64 // DIGIT + 1) << DIGIT, np.int32)
    pairs = 2 * min(ROUND_ROWS, CHUNK // 2)
    active: tuple[Array, ...] = (*codes(2, pairs), np.empty(pairs, np.uint64), *codes(2, pairs))
    bands = len(part.edges) - 1
    _, _, west, east = extent_of_fixes(part.segments)
    for number, rows in enumerate(filled.rows):
        if rows < 2:
            continue
        first, last = part.edges[number % bands : number % bands + 2].tolist()
        south, north = first * (limits.reach_y + 1), (last + 1) * (limits.reach_y + 1)
        since, until = (int(times[number // bands]) for times in (part.since, part.until))
        narrow = min(_cosine(south), _cosine(north))
        reach_x = limits.reach_y / max(narrow, 1e-9)
        left = sieve.sift(filled, number, south, limits.reach_y, west, reach_x, since, until)
        if left < 2:
            continue
        k = _Keys.of(left, last - first + 1, east - west, limits.reach_y)
        sort(
            filled.held, sieve.kept, left, filled.segment_of, south, limits.reach_y, west,
            k.shift, k.x_bits, k.index_bits, k.digit, k.passes, keys, spare, starts, *columns,
        )  # fmt: skip
        yield _Bucket(
            limits, south, last - first, since, addresses, (keys, *columns), active, left, k.x_bits, k.shift, narrow
        )
    _leave(filled.held)


def _cosine(y: int) -> float:
    """No more than the cosine of the latitude, and of any nearer to the equator."""
    return max(0.0, cos(min(abs(y - NORTH), NORTH) * pi / 180e7) - 1e-9)
