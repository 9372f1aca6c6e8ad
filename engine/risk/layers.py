"""The sums of one resolution, by slot of its lattice, and the scores that follow from them.

What is summed (infectious time by level, footfall, places, distinct F0s) are integers: adding what changed gives the
bits that summing everything anew gives. Scores are a function of one cell's sums and its parent's.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from engine import params
from engine.clock import HOUR
from engine.risk import footfall, kernels, person_time
from engine.risk.infectious import LEVELS
from engine.risk.lattice import Lattice, Slots
from engine.risk.settings import HexSettings

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
TAIL = 0.05
"""Each tail of the interval."""
PER_HOUR_N = HOUR / person_time.UNIT_S
PER_HOUR_D = HOUR / footfall.UNIT_S
_BANDS = np.array(params.HEX_BANDS)


class Layer:
    """Sums and scores of the cells of one resolution. Not thread-safe."""

    def __init__(self, lattice: Lattice, coarser: "Layer | None", settings: HexSettings) -> None:
        self.lattice = lattice
        self.coarser = coarser
        self.settings = settings
        self.derived = False
        """Whether smoothed sums and scores are kept: from the first time that they are asked for."""
        self.rescored = 0
        """How many cells were scored last time."""
        self._ring_weights = np.array(settings.ring_weights, np.int64)
        self.clear()

    def clear(self) -> None:
        """All sums 0; scores no longer kept."""
        size = self.lattice.size
        self.time = np.zeros((LEVELS, size), np.int64)
        """Infectious time by level and slot, 2^-20 s."""
        self.footfall = np.zeros(size, np.int64)
        """2^-10 s."""
        self.places = np.zeros(size, np.int64)
        self.smooth_n, self.smooth_d = np.zeros(size, np.int64), np.zeros(size, np.int64)
        """Ring-weighted sums of all levels' time, and of footfall, in quarters."""
        self.persons = np.zeros(size, np.int64)
        """Distinct F0s in the cell or its two rings."""
        self.score = np.zeros((size, 3))
        """Score, low, high."""
        self.flags = np.zeros((size, 2), np.int8)
        """Band, reliability."""
        self.stale = np.zeros(size, np.bool_)
        """Cells to be scored."""
        self.dirty = np.zeros(size, np.bool_)
        """Cells scored since :meth:`news` was asked."""
        self._last = np.full(size, -1, np.int64)
        self.derived = False

    @property
    def total(self) -> Ints:
        """Infectious time of all levels, by slot."""
        return np.asarray(self.time.sum(0), np.int64)

    def grow(self) -> None:
        """Room for the cells that have come into the lattice; their smoothed sums are made of what is there now."""
        old, size = len(self.footfall), self.lattice.size
        if old == size:
            return
        for name in (
            "footfall",
            "places",
            "smooth_n",
            "smooth_d",
            "persons",
            "stale",
            "dirty",
            "_last",
            "score",
            "flags",
        ):
            setattr(self, name, _longer(getattr(self, name), size, -1 if name == "_last" else 0))
        self.time = np.concatenate([self.time, np.zeros((LEVELS, size - old), np.int64)], 1)
        if self.derived:
            self._smooth(np.arange(old, size))
            self.stale[old:] = True

    def _smooth(self, slots: Ints) -> None:
        near, weights = self.lattice.near, self._ring_weights
        kernels.gather(near, slots, weights, self.total, self.smooth_n)
        kernels.gather(near, slots, weights, self.footfall, self.smooth_d)

    def derive(self) -> None:
        """Make smoothed sums of everything; distinct F0s are to be counted yet."""
        self.derived = True
        self._smooth(np.arange(self.lattice.size))
        self.persons[:] = 0
        self.stale[:] = True

    def change(self, slots: Slots, time: Ints, walked: Ints, places: Ints) -> None:
        """Add to the sums of distinct ``slots``: ``time`` (levels, slots), footfall, places."""
        self.time[:, slots] += time
        self.footfall[slots] += walked
        self.places[slots] += places
        if self.derived:
            kernels.spread(
                self.lattice.near, slots, self._ring_weights, time.sum(0), walked,
                self.smooth_n, self.smooth_d, self.stale,
            )  # fmt: skip

    def count(self, person: npt.NDArray[np.int32], slots: Slots, sign: int) -> None:
        """Count (or, with sign -1, no longer count) each person once in every cell within two rings of its slots."""
        order = np.argsort(person, kind="stable")
        kernels.count_persons(
            self.lattice.near, person[order].astype(np.int64), slots[order], sign, self.persons, self._last, self.stale
        )

    def rescore(self) -> None:
        """Score the cells that are stale."""
        slots = np.flatnonzero(self.stale)
        self.rescored = len(slots)
        if self.coarser is None or len(slots) == 0:
            return
        kernels.score(
            slots, self.smooth_n, self.smooth_d, self.lattice.parent, self.coarser.total, self.coarser.footfall,
            self.persons, self.settings.prior_h, self.settings.half_rate, self.settings.min_footfall_h,
            PER_HOUR_N, PER_HOUR_D, quantiles(int(self.persons[slots].max())), _BANDS, self.score, self.flags,
        )  # fmt: skip
        self.stale[slots] = False
        self.dirty[slots] = True

    def news(self) -> Ints:
        """Slots of the cells of which anything is another since this was last asked."""
        slots = np.flatnonzero(self.dirty)
        self.dirty[slots] = False
        return slots

    def members(self) -> Ints:
        """Slots of the cells that are in the map, in the order of their cells.

        In it are cells with footfall or a place of known position, and those within two rings of infectious time.
        """
        order = self.lattice.order
        return order[self.seen(slice(None))[order]]

    def seen(self, slots: Ints | slice) -> Mask:
        """Whether cells are in the map."""
        return np.asarray((self.smooth_n[slots] > 0) | (self.footfall[slots] > 0) | (self.places[slots] > 0), np.bool_)


def _longer(column: npt.NDArray[Any], size: int, fill: int) -> npt.NDArray[Any]:
    more = np.full((size - len(column), *column.shape[1:]), fill, column.dtype)
    return np.concatenate([column, more])


def quantiles(most: int) -> npt.NDArray[np.float64]:
    """Bounds of the interval relative to the rate, for 0 to at least ``most`` F0s, shape (most + 1, 2) or more.

    A gamma with shape k + 1/2, k the F0s behind the score (at least 1), divided by k.
    """
    return _quantiles(max(64, 1 << most.bit_length()))


@cache
def _quantiles(size: int) -> npt.NDArray[np.float64]:
    k = np.maximum(np.arange(size), 1)
    return np.stack([gammaincinv(k + 0.5, p) / k for p in (TAIL, 1 - TAIL)], 1)
