"""The readers: a process of stream subscribers and of officers who ask 50 questions a second."""

import asyncio
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

from benchmarks.load.bodies import F0S, PEOPLE, SOUTH, WEST, WIDTH, key
from benchmarks.load.wire import Connection

MEASURED = 4
"""Subscribers whose alerts are looked at; the others are read to the end of what comes, and counted."""
HOPELESS_S = 10.0
"""Beyond this a question is not asked any more, so that a run ends when the server cannot keep pace."""
_PROBE = re.compile(rb"probe-(\d{8})")
_TAIL = 13
"""A probe's key may lie across two reads."""


@dataclass
class Heard:
    """What came out of the server during one step."""

    arrivals: list[tuple[int, float]] = field(default_factory=list)
    """(probe, monotonic moment) for each measured subscriber."""
    subscribers: int = 0
    alerts: int = 0
    """Alerts as the first subscriber saw them, heartbeats left out."""
    stream_bytes: int = 0
    ask_s: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    cpu_s: float = 0.0


def run(pipe: Pipe, port: int, token: str, subscribers: int, queries: float) -> None:
    """The process: subscribes, says so, then listens and asks for as many seconds as it is told; None ends it."""
    asyncio.run(_serve(pipe, port, token, subscribers, queries))


class Readers:
    """The subscribers; ``heard`` is replaced at the start of each step."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.heard = Heard()
        self.open = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def subscribe(self, number: int) -> None:
        """Open the streams; a refused one is an error."""
        self._tasks = [asyncio.create_task(self._read(i)) for i in range(number)]
        for _ in range(200):
            if self.open + sum(t.done() for t in self._tasks) >= number:
                return
            await asyncio.sleep(0.05)

    async def _read(self, number: int) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
            head = f"GET /v1/stream HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {self.token}\r\n\r\n"
            writer.write(head.encode())
            status = int((await reader.readuntil(b"\r\n\r\n"))[9:12])
            if status != 200:
                self.heard.errors[f"stream: {status}"] += 1
                return
            self.open += 1
            await self._listen(reader, number)
            self.open -= 1
            self.heard.errors["stream: ended"] += 1
        except (OSError, EOFError) as error:
            self.heard.errors[f"stream: {type(error).__name__}"] += 1

    async def _listen(self, reader: asyncio.StreamReader, number: int) -> None:
        tail = b""
        seen: set[bytes] = set()
        while piece := await reader.read(2**18):
            heard = self.heard
            heard.stream_bytes += len(piece)
            if b"event: missed" in piece:
                heard.errors["stream: missed"] += 1
            if number == 0:
                heard.alerts += piece.count(b"event: alert")
            if number < MEASURED:
                now = time.monotonic()
                for probe in _PROBE.findall(tail + piece):
                    if probe not in seen:
                        seen.add(probe)
                        heard.arrivals.append((int(probe), now))
                tail = piece[-_TAIL:]

    def end(self) -> None:
        """Close the streams."""
        for task in self._tasks:
            task.cancel()


async def _serve(pipe: Pipe, port: int, token: str, subscribers: int, queries: float) -> None:
    readers = Readers(port, token)
    await readers.subscribe(subscribers)
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(16):
        idle.put_nowait(Connection(port, token))
    refused = readers.heard.errors
    pipe.send("ready")
    while (seconds := await asyncio.to_thread(pipe.recv)) is not None:
        cpu = time.process_time()
        readers.heard = Heard(errors=refused)
        refused = Counter()
        await _ask_for(readers.heard, idle, seconds, queries)
        await asyncio.to_thread(pipe.recv)  # the generator is done, and the last alerts had their time
        readers.heard.subscribers = readers.open
        readers.heard.cpu_s = time.process_time() - cpu
        pipe.send(readers.heard)
    readers.end()


async def _ask_for(heard: Heard, idle: "asyncio.Queue[Connection]", seconds: float, queries: float) -> None:
    rng = random.Random(7)
    tasks: set[asyncio.Task[None]] = set()
    began = time.monotonic()
    for i in range(int(seconds * queries)):
        due = began + i / queries
        wait = due - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        name, path = question(rng)
        connection = await idle.get()
        if time.monotonic() - due > HOPELESS_S:
            heard.errors["not asked: hopelessly late"] += 1
            idle.put_nowait(connection)
            continue
        task = asyncio.create_task(_ask(heard, idle, connection, name, path, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.wait(tasks, timeout=60)


def question(rng: random.Random) -> tuple[str, str]:
    """(name, path): exposures 60 %, a person 20 %, hexes of a part of the city 10 %, a page of the board 10 %."""
    dice = rng.random()
    if dice < 0.6:
        return "exposures", f"/v1/cases/{key(rng.randrange(F0S))}/exposures"
    if dice < 0.8:
        return "person", f"/v1/persons/{key(rng.randrange(PEOPLE))}"
    if dice < 0.9:
        west, south = WEST + rng.random() * WIDTH * 0.75, SOUTH + rng.random() * WIDTH * 0.75
        return "hexes", f"/v1/risk/hexes?resolution=9&bbox={west:.4f},{south:.4f},{west + 0.05:.4f},{south + 0.05:.4f}"
    return "board", "/v1/board?limit=100"


async def _ask(
    heard: Heard, idle: "asyncio.Queue[Connection]", connection: Connection, name: str, path: str, due: float
) -> None:
    try:
        status, _ = await connection.ask("GET", path)
    except (OSError, EOFError) as error:
        heard.errors[f"{name}: {type(error).__name__}"] += 1
        return
    finally:
        idle.put_nowait(connection)
    heard.ask_s.setdefault(name, []).append(time.monotonic() - due)
    # A person nobody has told of yet is a right answer.
    if status != 200 and not (name == "person" and status == 404):
        heard.errors[f"{name}: {status}"] += 1
