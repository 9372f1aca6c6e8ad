"""The hex map that follows the board, batch after batch, is bit for bit the map that is summed anew."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exposure.board import Board
from engine.exposure.labels import Labelled, labels_of
from engine.exposure.policies import PRESETS
from engine.risk.hexes import RESOLUTIONS, HexScores, HexSums
from engine.risk.incremental import follow
from tests.exposure.live import Live
from tests.oracles.state import Event
from tests.property.answers import COMMON
from tests.property.test_live_board import streams
from tests.strategies import DAY, DAYS, METRE_LAT, PEOPLE, T0
from tests.worlds import World, batches, body, new_engine

POLICY = PRESETS["vn-2021-07"]


class Followed:
    """A state, its board, and the map that follows both."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.live, self.board, self.sums = Live(), Board(POLICY), HexSums()

    def tell(self, kind: str, events: list[Event]) -> Labelled:
        self.live.tell(kind, events)
        self.board.update(self.live.state(), self.live.delta())
        state = labels_of(self.board)
        follow(self.sums, state, self.at)
        return state

    def maps(self) -> dict[int, HexScores]:
        return {r: self.sums.scores(r) for r in RESOLUTIONS}


def anew(state: Labelled, at: int) -> dict[int, HexScores]:
    sums = HexSums()
    sums.rebuild(state, at)
    return {r: sums.scores(r) for r in RESOLUTIONS}


def assert_equal(found: dict[int, HexScores], wanted: dict[int, HexScores]) -> None:
    for resolution, columns in wanted.items():
        for name, column in vars(columns).items():
            assert np.array_equal(getattr(found[resolution], name), column), (resolution, name)


@st.composite
def moving_worlds(draw: st.DrawFn) -> World:
    """A world in any order, with places that come late, and fixes that lie kilometres and days apart."""
    world = draw(streams())
    far = st.builds(
        lambda who, n, north: (
            "location",
            {
                "person": who,
                "at": T0 + n * 1200,
                "lat": 10.7 + north * 300 * METRE_LAT,
                "lng": 106.7,
                "accuracy_m": 5.0,
            },
        ),
        st.sampled_from(PEOPLE),
        st.integers(0, 72 * DAYS),
        st.integers(0, 12),
    )
    world += draw(st.lists(far, max_size=12))
    world.append(("place", {"place": "nowhere", "lat": 10.771, "lng": 106.693}))
    random.Random(draw(st.integers(0, 2**32))).shuffle(world)
    return world


def moments_of_maps() -> st.SearchStrategy[int]:
    """In the midst of the world, at its end, and when the look-back cuts it."""
    hour = st.integers(0, 24 * (DAYS + 15))
    return st.sampled_from((T0 + DAYS * DAY, T0 + 2 * DAY + 36_000)) | hour.map(lambda n: T0 + n * 3600 + 900)


@settings(**COMMON | {"max_examples": 20})
@given(moving_worlds(), st.lists(st.integers(1, 4), max_size=60), moments_of_maps())
def test_after_every_batch_it_equals_the_map_summed_anew(world: World, sizes: list[int], at: int) -> None:
    followed = Followed(at)
    for kind, events in batches(world, sizes):
        state = followed.tell(kind, events)
        assert_equal(followed.maps(), anew(state, at))


@settings(**COMMON | {"max_examples": 6})
@given(moving_worlds(), st.lists(st.integers(1, 4), max_size=60))
def test_the_live_map_of_an_engine_is_the_map_summed_anew(world: World, sizes: list[int]) -> None:
    engine = new_engine()
    for kind, events in batches(world, sizes):
        engine.ingest_json(kind, body(events))
        maps, state = engine._hexes, engine._known.labels()
        found = {r: maps.get(r, None) for r in RESOLUTIONS}
        assert {found[r].as_of for r in RESOLUTIONS} == {engine.as_of}
        assert_equal({r: found[r].scores for r in RESOLUTIONS}, anew(state, found[9].scores.at))
