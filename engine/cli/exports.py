"""Answers as files: which format is meant, and the same bytes as the API gives."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.help import help_of
from engine.cli.session import Session
from engine.errors import BadParameterError

if TYPE_CHECKING:
    from engine.service.engine import Engine
    from engine.service.results import ExposureReport

FORMATS = ("table", "json", "csv", "xlsx", "geojson")
_OF_SUFFIX = {".txt": "table", **{f".{form}": form for form in FORMATS[1:]}}

FormatOption = Annotated[str | None, typer.Option("--format", help=help_of("format"), show_default="table")]
OutOption = Annotated[Path | None, typer.Option("--out", help=help_of("out"), show_default=False)]


def format_of(session: Session, form: str | None, out: Path | None) -> str:
    """The format asked for; without one, what the ending of ``out`` says, else a table.

    Raises:
        BadParameterError: no such format, an ending that says nothing, or a workbook without a file.
    """
    names = ", ".join(FORMATS)
    if form is None:
        if out is None:
            return "table"
        if out.suffix.lower() not in _OF_SUFFIX:
            raise BadParameterError(session.say("error.which_format", path=out, names=names))
        return _OF_SUFFIX[out.suffix.lower()]
    if form not in FORMATS:
        raise BadParameterError(session.say("error.bad_format", format=form, names=names))
    if form == "xlsx" and out is None:
        raise BadParameterError(session.say("error.needs_out", format=form))
    return form


def body_of(session: Session, engine: "Engine", report: "ExposureReport", form: str) -> bytes:
    """The report in ``form`` (not a table)."""
    from engine.service.present.csv_text import exposures_csv
    from engine.service.present.geojson import exposures_geojson
    from engine.service.present.rows import report_json
    from engine.service.present.workbook import exposures_xlsx

    if form == "json":
        return report_json(report)
    if form == "csv":
        return exposures_csv(report.rows)
    if form == "xlsx":
        return exposures_xlsx(report, report.rows, session.lang)
    keys = sorted({key for row in report.rows for key in row.places})
    return exposures_geojson(report, report.rows, engine.places(keys))
