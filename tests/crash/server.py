"""The real server as a process of its own: started as users start it, asked over its socket, killed as machines die."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE_S, free_port


def truyvet(*words: object, timeout: float = PATIENCE_S, **more: Any) -> subprocess.CompletedProcess[str]:
    """``truyvet WORDS`` in a process of its own, to the end."""
    return subprocess.run(
        [*command(), *map(str, words)], capture_output=True, text=True, timeout=timeout, check=False, **more
    )


def command() -> list[str]:
    """The command line of ``truyvet`` in this environment."""
    return [str(Path(sys.executable).with_name("truyvet"))]


class Server:
    """``truyvet serve`` on a data folder; may be started, killed and started again."""

    def __init__(
        self,
        data: Path,
        database: str | None = None,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        self.data, self.database = data, database
        self.port = free_port()
        self.log = data.parent / f"{data.name}.server.log"
        self._options, self._env, self._prefix = list(options), dict(env or {}), list(prefix)
        self._process: subprocess.Popen[bytes] | None = None

    # -- life and death -----------------------------------------------------------------------------

    def start(self, wait: bool = True) -> "Server":
        """Start it in a process group of its own; with ``wait`` until it is ready."""
        words = ["serve", "--host", "127.0.0.1", "--port", str(self.port), "--data", str(self.data), *self._options]
        env = {**os.environ, "TRUYVET_LANG": "en", **self._env}
        if self.database is not None:
            env["TRUYVET_DATABASE"] = self.database
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._prefix, *command(), *words],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self.data.parent,
                env=env,
                start_new_session=True,
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, limit_s: float = PATIENCE_S) -> float:
        """Seconds until ``/readyz`` says 200.

        Raises:
            RuntimeError: it ended instead, or took longer than ``limit_s``; with the end of its log.
        """
        began = time.monotonic()
        while time.monotonic() - began < limit_s:
            if not self.alive:
                raise RuntimeError(f"the server ended with {self.status}:\n{self.log_end()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if ask(self.port, "GET", "/readyz")[0] == 200:
                    return time.monotonic() - began
            time.sleep(0.02)
        raise RuntimeError(f"the server was not ready after {limit_s} s:\n{self.log_end()}")

    def kill(self) -> None:
        """SIGKILL to its whole process group: nothing of it runs on."""
        self._signal(signal.SIGKILL)

    def stop(self, limit_s: float = PATIENCE_S) -> int:
        """SIGTERM, and its exit status."""
        return self._signal(signal.SIGTERM, limit_s)

    def begin_stop(self) -> None:
        """SIGTERM, without waiting."""
        if self._process is not None:
            self._process.terminate()

    def _signal(self, number: signal.Signals, limit_s: float = PATIENCE_S) -> int:
        if self._process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        status = self._process.wait(limit_s)
        self._process = None
        return status

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    # -- what can be seen of it ---------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def status(self) -> int | None:
        """Exit status, None while it runs."""
        return None if self._process is None else self._process.poll()

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def rss(self) -> int:
        """Resident memory, bytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_s(self) -> float:
        """CPU time used so far, s."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def token(self, role: str) -> str:
        """The token of a role."""
        return str(json.loads((self.data / "tokens.json").read_text())[role])

    def log_text(self) -> str:
        """Everything it wrote to its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_end(self, size: int = 3_000) -> str:
        """The last of its log."""
        return self.log_text()[-size:]

    def get(self, path: str, role: str = "officer", timeout: float = PATIENCE_S) -> Any:
        """The JSON of a GET that must succeed."""
        status, _, body = ask(self.port, "GET", path, self.token(role), timeout=timeout)
        assert status == 200, (path, status, body[:500])
        return json.loads(body)

    def post(
        self,
        kind: str,
        body: bytes,
        media: str = "application/json",
        headers: Mapping[str, str] | None = None,
        timeout: float = PATIENCE_S,
        role: str = "feed",
    ) -> tuple[int, dict[str, Any]]:
        """(status, JSON reply) of a POST of events."""
        told = {"Content-Type": media, **(headers or {})}
        status, _, reply = ask(self.port, "POST", f"/v1/events/{kind}", self.token(role), body, told, timeout)
        return status, json.loads(reply)


def ask(
    port: int,
    method: str,
    path: str,
    token: str | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = PATIENCE_S,
) -> tuple[int, Mapping[str, str], bytes]:
    """(status, headers, body) of one request on a connection of its own.

    Raises:
        OSError, HTTPException: no whole reply came.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request(method, path, body, {**bearer, **(headers or {})})
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()
    finally:
        connection.close()
