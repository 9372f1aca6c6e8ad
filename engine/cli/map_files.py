"""The hex map as files: pictures, GeoJSON, GeoParquet, GeoPackage, a moving picture of the last days."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.session import Session, write_out, writing
from engine.clock import in_viet_nam, to_rfc3339
from engine.errors import BadParameterError

if TYPE_CHECKING:
    from engine.risk.draw import Ring
    from engine.service.engine import Engine
    from engine.service.results import HexColumns

FIELDS = ("score", "band", "low", "high", "reliability", "infectious_h", "contact_h", "footfall_h", "persons")
"""Columns that go into files, each explained in the texts under ``hexfile.NAME``."""
MOST_DAYS = 60


def check_ending(session: Session, path: Path | None, ending: str, option: str) -> None:
    """Refuse a file whose name says it is something else.

    Raises:
        BadParameterError: another ending.
    """
    if path is not None and path.suffix.lower() != ending:
        raise BadParameterError(session.say("error.bad_ending", option=option, ending=ending, path=path))


def fields_of(columns: "HexColumns") -> dict[str, Any]:
    """The columns that go into files, by name."""
    return {name: getattr(columns, name) for name in FIELDS}


def write_files(
    session: Session, columns: "HexColumns", geojson: Path | None, geoparquet: Path | None, gpkg: Path | None
) -> None:
    """Write the map in the formats that were asked for.

    Raises:
        BadInputError: a file cannot be written.
    """
    fields = fields_of(columns)
    meanings = {name: session.say(f"hexfile.{name}") for name in FIELDS}
    about: dict[str, str | int] = {
        "title": session.say("hexmap.title"),
        "note": session.say("hexmap.note"),
        "at": to_rfc3339(columns.at),
        "resolution": columns.resolution,
        "as_of": columns.as_of,
    }
    if geojson is not None:
        from engine.geo.areas import hexes_geojson

        write_out(session, geojson, hexes_geojson(columns.h3, fields))
    if geoparquet is not None:
        from engine.geo.export import write_geoparquet

        with writing(session, geoparquet):
            write_geoparquet(geoparquet, columns.h3, fields, meanings, about)
    if gpkg is not None:
        from engine.geo.export import write_geopackage

        with writing(session, gpkg):
            write_geopackage(gpkg, columns.h3, fields, meanings, about, columns.at)


def draw_map(session: Session, columns: "HexColumns", path: Path) -> None:
    """The map as a picture, with the districts of the sample city where it lies there."""
    from engine.risk.draw import draw_hexes

    with writing(session, path):
        draw_hexes(columns, path, session.lang, _districts(session, [columns]))


def draw_last_days(session: Session, engine: "Engine", columns: "HexColumns", days: int, path: Path) -> None:
    """The maps at the end of each of the ``days`` days up to that of ``columns``, as a moving picture."""
    from engine.risk.draw import draw_days

    last = in_viet_nam(columns.at - 1).date()
    maps = list(engine.hex_days(columns.resolution, last - timedelta(days=days - 1), last))
    with writing(session, path):
        draw_days(maps, path, session.lang, _districts(session, maps))


def _districts(session: Session, maps: "Iterable[HexColumns]") -> "list[tuple[str, Ring]] | None":
    """Outlines of the sample city's districts, when all of the cells' surroundings are there."""
    import numpy as np

    from engine.city.districts import DISTRICTS
    from engine.geo.areas import outlines, voronoi_areas
    from engine.geo.cells import centres

    lat, lng = centres(np.unique(np.concatenate([columns.h3 for columns in maps])))
    inside = [d for d in DISTRICTS if len(lat) and lat.min() - 0.1 < d.lat < lat.max() + 0.1]
    inside = [d for d in inside if lng.min() - 0.1 < d.lng < lng.max() + 0.1]
    if len(inside) < len(DISTRICTS):
        return None
    name = "vi" if session.lang == "vi" else "en"
    return outlines(voronoi_areas([(d.code, getattr(d, name), d.lat, d.lng) for d in DISTRICTS], 0.05))
