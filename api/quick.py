"""The shortest way to a kept reply: a request whose very bytes were answered before is answered out of memory, before
it is parsed and without a task of its own.

Everything that decides about an answer is asked each time: whether the engine is ready, whether the reply is still
that of the newest state or release, which tag the reader has. What the bytes say (the token's role, what is asked for,
which coding) was worked out when they came for the first time, by :mod:`api.kept`; tokens do not change while a server
runs. Counted and logged like any other request.
"""

import asyncio
import time
from typing import Any

from starlette.datastructures import State
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from api.kept import RAW
from api.replies import NOT_MODIFIED, Headers, Replies, bridges, still_good
from engine.errors import TruyvetError

LONGEST = 4_096
"""Bytes of a request that is known by heart."""
HEAD_S = 20.0
"""Time that a sender may take from the first byte of a request until the last of its headers, s."""
_END = b"\r\n\r\n"
_NEVER = float("-inf")


class Quick:
    """Answers requests by their bytes, for all connections of an application."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._headers: Headers = []
        self._lines = b""

    def answer(self, raw: bytes, headers: Headers) -> tuple[bytes, ...] | None:
        """The reply to a whole request, ``headers`` of the server before its own; None: it has to be read first."""
        replies: Replies = self._state.replies
        asked = replies.heard(raw)
        if asked is None:
            return None
        began = time.perf_counter()
        engine = self._state.engine
        if not engine.ready or replies.made_anew != engine.made_anew:
            return None
        found = replies.get(asked.key)
        if found is None:
            return None
        try:
            if not (still_good(found, engine) or (asked.key in replies.making and bridges(found))):
                return None
        except TruyvetError:
            return None  # whoever answers then says what is wrong
        status = found.status_for(asked.if_none_match)
        head = STATUS_LINE[status] + self._own(headers) + found.lines(status)
        seconds = time.perf_counter() - began
        engine.metrics.http(found.route, status, seconds)
        self._state.requests.tell(found.route, status, seconds)
        return (head,) if asked.head_only or status == NOT_MODIFIED or not found.body else (head, found.body)

    def _own(self, headers: Headers) -> bytes:
        if headers is not self._headers:  # another second: another Date
            self._headers = headers
            self._lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        return self._lines


class QuickProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with the short way before its parser. See :func:`quick_protocol`."""

    quick: Quick
    head_s = HEAD_S

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._between = True
        """Whether the next byte is the first of a request."""
        self._begun = 0
        """Requests that began in the bytes at hand."""
        self._answered = _NEVER
        """When a request was last answered the short way, by the loop's clock."""
        self._in_head = False
        """Whether a request has begun whose headers are not all here."""
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Somebody connects, and has as long for a first request as for a next one."""
        super().connection_made(transport)
        self._look_again(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._in_head = False
        self._watch_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Answer at once what is known by heart, while nothing else is under way; else parse it."""
        first = self._between
        whole = first and len(data) <= LONGEST and data.endswith(_END)
        idle = self.cycle is None or self.cycle.response_complete
        if whole and idle and not (self.flow.write_paused or self.transport.is_closing()):
            said = self.quick.answer(data, self.server_state.default_headers)
            if said is not None:
                self.transport.writelines(said)
                self.server_state.total_requests += 1
                self._stay()
                return
        self._begun = 0
        super().data_received(data)
        self._watch_head()
        if whole and self._between and self._begun == 1:
            self.scope[RAW] = data  # type: ignore[literal-required]  # a key of ours, which ASGI does not know

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._between = False
        self._in_head = True
        self._begun += 1

    def on_headers_complete(self) -> None:
        """All of its headers are here."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Its last byte is here."""
        super().on_message_complete()
        self._between = True

    def _watch_head(self) -> None:
        """Bytes that come one by one must not hold a connection for ever."""
        if self._in_head and self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_s, self._too_slow)
        elif not self._in_head and self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self._watch_head()  # the answer before it comes first

    def _stay(self) -> None:
        self._answered = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again(self.timeout_keep_alive)

    def _look_again(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, unless a request was answered the short way since the clock was set."""
        left = self._answered + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_again(left)
        else:
            super().timeout_keep_alive_handler()


def quick_protocol(state: State) -> type[QuickProtocol]:
    """The protocol of a server whose application has this ``state``."""
    return type("QuickProtocol", (QuickProtocol,), {"quick": Quick(state)})
