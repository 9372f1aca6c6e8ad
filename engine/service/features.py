"""What map readers of features show: official areas with their shapes, places, cells; cut by boxes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError
from engine.geo.boxes import Box, geometry_of, points_in, polygons_meeting
from engine.service.infectious_places import InfectiousPlace

TIERS = ("district", "province")
"""Of the areas shown, by name."""


@dataclass(frozen=True)
class Features:
    """Rows with a geometry each, ordered by id."""

    ids: Sequence[str]
    properties: Mapping[str, Sequence[Any]]
    """Plain values by name, each as long as ``ids``."""
    geometry: Callable[[Sequence[int]], Sequence[Mapping[str, Any] | None]]
    """GeoJSON geometries of some rows."""
    meeting: Callable[[Box], npt.NDArray[np.bool_]]
    """Which rows meet a box."""
    as_of: int | None
    versions: tuple[int, ...] = ()
    """Of the reports they are made of, where they change with more than the map."""

    def none(self) -> "Features":
        """The same without a row."""
        return replace(self, ids=[], properties={}, geometry=lambda _: [], meeting=lambda _: np.zeros(0, np.bool_))


class LeveledAreas(Protocol):
    """An engine that knows areas and their levels."""

    def areas(self) -> Any:
        """The units (see :class:`engine.geo.units.Units`)."""

    def area_levels(self, tier: str = ..., rules: str | None = ..., at: int | None = ...) -> Any:
        """The levels of a tier (see :class:`engine.service.levels.LevelsReport`)."""

    def published_levels(self, tier: str = ..., rules: str | None = ...) -> Any:
        """The same as the public may see them."""


def area_features(engine: LeveledAreas, at: int | None, public: bool = False) -> Features:
    """Official levels of districts and provinces, with polygons where they are known; none when none were loaded.

    ``public``: those of the last publishing time, whatever ``at`` says, without the number of the batch.
    """
    units, found, polygons, as_of, versions = engine.areas(), [], [], None, []
    for tier in TIERS:
        try:
            report = engine.published_levels(tier) if public else engine.area_levels(tier=tier, at=at)
        except BadParameterError:
            continue  # no area of this tier was loaded
        as_of = report.as_of
        versions.append(report.version)
        for row in report.rows:
            found.append((f"{tier}-{row.code}", row, report))
            polygons.append(units.polygon(row.code, report.day))
    names = ("code", "tier", "name_vi", "name_en", "level", "at_least", "at_most", "known")
    properties: dict[str, Sequence[Any]] = {n: [getattr(row, n) for _, row, _ in found] for n in names}
    properties["rules"] = [report.rules.id for _, _, report in found]
    properties["day"] = [report.day.isoformat() for _, _, report in found]
    return Features(
        ids=[ident for ident, _, _ in found],
        properties=properties,
        geometry=lambda rows: [geometry_of(polygons[n]) for n in rows],
        meeting=lambda box: polygons_meeting(polygons, box),
        as_of=None if public else as_of,
        versions=tuple(versions),
    )


def place_features(places: Sequence[InfectiousPlace], as_of: int, moment: Callable[[int], str]) -> Features:
    """Places of F0s; ``moment`` writes UTC seconds."""
    lat, lng = np.array([p.lat for p in places], np.float64), np.array([p.lng for p in places], np.float64)
    return Features(
        ids=[p.place for p in places],
        properties={
            "place": [p.place for p in places],
            "name": [p.name for p in places],
            "kind": [p.kind for p in places],
            "infectious_h": [round(p.infectious_h, 4) for p in places],
            "cases": [p.cases for p in places],
            "first_at": [moment(p.first_at) for p in places],
            "last_at": [moment(p.last_at) for p in places],
        },
        geometry=lambda rows: [{"type": "Point", "coordinates": [places[n].lng, places[n].lat]} for n in rows],
        meeting=lambda box: points_in(lat, lng, box),
        as_of=as_of,
    )
