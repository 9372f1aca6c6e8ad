"""Server-sent events to many readers: bytes that were encoded once, one wake-up for all of them."""

import asyncio
import contextlib
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.limits import Limits, busy
from api.port import EnginePort, HubPort, SubscriptionPort

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_GATHER_S = 0.05
"""Readers are woken this often at most: events that come together leave together."""
_STUCK_S = 60.0
"""A reader that takes nothing for so long is gone."""
_HEAD = 128
"""Bytes in which the name of a first frame stands."""
_HELLO = b"retry: 2000\n\n"


class Streams:
    """The open streams of this process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bells: set[asyncio.Event] = set()
        self._pending = False
        self._rung = 0.0
        self._closing = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def __len__(self) -> int:
        return len(self._bells)

    @property
    def closing(self) -> bool:
        """Whether streams are to end."""
        return self._closing

    def close(self) -> None:
        """End every stream at once, and open no more; on the event loop."""
        self._closing = True
        self._ring()

    def enter(self) -> asyncio.Event:
        """A bell for one more stream: set when there may be news, and when streams are to end.

        Raises:
            ProblemError: 429, there are as many as allowed.
        """
        if len(self._bells) >= self._limits.subscribers:
            raise busy("busy_streams", limit=self._limits.subscribers)
        self._loop = asyncio.get_running_loop()
        bell = asyncio.Event()
        self._bells.add(bell)
        return bell

    def leave(self, bell: asyncio.Event) -> None:
        """That stream ended."""
        self._bells.discard(bell)

    def wake(self) -> None:
        """There is news. From any thread; many calls in a row cost one wake-up."""
        if self._pending or self._loop is None:
            return
        self._pending = True
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._ring_soon)

    def _ring_soon(self) -> None:
        loop = asyncio.get_running_loop()
        loop.call_at(max(loop.time(), self._rung + _GATHER_S), self._ring)

    def _ring(self) -> None:
        # Cleared before the bells ring: what is published from here on rings them again.
        self._pending = False
        self._rung = asyncio.get_running_loop().time()
        for bell in self._bells:
            bell.set()


class LiveResponse(Response):
    """The answer of ``GET /v1/stream``: runs until the reader leaves or the server stops."""

    def __init__(
        self,
        streams: Streams,
        engine: EnginePort,
        hub: HubPort,
        last_event_id: str | None,
        heartbeat_s: int,
        head_only: bool,
    ) -> None:
        super().__init__(headers=HEADERS, media_type=f"{MEDIA_TYPE}; charset=utf-8")
        del self.headers["content-length"]
        self._streams = streams
        self._engine = engine
        self._hub = hub
        self._last = last_event_id
        self._heartbeat_s = heartbeat_s
        self._head_only = head_only
        self.bell = streams.enter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak until the end."""
        subscription = self._hub.subscribe(self._last, self._streams.wake)
        self._count()
        gone = asyncio.create_task(_until_gone(receive, self.bell.set))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if not self._head_only:
                await self._speak(subscription, gone, send)
            await send({"type": "http.response.body", "body": b""})
        except (OSError, TimeoutError):
            pass  # the reader is gone
        finally:
            gone.cancel()
            subscription.close()
            self._streams.leave(self.bell)
            self._count()

    async def _speak(self, subscription: SubscriptionPort, gone: "asyncio.Task[None]", send: Send) -> None:
        frames = _HELLO
        while not (gone.done() or self._streams.closing):
            if frames:
                async with asyncio.timeout(_STUCK_S):
                    await send({"type": "http.response.body", "body": frames, "more_body": True})
            else:
                try:
                    async with asyncio.timeout(self._heartbeat_s):
                        await self.bell.wait()
                except TimeoutError:
                    frames = subscription.heartbeat()
                    continue
            self.bell.clear()
            frames = subscription.take()
            if frames.find(b"event: missed\n", 0, _HEAD) >= 0:
                self._engine.metrics.missed()

    def _count(self) -> None:
        self._engine.metrics.subscribers(len(self._streams))


async def _until_gone(receive: Receive, tell: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    tell()
