"""``/v1/scenarios``: what would have happened under other rules; submitted, watched, fetched, cancelled."""

import asyncio
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Engine, allow
from api.describe import answers, text_answer
from api.examples.scenarios import JOB, LISTED, ONE, SCENARIO
from api.language import reader_lang
from api.negotiate import MEDIA, chosen_format
from api.pages import DEFAULT_LIMIT, MAX_LIMIT, page_of
from api.parameters import MAX_TEXT, Page
from api.port import EnginePort
from api.present.scenarios import FORMATS, job_row, rows_of, table_bytes
from api.present.wire import json_reply, state_headers
from api.problems import ProblemError
from engine.errors import BusyError, ScenarioError
from engine.service.scenario_job_files import Job

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"], dependencies=[Depends(allow("scenarios"))])
MOST_BYTES = 1_000_000
"""Of one scenario."""
_PROBLEMS = ("bad_parameter", "unauthorized", "forbidden", "not_ready")
_YAML = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string"}, "example": SCENARIO},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}
_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


async def _text(request: Request) -> str:
    """The scenario in the body.

    Raises:
        ProblemError: 408, 413, 415, or no UTF-8.
        ScenarioError: no JSON.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _YAML and media != "application/json":
        raise ProblemError("unsupported_media_type", "bad_scenario_body")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError("unsupported_encoding", offered="identity")
    body = b""
    patience_s = request.app.state.intake.limits.body_s
    try:
        async with asyncio.timeout(patience_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise ProblemError("body_too_large", limit=MOST_BYTES, headers={"Connection": "close"})
    except TimeoutError:
        raise ProblemError("too_slow", headers={"Connection": "close"}, seconds=patience_s) from None
    try:
        text = body.decode("utf-8-sig")
        return text if media in _YAML else _yaml_of(text)
    except UnicodeDecodeError:
        raise ProblemError("bad_parameter", "bad_scenario_body") from None
    except (ValueError, RecursionError) as error:
        raise ScenarioError(f"no JSON: {error}") from None


def _yaml_of(text: str) -> str:
    """JSON as YAML, with the same lines: it is YAML but for tabs between its words and pairs of surrogates.

    Raises:
        ValueError, RecursionError: no JSON.
    """
    data = json.loads(text)
    return json.dumps(data, ensure_ascii=False, indent=1) if "\\u" in text else text.replace("\t", " ")


Text = Annotated[str, Depends(_text)]
Role = Annotated[str, Depends(allow("run_scenarios"))]
Force = Annotated[bool, Query(description="run it again, on the data of now, even if the same scenario was run")]
Part = Annotated[
    str | None,
    Query(max_length=MAX_TEXT, description="a table: `totals`, `daily`, `weekly`, `r`, `differences`, `replicates`; "
          "of a study `study`, `study_cases`, `study_curve`, `study_gain`"),
]  # fmt: skip
PartFormat = Annotated[
    str | None, Query(description="`json`, `csv`, `arrow` or `parquet`; goes before the `Accept` header")
]
ReportLang = Annotated[Literal["vi", "en"] | None, Query(description="`vi` or `en`; default: as `Accept-Language`")]


@router.post(
    "",
    summary="Submit a scenario",
    status_code=202,
    openapi_extra=_BODY,
    responses=answers(ONE, *_PROBLEMS, "bad_scenario", "bad_input", "too_slow", "body_too_large",
                      "unsupported_media_type", "unsupported_encoding", "busy", "journal", "storage_full")
    | {202: {"description": "it waits or runs; `Location` tells where to look",
             "content": {"application/json": {"example": JOB}}}},
)  # fmt: skip
def submit(request: Request, engine: Engine, role: Role, text: Text, force: Force = False) -> Response:
    """A scenario over observed contacts, as YAML or JSON (docs/scenarios.md). The same one again is the same job."""
    try:
        job = engine.scenario_jobs.submit(text, role, force)
    except BusyError:
        raise ProblemError("busy", "busy_scenarios", headers={"Retry-After": "60"}) from None
    headers = {"Location": f"/v1/scenarios/{job.id}", "Cache-Control": "no-store"}
    return json_reply(job_row(job, reader_lang(request)) | {"as_of": engine.as_of}, headers, 200 if job.ended else 202)


@router.get("", summary="Scenarios submitted", responses=answers(LISTED, *_PROBLEMS))
def list_scenarios(request: Request, engine: Engine, page: Page) -> Response:
    """Every scenario that was submitted, the newest first."""
    shown = page_of(engine.scenario_jobs.all(), page.rows(), page.cursor, lambda job: job.id)
    body = {
        "scenarios": [job_row(job, reader_lang(request)) for job in shown.rows],
        "as_of": engine.as_of,
        "next": shown.next,
    }
    return json_reply(body, state_headers(engine.as_of))


@router.get(
    "/{scenario}/report",
    summary="The report of a scenario",
    response_class=Response,
    responses=text_answer("text/html", "<!doctype html> ...", *_PROBLEMS, "not_found"),
)
def report(request: Request, engine: Engine, scenario: str, lang: ReportLang = None) -> Response:
    """One HTML page with pictures, tables and parameters; it loads nothing from elsewhere."""
    found = lang or reader_lang(request)
    headers = {"Content-Security-Policy": _CSP, "Cache-Control": "no-store", "Content-Language": found}
    return Response(engine.scenario_jobs.report(scenario, found), 200, headers, "text/html; charset=utf-8")


@router.get(
    "/{scenario}",
    summary="Progress and result of a scenario",
    responses=answers(ONE, *_PROBLEMS, "not_found", "not_acceptable", formats=FORMATS),
)
def one(
    request: Request,
    engine: Engine,
    scenario: str,
    page: Page,
    part: Part = None,
    format: PartFormat = None,
) -> Response:
    """State and progress, and `result` (the totals of every run) when it is done; with `part`, one table of it."""
    if part is not None:
        return _part(request, engine, scenario, part, chosen_format(request, format, FORMATS), page)
    job = engine.scenario_jobs.get(scenario)
    body = job_row(job, reader_lang(request)) | {
        "as_of": engine.as_of,
        "result": None if job.state != "done" else _result(engine, job),
    }
    return json_reply(body, state_headers(engine.as_of))


@router.delete("/{scenario}", summary="Cancel or remove a scenario", responses=answers(JOB, *_PROBLEMS, "not_found"))
def cancel(request: Request, engine: Engine, role: Role, scenario: str) -> Response:
    """One that waits or runs is stopped; one that has ended is taken away, with its results."""
    job = engine.scenario_jobs.cancel(scenario, role)
    return json_reply(job_row(job, reader_lang(request)) | {"as_of": engine.as_of}, state_headers(engine.as_of))


def _result(engine: EnginePort, job: Job) -> dict[str, Any]:
    part = "study" if job.kind == "study" else "totals"
    return {"part": part, "rows": rows_of(engine.scenario_jobs.table(job.id, part))}


def _part(request: Request, engine: EnginePort, scenario: str, part: str, form: str, page: Any) -> Response:
    table = engine.scenario_jobs.table(scenario, part)
    if form != "json":
        headers = state_headers(engine.as_of)
        headers["Content-Disposition"] = f'attachment; filename="{part}.{form}"'
        return Response(table_bytes(table, form), 200, headers, MEDIA[form])
    shown = page_of(range(table.num_rows), min(page.rows(DEFAULT_LIMIT), MAX_LIMIT), page.cursor, int)
    rows = rows_of(table.take(list(shown.rows)))
    body = {"id": scenario, "part": part, "rows": rows, "as_of": engine.as_of, "next": shown.next}
    return json_reply(body, state_headers(engine.as_of))
