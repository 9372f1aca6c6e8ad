"""Command of the risk map."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from engine.cli.help import help_of
from engine.cli.session import DataOption, FromOption, LimitOption, Session, moment, open_engine, write_out
from engine.cli.trace_commands import time_of

if TYPE_CHECKING:
    from engine.service.results import HexColumns


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    app.command("risk", help=help_of("risk"))(risk)


def risk(
    context: typer.Context,
    resolution: Annotated[int, typer.Option("--resolution", help=help_of("resolution"), min=7, max=10)] = 9,
    at: Annotated[str | None, typer.Option("--at", help=help_of("at"), show_default=False)] = None,
    png: Annotated[Path | None, typer.Option("--png", help=help_of("png"), show_default=False)] = None,
    svg: Annotated[Path | None, typer.Option("--svg", help=help_of("svg"), show_default=False)] = None,
    geojson: Annotated[Path | None, typer.Option("--geojson", help=help_of("geojson"), show_default=False)] = None,
    limit: LimitOption = 15,
    data: DataOption = None,
    folder: FromOption = None,
) -> None:
    """Hex scores."""
    session: Session = context.obj
    engine = open_engine(session, data, folder)
    columns = engine.hexes(resolution, at=time_of(at))
    tables(session, columns, limit)
    for path in filter(None, (png, svg)):
        draw_map(session, columns, path)
    if geojson is not None:
        from engine.geo.areas import hexes_geojson

        fields = {n: getattr(columns, n) for n in ("score", "band", "low", "high", "infectious_h")}
        write_out(session, geojson, hexes_geojson(columns.h3, fields))


def tables(session: Session, columns: "HexColumns", limit: int) -> None:
    """How many cells in each band, and the highest cells."""
    bands = Table(title=session.say("title.risk", resolution=columns.resolution, at=moment(columns.at)))
    bands.add_column(session.say("col.band"))
    bands.add_column(session.say("col.cells"), justify="right")
    for band in (3, 2, 1, 0):
        bands.add_row(session.say(f"band.{band}"), f"{int((columns.band == band).sum()):,}")
    session.out.print(bands)
    top = Table()
    for name in ("cell", "score", "interval", "band", "infectious_h"):
        top.add_column(session.say(f"col.{name}"), justify="left" if name in ("cell", "band") else "right")
    order = sorted(range(len(columns.h3)), key=lambda i: (-columns.score[i], columns.h3[i]))
    for i in order if limit == 0 else order[:limit]:
        interval = f"{columns.low[i]:.0f} - {columns.high[i]:.0f}"
        level = session.say(f"band.{columns.band[i]}")
        top.add_row(f"{columns.h3[i]:x}", f"{columns.score[i]:.1f}", interval, level, f"{columns.infectious_h[i]:.2f}")
    session.out.print(top)


def draw_map(session: Session, columns: "HexColumns", path: Path) -> None:
    """The map as a picture, with the districts of the sample city where it lies there."""
    from engine.city.districts import DISTRICTS
    from engine.geo.areas import outlines, voronoi_areas
    from engine.geo.cells import centres
    from engine.risk.draw import draw_hexes

    lat, lng = centres(columns.h3)
    inside = [d for d in DISTRICTS if len(lat) and lat.min() - 0.1 < d.lat < lat.max() + 0.1]
    inside = [d for d in inside if lng.min() - 0.1 < d.lng < lng.max() + 0.1]
    lines = None
    if len(inside) == len(DISTRICTS):
        name = "vi" if session.lang == "vi" else "en"
        lines = outlines(voronoi_areas([(d.code, getattr(d, name), d.lat, d.lng) for d in DISTRICTS], 0.05))
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_hexes(columns, path, session.lang, lines)
    session.note("note.wrote", path=path)
