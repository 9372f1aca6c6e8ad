"""``POST /v1/events/{kind}``: the way in."""

from collections.abc import Callable
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.access import Engine, allow, check_kind
from api.bodies import read_body
from api.describe import answers, events_body
from api.examples.events import EVENTS
from api.examples.replies import POSTED
from api.language import reader_lang
from api.port import EnginePort
from api.present.rows import reply_body
from api.problems import ProblemError
from api.replays import MAX_KEY
from engine.service.results import IngestReply

router = APIRouter(tags=["events"])
_PROBLEMS = (
    "bad_input", "unreadable_file", "bad_parameter", "unauthorized", "forbidden",
    "unknown_kind", "key_in_progress", "body_too_large", "unsupported_media_type", "unsupported_encoding",
    "key_reused", "journal", "not_ready",
)  # fmt: skip
Kind = Annotated[str, Path(json_schema_extra={"enum": list(EVENTS)}, description="kind of event")]
Key = Annotated[
    str | None,
    Header(
        max_length=MAX_KEY,
        alias="Idempotency-Key",
        description="any text of yours; sent again with the same body, the first reply comes again",
    ),
]


@router.post(
    "/v1/events/{kind:id}",
    summary="Post events",
    responses=answers(POSTED, *_PROBLEMS),
    openapi_extra=events_body(),
)
async def post_events(
    request: Request,
    kind: Kind,
    role: Annotated[str, Depends(allow("post_events"))],
    engine: Engine,
    idempotency_key: Key = None,
) -> Response:
    """Good rows are on disk when the reply comes; bad rows are refused one by one, each with a reason.

    The body is JSON `{"events": [...]}`, NDJSON (`application/x-ndjson`) or an Arrow IPC stream
    (`application/vnd.apache.arrow.stream`); `Content-Encoding: gzip` is understood.
    """
    check_kind(role, kind)
    media, ingest = _way_in(request, engine)
    body = await read_body(request, request.app.state.max_body)

    lang = reader_lang(request)

    def work() -> bytes:
        return orjson.dumps(reply_body(ingest(kind, body), lang))

    if not idempotency_key:  # an empty header is none
        return Response(await run_in_threadpool(work), media_type="application/json")
    key = (role, kind, media, idempotency_key)
    reply, again = await run_in_threadpool(request.app.state.replays.once, key, body, work)
    headers = {"Idempotency-Replayed": "true"} if again else {}
    return Response(reply, headers=headers, media_type="application/json")


def _way_in(request: Request, engine: EnginePort) -> tuple[str, Callable[[str, bytes], IngestReply]]:
    """The media type of the body, and the engine's method for it; JSON when the sender does not say."""
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    ways = {
        "application/json": engine.ingest_json,
        "application/x-ndjson": engine.ingest_ndjson,
        "application/vnd.apache.arrow.stream": engine.ingest_arrow,
    }
    if media not in ways:
        raise ProblemError("unsupported_media_type", offered=", ".join(ways))
    return media, ways[media]
