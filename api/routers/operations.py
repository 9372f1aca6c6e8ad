"""Routes that need no token: is it alive, is it ready, what is it."""

from fastapi import APIRouter, Request, Response

from api.access import CountsCases, Engine
from api.describe import answers, text_answer
from api.docs_page import docs_html
from api.examples.replies import HEALTH, METRICS, READY, ROOT
from api.language import reader_lang
from api.present.wire import json_reply
from api.problems import not_ready
from engine.service.metrics import CONTENT_TYPE

METRICS_TYPE = CONTENT_TYPE.partition(";")[0]

router = APIRouter(tags=["operations"])


@router.get("/", summary="Where to look", responses=answers(ROOT))
async def root() -> Response:
    """A pointer at the documentation."""
    return json_reply(ROOT)


@router.get("/healthz", summary="Is the process alive", responses=answers(HEALTH))
async def healthz() -> Response:
    """200 as long as the process can answer at all."""
    return json_reply(HEALTH, {"Cache-Control": "no-store"})


@router.get("/readyz", summary="Is the state whole", responses=answers(READY, "not_ready"))
async def readyz(engine: Engine) -> Response:
    """200 when the journal is replayed and questions can be asked, else 503 with the `share` of it that is done."""
    if not engine.ready:
        raise not_ready(engine.share)
    return json_reply({"ready": True, "as_of": engine.as_of}, {"Cache-Control": "no-store"})


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses=text_answer(METRICS_TYPE, METRICS),
)
async def metrics(engine: Engine, cases: CountsCases) -> Response:
    """Rates, latencies, depths; no personal data. Answers at once, also while the journal is replayed.

    People on the board, and accepted events about cases, are counted for callers on the same machine, and for the
    tokens of `officer` and `admin`.
    """
    return Response(engine.metrics.text(cases), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The documentation as one page that loads nothing from elsewhere."""
    lang = reader_lang(request)
    page = docs_html(request.app.openapi(), str(request.base_url).rstrip("/"), lang)
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "Vary": "Accept-Language",
    }
    return Response(page, headers=headers, media_type="text/html; charset=utf-8")
