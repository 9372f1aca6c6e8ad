"""Errors at the edge: one table from code to HTTP status, RFC 9457 documents in the reader's language.

What a client reads comes from ``engine.texts``. The message of an expected error about the client's own input
is passed on (it says what to change); any other error gives an id, which is logged with the error, and
nothing else.
"""

import logging
import uuid
from collections.abc import Mapping

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.examples.events import EVENTS
from api.language import reader_lang
from engine.errors import BadInputError, NotFoundError, TruyvetError
from engine.texts import TEXTS, Lang, say

MEDIA_TYPE = "application/problem+json"
STATUS: dict[str, int] = {
    # codes of engine.errors
    "bad_input": 400,
    "unknown_kind": 404,
    "unreadable_file": 400,
    "bad_parameter": 400,
    "unknown_policy": 400,
    "bad_scenario": 400,
    "bad_run_folder": 400,
    "not_found": 404,
    "unknown_person": 404,
    "unknown_case": 404,
    "unknown_area": 404,
    "journal": 503,
    "storage_full": 507,
    "busy": 429,
    "history_gone": 410,
    # codes of the edge itself
    "unauthorized": 401,
    "forbidden": 403,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "too_slow": 408,
    "key_in_progress": 409,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "unsupported_encoding": 415,
    "key_reused": 422,
    "internal": 500,
    "not_ready": 503,
}
"""Every code a client can meet, and its HTTP status."""
_CODE_OF_STATUS = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_AGAIN: dict[str, tuple[str, str]] = {
    "journal": ("api.journal", "30"),
    "storage_full": ("api.storage_full", "60"),
    "busy": ("api.busy", "1"),
    "not_ready": ("api.not_ready", "5"),
}
"""Engine errors that pass with time: code -> what the client reads, and when to send again, s."""
log = logging.getLogger("truyvet.api")


class ProblemError(Exception):
    """A refusal decided at the edge: ``code`` of ``STATUS``, and the text ``api.<text>`` with its values."""

    def __init__(
        self, code: str, text: str | None = None, headers: Mapping[str, str] | None = None, **values: object
    ) -> None:
        super().__init__(code)
        self.code = code
        self.text = text or code
        self.headers = dict(headers or {})
        self.values = values
        self.members: Mapping[str, object] = {}
        """Members of the document beside the usual ones."""


class PartialError(Exception):
    """A body was taken in up to ``cause``; ``members`` tell of the rows before it."""

    def __init__(self, cause: BaseException, members: Mapping[str, object]) -> None:
        super().__init__("a body was taken in only in part")
        self.cause = cause
        self.members = members


def not_ready(share: float) -> ProblemError:
    """503 while the journal is replayed; ``share`` of it, 0 to 1, is done."""
    error = ProblemError("not_ready", headers={"Retry-After": "5"})
    error.members = {"share": round(share, 4)}
    return error


def problem(
    code: str,
    lang: Lang,
    detail: str,
    headers: Mapping[str, str] | None = None,
    instance: str | None = None,
    members: Mapping[str, object] | None = None,
) -> Response:
    """The problem document of ``code`` as a response."""
    body: dict[str, object] = {
        "type": f"urn:truyvet:problem:{code}",
        "title": say(f"error.{code}", lang),
        "status": STATUS[code],
        "code": code,
        "detail": detail,
    }
    if instance is not None:
        body["instance"] = instance
    body |= members or {}
    return Response(orjson.dumps(body), STATUS[code], {"Content-Language": lang, **(headers or {})}, MEDIA_TYPE)


def unexpected(error: BaseException, lang: Lang, where: str, members: Mapping[str, object] | None = None) -> Response:
    """The answer to an error nobody planned for: its place is logged under a new id; the client gets that id alone."""
    ident = uuid.uuid4().hex
    log.error("error %s at %s", ident, where, exc_info=error, extra={"fields": {"id": ident, "route": where}})
    detail = say("api.internal", lang, id=ident)
    return problem("internal", lang, detail, instance=f"urn:truyvet:error:{ident}", members=members)


def route_name(request: Request) -> str:
    """The route as declared (``/v1/persons/{person}``): what may be logged, as paths hold people's ids."""
    path = getattr(request.scope.get("route"), "path", "unknown route")
    # A method can be any text too.
    method = request.method if request.method in _METHODS else "OTHER"
    return f"{method} {path.replace(':id}', '}')}"


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document."""
    for kind in (ProblemError, PartialError, TruyvetError):
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


async def _answer(request: Request, error: Exception) -> Response:
    if isinstance(error, PartialError):
        return answer_to(request, error.cause, error.members)
    return answer_to(request, error)


def answer_to(request: Request, error: BaseException, members: Mapping[str, object] | None = None) -> Response:
    """The problem document of any error; ``members`` are added to it."""
    lang = reader_lang(request)
    if isinstance(error, ProblemError):
        detail = say(f"api.{error.text}", lang, **error.values)
        return problem(error.code, lang, detail, error.headers, members={**error.members, **(members or {})})
    code = getattr(error, "code", "error")
    if not isinstance(error, TruyvetError):
        return unexpected(error, lang, route_name(request), members)
    if code in _AGAIN:
        if code in ("journal", "storage_full"):
            where = route_name(request)
            log.error("%s error at %s", code, where, exc_info=error, extra={"fields": {"code": code, "route": where}})
        text, seconds = _AGAIN[code]
        return problem(code, lang, say(text, lang), {"Retry-After": seconds}, members=members)
    if code not in STATUS or not isinstance(error, BadInputError | NotFoundError):
        return unexpected(error, lang, route_name(request), members)
    return problem(code, lang, _detail(request, code, str(error), lang), members=members)


def _detail(request: Request, code: str, message: str, lang: Lang) -> str:
    """What to do about it: our own sentence where we know what was asked for, else the engine's message."""
    asked = {
        "unknown_case": request.query_params.get("case") or request.path_params.get("person"),
        "unknown_person": request.path_params.get("person"),
        "unknown_policy": request.query_params.get("policy"),
        "unknown_kind": request.path_params.get("kind"),
    }.get(code)
    if asked is not None:
        return say(f"api.{code}", lang, asked=asked, kinds=", ".join(EVENTS))
    if lang == "en":
        return message
    return f"{say(f'error.{code}', lang)} ({message})"


async def _validation(request: Request, error: Exception) -> Response:
    """FastAPI's complaints, told by parameter name and what is allowed; never the value that was sent."""
    if not isinstance(error, RequestValidationError):
        raise error
    lang = reader_lang(request)
    names = dict.fromkeys(str(e["loc"][-1]) if e.get("loc") else "?" for e in error.errors())
    by_day = request.url.path.endswith("/days")  # there `from` and `to` are days, elsewhere moments
    keys = {name: "param.day" if by_day and name in ("from", "to") else f"param.{name}" for name in names}
    told = [f"{name}: {say(key if key in TEXTS else 'param.other', lang)}" for name, key in keys.items()]
    return problem("bad_parameter", lang, "; ".join(told))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    lang = reader_lang(request)
    code = _CODE_OF_STATUS.get(error.status_code)
    if code is None:
        return unexpected(error, lang, route_name(request))
    text = "api.no_route" if code == "not_found" else f"api.{code}"
    return problem(code, lang, say(text, lang), error.headers)
