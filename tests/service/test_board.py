"""The board: everybody's least level over all F0s."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.service.answers import BOARD_DEPTH
from engine.service.engine import Engine, Settings
from tests.graph.small import DAY, HOUR, T0, Told, case, saw, stay
from tests.worlds import NOW, load


def engine_of(world: list[Told], policy: str) -> Engine:
    engine = Engine.open(Settings(default_policy=policy), clock=lambda: NOW)
    load(sorted(world, key=lambda e: e[0]), engine=engine)
    return engine


def least(engine: Any) -> dict[str, int]:
    """Least level of everybody over the traces from each case alone."""
    levels: dict[str, int] = {}
    for f0 in engine.cases():
        for row in engine.exposures(f0.person, depth=BOARD_DEPTH).rows:
            levels[row.person] = min(row.level, levels.get(row.person, row.level))
    return levels | {f0.person: 0 for f0 in engine.cases()}


PEOPLE = ("a", "b", "c", "d", "e")
sightings = st.builds(
    lambda i, j, day, hour: saw(PEOPLE[i], PEOPLE[(i + j) % 5], T0 + day * DAY + hour * HOUR, 1200),
    st.integers(0, 4),
    st.integers(1, 4),
    st.integers(0, 24),
    st.integers(0, 3),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(sightings, min_size=3, max_size=14),
    st.lists(st.integers(0, 24), min_size=1, max_size=3),
    st.sampled_from(("vn-2021-07", "ecdc", "who")),
)
def test_a_level_is_the_least_over_the_traces_of_single_cases(
    meetings: list[Told], onsets: list[int], policy: str
) -> None:
    f0s = [case(p, onset_at=T0 + day * DAY) for p, day in zip(PEOPLE, onsets, strict=False)]
    engine = engine_of([*meetings, *f0s], policy)
    levels = least(engine)
    named = {e[n] for _, e in meetings for n in ("person", "peer")}
    assert {p: engine.person(p).level for p in named} == {p: levels.get(p) for p in named}


def test_an_f0_passes_on_another_ones_exposure_before_its_own_window() -> None:
    # s2 falls ill long after meeting s1 and y: not infectious of its own then, but an F1 of s1, and y an F2.
    world = [
        saw("s1", "s2", T0), saw("s2", "y", T0 + DAY), case("s1", onset_at=T0), case("s2", onset_at=T0 + 12 * DAY),
    ]  # fmt: skip
    engine = engine_of(world, "vn-2021-07")
    assert engine.person("y").level == 2
    assert engine.person("y").because_case == "s1"


def test_an_f0_passes_on_another_ones_exposure_after_its_own_window() -> None:
    # Under ECDC an own window closes 10 days after onset; that of an F1 stays open until isolation.
    world = [
        saw("s1", "s2", T0 + 2 * DAY, 1200), saw("s2", "y", T0 + 20 * DAY, 1200),
        case("s1", onset_at=T0 + DAY), case("s2", onset_at=T0 + DAY),
    ]  # fmt: skip
    assert engine_of(world, "ecdc").person("y").level == 2


def test_why_names_the_nearest_case() -> None:
    world = [
        saw("near", "x", T0), saw("far", "m", T0), saw("m", "x", T0 + HOUR),
        case("near", onset_at=T0), case("far", onset_at=T0),
    ]  # fmt: skip
    report = engine_of(world, "vn-2021-07").person("x")
    assert report.because is not None
    assert (report.level, report.because.via, report.because_case) == (1, "near", "near")


def test_an_f0_is_level_nought_without_a_reason() -> None:
    world = [saw("a", "b", T0), case("a", onset_at=T0), case("b", onset_at=T0)]
    report = engine_of(world, "vn-2021-07").person("b")
    assert (report.level, report.is_case, report.because, report.because_case) == (0, True, None, None)


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_a_level_without_anybody_new_ends_the_trace(depth: int) -> None:
    """Everybody met everybody at once: the second level finds only people of the first."""
    world = [*(stay(p, "p", T0, T0 + HOUR) for p in "sabc"), case("s", onset_at=T0)]
    rows = engine_of(world, "vn-2021-07").exposures("s", depth=depth).rows
    assert [(r.person, r.level) for r in rows] == [("a", 1), ("b", 1), ("c", 1)]
