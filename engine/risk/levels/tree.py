"""Units as the rules see them: who belongs to whom, who borders whom, how many people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from engine.geo.units import Units
from engine.risk.levels.rules import TIERS
from engine.texts import Lang


class Area(NamedTuple):
    """A unit of the tree."""

    code: str
    tier: str
    parent: str | None
    name_vi: str
    name_en: str
    population: int | None = None

    def name(self, lang: Lang) -> str:
        """Its name."""
        return self.name_vi if lang == "vi" else self.name_en


@dataclass(frozen=True)
class Tree:
    """The units in force on a day, by code, and the borders that are known.

    ``borders`` holds pairs of neighbours by code; ``bordered`` the codes whose borders are known (by a polygon).
    The neighbours of other units are not known: :meth:`neighbours` says which they can be.
    """

    areas: Mapping[str, Area]
    borders: frozenset[tuple[str, str]] = frozenset()
    bordered: frozenset[str] = frozenset()

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        """Codes of the units right below each unit that has any, ascending."""
        found: dict[str, list[str]] = {}
        for area in self.areas.values():
            if area.parent is not None:
                found.setdefault(area.parent, []).append(area.code)
        return {code: tuple(sorted(codes)) for code, codes in found.items()}

    @cached_property
    def _beside(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for a, b in self.borders:
            found.setdefault(a, set()).add(b)
            found.setdefault(b, set()).add(a)
        return {code: frozenset(codes) for code, codes in found.items()}

    def of_tier(self, tier: str) -> list[str]:
        """Codes of a tier, ascending."""
        return sorted(code for code, area in self.areas.items() if area.tier == tier)

    def province(self, code: str) -> str | None:
        """The province a unit lies in (itself, if it is one)."""
        area = self.areas.get(code)
        while area is not None and area.tier != "province":
            area = self.areas.get(area.parent) if area.parent is not None else None
        return None if area is None else area.code

    def neighbours(self, code: str) -> tuple[frozenset[str], frozenset[str]]:
        """Units of the same tier that border this one for sure, and those that may.

        Without a border of its own, a unit can only border units that lie in its parent or in what borders the parent.
        Where not even the parent's border is known, only units of the same grandparent are considered.
        """
        sure = self._beside.get(code, frozenset())
        parent = self.areas[code].parent
        if parent is None:
            return sure, sure
        inside, unbordered = self._candidates(parent)
        # Of a unit with a polygon only the borders with those that have none are unknown.
        may = unbordered if code in self.bordered else inside
        return sure, (may | sure) - {code}

    @cached_property
    def _remembered(self) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
        return {}

    def _candidates(self, parent: str) -> tuple[frozenset[str], frozenset[str]]:
        """Units that a child of ``parent`` may border: all of them, and those without a polygon."""
        if parent not in self._remembered:
            inside = frozenset(c for p in self._around(parent) for c in self.children.get(p, ()))
            self._remembered[parent] = inside, inside - self.bordered
        return self._remembered[parent]

    def _around(self, parent: str) -> set[str]:
        """``parent`` and the units of its tier that may border it."""
        grandparent = self.areas[parent].parent if parent in self.areas else None
        siblings = self.children.get(grandparent, ()) if grandparent is not None else ()
        if parent not in self.bordered:
            return {parent, *siblings}
        return {parent, *self._beside.get(parent, ()), *(c for c in siblings if c not in self.bordered)}


def tree_of(units: Units, day: date, tiers: Iterable[str] = TIERS) -> Tree:
    """The units in force on ``day``, with their population and their borders where they have polygons.

    Borders are worked out only for ``tiers``. Cost: that of ``Units.adjacency``, once a set of units.
    """
    now = units.on(day)
    areas = {
        u.code: Area(u.code, u.tier, u.parent, u.name_vi, u.name_en, now.population(u.code, day))
        for u in now
        if u.tier in TIERS
    }
    without = frozenset(now.without_polygon())
    wanted = tuple(tiers)
    borders = [pair for tier in wanted for pair in now.adjacency(tier, day)]
    bordered = frozenset(c for c, a in areas.items() if a.tier in wanted and c not in without)
    return Tree(areas, frozenset(borders), bordered)
