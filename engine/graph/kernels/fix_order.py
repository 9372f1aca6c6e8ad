"""Fixes of a slab and band put in order: lonely ones are left out, the others sorted. Arrays in, arrays out."""

import numpy as np

from engine.graph.kernels.fix_slabs import BEFORE, BLOCK, START, STAY, STAYS, WORD_BITS
from engine.kernels.memory import inner, kernel, word

DIGIT = 11
CELL_BITS = 18
TABLE = 1 << CELL_BITS
"""Cells of the table in which fixes that may meet are told from lonely ones: it stays in the second-level cache."""
TWICE = 1 << 13
"""Cells of the table of those that several fixes share."""
MARGIN = 8
"""Bytes before and behind the cells, which hold copies of those at the other end."""
LANES = 8
"""Parts of a slab's time, a bit each."""
LANE_BITS = 32
"""Fraction bits of a second's lane."""
ACROSS = 3
"""Cells that a fix reaches to the east and the west; of strips it reaches the next."""
SPREAD = 0x9E3779B1
"""How far apart cells of neighbouring strips lie in the table."""
_U = np.uint64
_LOW = np.uint64(0xFFFFFFFF)
_ONE = np.uint64(1)


@inner
def _spots(held, first, n, south, strips, west, per_cell, since, per_lane, spots, at):
    """Cells of the table, and above them the lanes, of ``n`` records of a block. The compiler makes this loop wide."""
    for i in range(n):
        place, time = held[_U(first + i)], held[_U(first + i + BLOCK)]
        strip = np.int64((np.float64(np.int64(place & _LOW)) - south) * strips)
        cell = np.int64((np.float64(np.int64(place >> _U(32))) - west) * per_cell)
        begins = np.int64(time >> _U(START)) - since
        ends = begins + np.int64(time >> _U(STAY) & _U(STAYS)) - 1
        early = _U(min(max(begins, 0) * per_lane >> LANE_BITS, LANES - 1))
        late = _U(min(ends * per_lane >> LANE_BITS, LANES - 1))
        lanes = np.int64((_U(2) << late) - (_ONE << early))
        spots[_U(at + i)] = np.uint32((strip * SPREAD + cell) & (TABLE - 1) | lanes << CELL_BITS)


@kernel
def drop_lonely(held, blocks, sizes, south, reach_y, west, cell_x, since, lane_s, table, twice, spots, kept):
    """Numbers of the records of a bucket that may be near another at the same time, to ``kept``; how many those are.

    A cell is a strip high and ``cell_x`` wide, no less than a third of the reach in longitude. ``table`` has a byte for
    each cell, which cells far apart share, with a bit for each lane of ``lane_s`` seconds from ``since`` on; ``twice``
    has the lanes that several fixes of a cell touch. Nobody is left out who meets anybody. Cost: about 5 ns a record.
    """
    strips, per_cell, per_lane = 1.0 / (reach_y + 1), 1.0 / cell_x, (1 << LANE_BITS) // lane_s + 1
    mask, few, spread = _U(TABLE - 1), _U(TWICE - 1), _U(SPREAD)
    table[:] = 0
    twice[:] = 0
    count = np.int64(0)
    for b in range(len(blocks)):
        first, n = np.int64(blocks[b]) << WORD_BITS, np.int64(sizes[b])
        _spots(held, first, n, south - 0.5, strips, west - 0.5, per_cell, since + BEFORE, per_lane, spots, count)
        count += n
    for i in range(count):
        cell, added = _U(spots[i]) & mask, np.uint8(spots[i] >> CELL_BITS)
        before = table[cell + _U(MARGIN)]
        table[cell + _U(MARGIN)] = before | added
        twice[cell & few] |= before & added
    for m in range(MARGIN):
        table[m] = table[TABLE + m]
        table[TABLE + MARGIN + m] = table[MARGIN + m]
    own = ~(_U(0xFF) << _U(8 * ACROSS))
    left = _U(MARGIN - ACROSS)
    found, next_spot = _U(0), _U(0)
    for b in range(len(blocks)):
        first = np.int64(blocks[b]) << WORD_BITS
        for record in range(first, first + sizes[b]):
            at, touched = _U(spots[next_spot]) & mask, _U(spots[next_spot]) >> _U(CELL_BITS)
            near = word(table, (at - spread & mask) + left) | word(table, (at + spread & mask) + left)
            near |= word(table, at + left) & own
            kept[found] = record
            found += _U(((near & touched * _U(0x01010101010101)) | (_U(twice[at & few]) & touched)) != 0)
            next_spot += _ONE
    return found


@inner
def _ordered(keys, other, n, low_bit, digit, passes, starts):
    """Radix sort of ``keys`` from ``low_bit`` on, ``starts`` holding how many keys have each digit of each pass.

    ``other`` is room of the same size; returns whether they end up there.
    """
    size = _U(1) << _U(digit)
    mask = size - _ONE
    for p in range(passes):
        base = _U(p) * size
        before = 0
        for d in range(base, base + size):
            count = starts[d]
            starts[d] = before
            before += count
        by = _U(low_bit + p * digit)
        for i in range(n):
            key = keys[i]
            d = base + (key >> by & mask)
            other[_U(starts[d])] = key
            starts[d] += 1
        keys, other = other, keys
    return passes & 1


@kernel
def sort_slab(
    held, kept, n, segment_of, south, reach_y, west, shift, x_bits, index_bits, digit, passes,
    keys, spare, starts, x, y, start, end, row, segment,
):  # fmt: skip
    """The ``n`` records whose numbers are ``kept`` by (strip, x).

    A strip is ``reach_y`` + 1 high and counts from ``south``. ``keys`` become strip << ``x_bits`` | (x - ``west``) >>
    ``shift``, with one greater than all at the end; the other columns follow their order. ``segment_of`` is that of
    each block. Sorting takes ``passes`` of ``digit`` bits, with ``index_bits`` below them. Cost: about 10 ns a record.
    """
    strips = 1.0 / (reach_y + 1)
    size = _ONE << _U(digit)
    for d in range(size * _U(passes)):
        starts[d] = 0
    for i in range(n):
        place = held[_U(kept[i])]
        strip = _U((np.int64(place & _LOW) - south + 0.5) * strips)
        key = strip << _U(x_bits) | (place >> _U(32)) - _U(west) >> _U(shift)
        keys[i] = key << _U(index_bits) | _U(i)
        for p in range(passes):
            starts[_U(p) * size + (key & (size - _ONE))] += 1
            key >>= _U(digit)
    swapped = _ordered(keys, spare, n, index_bits, digit, passes, starts)
    mask = (_ONE << _U(index_bits)) - _ONE
    for i in range(n):
        key = spare[i] if swapped else keys[i]
        r = _U(kept[key & mask])
        keys[i] = key >> _U(index_bits)
        place, time = held[r], held[r + _U(BLOCK)]
        x[i] = place >> _U(32)
        y[i] = place & _LOW
        begins = np.int64(time >> _U(START)) - BEFORE
        start[i] = begins
        end[i] = begins + np.int64(time >> _U(STAY) & _U(STAYS))
        row[i] = time & _LOW
        segment[i] = segment_of[r >> _U(WORD_BITS)]
    keys[n] = ~_U(0)
