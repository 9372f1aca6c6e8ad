"""A NATS server of our own, with JetStream, on a free loopback port; it can be stopped and started again."""

import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S, free_port, until

BINARY = shutil.which("nats-server")


class NatsServer:
    """``nats-server -js`` with its store under ``folder``; keeps its port and store over restarts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        assert BINARY is not None
        self._process = subprocess.Popen(
            [BINARY, "-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self.folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._listens)

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "nats-server ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, kill: bool = False) -> None:
        if self._process is not None:
            self._process.kill() if kill else self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None


@pytest.fixture
def nats_server(tmp_path_factory):
    if BINARY is None:
        pytest.skip("nats-server is not installed")
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.stop()


async def connected(url: str):
    import nats

    async def quiet(_):
        pass

    return await nats.connect(url, allow_reconnect=False, connect_timeout=30, error_cb=quiet)


async def publish(url: str, messages, headers=None, timeout: float = 30) -> None:
    """Publish (kind, body) pairs, each confirmed by the server's disk."""
    client = await connected(url)
    try:
        stream = client.jetstream()
        for kind, body in messages:
            await stream.publish(f"truyvet.events.{kind}", body, timeout=timeout, headers=headers)
    finally:
        await client.close()


async def pending(url: str) -> tuple[int, int]:
    """(messages not delivered yet, messages delivered and not acknowledged) of the durable consumer."""
    client = await connected(url)
    try:
        info = await client.jetstream().consumer_info("TRUYVET", "truyvet")
        return info.num_pending or 0, info.num_ack_pending or 0
    finally:
        await client.close()


def body_of(*events) -> bytes:
    return json.dumps({"events": events}).encode()
