"""Haslemere (BBC Pandemic): distances as attenuation give exactly the networks of Firth et al. 2020."""

import csv
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.real_sets import (
    HASLEMERE_START,
    World,
    data_file,
    days_met,
    town_network,
    town_rows,
    within,
)
from engine.clock import DAY
from engine.exposure.policies import attenuation_at

Pair = tuple[int, int]


@pytest.fixture(scope="module")
def rows(haslemere: World) -> list[tuple[int, int, int, int]]:
    """(time step, i, j, metres) of the file, without user 469."""
    table = town_rows()
    columns = (table[n].to_pylist() for n in ("time_step", "user1_id", "user2_id", "distance_m"))
    return [r for r in zip(*columns, strict=True) if 469 not in r[1:3]]


def pair(row: dict[str, str]) -> Pair:
    i, j = sorted((int(row["person"]), int(row["other"])))
    return i, j


def pairs(contacts: pa.Table) -> set[Pair]:
    return {pair(row) for row in contacts.select(["person", "other"]).to_pylist()}


def test_every_distance_of_the_file_has_an_attenuation_of_its_own() -> None:
    # The engine keeps 0.01 dB. Were two whole metres to fall together, no limit could part them.
    metres = [0.1, *range(1, 51)]
    stored = np.array([round(attenuation_at(m) * 100) for m in metres])
    assert np.diff(stored).min() > 10
    assert (stored[4], stored[5]) == (8203, 8439)


def test_steps_are_the_moments_of_the_conversion_table(haslemere: World) -> None:
    with data_file("haslemere", "TimeConversion.csv").open() as file:
        given = {int(r["time_step"]): r["timestamp"] for r in csv.DictReader(file)}
    assert len(given) == 576
    for step, text in given.items():
        day, of_day = divmod(step - 1, 192)
        summer = datetime.fromtimestamp(HASLEMERE_START + day * DAY + of_day * 300 + 3600, UTC)
        assert summer.strftime("%a %d %b %Y %H:%M:%S") == text


def test_4_m_gives_the_edges_of_the_published_network(haslemere: World) -> None:
    known = town_network("All")
    assert len(known) == 1_257
    assert pairs(haslemere.contacts(within(4))) == set(known)


def test_days_met_are_the_published_weights(haslemere: World) -> None:
    assert days_met(haslemere.contacts(within(4))) == town_network("All")


@pytest.mark.parametrize(("day", "net", "edges"), [(0, "Thurs", 403), (1, "Fri", 630), (2, "Sat", 583)])
def test_steps_of_a_day_are_its_published_weights(haslemere: World, day: int, net: str, edges: int) -> None:
    contacts = haslemere.contacts(within(4))
    of_day = pc.equal(pc.divide(contacts["t_start"].cast("int64"), DAY), HASLEMERE_START // DAY + day)
    steps: Counter[Pair] = Counter()
    for row in contacts.filter(of_day).to_pylist():
        steps[pair(row)] += row["seconds"]
    known = town_network(net)
    assert len(known) == edges
    assert {edge: s / 300 for edge, s in steps.items()} == known


@pytest.mark.parametrize(("metres", "net"), [(7, "am_7"), (16, "am_16")])
def test_other_published_distances(haslemere: World, metres: int, net: str) -> None:
    assert days_met(haslemere.contacts(within(metres))) == town_network(net)


@pytest.mark.parametrize("metres", [1, 2, 3, 4, 5, 6, 10, 20, 49, 50])
def test_any_distance_equals_a_cut_of_the_file(
    haslemere: World, rows: list[tuple[int, int, int, int]], metres: int
) -> None:
    cut = [(t, i, j) for t, i, j, m in rows if m <= metres]
    contacts = haslemere.contacts(within(metres))
    assert pairs(contacts) == {(i, j) for _, i, j in cut}
    assert pc.sum(contacts["seconds"]).as_py() == 300 * len(cut)


def test_a_preset_of_2_m_through_the_engine_includes_2_m(
    haslemere: World, rows: list[tuple[int, int, int, int]]
) -> None:
    contacts = haslemere.engine.materialise(0, 2**33, policy="vn-2021-07", gap_s=0)
    assert pairs(contacts) == {(i, j) for _, i, j, m in rows if m <= 2}
    assert pc.max(contacts["attenuation_db"]).as_py() == pytest.approx(attenuation_at(2), abs=0.005)
