"""Answers from memory ahead of every route: what has not changed is sent again, packed as it was."""

import asyncio
import time
from collections.abc import Callable, MutableMapping
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.packing import coding_of
from api.port import EnginePort
from api.problems import route_name
from api.replies import HOLDER, Asked, Keep, Replies, Reply, Stamp, bridges, stamp_of, still_good
from engine.errors import TruyvetError
from engine.service.access import role_of

RAW = "truyvet.raw"
"""In the scope of a request that came as a whole: its very bytes."""
MOST_ASKED = 1_024
"""Bytes of a question whose reply is kept: questions take room as well."""
LOOKING = 4
"""Threads that look whether a release is still the newest: not those that answer."""
_PATHS = ("/v1/risk/", "/v1/ogc/", "/v1/cases", "/v1/board", "/v1/persons/", "/v1/clusters")
_OK, _EMPTY = 200, 204
_KNOWN = frozenset({b"authorization", b"accept-encoding", b"accept", b"host", b"if-none-match"})
_OTHERWISE = frozenset(
    {b"connection", b"upgrade", b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"}
)
"""Headers by which two requests of the same bytes may want different things, or another end of the connection."""


class Kept:
    """Answers from what is kept before a route is looked for; else passes on, and keeps what may be."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._looking = CapacityLimiter(LOOKING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory where that is right."""
        head_only = scope["type"] == "http" and scope["method"] == "HEAD"
        if scope["type"] != "http" or not (head_only or scope["method"] == "GET"):
            await self.app(scope, receive, send)
            return
        if not scope["path"].startswith(_PATHS):
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        state = scope["app"].state
        asked = _asked(scope, state.tokens, head_only)
        if asked is None or not state.engine.ready:
            await self.app(scope, receive, send)
            return
        replies: Replies = state.replies
        replies.of(state.engine.made_anew)
        found = replies.get(asked.key)
        making = replies.making.get(asked.key)
        bridged = making is not None and found is not None and bridges(found)
        if making is not None and not bridged:
            await making.wait()  # many ask for a new map at once: it is made and packed for the first of them
            found = replies.get(asked.key)
        if found is None or not (bridged or await self._good(found, state.engine, asked.role)):
            await self._made(asked, replies, scope, receive, send)
            return
        raw = scope.get(RAW)
        if raw is not None and _plain(scope):
            replies.learn(raw, asked)
        status = found.status_for(asked.if_none_match)
        await send({"type": "http.response.start", "status": status, "headers": found.head(status)})
        await send(
            {"type": "http.response.body", "body": found.body if status == found.status and not head_only else b""}
        )
        seconds = time.perf_counter() - began
        state.engine.metrics.http(found.route, status, seconds)
        state.requests.tell(found.route, status, seconds)

    async def _good(self, found: Reply, engine: EnginePort, role: str) -> bool:
        good = still_good(found, engine)
        if good is not None:
            return good
        try:
            # The database may be asked for the newest release, and may be away.
            stamp = await to_thread.run_sync(stamp_of, engine, engine, role, limiter=self._looking)
        except TruyvetError:
            return False  # the route says what is wrong
        return found.stamp == stamp

    async def _made(self, asked: Asked, replies: Replies, scope: Scope, receive: Receive, send: Send) -> None:
        if asked.head_only:
            await self.app(scope, receive, send)
            return
        mine = replies.making.setdefault(asked.key, asyncio.Event())

        def done(reply: Reply | None = None) -> None:
            # Before the reply is sent: whoever waits for the same does not wait for a slow reader's connection.
            if reply is not None:
                replies.put(asked.key, reply)
            mine.set()
            if replies.making.get(asked.key) is mine:
                del replies.making[asked.key]

        try:
            await self._make(scope, receive, send, done)
        finally:
            done()

    async def _make(self, scope: Scope, receive: Receive, send: Send, done: Callable[[Reply | None], None]) -> None:
        keep = Keep()
        # Starlette notes the route in the scope it is given: one mapping for the whole way.
        made: MutableMapping[str, Any] = scope
        made[HOLDER] = keep
        head: Message = {}
        in_pieces = False

        async def watched(message: Message) -> None:
            nonlocal head, in_pieces
            if message["type"] == "http.response.start":
                head = message
                if keep.stamp is None or message["status"] not in (_OK, _EMPTY):
                    keep.stamp = None
                    done(None)
            else:
                in_pieces = in_pieces or bool(message.get("more_body"))
                if not in_pieces and keep.stamp is not None:
                    done(_reply(keep, keep.stamp, head, message.get("body", b""), route_name(Request(scope))))
            await send(message)

        await self.app(scope, receive, watched)


def _reply(keep: Keep, stamp: Stamp, head: Message, body: bytes, route: str) -> Reply:
    changing = keep.until is not None
    headers = [(n, v) for n, v in head["headers"] if not (changing and n.lower() == b"cache-control")]
    etag = next((v.decode("latin-1") for n, v in headers if n.lower() == b"etag"), "")
    return Reply(stamp, keep.until, head["status"], headers, etag, body, route, keep.live)


def _asked(scope: Scope, tokens: dict[str, str], head_only: bool) -> Asked | None:
    """What a request asks for; None without a known token, when it is too long to be remembered, or ambiguous."""
    known = [header for header in scope["headers"] if header[0] in _KNOWN]
    given = dict(known)
    if len(given) < len(known):
        return None  # of a header sent twice, each who reads it takes another: two tokens would be two roles
    scheme, _, token = given.get(b"authorization", b"").partition(b" ")
    role = role_of(tokens, token.strip().decode("latin-1")) if scheme.lower() == b"bearer" else None
    host, accept = given.get(b"host", b""), given.get(b"accept", b"")
    length = len(scope["path"].encode()) + len(scope["query_string"]) + len(host) + len(accept)
    if role is None or length > MOST_ASKED:
        return None
    coding = coding_of(given.get(b"accept-encoding", b"").decode("latin-1"))
    key = (role, scope["scheme"], host, scope["path"], scope["query_string"], given.get(b"accept"), coding)
    tag = given.get(b"if-none-match")
    return Asked(key, role, None if tag is None else tag.decode("latin-1"), head_only)


def _plain(scope: Scope) -> bool:
    """Whether the same bytes always ask for the same, and the connection stays open after them."""
    return scope["http_version"] == "1.1" and all(
        name not in _OTHERWISE or (name == b"connection" and value.lower() == b"keep-alive")
        for name, value in scope["headers"]
    )
