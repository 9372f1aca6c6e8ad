"""Administrative units: provinces, districts, communes; who belongs to whom, since when, with which people and borders.

A code may be given to another unit later (769 was District 2 of Ho Chi Minh City until 2020 and is Thu Duc City
since), so a unit is a code in a period. Wherever ``date`` is None, the newest unit of a code is meant.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import BadInputError, BadParameterError, UnknownAreaError
from engine.geo.cells import Cells, Degrees
from engine.geo.overlay import Shares, area_km2, within
from engine.geo.unit_layers import Layer

TIERS = ("country", "province", "district", "commune")
"""From the widest to the narrowest."""
Polygons = npt.NDArray[np.object_]


class Population(NamedTuple):
    """How many people, when, according to whom."""

    date: date
    people: int
    source: str


@dataclass(frozen=True)
class Unit:
    """One administrative unit, in force on the days [since, until); None: open."""

    code: str
    tier: str
    parent: str | None
    name_vi: str
    name_en: str
    name_en_derived: bool = True
    """The English name was made from the Vietnamese one, not read."""
    kind: str | None = None
    """What it calls itself: Quận, Huyện, Phường ..."""
    since: date | None = None
    until: date | None = None
    population: tuple[Population, ...] = ()
    """By date."""
    replaced_by: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Names of the files that spoke of it."""

    def in_force(self, day: date) -> bool:
        """Whether it exists on ``day``."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)

    def name(self, lang: str) -> str:
        """Its name in ``vi`` or ``en``."""
        return self.name_vi if lang == "vi" else self.name_en


def _order(unit: Unit) -> tuple[int, str, date]:
    return TIERS.index(unit.tier), unit.code, unit.since or date.min


class Units:
    """An immutable table of units, ordered by tier (widest first), code and ``since``. Thread-safe.

    Args:
        rows: the units; two of one code must not be in force on one day.
        polygons: one polygon or multipolygon (WGS 84, longitude then latitude) a unit, or None.

    Raises:
        BadInputError: an unknown tier, an empty period, two units of one code on one day, or a parent that is of no
            wider tier than its child.
    """

    def __init__(self, rows: Iterable[Unit] = (), polygons: Sequence[Any] | Polygons | None = None) -> None:
        given = list(rows)
        for unit in given:
            if unit.tier not in TIERS:
                raise BadInputError(f"unit {unit.code}: {unit.tier!r} is no tier; tiers are {', '.join(TIERS)}")
        shapes: list[Any] = [None] * len(given) if polygons is None else list(polygons)
        order = sorted(range(len(given)), key=lambda i: _order(given[i]))
        self.rows: tuple[Unit, ...] = tuple(given[i] for i in order)
        self.polygons: Polygons = np.empty(len(given), np.object_)
        self.polygons[:] = [shapes[i] for i in order]
        self._periods: dict[str, list[int]] = {}
        self._inside: dict[str, list[int]] = {}
        for i, unit in enumerate(self.rows):
            self._periods.setdefault(unit.code, []).append(i)
            if unit.parent is not None:
                self._inside.setdefault(unit.parent, []).append(i)
        self._check_periods()
        self._check_parents()
        edges = {d for u in self.rows for d in (u.since, u.until) if d is not None}
        self._edges = sorted(edges)
        self._on: dict[int, Units] = {}
        self._layers: dict[tuple[str, int], Layer] = {}
        self._cells: dict[tuple[int, int], Cells] = {}

    def _check_parents(self) -> None:
        for unit in self.rows:
            parent = None if unit.parent is None else self.get(unit.parent)
            if parent is not None and TIERS.index(parent.tier) >= TIERS.index(unit.tier):
                raise BadInputError(
                    f"{unit.tier} {unit.code} cannot lie in {parent.tier} {parent.code}: correct the tier or the parent"
                )

    def _check_periods(self) -> None:
        for code, where in self._periods.items():
            where.sort(key=lambda i: self.rows[i].since or date.min)
            last = date.min
            for n, i in enumerate(where):
                unit = self.rows[i]
                start, end = unit.since or date.min, unit.until or date.max
                if start >= end:
                    raise BadInputError(f"unit {code} ends on {end}, not after it begins ({start}): correct its dates")
                if n and start < last:
                    raise BadInputError(f"two units have the code {code} on {start}: give them since and until dates")
                last = end

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.rows)

    # -- looking up ---------------------------------------------------------------------------------------

    def _find(self, code: str, day: date | None) -> int | None:
        where = self._periods.get(code)
        if where is None:
            return None
        if day is None:
            return where[-1]
        return next((i for i in where if self.rows[i].in_force(day)), None)

    def get(self, code: str, date: date | None = None) -> Unit | None:
        """The unit with this code on a day (None: the newest), or None."""
        at = self._find(code, date)
        return None if at is None else self.rows[at]

    def unit(self, code: str, date: date | None = None) -> Unit:
        """As :meth:`get`.

        Raises:
            UnknownAreaError: there is none.
        """
        return self.rows[self._index(code, date)]

    def _index(self, code: str, day: date | None) -> int:
        at = self._find(code, day)
        if at is None:
            when = "" if day is None else f" on {day}"
            raise UnknownAreaError(f"no administrative unit has the code {code!r}{when}; load areas that have it")
        return at

    def polygon(self, code: str, date: date | None = None) -> Any:
        """Its polygon or multipolygon, or None. Raises as :meth:`unit`."""
        return self.polygons[self._index(code, date)]

    def area_km2(self, code: str, date: date | None = None) -> float | None:
        """The area of its polygon on the sphere, or None. Raises as :meth:`unit`."""
        at = self._index(code, date)
        return None if self.polygons[at] is None else float(area_km2(self.polygons[at : at + 1])[0])

    def on(self, date: date) -> "Units":
        """The units in force on a day; ask the whole table for successors.

        Cost: once for each set of units; then a look-up.
        """
        epoch = self._epoch(date)
        if epoch not in self._on:
            keep = [i for i, u in enumerate(self.rows) if u.in_force(date)]
            self._on[epoch] = Units([self.rows[i] for i in keep], self.polygons[keep])
        return self._on[epoch]

    def _epoch(self, day: date) -> int:
        """Number of the stretch of days with the same units in force."""
        return bisect_right(self._edges, day)

    def codes(self, tier: str, date: date) -> list[str]:
        """Codes of a tier in force on a day, ascending; what unit indexes below mean."""
        return list(self._layer(tier, date).codes)

    def children(self, code: str, date: date | None = None) -> list[str]:
        """Codes of the units right below, ascending; ``date`` None: of any time."""
        rows = (self.rows[i] for i in self._inside.get(code, ()))
        return sorted({u.code for u in rows if date is None or u.in_force(date)})

    def ancestors(self, code: str, date: date | None = None) -> list[str]:
        """Codes of the parent, its parent, ... as far as they are known. Raises as :meth:`unit`."""
        found: list[str] = []
        parent = self.unit(code, date).parent
        while parent is not None and parent not in found and (unit := self.get(parent, date)) is not None:
            found.append(parent)
            parent = unit.parent
        return found

    def upto(self, code: str, tier: str, date: date | None = None) -> str | None:
        """The unit of ``tier`` that ``code`` lies in (itself, if of that tier), or None. Raises as :meth:`unit`."""
        for candidate in (code, *self.ancestors(code, date)):
            if self.unit(candidate, date).tier == tier:
                return candidate
        return None

    def without_polygon(self, tier: str | None = None) -> list[str]:
        """Codes of the units (of a tier) that have no polygon, in the order of the table."""
        pairs = zip(self.rows, self.polygons, strict=True)
        return [u.code for u, shape in pairs if shape is None and tier in (None, u.tier)]

    def successors(self, code: str, date: date | None = None) -> tuple[Unit, ...]:
        """The units that took over where this one ended: several after a split, () while it is in force.

        ``date`` says which unit of the code is meant. Raises as :meth:`unit`.
        """
        unit = self.unit(code, date)
        if unit.until is None:
            return ()
        found = (self.get(c, unit.until) for c in unit.replaced_by)
        return tuple(u for u in found if u is not None)

    def predecessors(self, code: str, date: date | None = None) -> tuple[Unit, ...]:
        """The units that this one took over from: several after a merger. Raises as :meth:`unit`."""
        unit = self.unit(code, date)
        if unit.since is None:
            return ()
        return tuple(u for u in self.rows if u.until == unit.since and code in u.replaced_by)

    def population(self, code: str, date: date) -> int | None:
        """People of a unit on a day: its newest figure by then, else its first one; else the sum of its children.

        None where it has no figure and a child (or everything below it) has none either: nothing is estimated.
        Raises as :meth:`unit`.
        """
        figures = self.unit(code, date).population
        if figures:
            return ([p for p in figures if p.date <= date] or [figures[0]])[-1].people
        below = [self.population(c, date) for c in self.children(code, date)]
        known = [n for n in below if n is not None]
        return sum(known) if known and len(known) == len(below) else None

    # -- where things lie -----------------------------------------------------------------------------------

    def _layer(self, tier: str, day: date) -> Layer:
        if tier not in TIERS:
            raise BadParameterError(f"{tier!r} is no tier; tiers are {', '.join(TIERS)}")
        key = tier, self._epoch(day)
        if key not in self._layers:
            rows = [i for i, u in enumerate(self.rows) if u.tier == tier and u.in_force(day)]
            self._layers[key] = Layer([self.rows[i].code for i in rows], self.polygons[rows])
        return self._layers[key]

    def index_of(self, lat: Degrees, lng: Degrees, tier: str, date: date) -> npt.NDArray[np.int64]:
        """Which unit of :meth:`codes` holds each point (degrees, shapes (n,)); -1: none. Shape (n,).

        A point on a border, or where polygons overlap, belongs to the unit with the smallest code.
        Cost: one look-up in a tree a point, 1 to 3 us.

        Raises:
            BadParameterError: no such tier.
        """
        return self._layer(tier, date).index_of(lat, lng)

    def area_of(self, lat: Degrees, lng: Degrees, tier: str, date: date) -> list[str | None]:
        """The code of the unit that holds each point, or None; as :meth:`index_of`."""
        codes = [*self.codes(tier, date), None]
        return [codes[i] for i in self.index_of(lat, lng, tier, date).tolist()]

    def overlay(self, cells: Cells, tier: str, date: date) -> Shares:
        """Which units of :meth:`codes` each cell lies in, and with which share of its area.

        See :func:`engine.geo.overlay.shares`. Cells asked for before are remembered.

        Raises:
            BadParameterError: no such tier.
        """
        return self._layer(tier, date).overlay(cells)

    def cells_of(self, code: str, resolution: int, date: date | None = None) -> Cells:
        """Cells whose centre lies in the unit, ascending; none without a polygon. Remembered.

        Cells of neighbours are different where their polygons do not overlap. Raises as :meth:`unit`.
        """
        key = self._index(code, date), resolution
        if key not in self._cells:
            self._cells[key] = within(self.polygons[key[0]], resolution)
        return self._cells[key]

    def adjacency(self, tier: str, date: date) -> list[tuple[str, str]]:
        """Pairs of neighbours (code < code), ascending: see :func:`engine.geo.adjacency.near_pairs`.

        Raises:
            BadParameterError: no such tier.
        """
        return list(self._layer(tier, date).adjacency())

    def outlines(self, tier: str, date: date) -> list[tuple[str, Degrees]]:
        """The rings of each unit as (code, array (k, 2) of lng, lat); parts and holes are rings of their own."""
        return self._layer(tier, date).outlines()
