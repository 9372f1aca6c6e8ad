"""``/v1/cases``: F0s, whom they exposed, who may have infected them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access import Engine, allow
from api.describe import answers
from api.examples.replies import CASES, EXPOSURES, SOURCES
from api.language import reader_lang
from api.negotiate import chosen_format
from api.pages import DEFAULT_LIMIT, MAX_LIMIT, next_link, page_of
from api.parameters import (
    AsOf,
    Channels,
    Depth,
    MinProbability,
    Page,
    Paging,
    Policy,
    Since,
    TableFormat,
    Until,
    channels_of,
)
from api.past import view_of
from api.port import ViewPort
from api.present.report import FORMATS, is_long, report_reply
from api.present.rows import case_row
from api.present.wire import json_reply, state_headers
from api.replies import Keeping
from engine.service.results import ExposureReport

router = APIRouter(prefix="/v1/cases", tags=["cases"], dependencies=[Depends(allow("persons"))])
_PROBLEMS = ("bad_parameter", "unknown_policy", "unauthorized", "forbidden", "history_gone", "journal", "not_ready")


async def _narrowing(
    policy: Policy = None,
    until: Until = None,
    min_probability: MinProbability = 0.0,
    channels: Channels = None,
) -> dict[str, Any]:
    return {
        "policy": policy,
        "until": until,
        "min_probability": min_probability,
        "channels": channels_of(channels),
    }


Narrowing = Annotated[dict[str, Any], Depends(_narrowing)]


@router.get("", summary="All F0s", responses=answers(CASES, *_PROBLEMS))
def list_cases(
    request: Request, engine: Engine, page: Page, policy: Policy = None, until: Until = None, as_of: AsOf = None
) -> Response:
    """Every F0 with dates, window and number of F1, ordered by person; `/v1/cases/{person}` counts F2 too."""
    view = view_of(engine, as_of)
    keeping = Keeping(request, engine, view)
    shown = page_of(view.cases(policy, until), page.rows(), page.cursor, lambda case: case.person)
    keeping.made()
    body = {"cases": [case_row(case) for case in shown.rows], "as_of": keeping.as_of, "next": shown.next}
    return json_reply(body, state_headers(keeping.as_of))


@router.get(
    "/{person:id}/exposures",
    summary="Who was exposed by a case",
    responses=answers(EXPOSURES, *_PROBLEMS, "unknown_case", "not_acceptable", formats=FORMATS),
)
def exposures(
    request: Request,
    person: str,
    engine: Engine,
    page: Page,
    narrowing: Narrowing,
    depth: Depth = 2,
    format: TableFormat = None,
    as_of: AsOf = None,
) -> Response:
    """F1, F2, ... of a case, ranked by level, then probability. Also as CSV, Excel workbook and GeoJSON."""
    form = chosen_format(request, format, FORMATS)
    view = view_of(engine, as_of)
    keeping = Keeping(request, engine, view)
    return _reply(request, view, keeping, view.exposures(person, depth, **narrowing), form, page)


@router.get(
    "/{person:id}/sources",
    summary="Who may have infected a case",
    responses=answers(SOURCES, *_PROBLEMS, "unknown_case", "not_acceptable", formats=FORMATS),
)
def sources(
    request: Request,
    person: str,
    engine: Engine,
    page: Page,
    narrowing: Narrowing,
    depth: Depth = 1,
    since: Since = None,
    format: TableFormat = None,
    as_of: AsOf = None,
) -> Response:
    """Backward tracing: the same shape, `direction` says `backward`."""
    form = chosen_format(request, format, FORMATS)
    view = view_of(engine, as_of)
    keeping = Keeping(request, engine, view)
    return _reply(request, view, keeping, view.sources(person, depth, since=since, **narrowing), form, page)


@router.get("/{person:id}", summary="One F0", responses=answers(CASES, *_PROBLEMS, "unknown_case"))
def one_case(
    request: Request, engine: Engine, person: str, policy: Policy = None, until: Until = None, as_of: AsOf = None
) -> Response:
    """One F0, in the shape of the list, with how many F1 and F2 it has."""
    view = view_of(engine, as_of)
    keeping = Keeping(request, engine, view)
    row = case_row(view.case(person, policy, until))
    keeping.made()
    return json_reply({"cases": [row], "as_of": keeping.as_of, "next": None}, state_headers(keeping.as_of))


def _reply(
    request: Request, view: ViewPort, keeping: Keeping, report: ExposureReport, form: str, page: Paging
) -> Response:
    # A file is read by people who do not turn pages: unless asked otherwise it holds everything it may.
    limit = page.rows(DEFAULT_LIMIT if form == "json" else MAX_LIMIT)
    shown = page_of(report.rows, limit, page.cursor, lambda row: row.person)
    link = next_link(request, shown.next)
    # Files are made once, and some of them speak the reader's language.
    if form == "json" and not is_long(request.scope, len(shown.rows)):
        keeping.made(report.as_of)
    return report_reply(request.scope, report, shown, form, reader_lang(request), view.places, link)
