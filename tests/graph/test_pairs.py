"""Everybody's contacts at once are what everybody finds who asks alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cores import VARIABLE
from engine.graph import pairs_places
from engine.graph.eligibility import BLUETOOTH, CHANNELS, Eligibility
from engine.graph.evidence import Evidence, gather
from engine.graph.pairs import Totals, pairs_of, sweep, totals
from engine.graph.presences import Queries
from engine.graph.view import GraphView
from tests.graph.small import HOUR, stay
from tests.property.answers import COMMON
from tests.strategies import DAY, DAYS, PEOPLE, PLACES, T0, worlds
from tests.worlds import World, batches, load, new_engine

LIMITS = Eligibility(max_attenuation_db=70.0, max_distance_m=2.0, channels=CHANNELS - {"location"})
ALWAYS = (0, 2**33)
Row = tuple[object, ...]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of a few rows and parts of a few places, on three threads."""
    monkeypatch.setenv(VARIABLE, "3")
    monkeypatch.setattr(pairs_places, "CHUNK", 3)
    monkeypatch.setattr(pairs_places, "DAY_ROWS", 7)
    monkeypatch.setattr(pairs_places, "WORTH_SPLITTING", 5)
    monkeypatch.setattr(pairs_places, "SAMPLE", 16)


def rows(ev: Evidence, directed: bool) -> list[Row]:
    """Evidence as rows; undirected each interval once, from the person with the smaller code."""
    found = []
    for n in range(len(ev)):
        mine, theirs = (
            (code, segment, row)
            for code, segment, row in (
                (int(ev.query[n]), int(ev.own_segment[n]), int(ev.own_row[n])),
                (int(ev.other[n]), int(ev.other_segment[n]), int(ev.other_row[n])),
            )
        )
        if ev.channel[n] == BLUETOOTH:  # the row is the sighting's, whoever asks
            mine, theirs = (mine[0], *theirs[1:]), theirs
        ends = (mine, theirs) if directed else tuple(sorted((mine, theirs)))
        rest = (ev.channel, ev.start, ev.end, ev.weight, ev.measure, ev.place)
        found.append((*ends, *(column[n].item() for column in rest)))
    return sorted(found)


def asked_alone(view: GraphView, people: int, start: int, end: int, limits: Eligibility) -> list[Row]:
    who = np.arange(people, dtype=np.int32)
    ev = gather(view, Queries(who, np.full(people, start), np.full(people, end)), limits)
    directed = limits.slack_s > 0
    return rows(ev if directed else ev.take(ev.other > ev.query), directed)


def swept(view: GraphView, start: int, end: int, limits: Eligibility) -> list[Row]:
    at_once = sweep(view, start, end, limits, lambda found: rows(found.evidence(), limits.slack_s > 0))
    one_by_one = [rows(found.evidence(), limits.slack_s > 0) for found in list(pairs_of(view, start, end, limits))]
    assert at_once == one_by_one
    return sorted(row for chunk in at_once for row in chunk)


def check(view: GraphView, people: int, start: int, end: int, limits: Eligibility) -> None:
    expected = asked_alone(view, people, start, end, limits)
    assert swept(view, start, end, limits) == expected
    seconds = sum(row[4] - row[3] for row in expected)
    assert totals(view, start, end, limits) == Totals(len(expected), seconds)


def in_segments(world: World) -> tuple[GraphView, int]:
    """The graph of a world that was published after each batch, so that days have several segments."""
    engine = new_engine()
    for kind, events in batches(world, [9, 4, 2, 1] * len(world)):
        load([(kind, event) for event in events], engine=engine)
        engine.snapshot()
    state = engine.snapshot()
    return state.graph, len(state.person_keys)


@settings(**COMMON)
@given(
    worlds(most=60),
    st.just(ALWAYS) | st.tuples(st.integers(T0, T0 + DAYS * DAY), st.integers(T0, T0 + DAYS * DAY)).map(sorted),
    st.sampled_from((0, 0, 900, 5 * HOUR)),
    st.sampled_from((CHANNELS - {"location"}, frozenset({"check_in"}), frozenset({"bluetooth"}))),
)
def test_a_sweep_finds_what_everybody_finds(
    world: World, window: tuple[int, int], slack: int, channels: frozenset[str]
) -> None:
    view, people = in_segments(world)
    check(view, people, *window, replace(LIMITS, slack_s=slack, channels=channels))


def long_stays() -> st.SearchStrategy[tuple[str, dict[str, object]]]:
    """Stays of minutes to days that begin on a coarse grid, so that many begin and end together."""
    return st.builds(
        lambda who, place, n, halves: stay(who, place, T0 + n * 1800, T0 + (n + halves) * 1800),
        st.sampled_from(PEOPLE),
        st.sampled_from(PLACES),
        st.integers(0, DAYS * 48),
        st.sampled_from((1, 1, 2, 3, 48, 47, 100, 300)),
    )


@settings(**COMMON)
@given(
    st.lists(long_stays(), min_size=2, max_size=60),
    st.just(ALWAYS)
    | st.builds(lambda a, n: (T0 + a * 900, T0 + (a + n) * 900), st.integers(0, DAYS * 96), st.integers(0, 200)),
    st.sampled_from((0, 0, 1800, 2 * DAY)),
)
def test_stays_reach_over_midnights(world: World, window: tuple[int, int], slack: int) -> None:
    view, people = in_segments(world)
    check(view, people, *window, replace(LIMITS, slack_s=slack))


def test_stays_of_no_length_are_no_contact() -> None:
    view, _ = in_segments([stay("a", "p", T0, T0), stay("b", "p", T0, T0 + 60), stay("c", "p", T0 + 60, T0 + 90)])
    assert totals(view, *ALWAYS, LIMITS) == Totals(0, 0)


def test_nobody_meets_oneself() -> None:
    view, _ = in_segments([stay("a", "p", T0, T0 + HOUR), stay("a", "p", T0 + 60, T0 + HOUR)])
    assert totals(view, *ALWAYS, LIMITS) == totals(view, *ALWAYS, replace(LIMITS, slack_s=60)) == Totals(0, 0)


def test_a_crowd_is_split_and_counted_whole() -> None:
    view, people = in_segments([stay(f"p{n}", "hall", T0 + n, T0 + 50 + 2 * n) for n in range(60)])
    assert [part.turn for part in pairs_places.parts_of(view, *ALWAYS, 0)] == [0, 1, 2]
    check(view, people, *ALWAYS, LIMITS)


def test_without_same_place_there_are_no_shared_stays() -> None:
    view, _ = in_segments([stay("a", "p", T0, T0 + HOUR), stay("b", "p", T0, T0 + HOUR)])
    assert totals(view, *ALWAYS, LIMITS) == Totals(1, HOUR)
    assert totals(view, *ALWAYS, replace(LIMITS, same_place=False)) == Totals(0, 0)


def test_nothing_known_has_no_pairs() -> None:
    view, _ = in_segments([])
    assert (list(pairs_of(view, *ALWAYS, LIMITS)), totals(view, *ALWAYS, LIMITS)) == ([], Totals(0, 0))
