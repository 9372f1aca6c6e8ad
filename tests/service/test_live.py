"""The board by itself: alerts reach subscribers, other processes' events too, a purge starts it anew."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadParameterError
from engine.service.engine import Engine, Settings
from engine.service.state import State
from engine.service.storage import Storage
from tests.graph.small import HOUR, T0, case, fix, saw, stay
from tests.service.stored import Hand, opened
from tests.strategies import worlds
from tests.waiting import PATIENCE_S, until
from tests.worlds import World, batches, body, load, new_engine

CHAIN = [saw("f0", "f1", T0), saw("f1", "f2", T0 + 2 * 24 * HOUR), case("f0", confirmed_at=T0 + HOUR, onset_at=T0)]
PLACES = [
    ("place", {"place": "hall", "kind": "market", "lat": 10.7769, "lng": 106.7009, "area_code": "00001"}),
    ("place", {"place": "far", "kind": "market", "lat": 21.0285, "lng": 105.8542, "area_code": "00002"}),
]


def alerts_in(frames: bytes) -> list[dict]:
    blocks = frames.decode().split("\n\n")
    return [json.loads(b.split("data: ", 1)[1]) for b in blocks if "event: alert" in b]


def served(folder: Path) -> Engine:
    engine = Engine.begin(Settings(data=folder), Hand())
    until(lambda: engine.ready and engine._live._thread is not None)
    return engine


def test_every_change_of_a_level_is_an_alert(tmp_path: Path) -> None:
    engine = served(tmp_path)
    woken = threading.Event()
    subscription = engine.stream.subscribe(None, woken.set)
    frames = b""
    load(CHAIN, engine=engine)
    told: list[dict] = []

    def all_told() -> bool:
        nonlocal frames
        frames += subscription.take()
        told[:] = alerts_in(frames)
        return len(told) >= 3

    until(all_told)
    assert {a["person"]: (a["from_level"], a["to_level"]) for a in told} == {
        "f0": (None, 0), "f1": (None, 1), "f2": (None, 2),
    }  # fmt: skip
    assert next(a for a in told if a["person"] == "f2")["because"] == {
        "via": "f1", "case": "f0", "first_exposed_at": "2021-07-02T00:00:00Z", "channels": ["bluetooth"],
    }  # fmt: skip
    engine.close()


def test_an_engine_that_is_closed_while_it_loads_stays_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(CHAIN, engine=opened(tmp_path)).close()
    inside, go_on, made = threading.Event(), threading.Event(), Storage.load

    def slow(self: Storage, *asked: Any, **more: Any) -> State:
        inside.set()
        assert go_on.wait(PATIENCE_S)
        return made(self, *asked, **more)

    monkeypatch.setattr(Storage, "load", slow)
    before = set(threading.enumerate())
    engine = Engine.begin(Settings(data=tmp_path), Hand())
    (loader,) = [t for t in threading.enumerate() if t.name == "truyvet-load" and t not in before]
    assert inside.wait(PATIENCE_S)
    engine.close()
    go_on.set()
    loader.join(PATIENCE_S)
    assert (loader.is_alive(), engine.ready, engine.failure) == (False, False, None)
    assert engine._live._thread is None
    assert engine._maintenance._thread is None


def test_events_of_another_process_reach_the_board(tmp_path: Path) -> None:
    engine, other = served(tmp_path), opened(tmp_path)
    load(CHAIN, engine=other)
    until(lambda: engine.as_of == 2 and len(engine.board().rows) == 3)
    engine.close()


@settings(max_examples=15, deadline=None)
@given(worlds(), st.data())
def test_looking_at_it_in_between_changes_nothing(world: World, data: st.DataObject) -> None:
    engine = new_engine()
    for kind, events in batches(world):
        if data.draw(st.booleans()):
            engine.board()
        engine.ingest_json(kind, body(events))
    rows = [replace(row, changed_as_of=0) for row in engine.board().rows]
    assert rows == [replace(row, changed_as_of=0) for row in load(world).board().rows]


def test_the_board_is_filtered_by_level_and_by_what_changed_since() -> None:
    engine = load(CHAIN[2:])
    assert [r.person for r in engine.board().rows] == ["f0"]
    load(CHAIN[:2], engine=engine)
    assert [(r.person, r.level) for r in engine.board(level=frozenset({1, 2})).rows] == [("f1", 1), ("f2", 2)]
    assert [r.person for r in engine.board(since=1).rows] == ["f1", "f2"]
    assert engine.board(since=2).rows[:] == []
    assert engine.board().rows[1:][0].via == "f0"
    with pytest.raises(BadParameterError, match="0 to 2"):
        engine.board(level=frozenset({3}))


def test_the_board_of_an_area_has_those_last_seen_there() -> None:
    world = [
        *CHAIN, *PLACES, stay("f0", "hall", T0), stay("f1", "hall", T0), stay("f1", "far", T0 + 5 * HOUR),
        fix("f2", T0 + 9 * HOUR),
    ]  # fmt: skip
    engine = load(world)
    assert [r.person for r in engine.board(area="00001").rows] == ["f0"]
    assert [r.person for r in engine.board(area="00002").rows] == ["f1"]

    cell = h3.latlng_to_cell(10.7769, 106.7009, 9)
    assert [r.person for r in engine.board(area=cell).rows] == ["f0", "f2"]
    load([fix("f2", T0 + 10 * HOUR, north_m=90_000)], engine=engine)
    assert [r.person for r in engine.board(area=cell).rows] == ["f0"]
    with pytest.raises(BadParameterError, match="area code"):
        engine.board(area="nowhere")


def test_the_board_of_an_area_knows_presences_of_any_year() -> None:
    year_0 = -3_786_825_600
    engine = load([*PLACES, case("f0", onset_at=year_0), stay("f0", "hall", year_0), stay("f0", "far", year_0 - HOUR)])
    assert [r.person for r in engine.board(area="00001").rows] == ["f0"]
    assert engine.board(area="00002").rows[:] == []


def test_a_checkpoint_is_left_at_the_end_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.service.maintenance.WORTH_ROWS", 1)
    engine = load(CHAIN, engine=opened(tmp_path))
    engine.close()
    assert [p.name for p in (tmp_path / "checkpoints").glob("*.json")] == ["000000000002.json"]
    again = opened(tmp_path)
    replayed = list(again.journal.replay(after=again.as_of))
    assert (again.as_of, replayed) == (2, [])
    assert [r.person for r in again.board().rows] == ["f0", "f1", "f2"]
    load([saw("f0", "x", T0)], engine=again)
    assert [r.person for r in again.exposures("f0").rows if r.level == 1] == ["f1", "x"]
    assert again.checkpoint() == 3
    assert again.checkpoint() is None
    again.close()


def test_a_checkpoint_that_cannot_be_read_stops_no_start(tmp_path: Path) -> None:
    engine = load(CHAIN, engine=opened(tmp_path))
    engine.checkpoint()
    engine.close()
    (tmp_path / "checkpoints" / "000000000009.json").mkdir()  # as for an account that may not read it
    again = opened(tmp_path)
    assert [r.person for r in again.board().rows] == ["f0", "f1", "f2"]
    again.close()


def test_a_checkpoint_of_another_journal_is_not_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.service.maintenance.WORTH_ROWS", 1)
    load([*CHAIN, saw("f0", "x", T0)], engine=opened(tmp_path)).close()
    for path in tmp_path.glob("truyvet.db*"):
        path.unlink()
    load(CHAIN, engine=opened(tmp_path)).close()
    engine = opened(tmp_path)
    (only,) = engine._storage.checkpoints.list()
    assert (only.seq, only.journal) == (2, engine._storage.ident)
    assert b"truyvet_checkpoint_seq 2.0" in engine.metrics.text()
    engine.close()


@settings(max_examples=20, deadline=None)
@given(worlds(), st.data())
def test_a_state_from_a_checkpoint_goes_on_as_if_nothing_had_happened(
    tmp_path_factory: pytest.TempPathFactory, world: World, data: st.DataObject
) -> None:
    from tests.property.answers import everything

    folder = tmp_path_factory.mktemp("again")
    told = batches(world)
    cut = data.draw(st.integers(1, len(told)))
    engine = opened(folder)
    for kind, events in told[:cut]:
        engine.ingest_json(kind, body(events))
    engine.checkpoint()
    engine.close()
    again = opened(folder)
    for kind, events in told[cut:]:
        again.ingest_json(kind, body(events))
    assert everything(again) == everything(load(world))
    again.close()


def test_a_page_outlives_those_who_leave_the_board() -> None:
    engine = load(CHAIN)
    rows = engine.board().rows
    load([("case", {"person": "f0", "retract": True})], engine=engine)
    assert engine.board().rows[:] == []
    assert rows[len(rows) - 1].person == "f2"
    assert rows[:] == []


def test_a_fault_of_ours_is_not_taken_for_a_state_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: Any) -> None:
        raise KeyError("a wrong index somewhere")

    engine = load(CHAIN)
    monkeypatch.setattr("engine.service.answers.person_report", wrong)
    with pytest.raises(KeyError):
        engine.person("f1")


def test_a_large_page_is_looked_up_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.service.board_report.CHUNK", 2)
    engine, asked = load(CHAIN), []
    board, _ = engine._live.refresh()
    named = board.named
    monkeypatch.setattr(board, "named", lambda names: asked.append(len(names)) or named(names))
    assert [r.person for r in engine.board().rows[:]] == ["f0", "f1", "f2"]
    assert asked == [2, 1]  # the board is locked for as long as one of them takes


def test_heartbeats_say_what_was_published_from_the_first_look_on(tmp_path: Path) -> None:
    load(CHAIN, engine=opened(tmp_path)).close()
    engine = served(tmp_path)
    assert engine.stream.as_of == 2
    engine.close()


def test_what_nobody_looks_at_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.service.live.MOST_ROWS", 5)
    engine = load(CHAIN)
    engine.board()
    for hour in range(2, 12):
        load([saw("f0", f"more{hour}", T0 + hour * HOUR)], engine=engine)
        assert sum(map(len, engine._live._deltas)) <= 5
    people = {r.person for r in engine.board().rows if r.level == 1}
    assert people == {"f1", *(f"more{hour}" for hour in range(2, 12))}


def test_the_newest_state_is_held_still(tmp_path: Path) -> None:
    engine = load(CHAIN, engine=opened(tmp_path))
    now = engine.at(engine.as_of)
    load([("case", {"person": "f0", "retract": True})], engine=engine)
    assert [r.person for r in now.board().rows] == ["f0", "f1", "f2"]
    assert now.as_of == 2
    assert now.person("f1").level == 1
    assert len(engine.board().rows) == 0
