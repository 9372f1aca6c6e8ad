"""The hex map of a city of 50,000 cells: summed in full, after one new case, and read over HTTP from memory."""

from dataclasses import dataclass

import numpy as np
import pytest

from benchmarks.bench_hexes import END, World, case, forget, one, places, same, seconds, tables
from benchmarks.beside import sized
from benchmarks.hexes_pandas import frames_of, hex_map, same_map
from engine.exposure.labels import Labelled
from engine.risk.hexes import RESOLUTIONS, HexScores, HexSums
from engine.risk.incremental import follow

FIXES, CASES = sized(5_000_000), 300


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


def whole(city: City) -> HexScores:
    """The whole map, nothing remembered."""
    full(city)
    return city.sums.scores(10)


def in_full(city: City) -> str:
    """What is asked for."""
    return (
        f"hex map of {len(city.sums.scores(10).h3):,} cells, {FIXES:,} fixes, {CASES} F0s: in full, nothing remembered"
    )


@pytest.mark.beside
def test_beside_pandas(beside, city):
    frames = frames_of(city.state, city.sums.scores(10).h3, END)
    theirs = lambda: hex_map(frames, END)
    beside.ratio(
        "hexes-pandas", in_full(city), lambda: whole(city), "pandas group-by of the same rows", theirs,
        rounds=5, agree=same_map,
        note="both know each row's cell, how long it lasts, everybody's level and which cells are near which",
    )  # fmt: skip


def test_full(beside, city):
    job = in_full(city)
    beside.figure("hexes-full", job, lambda: full(city), "s", 0.5, True, rounds=5)


def test_one_case(beside, city):
    for resolution in RESOLUTIONS:
        city.sums.scores(resolution)
    after_case(city)
    job = f"hex map of {len(city.sums.scores(10).h3):,} cells, {FIXES:,} fixes, {CASES} F0s: one new case"
    beside.figure("hexes-case", job, lambda: 1e3 * after_case(city), "ms", 10, True, rounds=15)
    assert same(city.sums, city.world.state())
