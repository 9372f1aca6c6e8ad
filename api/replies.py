"""Replies kept as they were sent, and the questions that they answer, in the very bytes of those who ask again.

A reply is kept for the role that asked: nobody gets what was made for another role. It is good while its stamp
is the stamp of the newest state (of the newest release, for those who see releases).
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from time import monotonic

from fastapi import Request

from api.access import sees_analysis
from api.port import EnginePort, ViewPort
from api.present.hexes import same_etag
from engine.clock import system_clock

HOLDER = "truyvet.kept"
"""In the scope of a request whose reply may be kept: where its route says so."""
MOST_BYTES = 96 * 2**20
MOST_HEARD = 4_096
"""Requests whose bytes are known by heart."""
NOT_MODIFIED = 304
Stamp = tuple[object, ...]
Headers = list[tuple[bytes, bytes]]
_OF_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})


@dataclass(frozen=True)
class Live:
    """The analytic map that an answer was made of."""

    resolution: int
    at: int | None
    """The moment asked for, if any."""
    mark: tuple[int, int]
    """``as_of`` and moment of the map."""
    shared_until: float
    """Until then (by the monotonic clock) it answers everybody, whatever comes in: see :mod:`engine.service.paced`."""
    bridging_until: float
    """Until then it answers those who ask while a newer one is being made."""

    def good(self, engine: EnginePort) -> bool:
        """Whether the engine would still answer with this map."""
        if monotonic() < self.shared_until:
            return True
        held = engine.map_held(self.resolution, self.at)
        if held is not None:
            return held == self.mark
        # The number first: after a change, the moment would have to be worked out.
        return self.mark[0] == engine.as_of and self.mark == engine.map_mark(self.resolution, self.at)


def stamp_of(view: ViewPort, engine: EnginePort, role: str) -> Stamp:
    """What an answer for this role depends on: equal stamps, equal answers."""
    if sees_analysis(role):
        return ("state", *view.mark(), engine.made_anew)
    release = engine.release()
    return ("release", 0 if release is None else release.id)


def caching(until: int | None) -> str:
    """``Cache-Control``: of a release until the next one is due (UTC s); of the analytic map: ask each time."""
    return "private, no-cache" if until is None else f"public, max-age={max(0, until - system_clock())}"


@dataclass
class Keep:
    """What a route says of its reply."""

    stamp: Stamp | None = None
    until: int | None = None
    """Of a release: when the next one is due, UTC s."""
    live: Live | None = None


class Keeping:
    """Has an answer about people kept, if one state stood from before it was made until after."""

    def __init__(self, request: Request, engine: EnginePort, view: ViewPort) -> None:
        self._keep: Keep | None = request.scope.get(HOLDER) if view is engine else None
        self._engine = engine
        self._stamp = stamp_of(view, engine, "officer")

    @property
    def as_of(self) -> int:
        """Sequence number of the state."""
        return int(str(self._stamp[1]))

    def made(self, as_of: int | None = None) -> None:
        """The answer is made; it says that it is of ``as_of``, if it says so itself."""
        if self._keep is None or as_of not in (None, self._stamp[1]):
            return
        # The number first: where events stream in, nobody need publish a state to find that there is another.
        if self._engine.as_of == self._stamp[1] and stamp_of(self._engine, self._engine, "officer") == self._stamp:
            self._keep.stamp = self._stamp


@dataclass(frozen=True)
class Reply:
    """A reply to be sent again."""

    stamp: Stamp
    until: int | None
    status: int
    headers: Headers
    """Without ``Cache-Control`` where that changes by the second (``until``)."""
    etag: str
    body: bytes
    route: str
    live: Live | None = None

    def head(self, status: int) -> Headers:
        """The headers to send with ``status``: 304, or the reply's own."""
        if status == NOT_MODIFIED:
            head = [(n, v) for n, v in self.headers if n.lower() not in _OF_BODY]
        else:
            head = list(self.headers)
        return head if self.until is None else [*head, (b"cache-control", caching(self.until).encode())]

    def status_for(self, if_none_match: str | None) -> int:
        """304 when the reader has it already."""
        if self.etag and if_none_match is not None and same_etag(if_none_match, self.etag):
            return NOT_MODIFIED
        return self.status

    def lines(self, status: int) -> bytes:
        """The headers as HTTP/1.1 writes them, and the empty line after them."""
        if self.until is not None:
            return _written(self.head(status))
        return self._lines_304 if status == NOT_MODIFIED else self._lines

    @cached_property
    def _lines(self) -> bytes:
        return _written(self.head(self.status))

    @cached_property
    def _lines_304(self) -> bytes:
        return _written(self.head(NOT_MODIFIED))


def _written(headers: Headers) -> bytes:
    return b"".join(b"%s: %s\r\n" % (name.lower(), value) for name, value in headers) + b"\r\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, once it has been read."""

    key: object
    """Of its reply."""
    role: str
    if_none_match: str | None
    head_only: bool


class Replies:
    """Kept replies by request, the least lately used dropped first; bounded by the bytes of their bodies.

    Used on the event loop alone.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._held: OrderedDict[object, Reply] = OrderedDict()
        self._heard: dict[bytes, Asked] = {}
        self.making: dict[object, asyncio.Event] = {}
        """Requests whose reply is being made; set when it is."""
        self.bytes = 0
        """Held now; a reply without a body counts as some hundred bytes too."""
        self.made_anew = 0
        """The state of which everything here was made: see :meth:`of`."""

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
        if made_anew != self.made_anew:
            self.made_anew = made_anew
            self._held.clear()
            self.bytes = 0

    def learn(self, raw: bytes, asked: Asked) -> None:
        """Know by heart that ``raw``, a whole request, asks for that; what was learnt first is forgotten first."""
        self._heard[raw] = asked
        if len(self._heard) > MOST_HEARD:
            self._heard.pop(next(iter(self._heard)))

    def heard(self, raw: bytes) -> Asked | None:
        """What the request asks for, if it is known by heart.

        The token is part of the bytes. They are looked up by a hash whose key no caller knows, so the time this takes
        tells nothing of a token.
        """
        return self._heard.get(raw)


def _size(reply: Reply) -> int:
    return len(reply.body) + 1_024


def bridges(found: Reply) -> bool:
    """Whether the reply is young enough for those who ask while a newer one is being made."""
    return found.live is not None and monotonic() < found.live.bridging_until


def still_good(found: Reply, engine: EnginePort) -> bool | None:
    """Whether the reply is still the answer; None: the database has to be asked first, beside the event loop."""
    if found.live is not None:
        return found.live.good(engine)
    if found.stamp[0] == "release":
        newest = engine.release_id()
        return None if newest is None else found.stamp[1] == newest
    # The number first: after a change, the moment would have to be worked out.
    return found.stamp[1] == engine.as_of and found.stamp == stamp_of(engine, engine, "officer")
