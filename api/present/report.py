"""A trace (forward or backward) in the format the reader asked for."""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from fastapi import Response

from api.negotiate import MEDIA
from api.pages import Page
from api.present.wire import state_headers
from engine.service.present.csv_text import exposures_csv
from engine.service.present.geojson import exposures_geojson
from engine.service.present.rows import report_json
from engine.service.present.workbook import exposures_xlsx
from engine.service.results import ExposureReport, ExposureRow, PlaceInfo
from engine.texts import Lang

FORMATS = ("json", "csv", "xlsx", "geojson")
PlacesOf = Callable[[Sequence[str]], Mapping[str, PlaceInfo]]


def report_reply(
    report: ExposureReport,
    page: Page[ExposureRow],
    form: str,
    lang: Lang,
    places_of: PlacesOf,
    link: Mapping[str, str],
) -> Response:
    """The page of the report as ``form``; ``link`` is the header of the next page, if there is one."""
    headers = state_headers(report.as_of) | {"Vary": "Accept, Accept-Language"} | dict(link)
    if form == "json":
        return Response(report_json(report, page.rows, page.next), headers=headers, media_type=MEDIA["json"])
    if form == "geojson":
        keys = sorted({key for row in page.rows for key in row.places})
        body = exposures_geojson(report, page.rows, places_of(keys), page.next)
        return Response(body, headers=headers, media_type=MEDIA["geojson"])
    headers["Content-Disposition"] = _attachment(report, form)
    if form == "csv":
        body = exposures_csv(page.rows)
        return Response(body, headers=headers, media_type="text/csv; charset=utf-8; header=present")
    return Response(exposures_xlsx(report, page.rows, lang), headers=headers, media_type=MEDIA["xlsx"])


def _attachment(report: ExposureReport, form: str) -> str:
    stem = "sources" if report.direction == "backward" else "exposures"
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", report.case)
    full = quote(f"{stem}-{report.case}.{form}", safe="")
    return f"attachment; filename=\"{stem}-{plain}.{form}\"; filename*=UTF-8''{full}"
