"""``/v1/risk/hexes``: the hex map, its days, and why a cell has its score."""

from datetime import date, datetime, timedelta, timezone
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.access import NAMES_PEOPLE_ON_MAPS, Engine, MapRole, allow
from api.describe import Responses, answers
from api.examples.replies import HEX_DAYS, HEX_WHY, HEXES
from api.maps import MapReader
from api.negotiate import chosen_format
from api.parameters import AsOf, At, Bbox, MapFormat, Resolution, Zoom, box_of
from api.present.hexes import FORMATS, days_body, hexes_body
from api.present.why import why_body
from api.problems import ProblemError
from engine.clock import DAY, VIET_NAM_S
from engine.service.tiles import resolution_at

router = APIRouter(prefix="/v1/risk", tags=["risk"], dependencies=[Depends(allow("hexes"))])
_PROBLEMS = ("bad_parameter", "unauthorized", "forbidden", "not_acceptable", "history_gone", "not_ready")
NOT_MODIFIED: Responses = {304: {"description": "the map that `If-None-Match` names is still the map"}}
USUAL_RESOLUTION = 9
MOST_DAYS = 62
_VIET_NAM = timezone(timedelta(seconds=VIET_NAM_S))


def resolution_of(resolution: int | None, zoom: float | None) -> int:
    """The resolution asked for, else the one for the zoom, else the usual one."""
    if resolution is not None:
        return resolution
    return USUAL_RESOLUTION if zoom is None else resolution_at(zoom)


@router.get(
    "/hexes",
    summary="The hex map",
    responses=answers(HEXES, *_PROBLEMS, formats=FORMATS) | NOT_MODIFIED,
)
def hexes(
    request: Request,
    engine: Engine,
    role: MapRole,
    resolution: Resolution = None,
    zoom: Zoom = None,
    bbox: Bbox = None,
    at: At = None,
    format: MapFormat = None,
    as_of: AsOf = None,
) -> Response:
    """Columns of one length, ordered by cell: score 0..100, band 0..3 (edges 50, 70, 90), 90 % interval, reliability.

    The roles `map` and `admin` get the newest release instead: score in steps of five and band of published units.
    """
    form, box, wanted = chosen_format(request, format, FORMATS), box_of(bbox), resolution_of(resolution, zoom)
    reader = MapReader(request, engine, role, as_of)
    asked = ("hexes", wanted, box, at, form)
    reader.shows(wanted, at)
    known = reader.unchanged(*asked)
    return known or reader.reply(hexes_body(reader.sheet(wanted, box, at), form), form, *asked)


@router.get("/hexes/days", summary="The hex map day by day", responses=answers(HEX_DAYS, *_PROBLEMS) | NOT_MODIFIED)
def hex_days(
    request: Request,
    engine: Engine,
    role: MapRole,
    first: Annotated[date, Query(alias="from", description="first day, in Viet Nam")],
    last: Annotated[date, Query(alias="to", description=f"last day, in Viet Nam; at most {MOST_DAYS} days")],
    resolution: Resolution = None,
    zoom: Zoom = None,
    bbox: Bbox = None,
) -> Response:
    """The maps at the end of each day as one document: cells once, and a column of scores a day."""
    box, wanted = box_of(bbox), resolution_of(resolution, zoom)
    days = [first + timedelta(days=n) for n in range(min((last - first).days, MOST_DAYS) + 1)]
    if not 0 < len(days) <= MOST_DAYS:
        raise ProblemError("bad_parameter", "bad_days", most=MOST_DAYS)
    reader = MapReader(request, engine, role)
    asked = ("days", wanted, box, first, last)
    known = reader.unchanged(*asked)
    if known is not None:
        return known
    sheets = reader.days(wanted, box, [_end_of(day) for day in days], first, last)
    return reader.reply(days_body(wanted, days, sheets), "json", *asked)


@router.get(
    "/hexes/{cell}",
    summary="Why a cell has its score",
    responses=answers(HEX_WHY, *_PROBLEMS, "not_found") | NOT_MODIFIED,
)
def hex_why(
    request: Request,
    engine: Engine,
    role: MapRole,
    cell: Annotated[str, Path(max_length=16, description="an H3 cell of resolution 7 to 10")],
    at: At = None,
    as_of: AsOf = None,
) -> Response:
    """What the score is made of, in hours and shares; for officers also who. Not told of released maps."""
    reader = MapReader(request, engine, role, as_of)
    if reader.public:
        raise ProblemError("forbidden")
    asked = ("why", cell.lower(), at)
    return reader.unchanged(*asked) or reader.reply(
        why_body(reader.why(cell, at, role in NAMES_PEOPLE_ON_MAPS)), "json", *asked
    )


def _end_of(day: date) -> int:
    """The last moment of a day in Viet Nam, UTC s."""
    return int(datetime(day.year, day.month, day.day, tzinfo=_VIET_NAM).timestamp()) + DAY
