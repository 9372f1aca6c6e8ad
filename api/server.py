"""Serving over HTTP from the first moment, also while the engine loads, until told to stop."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from types import FrameType
from typing import Any, Protocol

import uvicorn
from anyio import to_thread
from fastapi import FastAPI

from api.app import create_app
from api.limits import Limits
from api.port import EnginePort
from api.quick import quick_protocol
from engine.texts import Lang

KEEP_ALIVE_S = 75
"""Time that a connection may stay without a request, s: feeds that send every minute need not connect anew."""
GRACE_S = 30
"""Time that requests under way are given at the end, s."""
_LOOK_S = 0.1
log = logging.getLogger("truyvet.server")


class Feeding(Protocol):
    """Sources of events besides HTTP, at work."""

    def stop(self) -> None:
        """Finish what was begun and stop."""


def run_server(
    engine: EnginePort,
    tokens: Mapping[str, str],
    host: str = "127.0.0.1",
    port: int = 8080,
    lang: Lang = "en",
    limits: Limits = Limits(),
    feeding: Feeding | None = None,
) -> None:
    """Serve ``engine`` until SIGTERM or SIGINT or until it fails to load; finish what is under way, close it, return.

    ``feeding`` are the sources of events besides HTTP, at work already. Order of the end: no new connections;
    streams end at once; requests under way are answered (``GRACE_S`` at most); sources stop; the engine finishes its
    queue and closes.

    Raises:
        SystemExit: the address cannot be used (uvicorn says why in the log).
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = limits.readers
        loading = asyncio.create_task(_attend(engine, server))
        try:
            yield
        finally:
            loading.cancel()
            if feeding is not None:
                await to_thread.run_sync(feeding.stop)
            await to_thread.run_sync(engine.close)
            log.info("stopped")

    app = create_app(engine, tokens, lang, limits, lifespan)
    server = Server(config_of(app, host=host, port=port), app.state.streams.close)
    with _quiet_end():
        server.run()


def config_of(app: FastAPI, **other: Any) -> uvicorn.Config:
    """How every server is run; ``other``: settings of uvicorn beside."""
    settings: dict[str, Any] = {
        "http": quick_protocol(app.state),
        "log_config": None,
        # The access log would hold people's ids; api.middleware.Guard logs routes without them.
        "access_log": False,
        "server_header": False,
        "backlog": 4_096,
        "timeout_keep_alive": KEEP_ALIVE_S,
        "timeout_graceful_shutdown": GRACE_S,
    }
    return uvicorn.Config(app, **{**settings, **other})


class Server(uvicorn.Server):
    """uvicorn, which would wait for streams to end by themselves."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking connections, end the streams, answer what is under way."""
        self._end_streams()
        await super().shutdown(sockets)


async def _attend(engine: EnginePort, server: uvicorn.Server) -> None:
    """Stop the server when the engine fails."""
    known = False
    while engine.failure is None:
        if engine.ready and not known:
            known = True
            # What has been loaded stays: no collection of garbage needs to look at it again.
            gc.collect()
            gc.freeze()
            log.info("ready", extra={"fields": {"as_of": engine.as_of}})
        await asyncio.sleep(_LOOK_S)
    server.should_exit = True


class _EndedError(Exception):
    """A signal that the server has already obeyed."""


@contextlib.contextmanager
def _quiet_end() -> Iterator[None]:
    """uvicorn raises the signal again when it is done; by then the wish is fulfilled, so end with success."""

    def ended(number: int, frame: FrameType | None) -> None:
        raise _EndedError

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, ended) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except _EndedError:
        return
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
