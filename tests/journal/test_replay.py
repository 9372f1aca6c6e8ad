"""An engine that starts again answers as before it stopped."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import JournalError
from engine.service.engine import Engine, Settings
from tests.property.answers import snapshot
from tests.strategies import worlds
from tests.worlds import NOW, World, load


def opened(folder: Path) -> Engine:
    return Engine.open(Settings(data=folder), clock=lambda: NOW)


@settings(max_examples=8, deadline=None)
@given(worlds(most=12), st.lists(st.integers(1, 9), max_size=6))
def test_a_restart_changes_no_answer(tmp_path_factory: pytest.TempPathFactory, world: World, sizes: list[int]) -> None:
    folder = tmp_path_factory.mktemp("data")
    engine = load(world, sizes, opened(folder))
    again = opened(folder)
    assert again.as_of == engine.as_of
    assert again.summary() == engine.summary()
    assert snapshot(again, NOW) == snapshot(engine, NOW)
    again.close()
    engine.close()


def test_retractions_survive_a_restart(tmp_path: Path) -> None:
    event = {"person": "a", "onset_at": 1_625_011_200}
    load([("case", event), ("case", {"person": "a", "retract": True})], engine=opened(tmp_path)).close()
    again = opened(tmp_path)
    assert again.cases() == []
    reply = load([], engine=again).ingest_json("case", b'{"events":[{"person":"a","onset_at":"2021-06-30T00:00:00Z"}]}')
    assert [r.code for r in reply.rejected] == ["retracted"]
    again.close()


def renamed(folder: Path, old: str, new: str) -> None:
    with closing(sqlite3.connect(folder / "truyvet.db")) as database:
        database.execute(f"ALTER TABLE {old} RENAME TO {new}")


def test_nothing_is_taken_in_when_it_cannot_be_stored(tmp_path: Path) -> None:
    engine = opened(tmp_path)
    case = [("case", {"person": "a", "onset_at": 1_625_011_200})]
    renamed(tmp_path, "batches", "gone")
    with pytest.raises(JournalError):
        load(case, engine=engine)
    assert engine.cases() == []
    assert engine.as_of == 0
    renamed(tmp_path, "gone", "batches")
    load(case, engine=engine)
    assert engine.as_of == 1
    engine.close()


def test_replay_reports_progress(tmp_path: Path) -> None:
    load([("case", {"person": p, "onset_at": 1_625_011_200}) for p in "ab"], [1, 1], opened(tmp_path)).close()
    seen: list[float] = []
    chosen = Settings(data=tmp_path, checkpoints=False)
    Engine.open(chosen, clock=lambda: NOW, progress=lambda _, done: seen.append(done)).close()
    assert seen == [0.5, 1.0]


def test_opening_a_checkpoint_reports_progress_too(tmp_path: Path) -> None:
    engine = load([("case", {"person": "a", "onset_at": 1_625_011_200})], engine=opened(tmp_path))
    engine.checkpoint()
    load([("case", {"person": p, "onset_at": 1_625_011_200}) for p in "bc"], [1, 1], engine).close()
    told: list[tuple[str, float]] = []
    Engine.open(Settings(data=tmp_path), clock=lambda: NOW, progress=lambda *step: told.append(step)).close()
    assert [what for what, _ in told[-3:]] == ["checkpoint", "replay", "replay"]
    assert [share for _, share in told[-3:]] == [0.5, 0.75, 1.0]
    assert told == sorted(told, key=lambda step: step[1])
