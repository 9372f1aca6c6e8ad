"""``/v1/risk/areas``: official levels of communes, districts and provinces."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response

from api.access import Engine, MapRole, sees_analysis
from api.describe import Responses, answers
from api.examples.replies import AREAS
from api.language import reader_lang
from api.negotiate import chosen_format
from api.parameters import At, Page
from api.present.areas import FORMATS, areas_csv, areas_headers, areas_json, etag_of
from api.present.hexes import same_etag
from api.problems import ProblemError

router = APIRouter(prefix="/v1/risk", tags=["risk"])
_PROBLEMS = ("bad_parameter", "unauthorized", "forbidden", "not_acceptable", "not_ready")
_NOT_MODIFIED: Responses = {304: {"description": "the levels that `If-None-Match` names are still the levels"}}
Tier = Annotated[Literal["province", "district", "commune"], Query(description="which units")]
Rules = Annotated[
    Literal["2686", "4800", "218", "who"] | None,
    Query(description="which rules; default: the Vietnamese ones in force on that day"),
]
LevelsFormat = Annotated[str | None, Query(description="`json` or `csv`; goes before the `Accept` header")]


@router.get(
    "/areas",
    summary="Official levels of areas",
    responses=answers(AREAS, *_PROBLEMS, formats=FORMATS) | _NOT_MODIFIED,
)
def areas(
    request: Request,
    engine: Engine,
    role: MapRole,
    page: Page,
    tier: Tier = "province",
    rules: Rules = None,
    at: At = None,
    format: LevelsFormat = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The level of every unit by the rules, with the conditions met, not met and undecided; never smoothed.

    `level` is null where it cannot be decided: it lies between `at_least` and `at_most`. The roles `map` and `admin`
    get the level as it was assessed after the last publishing time, and in place of all conditions `because`, the texts
    of those that make it; `at` is not theirs.
    """
    form, lang, public = chosen_format(request, format, FORMATS), reader_lang(request), not sees_analysis(role)
    if at is not None and public:
        raise ProblemError("forbidden", "forbidden_moment")
    report = engine.published_levels(tier, rules) if public else engine.area_levels(tier, rules, at)
    etag = etag_of(request.app.state.run, report.version, form, lang, public, page.limit, page.cursor)
    headers = areas_headers(report, public, etag)
    if same_etag(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    if form == "csv":
        return areas_csv(report, lang, public, headers)
    return areas_json(report, lang, public, page.rows(), page.cursor, headers)
