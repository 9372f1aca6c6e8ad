"""What the streams say of maps: which cells changed, when, and to whom."""

from dataclasses import dataclass, replace

import numpy as np
import orjson
from hypothesis import given
from hypothesis import strategies as st

from engine.service.mapnews import MOST_CHANGED, MapNews, changed_cells, map_event
from engine.service.results import HexColumns
from engine.service.stream import Hub

T = 1_626_000_300


def columns(scores, as_of=1, at=T):
    """{cell: score} as a map."""
    cells = np.array(sorted(scores), np.uint64)
    score = np.array([scores[c] for c in sorted(scores)], np.float64)
    whole, real = np.zeros(len(cells), np.int8), np.zeros(len(cells))
    return HexColumns(
        resolution=9, at=at, as_of=as_of, h3=cells, score=score, band=whole, low=score, high=score, reliability=whole,
        infectious_h=real, contact_h=real, footfall_h=real, persons=np.zeros(len(cells), np.int64),
    )  # fmt: skip


maps = st.dictionaries(st.integers(1, 12), st.sampled_from([0.0, 1.0, 2.0]))


@given(maps, maps)
def test_changed_cells_are_those_that_differ_or_stand_alone(before, after):
    want = sorted(c for c in before.keys() | after.keys() if before.get(c) != after.get(c))
    assert changed_cells(columns(before), columns(after)).tolist() == want


def test_the_event_of_a_map():
    before, now = columns({1: 0.0, 2: 5.0}), columns({1: 0.0, 2: 6.0, 255: 1.0}, 4)
    assert map_event(before, now) == {
        "resolution": 9,
        "at": "2021-07-11T10:45:00Z",
        "as_of": 4,
        "version": f"4-{T}",
        "changed": ["2", "ff"],
    }
    assert map_event(None, now)["changed"] is None
    assert map_event(before, replace(before, as_of=9)) is None
    assert map_event(before, replace(before, at=T + 900))["changed"] == []


def test_too_many_changes_are_not_listed():
    before = columns({})
    assert len(map_event(before, columns(dict.fromkeys(range(MOST_CHANGED), 1.0)))["changed"]) == MOST_CHANGED
    assert map_event(before, columns(dict.fromkeys(range(MOST_CHANGED + 1), 1.0)))["changed"] is None


@dataclass
class World:
    map: HexColumns
    released: object = None
    made: int = 0

    def hexes(self):
        self.made += 1
        return self.map


@dataclass(frozen=True)
class Release:
    at: int
    id: int = 1


def heard(subscription):
    frames = subscription.take().decode().split("\n\n")
    return [
        (f.split("event: ")[1].split("\n")[0], orjson.loads(f.split("data: ")[1])) for f in frames if "event: " in f
    ]


def test_readers_hear_of_their_own_maps_alone():
    world = World(columns({1: 1.0}))
    officers, staff, public = Hub("a"), Hub("b"), Hub("c")
    news = MapNews(world.hexes, lambda: world.released, (officers, staff), public)
    news.look()
    assert world.made == 0  # nobody listens
    readers = [hub.subscribe(None, lambda: None) for hub in (officers, staff, public)]
    news.look()
    first = [heard(reader) for reader in readers]
    assert [[name for name, _ in events] for events in first] == [["map"], ["map"], []]
    news.look()
    assert [heard(reader) for reader in readers] == [[], [], []]
    world.map, world.released = columns({1: 3.0}, as_of=2), Release(T)
    news.look()
    assert [heard(reader)[0][1].get("changed") for reader in readers[:2]] == [["1"], ["1"]]
    assert heard(readers[2]) == [("release", {"released_at": "2021-07-11T10:45:00Z"})]
    news.look()
    assert [heard(reader) for reader in readers] == [[], [], []]
    world.released = Release(T, 2)  # of the same publishing time
    news.look()
    assert [name for name, _ in heard(readers[2])] == ["release"]


def test_it_runs_and_stops_by_itself():
    world = World(columns({1: 1.0}))
    news = MapNews(world.hexes, lambda: None, (Hub("a"),), Hub("b"))
    news.start()
    news.stop()
    news.stop()
