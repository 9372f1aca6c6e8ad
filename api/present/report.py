"""A trace (forward or backward) in the format the reader asked for."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.types import Scope

from api.middleware import HEAD_ONLY
from api.negotiate import MEDIA
from api.pages import Page
from api.present.wire import state_headers
from engine.service.present.csv_text import csv_pieces
from engine.service.present.geojson import exposures_geojson
from engine.service.present.rows import report_pieces
from engine.service.present.workbook import exposures_xlsx
from engine.service.results import ExposureReport, ExposureRow, PlaceInfo
from engine.texts import Lang

FORMATS = ("json", "csv", "xlsx", "geojson")
LONG = 5_000
"""Rows above which a reply is sent while it is written."""
PlacesOf = Callable[[Sequence[str]], Mapping[str, PlaceInfo]]


def report_reply(
    scope: Scope,
    report: ExposureReport,
    page: Page[ExposureRow],
    form: str,
    lang: Lang,
    places_of: PlacesOf,
    link: Mapping[str, str],
) -> Response:
    """The page of the report as ``form``; ``link`` is the header of the next page, if there is one.

    Long ones as JSON and CSV are written while they are sent: the memory they take does not grow with them.
    """
    headers = state_headers(report.as_of) | {"Vary": "Accept, Accept-Language"} | dict(link)
    if form == "json":
        return _in_pieces(scope, len(page.rows), report_pieces(report, page.rows, page.next), headers, MEDIA["json"])
    if form == "geojson":
        keys = sorted({key for row in page.rows for key in row.places})
        body = exposures_geojson(report, page.rows, places_of(keys), page.next)
        return Response(body, headers=headers, media_type=MEDIA["geojson"])
    headers["Content-Disposition"] = _attachment(report, form)
    if form == "csv":
        return _in_pieces(
            scope, len(page.rows), csv_pieces(page.rows), headers, "text/csv; charset=utf-8; header=present"
        )
    return Response(exposures_xlsx(report, page.rows, lang), headers=headers, media_type=MEDIA["xlsx"])


def is_long(scope: Scope, rows: int) -> bool:
    """Whether so many rows are sent while they are written; a reader of HTTP/1.0 has to be told their length first."""
    return rows > LONG and scope.get("http_version") != "1.0"


def _in_pieces(scope: Scope, rows: int, pieces: Iterator[bytes], headers: dict[str, str], media: str) -> Response:
    if not is_long(scope, rows):
        return Response(b"".join(pieces), headers=headers, media_type=media)
    return StreamingResponse(iter(()) if HEAD_ONLY in scope else pieces, headers=headers, media_type=media)


def _attachment(report: ExposureReport, form: str) -> str:
    stem = "sources" if report.direction == "backward" else "exposures"
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", report.case)
    full = quote(f"{stem}-{report.case}.{form}", safe="")
    return f"attachment; filename=\"{stem}-{plain}.{form}\"; filename*=UTF-8''{full}"
