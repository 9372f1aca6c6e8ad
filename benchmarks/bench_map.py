"""The hex map of a city over HTTP: full, after one new case, and read from memory.

``python -m benchmarks.bench_map [--cells 50000] [--seconds 5]``. The server runs in a process of its own; ``wrk`` reads
from it when it is installed, else a plain client with many connections does, which takes its share of the same cores.
"""

import argparse
import asyncio
import multiprocessing
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import orjson
import uvicorn

from api.app import create_app
from api.server import config_of
from engine.geo.cells import centres
from engine.service import logs
from engine.service.access import make_tokens
from engine.service.engine import Engine, Settings
from engine.service.mapnews import changed_cells

T = 1_626_000_000
LAT, LNG = 10.77, 106.69
CONNECTIONS = 64
PATHS = {
    "whole city, JSON": "/v1/risk/hexes",
    "box, JSON": "/v1/risk/hexes?bbox=106.68,10.76,106.70,10.78",
    "tile 12": "/v1/risk/tiles/12/3261/1925.mvt",
    "features": "/v1/ogc/collections/risk-hexes/items?limit=100",
}


def city(engine: Engine, cells: int, f0s: int) -> None:
    """A place in each cell; people who go about, some of them F0s."""
    rng = np.random.default_rng(1)
    k = int(np.ceil((np.sqrt(12 * cells - 3) - 3) / 6))
    near = np.array(h3.grid_disk(h3.latlng_to_cell(LAT, LNG, 9), k), np.uint64)
    lat, lng = centres(near[:cells])
    lines = [f'{{"place":"L{n}","lat":{a:.7f},"lng":{b:.7f}}}' for n, (a, b) in enumerate(zip(lat, lng, strict=True))]
    engine.ingest_ndjson("place", "\n".join(lines).encode())
    for day in range(7):
        where = np.concatenate([np.arange(cells), rng.integers(0, cells, cells)])
        begin = T - 86_400 * (day + 1) + rng.integers(0, 72_000, len(where))
        moments = zip(*(np.datetime_as_string(t.astype("M8[s]")).tolist() for t in (begin, begin + 3_600)), strict=True)
        lines = [
            f'{{"person":"P{n % cells}","place":"L{p}","entered_at":"{came}Z","left_at":"{left}Z"}}'
            for n, (p, (came, left)) in enumerate(zip(where.tolist(), moments, strict=True))
        ]
        engine.ingest_ndjson("check_in", "\n".join(lines).encode())
    lines = [f'{{"person":"P{n}","onset_at":"{_text(T - 86_400 * 3)}"}}' for n in rng.integers(0, cells, f0s).tolist()]
    engine.ingest_ndjson("case", "\n".join(lines).encode())


def _text(t: int) -> str:
    return np.datetime64(int(t), "s").item().strftime("%Y-%m-%dT%H:%M:%SZ")


def serve(cells: int, f0s: int, tokens: dict[str, str], pipe: Connection) -> None:
    """Load the city, tell the port, measure what is asked through ``pipe``."""
    logs.configure("json", Path(os.devnull).open("w"))  # noqa: SIM115 - written to until the process ends
    engine = Engine.open(Settings())
    city(engine, cells, f0s)
    began = time.perf_counter()
    found = engine.hexes(9)
    full = time.perf_counter() - began
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(config_of(create_app(engine, tokens), lifespan="off"))
    Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    pipe.send({"port": listening.getsockname()[1], "cells": len(found.h3), "full": full})
    n = 0
    while (order := pipe.recv()) != "stop":
        if order == "cpu":
            pipe.send(time.process_time())
            continue
        n += 1
        time.sleep(0.6)  # a dear map is shared for half a second: measure making one
        case = {"person": f"P{n}", "onset_at": _text(T - 86_400 * 2)}
        before = engine.hexes(9)
        engine.ingest_json("case", orjson.dumps({"events": [case]}))
        time.sleep(0.6)
        began = time.perf_counter()
        found = engine.hexes(9)
        took = time.perf_counter() - began
        pipe.send((took, found.as_of > before.as_of, len(changed_cells(before, found))))


async def read_many(port: int, path: str, headers: str, seconds: float) -> float:
    """Replies a second over ``CONNECTIONS`` connections that are kept open."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode()
    until, done = time.perf_counter() + seconds, 0

    async def one() -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        while time.perf_counter() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            size = re.search(rb"content-length: (\d+)", head, re.I)
            if size:
                await reader.readexactly(int(size[1]))
            done += 1
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return done / seconds


def rate(port: int, path: str, headers: dict[str, str], seconds: float) -> float:
    """Replies a second."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return asyncio.run(read_many(port, path, "".join(f"{k}: {v}\r\n" for k, v in headers.items()), seconds))
    given = [part for k, v in headers.items() for part in ("-H", f"{k}: {v}")]
    line = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", *given, f"http://127.0.0.1:{port}{path}"]
    told = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    return float(found[1]) if found else 0.0


def measured(server: Connection, port: int, path: str, headers: dict[str, str], seconds: float) -> str:
    """Replies a second, and what one costs the server."""
    server.send("cpu")
    before = server.recv()
    found = rate(port, path, headers, seconds)
    server.send("cpu")
    spent = server.recv() - before
    return f"{found:7,.0f}/s, {spent / max(1.0, found * seconds) * 1e6:5.0f} us CPU"


def get(port: int, path: str, headers: dict[str, str]) -> tuple[float, int, Any]:
    """(seconds, bytes, headers) of one reply."""
    began = time.perf_counter()
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(asked) as reply:
        body = reply.read()
    return time.perf_counter() - began, len(body), reply.headers


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=50_000)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=4.0)
    asked = parser.parse_args(arguments)
    tokens = make_tokens()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(asked.cells, asked.cases, tokens, theirs), daemon=True
    )
    server.start()
    ready = ours.recv()
    port = ready["port"]
    print(f"{ready['cells']:,} cells; first map {ready['full'] * 1e3:,.0f} ms (kernels compiled or loaded in it)")
    changes = []
    for _ in range(9):
        ours.send("case")
        took, newer, cells = ours.recv()
        if not newer:
            raise SystemExit("the map after the case is not newer than the one before")
        changes.append((took, cells))
    took, cells = statistics.median(t for t, _ in changes), statistics.median(c for _, c in changes)
    print(f"after one more case: median {took * 1e3:,.1f} ms (board and map), {cells:,.0f} cells changed")
    print(f"read by {'wrk' if shutil.which('wrk') else 'a plain client in Python'}, {CONNECTIONS} connections")
    print("CPU: of the server a reply; on a shared machine it says more than the rate")
    token = {"Authorization": f"Bearer {tokens['epidemiologist']}"}
    for name, path in PATHS.items():
        for coding in ("zstd", "gzip"):
            headers = {**token, "Accept-Encoding": coding}
            first, size, head = get(port, path, headers)
            again = measured(ours, port, path, headers, asked.seconds)
            unchanged = measured(ours, port, path, {**headers, "If-None-Match": head["ETag"]}, asked.seconds)
            print(f"{name:17} {coding:5}{size:>9,} bytes, first {first * 1e3:5.0f} ms; again {again}; 304 {unchanged}")
    ours.send("stop")
    server.join(10)


if __name__ == "__main__":
    sys.exit(main())
