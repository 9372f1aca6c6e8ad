"""The collections of ``/v1/ogc``: which there are for a role, and their features."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from api.access import NAMES_PEOPLE_ON_MAPS
from api.maps import MapReader, Sheet
from api.ogc_query import Span
from api.present.hexes import texts
from api.present.wire import moment
from api.problems import ProblemError
from engine.clock import to_rfc3339
from engine.service.access import ROLES
from engine.service.features import Features, area_features, place_features
from engine.service.tiles import outlines

RESOLUTION = 9
"""Of the cells shown, unless asked for another."""


@dataclass(frozen=True)
class Collection:
    """A collection of features."""

    id: str
    roles: frozenset[str]
    load: Callable[[MapReader, Span | None, int], Features]
    """Features by reader, moment or interval asked for, and resolution."""
    parameters: tuple[str, ...] = ()
    """Beside ``limit``, ``cursor``, ``bbox``, ``datetime``."""
    of_the_map: bool = True
    """Whether it changes with the map alone: then a reply can be told unchanged before anything is made."""


def _hexes(reader: MapReader, span: Span | None, resolution: int) -> Features:
    return hex_features(reader, _sheet_at(reader, span, resolution))


def _sheet_at(reader: MapReader, span: Span | None, resolution: int) -> Sheet:
    """The map at a moment; of an interval, at its last moment that there is a map of."""
    end = None if span is None else span.end
    if reader.public:
        newest = reader.engine.release()
        held = newest is not None and span is not None and span.meets(newest.at, newest.at)
        return reader.sheet(resolution, None, None if held else end)
    if end is not None and end <= reader.view.data_time:
        return reader.sheet(resolution, None, end)
    live = reader.sheet(resolution)
    gone = live.at is not None and span is not None and span.start is not None and span.start > live.at
    return live.none() if gone else live


def hex_features(reader: MapReader, sheet: Sheet) -> Features:
    """The cells of a sheet."""
    names = texts(sheet.h3)
    properties: dict[str, Sequence[Any]] = {"h3": names}
    properties |= {name: column.tolist() for name, column in sheet.columns.items() if name != "since"}
    if sheet.public:
        properties["since"] = [moment(t) for t in sheet.columns["since"].tolist()]
    properties["at"] = [moment(sheet.at)] * len(names)
    kind = ("features", reader.public, sheet.resolution)
    return Features(
        ids=names,
        properties=properties,
        geometry=lambda rows: [
            {"type": "Polygon", "coordinates": [ring]} for ring in outlines(sheet.h3[np.array(rows, np.int64)])
        ],
        meeting=lambda box: reader.drawing.meeting(kind, sheet.h3, box),
        as_of=sheet.as_of,
    )


def _areas(reader: MapReader, span: Span | None, resolution: int) -> Features:
    last = reader.view.data_time
    end = None if span is None or span.end is None or span.end > last else span.end
    found = area_features(reader.engine, end, reader.public)
    gone = not reader.public and span is not None and span.start is not None and span.start > last
    reader.rests_on(found.versions, found.as_of)
    return found.none() if gone else found


def _places(reader: MapReader, span: Span | None, resolution: int) -> Features:
    places = reader.view.infectious_places()
    if span is not None:
        places = [p for p in places if span.meets(p.first_at, p.last_at)]
    return place_features(places, reader.view.as_of, to_rfc3339)


COLLECTIONS: tuple[Collection, ...] = (
    Collection("risk-hexes", frozenset(ROLES), _hexes, ("resolution",)),
    Collection("risk-areas", frozenset(ROLES), _areas, of_the_map=False),
    Collection("exposure-places", NAMES_PEOPLE_ON_MAPS, _places),
)


def collections_of(role: str) -> tuple[Collection, ...]:
    """Those a role may know of."""
    return tuple(c for c in COLLECTIONS if role in c.roles)


def collection_named(ident: str, role: str) -> Collection:
    """The collection of this id.

    Raises:
        ProblemError: 404, there is none, or not for this role.
    """
    for collection in collections_of(role):
        if collection.id == ident:
            return collection
    raise ProblemError("not_found", "no_collection")
