"""Command of the risk map."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.help import help_of
from engine.cli.map_files import MOST_DAYS, check_ending, draw_last_days, draw_map, write_files
from engine.cli.questions import (
    DatabaseOption,
    DataOption,
    FromOption,
    LimitOption,
    PngOption,
    SvgOption,
    pictures_of,
    time_of,
)
from engine.cli.session import Session, moment, open_engine
from engine.cli.tables import count, grid, show
from engine.cli.usage import declare

if TYPE_CHECKING:
    from engine.service.results import HexColumns


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    declare(app, "risk", risk)


def risk(
    context: typer.Context,
    resolution: Annotated[int, typer.Option("--resolution", help=help_of("resolution"), min=7, max=10)] = 9,
    at: Annotated[str | None, typer.Option("--at", help=help_of("at"), show_default=False)] = None,
    png: PngOption = None,
    svg: SvgOption = None,
    geojson: Annotated[Path | None, typer.Option("--geojson", help=help_of("geojson"), show_default=False)] = None,
    geoparquet: Annotated[Path | None, typer.Option("--geoparquet", help=help_of("geoparquet"))] = None,
    gpkg: Annotated[Path | None, typer.Option("--gpkg", help=help_of("gpkg"))] = None,
    gif: Annotated[Path | None, typer.Option("--gif", help=help_of("gif"))] = None,
    days: Annotated[int, typer.Option("--days", help=help_of("gif.days"), min=1, max=MOST_DAYS)] = 14,
    limit: LimitOption = 15,
    data: DataOption = None,
    folder: FromOption = None,
    database: DatabaseOption = None,
) -> None:
    """Hex scores."""
    session: Session = context.obj
    pictures, when = pictures_of(session, png, svg), time_of(session, at, "--at")
    for path, ending, option in (
        (geoparquet, ".parquet", "--geoparquet"),
        (gpkg, ".gpkg", "--gpkg"),
        (gif, ".gif", "--gif"),
    ):
        check_ending(session, path, ending, option)
    engine = open_engine(session, data, folder, database)
    columns = engine.hexes(resolution, at=when)
    # Files first: a reader of the table who leaves early (`| head`) must not cost a file that was asked for.
    for path in pictures:
        draw_map(session, engine, columns, path)
    write_files(session, columns, geojson, geoparquet, gpkg)
    if gif is not None:
        draw_last_days(session, engine, columns, days, gif)
    tables(session, columns, limit)


def tables(session: Session, columns: "HexColumns", limit: int) -> None:
    """How many cells in each band, and the highest cells."""
    import numpy as np

    title = session.say("title.risk", resolution=columns.resolution, at=moment(columns.at))
    bands = grid(session, ("band", "cells"), title)
    for band in (3, 2, 1, 0):
        bands.add_row(session.say(f"band.{band}"), count(int((columns.band == band).sum())))
    session.out.print(bands)
    top = grid(session, ("cell", "score", "interval", "band", "infectious_h"), session.say("title.cells"))
    order = np.lexsort((columns.h3, -columns.score))
    order = order[columns.score[order] > 0]
    shown = order if limit == 0 else order[:limit]
    for i in shown.tolist():
        top.add_row(
            f"{int(columns.h3[i]):x}",
            f"{columns.score[i]:.1f}",
            f"{columns.low[i]:.0f} - {columns.high[i]:.0f}",
            session.say(f"band.{int(columns.band[i])}") + ("" if columns.reliability[i] else " ?"),
            f"{columns.infectious_h[i]:.2f}",
        )
    show(session, top, len(shown), len(order), "note.no_cells")
    unsure = int((columns.reliability == 0).sum())
    if unsure:
        told = session.say("note.unsure_cells", count=count(unsure), total=count(len(columns.h3)))
        session.out.print(told, style="dim", soft_wrap=True)
    session.out.print(session.say("hexmap.note"), style="dim")
