"""The routes that are read most, under load: python -m benchmarks.wrk [--seconds 4] [--cells 50000] [--data DIR].

A city (as in ``bench_map``) in a data folder, served by ``python -m api`` as ``truyvet serve`` starts it, read by
``wrk`` on the same cores over 64 connections that stay open. What is kept must be, byte for byte, what is made anew.
Prints replies a second, latency, and the CPU of the server a reply, which says more on a busy machine. Rows marked
"anew" ask another question each time: what stands in the way of every request that nobody has asked before.

``wrk`` is a Debian and Ubuntu package of that name (apt install wrk).
"""

import argparse
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

import numpy as np
import zstandard

from benchmarks.bench_map import T, city
from benchmarks.beside import cpu_of
from engine.service.access import load_or_make_tokens
from engine.service.engine import Engine, Settings

CONNECTIONS = 64
ARROW = "application/vnd.apache.arrow.stream"
BROWSER = {
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "vi-VN,vi;q=0.9,en;q=0.8",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}
PORT = object()
"""Stands for the port in the words of a :class:`Process`."""
_ACCEPT = "application/json, application/x-"
"""With a number behind it: what is asked means the same, and was never asked before."""
_ANEW = """
local n = 0
request = function()
  n = n + 1
  wrk.headers["Accept"] = "{accept}" .. n
  return wrk.format("GET", "{path}")
end
"""


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    name: str
    path: str
    role: str = "officer"
    headers: dict[str, str] = field(default_factory=dict)
    unchanged: bool = False
    """Whether the reader has it already, and says so."""
    anew: bool = False
    """Whether every request asks something else."""
    fed: bool = False
    """Whether events come in meanwhile: 100 at a time, 20 times a second."""


@dataclass(frozen=True)
class Found:
    """What one row came to."""

    size: int
    first_s: float
    rate: float
    cpu_us: float
    median: str
    worst: str


def lines(case: str) -> list[Line]:
    """The rows, about one of the cases."""
    packed, tile, box = {"Accept-Encoding": "zstd"}, "/v1/risk/tiles/12/3261/1925.mvt", "bbox=106.68,10.76,106.70,10.78"
    hexes, epi, trace = "/v1/risk/hexes", "epidemiologist", f"/v1/cases/{case}/exposures"
    kept = [
        Line("map, whole", hexes, epi, packed),
        Line("map, whole, as a browser asks", hexes, epi, BROWSER),
        Line("map, whole, Arrow", hexes, epi, {**packed, "Accept": ARROW}),
        Line("map, unchanged (304)", hexes, epi, packed, unchanged=True),
        Line("map, a box", f"{hexes}?{box}", epi, packed),
        Line("map, released, unchanged (304)", hexes, "map", packed, unchanged=True),
        Line("vector tile", tile, epi, {"Accept-Encoding": "gzip"}),
        Line("cases", "/v1/cases"),
        Line("a case", f"/v1/cases/{case}"),
        Line("exposures of a case", trace),
        Line("board, 100 people", "/v1/board?limit=100"),
        Line("board, 1,000 people", "/v1/board"),
        Line("a person", f"/v1/persons/{case}"),
    ]
    anew = [
        Line("map, whole, while events come in", hexes, epi, packed, fed=True),
        Line("exposures of a case, while events come in", trace, fed=True),
        Line("map, a box, anew", f"{hexes}?{box}", epi, packed, anew=True),
        Line("cases, anew", "/v1/cases", anew=True),
        Line("exposures of a case, anew", trace, anew=True),
        Line("board, 100 people, anew", "/v1/board?limit=100", anew=True),
        Line("board, 1,000 people, anew", "/v1/board", anew=True),
        Line("a person, anew", f"/v1/persons/{case}", anew=True),
    ]
    return kept + anew


class Feed:
    """Events that come in meanwhile: small bodies of check-ins, 20 a second, each a new state."""

    def __init__(self, server: "Server") -> None:
        self._server, self._stop = server, Event()
        self._thread = Thread(target=self._run, daemon=True)
        self.bodies = 0

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self._server.tokens['feed']}", "Content-Type": "application/x-ndjson"}
        url = f"http://127.0.0.1:{self._server.port}/v1/events/check_in"
        run = time.time_ns()
        while not self._stop.wait(0.05):
            at = np.datetime_as_string(np.datetime64(T - 3_600 + self.bodies, "s"))
            events = [
                f'{{"person":"P{n}","place":"L{(self.bodies * 100 + n) % 5_000}","entered_at":"{at}Z"}}'
                for n in range(run % 1_000, run % 1_000 + 100)
            ]
            with urllib.request.urlopen(urllib.request.Request(url, "\n".join(events).encode(), headers)) as reply:
                self.bodies += reply.status == 200


class Process:
    """A server as a process of its own: ``python -m WORDS``, PORT among them where it is to listen."""

    def __init__(self, *words: object, ready: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        given = [str(self.port if word is PORT else word) for word in words]
        # The log is written as in operation, and thrown away.
        self.process = subprocess.Popen(
            [sys.executable, "-m", *given], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._ready = ready

    def wait(self, patience_s: float = 900.0) -> None:
        """Until it can be asked: minutes where no kernel has ever been compiled."""
        until = time.monotonic() + patience_s
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self._ready}", timeout=60).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the server did not start")

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        return cpu_of(self.process.pid)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(60)


class Server(Process):
    """Ours, over a data folder."""

    def __init__(self, data: Path) -> None:
        self.tokens = load_or_make_tokens(data)
        super().__init__("api", "--port", PORT, "--data", data, "--log", "json", ready="/readyz")

    def get(self, path: str, role: str, headers: dict[str, str]) -> tuple[float, bytes, dict[str, str]]:
        """(seconds, body, headers with names in lower case) of one reply."""
        given = {**headers, "Authorization": f"Bearer {self.tokens[role]}"}
        began = time.perf_counter()
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=given)) as r:
            body = r.read()
        return time.perf_counter() - began, body, {name.lower(): value for name, value in r.headers.items()}

    def memory(self) -> int:
        """Bytes it ever held at most."""
        told = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(told[1]) * 1_024 if told else 0


Served = TypeVar("Served", bound=Process)


def plain(body: bytes, headers: dict[str, str]) -> bytes:
    """A body without its packing, as far as this benchmark asks for any."""
    return zstandard.ZstdDecompressor().decompress(body) if headers.get("content-encoding") == "zstd" else body


def measured(server: Server, line: Line, seconds: int) -> Found:
    """One row: its first reply, that what is kept is what is made anew, then the load."""
    first, body, head = server.get(line.path, line.role, line.headers)
    for more in ({}, {"Accept": line.headers.get("Accept", "*/*") + ", application/x-0"}):
        _, again, other = server.get(line.path, line.role, {**line.headers, **more})
        if plain(again, other) != plain(body, head):
            raise SystemExit(f"{line.name}: what is kept is not what is made anew")
    given = {**line.headers, "Authorization": f"Bearer {server.tokens[line.role]}"}
    if line.unchanged:
        given["If-None-Match"] = head["etag"]
    words = [part for name, value in given.items() for part in ("-H", f"{name}: {value}")]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if line.anew:
            script.write(_ANEW.format(path=line.path, accept=_ACCEPT))
            script.flush()
            words += ["-s", script.name]
        with Feed(server) if line.fed else nullcontext():
            told, spent_us = loaded(server, line.path, seconds, *words)
    if "Non-2xx or 3xx" in told and not line.unchanged:
        raise SystemExit(f"{line.name}: errors under load\n{told}")
    return Found(
        0 if line.unchanged else len(body),
        first,
        float(_number(r"Requests/sec:\s+(\S+)", told)),
        spent_us,
        _number(r"\s50%\s+(\S+)", told),
        _number(r"\s99%\s+(\S+)", told),
    )


def loaded(server: Process, path: str, seconds: int, *words: str, connections: int = CONNECTIONS) -> tuple[str, float]:
    """What wrk tells of reading a path for so long, and the CPU of the server a reply, us."""
    before = server.cpu()
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "--latency", *words]
    url = f"http://127.0.0.1:{server.port}{path}"
    told = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    return told, 1e6 * (server.cpu() - before) / max(1.0, float(_number(r"(\d+) requests in", told)))


def _number(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"wrk told nothing like {pattern!r}:\n{text}")
    return found[1]


def make_city(data: Path, cells: int, cases: int) -> None:
    """The city in a data folder, once."""
    if (data / "truyvet.db").exists():
        return
    print(f"a city of {cells:,} cells into {data} (about a minute)", flush=True)
    engine = Engine.open(Settings(data=data))
    city(engine, cells, cases)
    engine.checkpoint()
    engine.close()


def serving(data: Path) -> AbstractContextManager[Server]:
    """Ours, which can be asked, while this lasts."""
    return listening(Server(data))


@contextmanager
def listening(server: Served) -> Iterator[Served]:
    """A server that can be asked, while this lasts."""
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4, help="load of each row (default: %(default)s)")
    parser.add_argument("--cells", type=int, default=50_000, help="cells of the map (default: %(default)s)")
    parser.add_argument("--cases", type=int, default=300, help="F0s (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="a data folder of this benchmark, made if it is missing")
    parser.add_argument("--only", default="", help="rows whose name holds this")
    asked = parser.parse_args(arguments)
    if shutil.which("wrk") is None:
        print("wrk is not installed; on Debian and Ubuntu: apt install wrk", file=sys.stderr)
        return 2
    data = asked.data or Path("var/bench") / f"wrk-{asked.cells}-{asked.cases}"
    make_city(data, asked.cells, asked.cases)
    with serving(data) as server:
        known = json.loads(server.get("/v1/cases?limit=5", "officer", {})[1])["cases"]
        print(
            "| reply | bytes | first | replies/s | CPU of the server | median | 99 % |\n|---|---|---|---|---|---|---|"
        )
        for line in lines(known[2]["person"]):
            if asked.only in line.name:
                f = measured(server, line, asked.seconds)
                told = f"{f.size:,} | {1e3 * f.first_s:.1f} ms | {f.rate:,.0f} | {f.cpu_us:,.0f} us"
                print(f"| {line.name} | {told} | {f.median} | {f.worst} |", flush=True)
        print(f"most memory of the server: {server.memory() / 2**20:,.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
