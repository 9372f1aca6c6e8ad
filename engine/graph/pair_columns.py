"""Pairs of people as columns: what a sweep over everybody finds, a chunk at a time."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.graph.eligibility import BLUETOOTH
from engine.graph.evidence import Evidence

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]


def codes(columns: int, rows: int) -> tuple[Codes, ...]:
    """So many columns for a kernel to write, in one piece of memory."""
    return tuple(np.empty((columns, rows), np.int32))


@dataclass(frozen=True)
class Found:
    """Rows of the view that pairs point into: stays or fixes at hand, or sightings."""

    segment: Codes
    row: Codes
    place: Codes
    """-1 where there is none."""


@dataclass(frozen=True)
class Pairs:
    """Eligible intervals of pairs, one channel, one row each; clipped, never empty, in no promised order.

    Without slack a pair's interval stands once, ``a`` and ``b`` in any order; with slack, which is directed, ``a`` is
    the infectious one and every interval that holds both ways stands twice.
    """

    channel: int
    origin: int
    """UTC second from which ``start`` and ``end`` count."""
    a: Codes
    b: Codes
    start: Codes
    end: Codes
    a_at: Codes
    b_at: Codes
    """Index into ``found`` of the row of either person; of a sighting both are the same."""
    found: Found
    known_weight: Floats | None
    """Weight of each row, or None where it is the place's."""
    measured: Floats | None
    """Attenuation in dB (bluetooth), distance in m (location), None for check-ins."""
    place_weight: Floats

    def __len__(self) -> int:
        return len(self.a)

    @cached_property
    def place(self) -> Codes:
        """Place of a shared stay, else -1."""
        return self.found.place[self.a_at]

    @cached_property
    def weight(self) -> Floats:
        """Weight of the evidence."""
        return self.place_weight[self.place] if self.known_weight is None else self.known_weight

    @cached_property
    def measure(self) -> Floats:
        """Attenuation in dB (bluetooth), distance in m (location), 0 (check-in)."""
        return np.zeros(len(self)) if self.measured is None else self.measured

    def swapped(self) -> "Pairs":
        """The same seen from the other side."""
        return replace(self, a=self.b, b=self.a, a_at=self.b_at, b_at=self.a_at)

    def evidence(self) -> Evidence:
        """As rows of :func:`engine.graph.evidence.gather` for everybody: ``query`` is the code of a."""
        channel = np.full(len(self), self.channel, np.int8)
        own = [column[self.a_at] for column in (self.found.segment, self.found.row)]
        other = [column[self.b_at] for column in (self.found.segment, self.found.row)]
        if self.channel == BLUETOOTH:
            own = [np.full(len(self), -1, np.int32)] * 2
        start, end = (self.origin + t.astype(np.int64) for t in (self.start, self.end))
        return Evidence(self.a, self.b, start, end, self.weight, channel, self.measure, self.place, *own, *other)
