"""The hex map of a city of 50,000 cells: summed in full, after one new case, and read over HTTP from memory."""

import contextlib
import multiprocessing
import socket
import time
from dataclasses import dataclass

import numpy as np
import pytest

from benchmarks.bench_hexes import END, World, case, forget, one, places, same, seconds, tables
from benchmarks.bench_map import PATHS, get, rate, serve
from benchmarks.beside import sized
from engine.exposure.labels import Labelled
from engine.risk.hexes import RESOLUTIONS, HexSums
from engine.risk.incremental import follow
from engine.service.access import make_tokens

FIXES, CASES, CELLS, READ_S = sized(5_000_000), 300, sized(50_000), 4.0


@dataclass
class City:
    """A world, what its board says, and the sums of its map."""

    world: World
    state: Labelled
    sums: HexSums
    rng: np.random.Generator


def make_city() -> City:
    rng, world = np.random.default_rng(11), World()
    world.tell("place", places())
    for kind, share in (("location", 1.0), ("check_in", 0.1)):
        for table in tables(kind, int(FIXES * share)):
            world.tell(kind, table)
    world.tell("case", case(rng, CASES))
    made = City(world, world.state(), HexSums(), rng)
    made.sums.rebuild(made.state, END)
    for resolution in RESOLUTIONS:
        made.sums.scores(resolution)
    after_case(made)
    return made


@pytest.fixture(scope="module")
def city():
    return make_city()


def full(city: City) -> float:
    """Seconds of the whole map, nothing remembered."""
    forget(city.state)
    return seconds(lambda: (city.sums.rebuild(city.state, END), city.sums.scores(10)))


def new_case(city: City) -> None:
    """The board learns of one more case."""
    city.world.tell("case", one(city.rng, "case"))
    city.state = city.world.state()


def followed(city: City) -> float:
    """Seconds of the map, once the board knows of what is new."""
    return seconds(lambda: (follow(city.sums, city.state, END + 900), city.sums.scores(10)))


def after_case(city: City) -> float:
    """Seconds of the map after one more case."""
    new_case(city)
    return followed(city)


def test_full(beside, city):
    job = (
        f"hex map of {len(city.sums.scores(10).h3):,} cells, {FIXES:,} fixes, {CASES} F0s: in full, nothing remembered"
    )
    beside.figure("hexes-full", job, lambda: full(city), "s", 0.5, True, rounds=5)


def test_one_case(beside, city):
    for resolution in RESOLUTIONS:
        city.sums.scores(resolution)
    after_case(city)
    job = f"hex map of {len(city.sums.scores(10).h3):,} cells, {FIXES:,} fixes, {CASES} F0s: one new case"
    beside.figure("hexes-case", job, lambda: 1e3 * after_case(city), "ms", 10, True, rounds=15)
    assert same(city.sums, city.world.state())


@pytest.fixture(scope="module")
def server():
    """(port, path, headers, what it holds) of a server in a process of its own."""
    tokens, spawn = make_tokens(), multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(CELLS, CASES, tokens, theirs), daemon=True)
    process.start()
    ready = ours.recv()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ready["port"]), timeout=1):
            break
        time.sleep(0.05)
    headers = {"Authorization": f"Bearer {tokens['epidemiologist']}", "Accept-Encoding": "zstd"}
    job = f"hex map of {ready['cells']:,} cells over HTTP, 64 connections, reader on the same two cores"
    yield ready["port"], PATHS["whole city, JSON"], headers, job
    ours.send("stop")
    process.join(10)


def test_whole_reply(beside, server):
    port, path, headers, job = server
    _, size, _ = get(port, path, headers)
    beside.figure("hexes-read", f"{job}: whole ({size:,} bytes, zstd)", lambda: rate(port, path, headers, READ_S),
                  "requests/s", rounds=3)  # fmt: skip


def test_unchanged(beside, server):
    port, path, headers, job = server
    tagged = {**headers, "If-None-Match": get(port, path, headers)[2]["ETag"]}
    beside.figure("hexes-304", f"{job}: cached, with ETag", lambda: rate(port, path, tagged, READ_S),
                  "requests/s", 5_000, rounds=3)  # fmt: skip
