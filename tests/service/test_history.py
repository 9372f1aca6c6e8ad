"""Time travel: what was known at a batch equals an engine that was never told more."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import HistoryGoneError, NotReadyError
from engine.service.state import State
from tests.graph.small import HOUR, T0, case, saw, stay
from tests.property.answers import everything
from tests.service.stored import Hand, opened
from tests.strategies import worlds
from tests.waiting import PATIENCE_S
from tests.worlds import NOW, World, batches, body, load, new_engine

LATE_CHECK_OUT = [
    stay("a", "hall", T0, None),
    stay("b", "hall", T0 + 5 * HOUR),
    case("a", confirmed_at=T0 + 30 * HOUR, onset_at=T0),
    stay("a", "hall", T0, T0 + 6 * HOUR),
]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds(), st.data())
def test_the_past_is_an_engine_that_was_told_no_more(
    tmp_path_factory: pytest.TempPathFactory, world: World, data: st.DataObject
) -> None:
    engine = load(world, engine=opened(tmp_path_factory.mktemp("past")))
    told = batches(world)
    for seq in {1, data.draw(st.integers(1, engine.as_of)), engine.as_of}:
        past, then = engine.at(seq), new_engine()
        for kind, events in told[:seq]:
            then.ingest_json(kind, body(events))
        assert everything(past) == everything(then)
        if data.draw(st.booleans()):
            engine.checkpoint()
    engine.close()


def test_a_late_check_out_is_not_known_before(tmp_path: Path) -> None:
    engine = load(LATE_CHECK_OUT, engine=opened(tmp_path))
    assert [r.person for r in engine.exposures("a").rows] == ["b"]
    assert engine.at(2).exposures("a").rows == ()
    assert [r.level for r in engine.at(2).board().rows] == [0]
    assert [r.level for r in engine.board().rows] == [0, 1]
    assert engine.at(2).as_of == 2


def test_the_clock_of_the_past_is_that_of_its_last_batch(tmp_path: Path) -> None:
    clock = Hand(T0 + HOUR)
    engine = opened(tmp_path, clock)
    load([saw("a", "b", T0 + HOUR)], engine=engine)
    clock.now = NOW
    load([saw("a", "b", T0 + 9 * HOUR)], engine=engine)
    assert engine.at(1).data_time == T0 + HOUR


def test_moments_name_the_batch_received_last(tmp_path: Path) -> None:
    clock = Hand(1_000_000_000)
    engine = opened(tmp_path, clock)
    for _ in range(3):
        clock.now += 100
        load([saw("a", "b", 900_000_000 + clock.now % 1_000)], engine=engine)
    assert [engine.seq_at(1_000_000_000 + t) for t in (100, 150, 200, 10_000)] == [1, 1, 2, 3]
    with pytest.raises(HistoryGoneError):
        engine.seq_at(1_000_000_000)


def test_moments_that_are_not_known_are_refused(tmp_path: Path) -> None:
    engine = load(LATE_CHECK_OUT, engine=opened(tmp_path))
    for seq in (0, 99):
        with pytest.raises(HistoryGoneError):
            engine.at(seq)
    with pytest.raises(HistoryGoneError, match="data folder"):
        load(LATE_CHECK_OUT).at(1)


def test_a_moment_that_takes_long_keeps_no_other_question_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.service.history.PATIENCE_S", 0.01)
    engine = load([*LATE_CHECK_OUT, saw("x", "y", T0)], engine=opened(tmp_path))
    engine.at(1)
    making, go_on = threading.Event(), threading.Event()
    made = engine._storage.load

    def slow(**asked: Any) -> State:
        making.set()
        assert go_on.wait(PATIENCE_S)
        return made(**asked)

    monkeypatch.setattr(engine._storage, "load", slow)
    with ThreadPoolExecutor(2) as pool:
        past = pool.submit(engine.at, 2)
        assert making.wait(PATIENCE_S)
        try:
            assert pool.submit(engine.at, 1).result(PATIENCE_S).as_of == 1
            with pytest.raises(NotReadyError, match="ask again"):
                pool.submit(engine.at, 3).result(PATIENCE_S)
        finally:
            go_on.set()
        assert past.result(PATIENCE_S).as_of == 2
    assert engine.at(3).as_of == 3


def test_a_purge_takes_the_past_before_it_away(tmp_path: Path) -> None:
    clock = Hand(NOW)
    engine = load(LATE_CHECK_OUT, engine=opened(tmp_path, clock))
    clock.now += 22 * 86_400
    load([saw("x", "y", T0)], engine=engine)
    engine.purge()
    with pytest.raises(HistoryGoneError, match="purged"):
        engine.at(2)
    assert engine.at(4).as_of == 4


def test_after_a_purge_the_past_within_the_retention_is_still_there(tmp_path: Path) -> None:
    clock = Hand(NOW)
    engine = load([saw("old", "older", T0)], engine=opened(tmp_path, clock))
    for day in range(15, 26, 2):
        clock.now = NOW + day * 86_400
        load([saw("x", f"y{day}", T0)], engine=engine)
    engine.purge()
    assert engine.at(3).summary()["bluetooth"] == 2
    assert engine.summary()["bluetooth"] == 6
    assert len(list((tmp_path / "checkpoints").glob("*.json"))) >= 5
