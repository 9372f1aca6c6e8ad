"""Which contacts qualify: minutes under each way of adding them up."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.exposure import policies
from engine.exposure.pairs import probability
from tests.graph.small import DAY, HOUR, T0, Told, case, saw, stay
from tests.worlds import load

MINUTE = 60


@pytest.fixture(autouse=True)
def _quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    base = replace(policies.PRESETS["vn-2021-07"], min_minutes=15)
    for how in ("window", "24h", "single"):
        monkeypatch.setitem(policies.PRESETS, how, replace(base, name=how, accumulate=how))


def rows(world: list[Told], policy: str) -> list[Any]:
    return list(load([case("s", onset_at=T0), *world]).exposures("s", depth=1, policy=policy).rows)


@pytest.mark.parametrize(("seconds", "count"), [(899, 0), (900, 1)])
@pytest.mark.parametrize("policy", ["window", "24h", "single"])
def test_the_least_minutes_are_enough_and_no_second_less(policy: str, seconds: int, count: int) -> None:
    assert len(rows([saw("s", "y", T0, seconds)], policy)) == count


@pytest.mark.parametrize(
    ("starts", "qualifies"),
    [
        ((0, 300, 600), {"window", "24h", "single"}),
        ((0, 400, 800), {"window", "24h"}),
        ((0, 6 * HOUR, DAY - 300), {"window", "24h"}),
        ((0, 6 * HOUR, DAY - 299), {"window"}),
        ((0, 2 * DAY, 4 * DAY), {"window"}),
    ],
)
def test_three_times_five_minutes(starts: tuple[int, ...], qualifies: set[str]) -> None:
    world = [saw("s", "y", T0 + t) for t in starts]
    assert {p for p in ("window", "24h", "single") if rows(world, p)} == qualifies


def test_overlapping_evidence_is_counted_once() -> None:
    seen = [saw("s", "y", T0, 600), saw("y", "s", T0 + 60, 600)]
    assert rows(seen, "window") == []
    (row,) = rows([*seen, saw("s", "y", T0 + 660, 240)], "window")
    assert row.minutes == 15


def test_channels_join_into_one_contact() -> None:
    world = [saw("s", "y", T0, 600), *(stay(p, "p", T0 + 600, T0 + 900) for p in ("s", "y"))]
    (row,) = rows(world, "single")
    assert (row.minutes, row.channels, row.places) == (15, ("bluetooth", "check_in"), ("p",))


def test_the_moment_is_the_start_of_the_first_interval_not_the_fifteenth_minute() -> None:
    (row,) = rows([saw("s", "y", T0 + 5 * HOUR), saw("s", "y", T0, 600)], "window")
    assert (row.first_exposed_at, row.last_exposed_at) == (T0, T0 + 5 * HOUR + 300)


def test_only_the_time_within_the_window_counts() -> None:
    opens = T0 - 3 * DAY
    assert rows([saw("s", "y", opens - MINUTE, 900)], "window") == []
    (row,) = rows([saw("s", "y", opens - MINUTE, 960)], "window")
    assert (row.first_exposed_at, row.minutes) == (opens, 15)


def test_no_dose_no_chance_and_never_certainty() -> None:
    chances = probability(np.array([0.0, 1.0, 1e3]))
    assert chances[0] == 0
    assert chances[1] == pytest.approx(0.010940, abs=1e-6)
    assert 0.99 < chances[2] < 1
