"""Keeps how long every fix holds true, whatever the order in which fixes come and go, across segments and days."""

from collections.abc import Mapping, Sequence

import numpy as np

from engine import params
from engine.clock import DAY
from engine.graph.kernels.next_fix import earlier_shortened, shorten
from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.graph.parts import Part
from engine.graph.segments import Rows

Parts = Mapping[int, Sequence[Part]]
"""Parts by day since 1970-01-01."""


def settle(new: Part, near: Parts) -> None:
    """End the fixes of ``new`` at later ones of other parts, and earlier ones there at those of ``new``.

    ``near`` holds the parts of the day before, the day itself (without ``new``) and the day after.
    Cost: log n a new fix and part.
    """
    gap = int(params.FIX_MAX_GAP_S.value)
    day = new.day_start // DAY
    stay = new.stay_s.copy()
    for shift, limit in ((0, 0), (DAY, DAY - gap)):
        for part in near.get(day + shift // DAY, ()):
            shorten(new.k1, stay, part.k1, shift, limit)
    new.hold(np.flatnonzero(stay != new.stay_s), stay[stay != new.stay_s])
    for shift in (0, DAY):
        first = new.k1 if shift == 0 else new.k1[(new.k1 & SECOND_MASK) < gap]
        for part in near.get(day - shift // DAY, ()):
            part.hold(*earlier_shortened(part.k1, part.stay_s, first, shift))


def lengthen(parts: Parts, gone: Sequence[Rows]) -> None:
    """Let the fixes before ``gone`` hold to the next one that is left. Cost: what the people concerned have.

    Fixes that went are looked for by person in every day: retractions are rare, and their rows do not say the day.
    """
    gap = int(params.FIX_MAX_GAP_S.value)
    people = np.unique(np.concatenate([rows.k1 >> SECOND_BITS for rows in gone]))
    for day, here in parts.items():
        later = [(0, 0, other) for other in here]
        later += [(DAY, DAY - gap, other) for other in parts.get(day + 1, ())]
        for part in here:
            low = np.searchsorted(part.k1, people << SECOND_BITS)
            high = np.searchsorted(part.k1, (people + 1) << SECOND_BITS)
            counts = high - low
            at = np.repeat(low - np.append(0, np.cumsum(counts)[:-1]), counts) + np.arange(int(counts.sum()))
            stay = np.full(len(at), gap, np.uint16)
            for shift, limit, other in later:
                shorten(part.k1[at], stay, other.k1, shift, limit)
            part.hold(at, stay)
