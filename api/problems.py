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
    "not_found": 404,
    "unknown_person": 404,
    "unknown_case": 404,
    "journal": 503,
    "storage_full": 507,
    "busy": 429,
    "history_gone": 410,
    # codes of the edge itself
    "unauthorized": 401,
    "forbidden": 403,
    "method_not_allowed": 405,
    "not_acceptable": 406,
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


def problem(
    code: str, lang: Lang, detail: str, headers: Mapping[str, str] | None = None, instance: str | None = None
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
    return Response(orjson.dumps(body), STATUS[code], {"Content-Language": lang, **(headers or {})}, MEDIA_TYPE)


def unexpected(error: BaseException, lang: Lang, where: str) -> Response:
    """The answer to an error nobody planned for: logged whole under a new id, told as that id alone."""
    ident = uuid.uuid4().hex
    log.error("error %s at %s", ident, where, exc_info=error)
    return problem("internal", lang, say("api.internal", lang, id=ident), instance=f"urn:truyvet:error:{ident}")


def route_name(request: Request) -> str:
    """The route as declared (``/v1/persons/{person}``): what may be logged, as paths hold people's ids."""
    path = getattr(request.scope.get("route"), "path", "unknown route")
    return f"{request.method} {path}"


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document."""
    app.add_exception_handler(ProblemError, _edge)
    app.add_exception_handler(TruyvetError, _engine)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


async def _edge(request: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    lang = reader_lang(request)
    return problem(error.code, lang, say(f"api.{error.text}", lang, **error.values), error.headers)


async def _engine(request: Request, error: Exception) -> Response:
    lang = reader_lang(request)
    code = getattr(error, "code", "error")
    if code not in STATUS or not isinstance(error, BadInputError | NotFoundError):
        if code == "journal":
            log.error("journal error at %s", route_name(request), exc_info=error)
            return problem("journal", lang, say("api.journal", lang), {"Retry-After": "30"})
        return unexpected(error, lang, route_name(request))
    return problem(code, lang, _detail(request, code, str(error), lang))


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
    told = [f"{name}: {say(f'param.{name}' if f'param.{name}' in TEXTS else 'param.other', lang)}" for name in names]
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
