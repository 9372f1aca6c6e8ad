import contextlib
import http.client
import socket
import threading

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.limits import Limits
from api.replays import Replays
from api.replies import Replies
from api.server import Server, config_of
from engine.service.access import ROLES
from tests.api.fake_engine import FakeEngine
from tests.waiting import PATIENCE_S, until

LIMITS = Limits(body=10_000, rows=100)
TOKENS = {role: f"{role}-token-0123456789" for role in ROLES}


class Caller(TestClient):
    """A client that speaks as a role: ``call.get(path, role="map")``."""

    def request(self, method, url, *, role="officer", headers=None, **other):
        sent = {**({"Authorization": f"Bearer {TOKENS[role]}"} if role else {}), **(headers or {})}
        return super().request(method, url, headers=sent, **other)

    def get(self, url, **other):
        return self.request("GET", url, **other)

    def post(self, url, **other):
        return self.request("POST", url, **other)


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture(scope="session")
def app():
    return create_app(FakeEngine(), TOKENS, limits=LIMITS)


@pytest.fixture
def call(app, engine):
    """The one application, over a fresh engine and without memory of keys."""
    app.state.engine, app.state.replays, app.state.replies = engine, Replays(), Replies()
    return Caller(app, raise_server_exceptions=False)


@contextlib.contextmanager
def serving(engine, limits=LIMITS):
    """A server in a thread, over sockets; gives its port."""
    app = create_app(engine, TOKENS, limits=limits)
    server = Server(config_of(app, lifespan="off"), app.state.streams.close)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until(lambda: server.started)
            server.app = app
            yield server, listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


def connect(port, head, role="feed", body=b""):
    """A socket that has sent the head of a request, and ``body`` of its body."""
    peer = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    peer.sendall(f"{head}\r\nHost: x\r\nAuthorization: Bearer {TOKENS[role]}\r\n\r\n".encode() + body)
    return peer


def read_reply(peer):
    """(status, body) of what comes before the connection ends, or the body is whole."""
    reply = http.client.HTTPResponse(peer)
    reply.begin()
    return reply.status, reply.read()
