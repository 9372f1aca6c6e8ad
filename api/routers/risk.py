"""``/v1/risk/hexes``: the hex map."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from api.access import Engine, allow
from api.describe import Responses, answers
from api.examples.replies import HEXES
from api.negotiate import chosen_format
from api.parameters import AsOf, At, Bbox, MapFormat, Resolution, box_of
from api.past import view_of
from api.present.hexes import FORMATS, etag_of, hexes_reply, map_headers, same_etag

router = APIRouter(prefix="/v1/risk", tags=["risk"], dependencies=[Depends(allow("hexes"))])
_PROBLEMS = ("bad_parameter", "unauthorized", "forbidden", "not_acceptable", "history_gone", "not_ready")
_NOT_MODIFIED: Responses = {304: {"description": "the map that `If-None-Match` names is still the map"}}


@router.get(
    "/hexes",
    summary="The hex map",
    responses=answers(HEXES, *_PROBLEMS, formats=FORMATS) | _NOT_MODIFIED,
)
def hexes(
    request: Request,
    engine: Engine,
    resolution: Resolution = 9,
    bbox: Bbox = None,
    at: At = None,
    format: MapFormat = None,
    as_of: AsOf = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Columns of one length, ordered by cell: score 0..100, band 0..3 (edges 50, 70, 90), 90 % interval."""
    form, box = chosen_format(request, format, FORMATS), box_of(bbox)
    view = view_of(engine, as_of)
    # Read before the map is made: a map newer than its tag is asked for again, never the other way round.
    known, moment = view.as_of, at if at is not None else view.data_time
    etag = etag_of(request.app.state.run, known, moment, resolution, box, form)
    if same_etag(if_none_match, etag):
        return Response(status_code=304, headers=map_headers(etag, known))
    return hexes_reply(view.hexes(resolution, box, at), form, etag)
