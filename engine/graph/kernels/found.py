"""What scans write: pieces of evidence, a line of integers and one of fractions each; and the work of a scan.

Scans go over people ``first`` to ``last`` of the columns ``person, start, end`` (int64: codes and half-open windows,
UTC s) and write evidence behind the ``n`` lines that are there, in the order of these people. They return how many
lines there would be now: when that is more than there is room for, what lies beyond is lost and the caller asks
again with more room. Every interval is clipped to the window of its person, and not empty. ``tally[0]`` counts the
records looked at.

All work in rounds: for some hundred (person, segment) at once the same step, which asks for the memory that the
next step will read. So the waits for memory overlap instead of adding up.
"""

import numpy as np

from engine.graph.kernels import atlas as at
from engine.graph.kernels.atlas import segments_between
from engine.graph.kernels.memory import lean
from engine.kernels.memory import inner

PERSON, OTHER, START, END, PLACE, OWN, THEIRS, NEXT = range(8)
"""Integers: index of the person asked about; code of the other; interval; place or -1; where their records are,
as segment << 32 | row (OWN -1 for sightings); and a column for whoever works with the evidence."""
WEIGHT, MEASURE = 0, 1
"""Fractions: weight; attenuation in dB (bluetooth), distance in m (location), 0 (check_in)."""
INTEGERS, FRACTIONS = 8, 2
ROUND = 128
"""(Person, segment) taken together."""
RECORDS = 128
"""Records taken together."""
SCRATCH = ROUND + RECORDS
"""Lines of 8 integers that a scan works with."""


@inner
def next_round(atlas, channel, person, start, end, slack, usual, p, s, last, items):
    """Fill ``items`` (ROUND, 8) with (person, line, segment, ...), from person ``p`` and segment ``s`` on.

    Rows may last ``usual`` seconds without saying so. Returns how many, and where to go on: (items, p, s).
    """
    m, lines = 0, atlas[channel * at.HEAD + at.LINES]
    while p < last:
        low, high = start[p] - slack, end[p] + slack
        first, to = segments_between(atlas, channel, low, high)
        first = max(first, s)
        for segment in range(first, to):
            line = lines + segment * at.LINE
            if atlas[line + at.DAY_START] + at.DAY + max(atlas[line + at.LONGEST], usual) <= low:
                continue
            if m == ROUND:
                return m, p, segment
            items[m, 0] = p
            items[m, 1] = line
            items[m, 2] = segment
            m += 1
        p += 1
        s = 0
    return m, p, np.int64(0)


@lean
def unpacked(
    whole, parts, bounds, query, other, start, end, weight, channel, measure, place,
    own_segment, own_row, other_segment, other_row,
):  # fmt: skip
    """Evidence as columns; ``bounds`` (channels + 1,) says which lines are of which channel."""
    for c in range(len(bounds) - 1):
        for i in range(bounds[c], bounds[c + 1]):
            line = whole[i]
            query[i], other[i], place[i] = line[PERSON], line[OTHER], line[PLACE]
            start[i], end[i], channel[i] = line[START], line[END], c
            weight[i], measure[i] = parts[i, WEIGHT], parts[i, MEASURE]
            own_segment[i], own_row[i] = line[OWN] >> 32, line[OWN] & 0xFFFFFFFF
            other_segment[i], other_row[i] = line[THEIRS] >> 32, line[THEIRS] & 0xFFFFFFFF
            if line[OWN] < 0:
                own_row[i] = -1
