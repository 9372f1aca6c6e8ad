"""``/v1/board``: everybody who has a level now, and ``/v1/stream``: each change of it as it happens."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from api.access import Engine, MapRole, allow, sees_analysis
from api.describe import answers, text_answer
from api.examples.replies import BOARD, STREAM
from api.middleware import HEAD_ONLY
from api.negotiate import MEDIA
from api.pages import page_of
from api.parameters import MAX_TEXT, Area, AsOf, Changed, Heartbeat, Levels, Page, levels_of
from api.past import changed_after, view_of
from api.port import HubPort
from api.present.rows import board_json
from api.present.wire import state_headers
from api.replies import Keeping
from api.streams import MEDIA_TYPE, LiveResponse, Streams

router = APIRouter(tags=["board"])
Persons = Depends(allow("persons"))
_PROBLEMS = ("bad_parameter", "unauthorized", "forbidden", "not_ready")


@router.get(
    "/v1/board",
    summary="Who has a level",
    dependencies=[Persons],
    responses=answers(BOARD, *_PROBLEMS, "history_gone", "journal"),
)
def board(
    request: Request,
    engine: Engine,
    page: Page,
    level: Levels = None,
    area: Area = None,
    since: Changed = None,
    as_of: AsOf = None,
) -> Response:
    """The level of everybody who has one over all F0s (0: is one), ordered by level, then person."""
    wanted = levels_of(level)
    after = None if since is None else changed_after(engine, since)
    view = view_of(engine, as_of)
    keeping = Keeping(request, engine, view)
    report = view.board(wanted, area, after)
    shown = page_of(report.rows, page.rows(), page.cursor, lambda row: row.person)
    body = board_json(shown.rows, report.as_of, shown.next)
    keeping.made(report.as_of)
    return Response(body, headers=state_headers(report.as_of), media_type=MEDIA["json"])


@router.get(
    "/v1/stream",
    summary="Changes as they happen",
    response_class=Response,
    responses=text_answer(MEDIA_TYPE, STREAM, *_PROBLEMS, "busy"),
)
async def stream(
    request: Request,
    engine: Engine,
    role: MapRole,
    last_event_id: Annotated[str | None, Header(max_length=MAX_TEXT)] = None,
    resume: Annotated[
        str | None,
        Query(alias="last_event_id", max_length=MAX_TEXT, description="as the header `Last-Event-ID`"),
    ] = None,
    heartbeat: Heartbeat = None,
) -> Response:
    """Server-sent events: `alert` for each change of the board, `map` for each new map, `heartbeat` in silence.

    Come back with `Last-Event-ID` and nothing is lost; after `missed`, fetch again what it names. Alerts are
    for officers; epidemiologists hear of maps, the roles `map` and `admin` of releases alone.
    """
    streams: Streams = request.app.state.streams
    seconds = heartbeat or request.app.state.intake.limits.heartbeat_s
    # An empty header is none: browsers send it so at first.
    return LiveResponse(
        streams, engine, hub_of(engine, role), last_event_id or resume or None, seconds, HEAD_ONLY in request.scope
    )


def hub_of(engine: Engine, role: str) -> HubPort:
    """The events that a role may hear."""
    if role == "officer":
        return engine.stream
    return engine.map_stream if sees_analysis(role) else engine.release_stream
