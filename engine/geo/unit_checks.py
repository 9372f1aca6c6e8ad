"""What is wrong or missing in a table of administrative units. Nothing is corrected and nothing is guessed."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import shapely

from engine.geo.overlay import area_km2
from engine.geo.units import TIERS, Units

SHARE = 0.01
"""Overlaps and gaps up to this share of a unit's area are what files simplified unit by unit have everywhere."""


class Patch(NamedTuple):
    """An area that is wrong: the unit, the other unit, how large, and its share of the (smaller) unit's area."""

    code: str
    other: str | None
    km2: float
    share: float


@dataclass(frozen=True)
class Findings:
    """What :func:`check` found, by code; lists in the order of the table, patches from the largest share down."""

    day: date
    units: dict[str, int]
    """How many there are by tier."""
    orphans: tuple[tuple[str, str | None], ...]
    """(code, its parent): the parent is unknown or not in force; None: it names none, though a wider tier is there."""
    no_polygon: dict[str, tuple[str, ...]]
    """By tier."""
    no_population: dict[str, tuple[str, ...]]
    """By tier: neither a figure of their own nor one for every unit below."""
    overlaps: tuple[Patch, ...]
    """Two units of a tier that share more than a hundredth of the smaller one."""
    gaps: tuple[Patch, ...]
    """Units of which more than a hundredth lies in no unit of the next tier that has polygons."""
    outside: tuple[Patch, ...]
    """Units of which more than a hundredth lies outside their parent (``other``)."""


def check(units: Units, day: date) -> Findings:
    """Look at the units in force on a day. Cost: about 1 ms for each pair of neighbours, a few s for a country."""
    now = units.on(day)
    tiers = [t for t in TIERS if now.codes(t, day)]
    found = {t: now.codes(t, day) for t in tiers}
    polygons = {t: {c: p for c in found[t] if (p := now.polygon(c)) is not None} for t in tiers}
    gaps, outside = _nesting(now, tiers, polygons)
    return Findings(
        day=day,
        units={t: len(found[t]) for t in tiers},
        orphans=tuple(_orphans(now, tiers)),
        no_polygon={t: tuple(c for c in found[t] if c not in polygons[t]) for t in tiers},
        no_population={t: tuple(c for c in found[t] if now.population(c, day) is None) for t in tiers},
        overlaps=_worst([p for t in tiers for p in _overlaps(polygons[t])]),
        gaps=_worst(gaps),
        outside=_worst(outside),
    )


def _orphans(now: Units, tiers: list[str]) -> list[tuple[str, str | None]]:
    out: list[tuple[str, str | None]] = []
    for unit in now:
        if unit.parent is None:
            if unit.tier != tiers[0]:
                out.append((unit.code, None))
        elif now.get(unit.parent) is None:
            out.append((unit.code, unit.parent))
    return out


def _worst(patches: list[Patch]) -> tuple[Patch, ...]:
    return tuple(sorted((p for p in patches if p.share > SHARE), key=lambda p: (-p.share, p.code, p.other or "")))


def _overlaps(polygons: dict[str, shapely.Geometry]) -> list[Patch]:
    codes, shapes = list(polygons), np.array(list(polygons.values()), np.object_)
    if not codes:
        return []
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    a, b = a[a < b], b[a < b]
    common = area_km2(shapely.intersection(shapes[a], shapes[b]))
    area = area_km2(shapes)
    share = common / np.minimum(area[a], area[b])
    rows = zip(a.tolist(), b.tolist(), common.tolist(), share.tolist(), strict=True)
    return [Patch(codes[i], codes[j], km2, part) for i, j, km2, part in rows]


def _nesting(
    now: Units, tiers: list[str], polygons: dict[str, dict[str, shapely.Geometry]]
) -> tuple[list[Patch], list[Patch]]:
    """(gaps, outside): how the units of a tier fill those that they lie in."""
    gaps: list[Patch] = []
    outside: list[Patch] = []
    everything = {code: shape for some in polygons.values() for code, shape in some.items()}
    for code, shape in everything.items():
        below = [c for c in now.children(code) if c in everything]
        if not below:
            continue
        children = np.array([everything[c] for c in below], np.object_)
        missing = shapely.difference(shape, shapely.union_all(children))
        beyond = area_km2(shapely.difference(children, shape))
        whole, *areas = area_km2(np.array([shape, *children], np.object_)).tolist()
        uncovered = float(area_km2(np.array([missing], np.object_))[0])
        gaps.append(Patch(code, None, uncovered, uncovered / whole))
        rows = zip(below, beyond.tolist(), areas, strict=True)
        outside += [Patch(c, code, km2, km2 / area) for c, km2, area in rows]
    return gaps, outside
