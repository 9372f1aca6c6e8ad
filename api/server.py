"""Serving over HTTP until told to stop."""

import contextlib
import signal
import threading
from collections.abc import Iterator, Mapping
from types import FrameType

import uvicorn

from api.app import create_app
from api.bodies import MAX_BODY
from api.port import EnginePort
from engine.texts import Lang

GRACE_S = 30
"""Time that requests under way are given at the end, s."""


def run_server(
    engine: EnginePort,
    tokens: Mapping[str, str],
    host: str = "127.0.0.1",
    port: int = 8000,
    lang: Lang = "en",
    max_body: int = MAX_BODY,
) -> None:
    """Serve ``engine`` until SIGTERM or SIGINT, finish what is under way, close the engine, return.

    Raises:
        SystemExit: the address cannot be used (uvicorn says why in the log).
    """
    app = create_app(engine, tokens, lang, max_body, close_engine=True)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        # The access log would hold people's ids; api.middleware.Guard logs routes without them.
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    with _quiet_end():
        uvicorn.Server(config).run()


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
