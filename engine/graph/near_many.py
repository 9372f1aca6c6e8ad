"""Evidence of the location channel of thousands of people at once: every fix of their days is looked at once.

The same rows as :func:`engine.graph.evidence.near_lines`, in another order; see :mod:`engine.graph.kernels.near_many`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.cores import in_parallel
from engine.graph.eligibility import Eligibility
from engine.graph.kernels import near_many as kernels
from engine.graph.proximity import NORTH_M, Limits, Proximity
from engine.graph.scanning import touched
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
A_SEARCH = 8
"""How many fixes of a day are looked at in the time of a search round one fix."""
FARTHEST_NORTH_DEG, FARTHEST_EAST_DEG = 75.0, 179.9
"""Beyond, a grid of equal steps in degrees does not do."""


@dataclass(frozen=True)
class Near:
    """Evidence, one row each, in any order: who was asked about, the other, the interval (UTC s), the weight."""

    person: Codes
    other: Codes
    start: Ints
    end: Ints
    weight: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.person)


def pays(view: GraphView, opens: Ints, closes: Ints, eligibility: Eligibility) -> bool:
    """Whether :func:`near_of_many` is quicker than a search round each fix of those asked about (columns by person)."""
    if "location" not in eligibility.channels or not view.location:
        return False
    first, last = view.location[0].day_start, view.location[-1].day_start + DAY
    window = np.minimum(closes, last) - np.maximum(opens, first)
    asked = window[window > 0]
    if not len(asked):
        return False
    low, high = max(first, int(opens[window > 0].min())), min(last, int(closes[window > 0].max()))
    return float(asked.sum()) * A_SEARCH > len(opens) * float(high - low)


def near_of_many(
    view: GraphView, opens: Ints, closes: Ints, eligibility: Eligibility, most: int | None = None
) -> Near | None:
    """Whose fixes were near those of everybody asked about, while both held.

    ``opens``, ``closes``: window of each person by code, UTC s; empty for whoever is not asked about. None: somebody
    asked about was where a plain grid ends, near a pole or the date line; or there are more than ``most`` rows. Cost:
    a few passes over all fixes of the days, on as many cores as there are, and the fixes round each one of those asked
    about. Memory: the fixes of a day, 4 bytes each a core, and the evidence.
    """
    asked = opens < closes
    if not view.location or not asked.any():
        return _stacked([])
    search = _Search(view, opens, closes, eligibility, most)
    low, high = int(opens[asked].min()), int(closes[asked].max())
    days = sorted({s.day_start for _, s in touched(view.location, low, high, search.gap)})
    found: list[Near] = []
    for parts in in_parallel(search.day, days):
        if parts is None:
            return None
        found += parts
    return _stacked(found)


class _Search:
    """What is looked for."""

    def __init__(self, view: GraphView, opens: Ints, closes: Ints, eligibility: Eligibility, most: int | None) -> None:
        self._room = most
        """How many rows there may still be; None: any number."""
        self.gap = int(params.FIX_MAX_GAP_S.value)
        self._segments = view.location
        self._opens, self._closes = opens, closes
        exact = Proximity.of(eligibility)
        self._worst, self._limits = exact.worst_dm, exact.limits
        self._reach = 1.001 * float(exact.radius_m(self._worst, self._worst)) / NORTH_M + 2
        """No two places further apart are evidence, 1e-7 degree north."""

    def day(self, day: int) -> list[Near] | None:
        """The evidence that begins on a day; None: see :func:`near_of_many`."""
        slabs = (DAY - 1 >> kernels.SLAB_BITS) + 1
        opens, closes = (np.clip(column, day - DAY, day + 3 * DAY) - day for column in (self._opens, self._closes))
        dealt = []
        for segment in self._segments:
            shift = segment.day_start - day
            if shift in (0, -DAY):
                accuracy = segment.rows.payload["accuracy_dm"]
                rows = kernels.dealt(segment.rows.k1, segment.stay_s, accuracy, shift, self._worst, slabs)
                dealt.append((segment, shift, *rows))
        work, found = _Slab(), []
        for slab in range(slabs):
            n, own, north, east = 0, 0, 0, 0
            work.room(sum(int(starts[slab + 1] - starts[slab]) for _, _, _, starts in dealt))
            for segment, shift, rows, starts in dealt:
                lat, lng, accuracy = (segment.rows.payload[name] for name in ("lat_e7", "lng_e7", "accuracy_dm"))
                n, some, most_north, most_east = kernels.fetched(
                    rows[starts[slab] : starts[slab + 1]], segment.rows.k1, segment.stay_s, lat, lng, accuracy, shift,
                    opens, closes, work.records, n,
                )  # fmt: skip
                own, north, east = own + some, max(north, most_north), max(east, most_east)
            if north > FARTHEST_NORTH_DEG * 1e7 or east > FARTHEST_EAST_DEG * 1e7:
                return None
            if own:
                per_lng = cos(radians(north / 1e7 + 0.01)) / self._reach
                grid = work.grid(n, 1 / self._reach, per_lng)
                found.append(work.near(n, grid, slab << kernels.SLAB_BITS, self._limits, opens, closes, day))
                if self._room is not None:
                    self._room -= len(found[-1])
                    if self._room < 0:
                        return None
        return found


class _Slab:
    """Arrays to work in, for one slab after the other."""

    def __init__(self) -> None:
        self.records = np.empty((0, kernels.RECORD), np.int32)
        self._sorted = self.records
        self._heads = np.empty(0, np.int32)
        self._found: tuple[npt.NDArray[Any], ...] = ()
        self._fetch(1_024)

    def room(self, records: int) -> None:
        """Room for so many; those before are gone."""
        if len(self.records) < records:
            self.records = np.empty((records * 5 // 4, kernels.RECORD), np.int32)
            self._sorted = np.empty_like(self.records)

    def _fetch(self, rows: int) -> None:
        self._found = tuple(np.empty(rows, t) for t in (np.int32, np.int32, np.int64, np.int64, np.float64))

    def grid(self, n: int, per_lat: float, per_lng: float) -> tuple[Codes, float, float]:
        """The first ``n`` records put into buckets."""
        size = max(64, 1 << n.bit_length())
        if len(self._heads) < size + 1:
            self._heads = np.empty(size + 1, np.int32)
        heads = self._heads[: size + 1]
        kernels.bucketed(self.records, n, per_lat, per_lng, heads, self._sorted)
        return heads, per_lat, per_lng

    def near(
        self, n: int, grid: tuple[Codes, float, float], since: int, limits: Limits, opens: Ints, closes: Ints, day: int
    ) -> Near:
        """The evidence of a slab."""
        while True:
            count = kernels.near_in_slab(self._sorted, n, *grid, since, limits, opens, closes, *self._found)
            if count <= len(self._found[0]):
                break
            self._fetch(count * 5 // 4)
        person, other, start, end, weight = (column[:count] for column in self._found)
        return Near(person.copy(), other.copy(), start + day, end + day, weight.copy())


def _stacked(parts: Sequence[Near]) -> Near:
    if not parts:
        none, never = np.empty(0, np.int32), np.empty(0, np.int64)
        return Near(none, none, never, never, np.empty(0))
    return Near(**{name: np.concatenate([vars(p)[name] for p in parts]) for name in vars(parts[0])})
