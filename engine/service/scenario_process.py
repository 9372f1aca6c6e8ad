"""The process of a job: started by this server, listened to, ended by its own handle and no other way."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.service.settings import DATABASE

log = logging.getLogger("truyvet.scenarios")
LOG = "worker.log"
PATIENCE_S = 5.0
"""Time a process is given to end by itself."""
_TAIL = 4_000


class WorkerProcess:
    """One worker on one folder. ``end`` may be called from any thread."""

    def __init__(self, folder: Path, database: str | None) -> None:
        environment = {name: value for name, value in os.environ.items() if name != DATABASE}
        if database is not None:
            environment[DATABASE] = database
        self._log = folder / LOG
        command = [sys.executable, "-m", "engine.service.scenario_worker", str(folder)]
        with self._log.open("wb") as err:
            # Its standard input stays open as long as this process lives: it ends when that does.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                env=environment,
                start_new_session=True,
            )
        self._ended = threading.Event()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def listen(self, progress: Callable[[int, int], None]) -> dict[str, Any] | None:
        """Wait for its end; its last word, None when it ended without one."""
        last: dict[str, Any] | None = None
        stdout = self._process.stdout
        try:
            for line in stdout or ():
                told = _document(line)
                if "state" in told:
                    last = told
                elif "done" in told:
                    progress(int(told["done"]), int(told["total"]))
        except BaseException:
            self.end()
            self._close()
            raise
        status = self._process.wait()
        self._close()
        if last is None and not self._ended.is_set():
            log.error("a scenario's process ended with status %d: %s", status, self._told())
        return last

    def end(self) -> None:
        """End it, and wait until it has."""
        self._ended.set()
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _told(self) -> str:
        try:
            return self._log.read_text("utf-8", "replace")[-_TAIL:]
        except OSError:
            return ""


def _document(line: bytes) -> dict[str, Any]:
    """What a line tells; nothing when it is no document: a library may print, too."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
