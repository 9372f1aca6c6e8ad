"""The HTTP application: routes, access, errors and the documentation around one engine."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI

from api import problems
from api.bodies import MAX_BODY
from api.middleware import EmptyParameters, Guard, Heads
from api.paths import EncodedSlashes
from api.port import EnginePort
from api.replays import Replays
from api.routers import cases, clusters, events, operations, persons, policies, risk
from engine.texts import Lang

ABOUT = """Contact tracing and risk maps. Every route under `/v1` needs `Authorization: Bearer <token>`;
errors are RFC 9457 problem documents; moments are RFC 3339 (any offset in, UTC out); `as_of` is the sequence
number of the last batch of events behind an answer; lists take `limit` and `cursor` and answer `next`."""


def create_app(
    engine: EnginePort,
    tokens: Mapping[str, str],
    lang: Lang = "en",
    max_body: int = MAX_BODY,
    close_engine: bool = False,
) -> FastAPI:
    """The application over an open ``engine``.

    ``tokens`` is {role: token}; ``lang`` is spoken to readers who do not say what they prefer; bodies over
    ``max_body`` bytes are refused; with ``close_engine`` the engine is closed when the server stops.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if close_engine:
            engine.close()

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
    app.state.max_body = max_body
    app.state.replays = Replays()
    app.state.run = secrets.token_hex(8)  # part of every ETag: another process may hold another journal
    problems.install(app)
    for part in (events, cases, persons, clusters, risk, policies, operations):
        app.include_router(part.router)
    app.add_middleware(Guard)
    app.add_middleware(EmptyParameters)
    app.add_middleware(EncodedSlashes)
    app.add_middleware(Heads)
    return app


def _version() -> str:
    try:
        return version("truyvet")
    except PackageNotFoundError:
        return "0"  # run from a checkout that was never installed
