"""Everybody's contacts at once are what everybody finds who asks alone."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import params
from engine.cores import VARIABLE
from engine.graph import pairs_fix_plan, pairs_fixes, pairs_places
from engine.graph.eligibility import BLUETOOTH, CHANNELS, LOCATION, Eligibility
from engine.graph.evidence import Evidence, gather
from engine.graph.kernels.fixes import chance_within, distance_m
from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.graph.pairs import Totals, pairs_of, sweep, totals
from engine.graph.presences import Queries
from engine.graph.view import GraphView
from tests.graph.small import HOUR, stay
from tests.property.answers import COMMON
from tests.strategies import DAY, DAYS, PEOPLE, PLACES, T0, worlds
from tests.worlds import World, batches, load, new_engine

LIMITS = Eligibility(max_attenuation_db=70.0, max_distance_m=2.0)
ALWAYS = (0, 2**33)
Row = tuple[object, ...]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of a few rows and parts of a few places, on three threads."""
    monkeypatch.setenv(VARIABLE, "3")
    monkeypatch.setattr(pairs_fixes, "CHUNK", 2)
    monkeypatch.setattr(pairs_fix_plan, "SLAB_ROWS", 3)
    monkeypatch.setattr(pairs_fix_plan, "SPAN_ROWS", 12)
    monkeypatch.setattr(pairs_fix_plan, "BAND_ROWS", 10)
    monkeypatch.setattr(pairs_fix_plan, "WORTH_SPLITTING", 5)
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
    st.sampled_from((CHANNELS, *(frozenset({channel}) for channel in CHANNELS))),
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
    assert [part.turn for part in pairs_places.place_parts(view, *ALWAYS, 0)] == [0, 1, 2]
    check(view, people, *ALWAYS, LIMITS)


def test_without_same_place_there_are_no_shared_stays() -> None:
    view, _ = in_segments([stay("a", "p", T0, T0 + HOUR), stay("b", "p", T0, T0 + HOUR)])
    assert totals(view, *ALWAYS, LIMITS) == Totals(1, HOUR)
    assert totals(view, *ALWAYS, replace(LIMITS, same_place=False)) == Totals(0, 0)


def test_nothing_known_has_no_pairs() -> None:
    view, _ = in_segments([])
    assert (list(pairs_of(view, *ALWAYS, LIMITS)), totals(view, *ALWAYS, LIMITS)) == ([], Totals(0, 0))


def where_phones_are(lat: float, lng: float) -> st.SearchStrategy[World]:
    """Fixes of few people within some metres of one point, every half a minute or so, of very different accuracy."""
    turn = 1 / np.cos(np.radians(lat))

    def build(who: str, n: int, north: int, east: int, accuracy: float) -> tuple[str, dict[str, object]]:
        around = (lng + east * turn / 111_195 + 180) % 360 - 180
        at = {"lat": max(-90.0, min(90.0, lat + north / 111_195)), "lng": round(around, 7), "accuracy_m": accuracy}
        return "location", {"person": who, "at": T0 + DAY - HOUR + n * 35, **at}

    metres = st.integers(-30, 30)
    accuracy = st.sampled_from((0.1, 1.0, 5.0, 12.0, 60.0))
    one = st.builds(build, st.sampled_from(PEOPLE), st.integers(0, 200), metres, metres, accuracy)
    return st.lists(one, min_size=2, max_size=60)


SPOTS = ((10.7769, 106.7009), (0.0, 180.0), (-16.8, -180.0), (89.9999, 12.0), (-89.9999, 180.0), (-89.99, 180.0))
A_WHILE = st.builds(lambda a, n: (T0 + DAY - HOUR + a, T0 + DAY - HOUR + a + n), *[st.integers(0, 7200)] * 2)


@pytest.mark.parametrize("spot", SPOTS)
@settings(**COMMON)
@given(st.data(), st.just(ALWAYS) | A_WHILE, st.sampled_from((2.0, 10.0)), st.sampled_from((0, 0, 60)))
def test_fixes_meet_anywhere_on_the_globe(
    spot: tuple[float, float], data: st.DataObject, window: tuple[int, int], limit: float, slack: int
) -> None:
    view, _ = in_segments(data.draw(where_phones_are(*spot)))
    limits = Eligibility(70.0, limit, slack_s=slack, channels=frozenset({"location"}))
    expected = near_each_other(view, *window, limit)
    if slack:
        expected = sorted(expected + [(b, a, *rest) for a, b, *rest in expected])
    assert swept(view, *window, limits) == expected
    assert totals(view, *window, limits) == Totals(len(expected), sum(row[4] - row[3] for row in expected))


def near_each_other(view: GraphView, low: int, high: int, limit: float) -> list[Row]:
    """Every fix against every other."""
    radius, per_sigma = params.EARTH_RADIUS_M.value, params.ACCURACY_SIGMAS.value
    fixes = []
    for number, s in enumerate(view.location):
        p = {name: column.tolist() for name, column in s.rows.payload.items()}
        for i, k1 in enumerate(s.rows.k1.tolist()):
            at = s.day_start + (k1 & SECOND_MASK)
            spot = (p["lat_e7"][i], p["lng_e7"][i])
            until = at + int(s.stay_s[i])
            fixes.append(((k1 >> SECOND_BITS, number, i), max(at, low), min(until, high), spot, p["accuracy_dm"][i]))
    found: list[Row] = []
    for (a, from_a, to_a, spot_a, dm_a), (b, from_b, to_b, spot_b, dm_b) in combinations(fixes, 2):
        start, end = max(from_a, from_b), min(to_a, to_b)
        if a[0] == b[0] or start >= end:
            continue
        d = distance_m(*spot_a, *spot_b, radius)
        sigma = np.sqrt((0.1 * dm_a) ** 2 + (0.1 * dm_b) ** 2) / per_sigma
        weight = chance_within(limit, d, sigma)
        reach = min(limit + params.FIX_SEARCH_SIGMAS.value * sigma, params.FIX_SEARCH_CAP_M.value)
        if d <= reach and weight >= params.FIX_WEIGHT_FLOOR.value:
            found.append((*sorted((a, b)), LOCATION, start, end, weight, d, -1))
    return sorted(found)


def test_memory_for_records_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs_fixes, "MOST_SPARE", 100)
    monkeypatch.setattr(pairs_fixes, "_spare", [])
    first, other = pairs_fixes._memory(60), pairs_fixes._memory(50)
    pairs_fixes._leave(first)
    pairs_fixes._leave(other)  # too much together
    assert pairs_fixes._memory(40) is first
    pairs_fixes._leave(first)
    assert len(pairs_fixes._memory(70)) == 70
    assert pairs_fixes._spare == []
