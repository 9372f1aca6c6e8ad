"""Replies kept as they were sent: a map that has not changed is sent again from memory, packed as it was.

A reply is kept for the role that asked: nobody gets what was made for another role. It is good while its stamp
is the stamp of the newest state (of the newest release, for those who see releases).
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import sees_analysis
from api.packing import coding_of
from api.port import EnginePort, ViewPort
from api.present.hexes import same_etag
from api.problems import route_name
from engine.clock import system_clock
from engine.errors import TruyvetError
from engine.service.access import role_of

HOLDER = "truyvet.kept"
"""In the scope of a request whose reply may be kept: where its route says so."""
MOST_BYTES = 96 * 2**20
MOST_ASKED = 1_024
"""Bytes of a question whose reply is kept: questions take room as well."""
LOOKING = 4
"""Threads that look whether a release is still the newest: not those that answer."""
_PATHS = ("/v1/risk/", "/v1/ogc/")
_OK, _EMPTY = 200, 204
Stamp = tuple[object, ...]
Headers = list[tuple[bytes, bytes]]
log = logging.getLogger("truyvet.api")


def stamp_of(view: ViewPort, engine: EnginePort, role: str) -> Stamp:
    """What a map for this role depends on: equal stamps, equal maps."""
    if sees_analysis(role):
        return ("map", view.as_of, view.data_time, engine.made_anew)
    release = engine.release()
    return ("release", None if release is None else release.id)


def caching(until: int | None) -> str:
    """``Cache-Control``: of a release until the next one is due (UTC s); of the analytic map: ask each time."""
    return "private, no-cache" if until is None else f"public, max-age={max(0, until - system_clock())}"


@dataclass
class Keep:
    """What a route says of its reply."""

    stamp: Stamp | None = None
    until: int | None = None
    """Of a release: when the next one is due, UTC s."""


@dataclass(frozen=True)
class Reply:
    """A reply to be sent again."""

    stamp: Stamp
    until: int | None
    status: int
    headers: Headers
    """Without ``Cache-Control``."""
    etag: str
    body: bytes
    route: str


class Replies:
    """Kept replies by request, the least lately used dropped first; bounded by the bytes of their bodies.

    Used on the event loop alone.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._held: OrderedDict[object, Reply] = OrderedDict()
        self.making: dict[object, asyncio.Event] = {}
        """Requests whose reply is being made; set when it is."""
        self.bytes = 0
        """Held now; a reply without a body counts as some hundred bytes too."""
        self._made_anew = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: object) -> Reply | None:
        """What was put under ``key`` last."""
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
        return found

    def put(self, key: object, reply: Reply) -> None:
        """Keep it, unless it is larger than all may be together."""
        self.drop(key)
        size = _size(reply)
        if size > self._most:
            return
        self._held[key] = reply
        self.bytes += size
        while self.bytes > self._most:
            _, oldest = self._held.popitem(last=False)
            self.bytes -= _size(oldest)

    def drop(self, key: object) -> None:
        """Forget it."""
        old = self._held.pop(key, None)
        if old is not None:
            self.bytes -= _size(old)

    def of(self, made_anew: int) -> None:
        """Forget everything when the state was replaced since: what was purged must not live on in a reply."""
        if made_anew != self._made_anew:
            self._made_anew = made_anew
            self._held.clear()
            self.bytes = 0


def _size(reply: Reply) -> int:
    return len(reply.body) + 1_024


class Kept:
    """Answers from what is kept before a route is looked for; else passes on, and keeps what may be."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._looking = CapacityLimiter(LOOKING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory where that is right."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(_PATHS):
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        state = scope["app"].state
        asked = {name: value for name, value in scope["headers"] if name in _KNOWN}
        role = _role(asked.get(b"authorization", b""), state.tokens)
        if role is None or not state.engine.ready:
            await self.app(scope, receive, send)
            return
        question = (scope["path"].encode(), scope["query_string"], asked.get(b"host", b""), asked.get(b"accept", b""))
        if sum(map(len, question)) > MOST_ASKED:
            await self.app(scope, receive, send)
            return
        state.replies.of(state.engine.made_anew)
        coding = coding_of(asked.get(b"accept-encoding", b"").decode("latin-1"))
        key = (
            role,
            scope["scheme"],
            asked.get(b"host"),
            scope["path"],
            scope["query_string"],
            asked.get(b"accept"),
            coding,
        )
        making = state.replies.making.get(key)
        if making is not None:
            await making.wait()  # many ask for a new map at once: it is made and packed for the first of them
        found: Reply | None = state.replies.get(key)
        if found is None or not await self._good(found, state.engine, role):
            mine = state.replies.making.setdefault(key, asyncio.Event())
            try:
                await self._make(scope, receive, send, lambda reply: state.replies.put(key, reply))
            finally:
                mine.set()
                state.replies.making.pop(key, None)
            return
        status = await _again(found, asked.get(b"if-none-match"), send)
        seconds = time.perf_counter() - began
        state.engine.metrics.http(found.route, status, seconds)
        fields = {"route": found.route, "status": status, "ms": round(1_000 * seconds, 1)}
        log.info("%s %s %.1f ms", found.route, status, 1_000 * seconds, extra={"fields": fields})

    async def _good(self, found: Reply, engine: EnginePort, role: str) -> bool:
        if sees_analysis(role):
            # The number first: after a change, the moment would have to be worked out.
            return found.stamp[1] == engine.as_of and found.stamp == stamp_of(engine, engine, role)
        try:
            # The database may be asked for the newest release, and may be away.
            stamp = await to_thread.run_sync(stamp_of, engine, engine, role, limiter=self._looking)
        except TruyvetError:
            return False  # the route says what is wrong
        return found.stamp == stamp

    async def _make(self, scope: Scope, receive: Receive, send: Send, put: Callable[[Reply], None]) -> None:
        keep = Keep()
        # Starlette notes the route in the scope it is given: one mapping for the whole way.
        made: MutableMapping[str, Any] = scope
        made[HOLDER] = keep
        head: Message = {}

        async def watched(message: Message) -> None:
            nonlocal head
            await send(message)
            if message["type"] == "http.response.start":
                head = message
            elif keep.stamp is not None and not message.get("more_body") and head.get("status") in (_OK, _EMPTY):
                headers = [(n, v) for n, v in head["headers"] if n.lower() != b"cache-control"]
                etag = next((v.decode("latin-1") for n, v in headers if n.lower() == b"etag"), "")
                body, route = message.get("body", b""), route_name(Request(scope))
                put(Reply(keep.stamp, keep.until, head["status"], headers, etag, body, route))

        await self.app(scope, receive, watched)


_KNOWN = frozenset({b"authorization", b"accept-encoding", b"accept", b"host", b"if-none-match"})


def _role(authorization: bytes, tokens: dict[str, str]) -> str | None:
    scheme, _, token = authorization.partition(b" ")
    return role_of(tokens, token.strip().decode("latin-1")) if scheme.lower() == b"bearer" else None


async def _again(found: Reply, if_none_match: bytes | None, send: Send) -> int:
    head = [*found.headers, (b"cache-control", caching(found.until).encode())]
    body, status = found.body, found.status
    if if_none_match is not None and same_etag(if_none_match.decode("latin-1"), found.etag):
        body, status = b"", 304
        head = [(n, v) for n, v in head if n.lower() not in _OF_BODY]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
    return status


_OF_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})
