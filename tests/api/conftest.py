import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.replays import Replays
from engine.service.access import ROLES
from tests.api.fake_engine import FakeEngine

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
    return create_app(FakeEngine(), TOKENS, max_body=10_000)


@pytest.fixture
def call(app, engine):
    """The one application, over a fresh engine and without memory of keys."""
    app.state.engine, app.state.replays = engine, Replays()
    return Caller(app, raise_server_exceptions=False)
