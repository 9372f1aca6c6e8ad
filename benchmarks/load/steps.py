"""A server under load with its generator and readers, each a process of its own, run step by step."""

import multiprocessing
import threading
import time
from multiprocessing.connection import Connection as Pipe
from typing import Any

from benchmarks.load import readers, sender
from benchmarks.load.bodies import Form
from benchmarks.load.measure import Step
from tests.crash.server import Server

LAST_ALERTS_S = 3
"""After the last acknowledgement, time for its alert; later than that it never came."""


class Rig:
    """The processes of a run."""

    def __init__(
        self, server: Server, form: Form, rows: int, connections: int, subscribers: int, queries: float
    ) -> None:
        self._server = server
        spawn = multiprocessing.get_context("spawn")
        self._processes = []
        feed, officer = server.token("feed"), server.token("officer")
        self._sender = self._start(spawn, sender.run, server.port, feed, form, rows, connections)
        self._readers = self._start(spawn, readers.run, server.port, officer, subscribers, queries)
        for pipe in (self._sender, self._readers):
            pipe.recv()

    def _start(self, spawn: Any, target: Any, *arguments: object) -> Pipe:
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=target, args=(theirs, *arguments), daemon=True)
        process.start()
        self._processes.append(process)
        return ours

    def step(self, rate: float, seconds: float) -> Step:
        """Hold a rate for a time."""
        rss: list[tuple[float, int]] = []
        over = threading.Event()
        began, cpu = time.monotonic(), self._server.cpu_s()
        watch = threading.Thread(target=self._watch, args=(rss, over, began))
        watch.start()
        try:
            self._readers.send(seconds)
            self._sender.send((rate, seconds))
            sent = self._sender.recv()
        finally:
            over.set()
            watch.join()
        cpu = self._server.cpu_s() - cpu
        time.sleep(LAST_ALERTS_S)
        self._readers.send("done")
        return Step(rate, seconds, sent, self._readers.recv(), rss, cpu)

    def _watch(self, rss: list[tuple[float, int]], over: threading.Event, began: float) -> None:
        while not over.wait(1.0):
            rss.append((time.monotonic() - began, self._server.rss()))

    def end(self) -> list[str]:
        """Stop the server as an operator does; what was wrong with that."""
        status = self._server.stop()
        return [f"the server ended with {status}"] if status else []

    def __enter__(self) -> "Rig":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
            process.join()
