"""An engine in this process behind the real routes: the same answers as a server's, without the start of a process."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.app import create_app
from engine.clock import system_clock
from engine.service.engine import Engine, Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the client's own move to another library
    from starlette.testclient import TestClient

TOKENS = {"officer": "officer-of-the-tests-of-faults", "feed": "feed-of-the-tests-of-faults"}


class Inside:
    """What ``Server`` is to its callers, for questions."""

    def __init__(self, data: Path | None = None, clock: Callable[[], int] = system_clock) -> None:
        self.engine = Engine.open(Settings(data=data), clock=clock)
        self._client = TestClient(create_app(self.engine, TOKENS))

    def get(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        reply = self._client.get(path, headers={"Authorization": f"Bearer {TOKENS['officer']}"})
        assert reply.status_code == 200, (path, reply.status_code, reply.text[:500])
        return reply.json()

    def post(self, kind: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """(status, JSON reply) of a POST of events as JSON."""
        told = {"Authorization": f"Bearer {TOKENS['feed']}", "Content-Type": "application/json"}
        reply = self._client.post(f"/v1/events/{kind}", content=body, headers=told)
        return reply.status_code, json.loads(reply.content)

    def __enter__(self) -> "Inside":
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()
