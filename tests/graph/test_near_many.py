"""Fixes near those of many people at once are the ones that a search round each of them finds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geo.cells import cells_of
from engine.graph import near_book
from engine.graph.eligibility import Eligibility
from engine.graph.evidence import gather, near_lines
from engine.graph.kernels import found
from engine.graph.kernels.near_many import SPREAD
from engine.graph.near_book import known_book, make_if_it_pays
from engine.graph.near_many import near_of_many, pays
from engine.graph.presences import Queries
from engine.graph.segments import Rows, build_segment
from engine.graph.view import GraphView
from tests.graph.segmented import DAY, DAYS, T0, view_of

LIMITS = Eligibility(70.0, 2.0, channels=frozenset({"location"}))
PLACES = ((10.77, 106.70), (0.0, 0.0), (-33.45, -70.66), (64.14, -21.94), (74.99, 20.0), (10.0, -179.89))


def moved(view: GraphView, lat: float, lng: float, wide: float, rng: np.random.Generator) -> GraphView:
    """The same fixes somewhere else, strewn over so many metres, some exactly on each other."""
    segments = []
    for segment in view.location:
        old, n = segment.rows.payload, len(segment.rows)
        north, east = (np.rint(rng.uniform(-wide, wide, n) * rng.integers(0, 2, n) * 90).astype(np.int32) for _ in "ab")
        payload = {**old, "lat_e7": (round(lat * 1e7) + north).astype(np.int32)}
        payload["lng_e7"] = (round(lng * 1e7) + np.rint(east / np.cos(np.radians(lat)))).astype(np.int32)
        rows = Rows("location", segment.rows.k1, segment.rows.k2, payload)
        cells = cells_of(payload["lat_e7"] / 1e7, payload["lng_e7"] / 1e7, 11)
        segments.append(replace(build_segment(segment.day_start, rows, cells), stay_s=segment.stay_s))
    return replace(view, location=tuple(segments))


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from([(60, 5), (30, 40), (200, 100), (8, 100_000)]), st.sampled_from(PLACES),
    st.sampled_from([3.0, 40.0, 300.0]), st.floats(0, 1), st.sampled_from([0.5, 2.0, 25.0]),
)  # fmt: skip
def test_it_finds_what_a_search_round_each_fix_finds(
    seed: int, shape: tuple[int, int], place: tuple[float, float], wide: float, share: float, limit: float
) -> None:
    rng = np.random.default_rng(seed)
    view = moved(view_of(seed, shape[0], shape[1], 1), *place, wide, rng)
    limits = replace(LIMITS, max_distance_m=limit)
    people = shape[1]
    opens = T0 + rng.integers(-DAY, DAYS * DAY, people)
    closes = opens + rng.choice([0, 1, 700, DAY, 3 * DAY, 2**60], people)
    closes[rng.random(people) > share] = 0
    near = near_of_many(view, opens, closes, limits)
    assert near is not None
    who = np.flatnonzero(opens < closes).astype(np.int32)
    ev = gather(view, Queries(who, opens[who], closes[who]), limits)
    rows = zip(*(c.tolist() for c in (near.person, near.other, near.start, near.end, near.weight)), strict=True)
    columns = (who[ev.query], ev.other, ev.start, ev.end, ev.weight)
    assert sorted(rows) == sorted(zip(*(c.tolist() for c in columns), strict=True))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(60, 5), (30, 40), (200, 100)]), st.sampled_from([0.5, 2.0]))
def test_a_book_holds_what_a_search_finds(seed: int, shape: tuple[int, int], limit: float) -> None:
    rng = np.random.default_rng(seed)
    view = moved(view_of(seed, *shape, 1), *PLACES[0], 3.0, rng)
    limits = replace(LIMITS, max_distance_m=limit)
    if not view.location:
        return
    make_if_it_pays(view, limits, 1.0)
    assert known_book(view, limits) is None
    make_if_it_pays(view, limits, 1e18)
    book = known_book(view, limits)
    assert book is not None
    opens = T0 + rng.integers(-DAY, DAYS * DAY, 50)
    asked = Queries(rng.integers(0, shape[1] + 9, 50).astype(np.int32), opens, opens + rng.integers(0, 3 * DAY, 50))
    (whole, parts), (expected, weights) = book.lines(asked), near_lines(view, asked, limits)
    assert np.all(np.diff(whole[:, found.PERSON]) >= 0)
    some = [found.PERSON, found.OTHER, found.START, found.END]
    mine = sorted(zip(whole[:, some].tolist(), parts[:, found.WEIGHT].tolist(), strict=True))
    assert mine == sorted(zip(expected[:, some].tolist(), weights[:, found.WEIGHT].tolist(), strict=True))


def test_no_book_is_longer_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_book, "MOST_ROWS", 3)
    view = moved(view_of(1, 60, 5, 1), *PLACES[0], 3.0, np.random.default_rng(1))
    make_if_it_pays(view, LIMITS, 1e18)
    assert known_book(view, LIMITS) is None


@pytest.mark.parametrize("place", [(75.1, 20.0), (-89.0, 3.0), (10.0, 179.99), (10.0, -179.99)])
def test_near_a_pole_or_the_date_line_it_says_that_it_cannot(place: tuple[float, float]) -> None:
    view = moved(view_of(1, 60, 5, 1), *place, 3.0, np.random.default_rng(1))
    everybody = np.full(5, T0 - DAY), np.full(5, T0 + 9 * DAY)
    assert near_of_many(view, *everybody, LIMITS) is None
    nobody = everybody[1], everybody[0]
    answer = near_of_many(view, *nobody, LIMITS)
    assert answer is not None
    assert len(answer) == 0


def test_it_pays_for_many_and_where_there_are_fixes() -> None:
    view = view_of(1, 60, 1_000, 1)
    opens, closes = np.full(1_000, T0), np.full(1_000, T0 + DAYS * DAY)
    assert pays(view, opens, closes, LIMITS)
    few = np.where(np.arange(1_000) < 100, closes, 0)
    assert not pays(view, opens, few, LIMITS)
    assert not pays(view, opens, np.zeros(1_000, np.int64), LIMITS)
    assert not pays(view, opens, closes, replace(LIMITS, channels=frozenset({"check_in"})))
    assert not pays(replace(view, location=()), opens, closes, LIMITS)


@pytest.mark.parametrize("bits", range(6, 31))
def test_no_bucket_round_a_place_is_looked_at_twice(bits: int) -> None:
    mask = (1 << bits) - 1
    for middle in (0, 1, 12_345, -7):
        assert len({(middle + strip * SPREAD + step) & mask for strip in (-1, 0, 1) for step in (-1, 0, 1)}) == 9
