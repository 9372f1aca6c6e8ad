"""The hex map as files: pictures, GeoJSON, GeoParquet, GeoPackage, a moving picture of the last days."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.session import Session, write_out, writing
from engine.clock import in_viet_nam, to_rfc3339
from engine.errors import BadParameterError

if TYPE_CHECKING:
    from engine.geo.cells import Degrees
    from engine.geo.rings import Ring
    from engine.geo.units import Units
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


def draw_map(session: Session, engine: "Engine", columns: "HexColumns", path: Path) -> None:
    """The map as a picture, with the borders of :func:`borders`."""
    from engine.risk.draw import draw_hexes

    rings, remark = borders(session, engine.areas(), [columns])
    with writing(session, path):
        draw_hexes(columns, path, session.lang, rings, remark)


def draw_last_days(session: Session, engine: "Engine", columns: "HexColumns", days: int, path: Path) -> None:
    """The maps at the end of each of the ``days`` days up to that of ``columns``, as a moving picture."""
    from engine.risk.draw import draw_days

    last = in_viet_nam(columns.at - 1).date()
    maps = list(engine.hex_days(columns.resolution, last - timedelta(days=days - 1), last))
    rings, remark = borders(session, engine.areas(), maps)
    with writing(session, path):
        draw_days(maps, path, session.lang, rings, remark)


def borders(session: Session, units: "Units", maps: "Sequence[HexColumns]") -> "tuple[list[tuple[str, Ring]], str]":
    """Borders of the districts (else provinces) around the cells, and what is to be said of them.

    They are those of the areas that were loaded; without any, where the cells lie all over Ho Chi Minh City, the
    sample city's, which are none in truth.
    """
    import numpy as np

    from engine.geo.cells import centres

    lat, lng = centres(np.unique(np.concatenate([columns.h3 for columns in maps])))
    if len(lat) == 0:
        return [], ""
    day = in_viet_nam(max(columns.at for columns in maps)).date()
    south_west, north_east = (lng.min(), lat.min()), (lng.max(), lat.max())
    for tier in ("district", "province"):
        near = {
            code
            for code, ring in (units.outlines(tier, day) if len(units) else ())
            if (ring.max(0) >= south_west).all() and (ring.min(0) <= north_east).all()
        }
        if near:
            names = {code: units.unit(code, day).name(session.lang) for code in near}
            return [(names[code], ring) for code, ring in units.outlines(tier, day) if code in near], ""
    return ([], "") if len(units) else _sample_borders(session, lat, lng)


def _sample_borders(session: Session, lat: "Degrees", lng: "Degrees") -> "tuple[list[tuple[str, Ring]], str]":
    from engine.city.districts import DISTRICTS
    from engine.geo.areas import outlines, voronoi_areas

    inside = [d for d in DISTRICTS if lat.min() - 0.1 < d.lat < lat.max() + 0.1]
    inside = [d for d in inside if lng.min() - 0.1 < d.lng < lng.max() + 0.1]
    if len(inside) < len(DISTRICTS):
        return [], ""
    name = "vi" if session.lang == "vi" else "en"
    found = outlines(voronoi_areas([(d.code, getattr(d, name), d.lat, d.lng) for d in DISTRICTS], 0.05))
    return found, session.say("hexmap.sample_borders")
