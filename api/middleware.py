"""What stands around every request: empty parameters dropped, unexpected errors caught, one line logged."""

import time

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.language import reader_lang
from api.problems import route_name, unexpected
from engine.service.request_log import GONE

HEAD_ONLY = "truyvet.head_only"
"""In the scope of a HEAD request: a stream has nothing to wait for."""


class EmptyParameters:
    """``?until=&depth=2`` is the same as ``?depth=2``: forms and templates send what they leave empty."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on without its empty parameters."""
        if scope["type"] == "http" and scope["query_string"]:
            kept = [p for p in scope["query_string"].split(b"&") if p.partition(b"=")[2]]
            scope = {**scope, "query_string": b"&".join(kept)}
        await self.app(scope, receive, send)


class Heads:
    """HEAD is GET without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HEAD on as GET, and hold the body back."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def headers_only(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET", HEAD_ONLY: True}, receive, headers_only)


class Guard:
    """Turns an unexpected error into a problem document with an id, and logs every request.

    The log has the route as declared, never the path: paths and queries hold people's ids.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, watching what comes back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        began = time.perf_counter()
        status = 0
        endless = False

        async def watched(message: Message) -> None:
            nonlocal status, endless
            if message["type"] == "http.response.start":
                status = message["status"]
                endless = any(value.startswith(b"text/event-stream") for _, value in message["headers"])
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            pass  # nobody is left to answer
        except Exception as error:
            response = unexpected(error, reader_lang(request), route_name(request))
            if status:
                # Half an answer is out: only the connection can be broken. The error itself is logged already, and the
                # server, which would tell it whole, need not know it.
                raise HalfAnsweredError from None
            await response(scope, receive, watched)
        finally:
            self._tell(request, status, time.perf_counter() - began, endless)

    def _tell(self, request: Request, status: int, seconds: float, endless: bool) -> None:
        route = route_name(request)
        request.app.state.engine.metrics.http(route, status or GONE, None if endless else seconds)
        request.app.state.requests.tell(route, status or GONE, seconds)


class HalfAnsweredError(Exception):
    """An answer broke off after it had begun."""
