"""``POST /v1/events/{kind}``: the way in."""

from collections.abc import Iterable
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Header, Path, Request, Response

from api.access import Engine, allow, check_kind
from api.decoding import encoding_of
from api.describe import answers, events_body
from api.examples.events import EVENTS
from api.examples.replies import POSTED
from api.incoming import Intake
from api.intake import Parcel, open_body, take_in
from api.language import reader_lang
from api.limits import Share
from api.present.rows import reply_body
from api.problems import ProblemError
from api.replays import MAX_KEY, Replays

router = APIRouter(tags=["events"])
_PROBLEMS = (
    "bad_input", "unreadable_file", "bad_parameter", "unauthorized", "forbidden", "unknown_kind", "too_slow",
    "key_in_progress", "body_too_large", "unsupported_media_type", "unsupported_encoding", "key_reused", "busy",
    "journal", "not_ready", "storage_full",
)  # fmt: skip
_FORMS = {
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/vnd.apache.arrow.stream": "arrow",
}
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
    (`application/vnd.apache.arrow.stream`); `Content-Encoding: gzip` and `zstd` are understood. NDJSON and Arrow over
    8 MiB are taken in as they arrive: a fault then tells in `accepted` what was taken in before it.
    """
    check_kind(role, kind)
    if kind not in EVENTS:
        raise ProblemError("unknown_kind", asked=kind, kinds=", ".join(EVENTS))
    parcel = Parcel(kind, _form_of(request), encoding_of(request.headers.get("content-encoding", "")))
    intake: Intake = request.app.state.intake
    replays: Replays = request.app.state.replays
    lang = reader_lang(request)

    def work(chunks: Iterable[bytes], share: Share) -> tuple[bytes, bool]:
        body = open_body(parcel, chunks, intake.limits, share, digested=bool(idempotency_key))

        def once() -> bytes:
            done = take_in(engine, parcel, body, intake.limits, share)
            return orjson.dumps(reply_body(done.reply(), lang, done.rejected_total))

        if not idempotency_key:  # an empty header is none
            return once(), False
        return replays.once((role, kind, parcel.form, idempotency_key), body.digest, once)

    reply, again = await intake.run(request, parcel.form == "json", work)
    headers = {"Idempotency-Replayed": "true"} if again else {}
    return Response(reply, headers=headers, media_type="application/json")


def _form_of(request: Request) -> str:
    """json, ndjson or arrow, by the media type; JSON when the sender does not say."""
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media not in _FORMS:
        raise ProblemError("unsupported_media_type", offered=", ".join(_FORMS))
    return _FORMS[media]
