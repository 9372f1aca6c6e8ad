"""The HTTP application: routes, access, errors and the documentation around one engine."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI

from api import problems
from api.incoming import Intake
from api.kept import Kept
from api.limits import Limits
from api.middleware import EmptyParameters, Guard, Heads
from api.paths import EncodedSlashes
from api.port import EnginePort
from api.replays import Replays
from api.replies import Replies
from api.routers import (
    areas,
    board,
    cases,
    clusters,
    events,
    ogc,
    operations,
    persons,
    policies,
    risk,
    scenarios,
    tiles,
)
from api.streams import Streams
from engine.service.request_log import RequestLog
from engine.service.tiles import Drawing
from engine.texts import Lang

ABOUT = """Contact tracing and risk maps. Every route under `/v1` needs `Authorization: Bearer <token>`;
errors are RFC 9457 problem documents; moments are RFC 3339 (any offset in, UTC out); `as_of` is the sequence
number of the last batch of events behind an answer; lists take `limit` and `cursor` and answer `next`."""


def create_app(
    engine: EnginePort,
    tokens: Mapping[str, str],
    lang: Lang = "en",
    limits: Limits = Limits(),
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """The application over an ``engine``.

    The engine may still be loading: until it is ready, routes under ``/v1`` answer 503. ``tokens`` is {role: token};
    ``lang`` is spoken to readers who do not say what they prefer; ``lifespan`` is entered when the server starts
    and left when the last request is answered.
    """
    app = FastAPI(
        title="truyvet",
        version=_version(),
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.engine = engine
    app.state.tokens = dict(tokens)
    app.state.lang = lang
    app.state.intake = Intake(limits)
    app.state.streams = Streams(limits)
    app.state.replays = Replays()
    app.state.replies = Replies()
    app.state.requests = RequestLog()
    app.state.drawing = Drawing()
    app.state.run = secrets.token_hex(8)  # part of every ETag: another process may hold another journal
    problems.install(app)
    for part in (events, board, cases, persons, clusters, risk, areas, tiles, ogc, policies, scenarios, operations):
        app.include_router(part.router)
    app.add_middleware(Guard)
    app.add_middleware(EmptyParameters)
    app.add_middleware(EncodedSlashes)
    app.add_middleware(Heads)
    app.add_middleware(Kept)
    return app


def _version() -> str:
    try:
        return version("truyvet")
    except PackageNotFoundError:
        return "0"  # run from a checkout that was never installed
