"""What is old and tied to no case leaves no byte anywhere; what is tied to one can still be shown."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from engine.errors import BadParameterError, StorageFullError
from engine.journal.facts import remember
from engine.service.engine import Settings
from engine.service.maintenance import Retried
from engine.service.retention import keeper
from engine.service.state import State
from tests.graph.small import DAY, HOUR, T0, case, fix, saw, stay
from tests.property.answers import everything
from tests.service.stored import Hand, opened
from tests.waiting import PATIENCE_S
from tests.worlds import NOW, load

TIED = [
    saw("tied-f1", "tied-f0", T0 + HOUR),
    stay("tied-f0", "hall", T0, T0 + HOUR),
    stay("tied-f1b", "hall", T0, T0 + HOUR),
    saw("tied-f2", "tied-f1", T0 + 2 * DAY),
    case("tied-f0", confirmed_at=T0 + DAY, onset_at=T0),
]
MARKED = [
    saw("marked-one", "marked-two", T0),
    stay("marked-three", "hall", T0 + DAY, T0 + DAY + HOUR),
    fix("marked-four", T0),
    ("test_result", {"person": "marked-five", "sampled_at": T0, "method": "pcr", "result": "negative"}),
    ("bluetooth", {"person": "marked-six", "peer": "marked-one", "at": T0, "retract": True}),
    saw("marked-" + "x" * 200, "tied-f0", T0),  # refused: the key is too long
]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def decoded(folder: Path) -> str:
    """Every batch of the journal as text: compressed bytes hide what they hold."""
    engine = opened(folder, checkpoints=False)
    told = [str(stored.table.to_pylist()) for stored in engine.journal.replay()]
    told += [str(reject) for reject in engine.rejects.list()]
    engine.close()
    return "".join(told)


def test_marked_ids_are_in_no_file_after_a_purge(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "export"
    clock = Hand()
    engine = load([*TIED, *MARKED], engine=opened(data, clock))
    engine.checkpoint()
    engine.export(out)
    before = everything(engine.at(engine.as_of), people=("tied-f0",))
    assert any(b"marked-" in content for content in bytes_of(data).values())
    assert "marked-one" in decoded(data)
    clock.now += 21 * DAY + 1
    made_anew = engine.made_anew
    report = engine.purge()
    assert engine.made_anew > made_anew
    assert report.rows == 5
    assert report.rejects == 1
    assert report.exports == (out,)
    for name, content in bytes_of(tmp_path).items():
        assert b"marked-" not in content, name
    assert "marked-" not in decoded(data)
    assert "marked" not in str(load([], engine=opened_export(out)).board().rows[:])
    assert everything(engine, people=("tied-f0",)) == before
    engine.close()
    again = opened(data, clock)
    assert everything(again, people=("tied-f0",)) == before
    for name, content in bytes_of(tmp_path).items():
        assert b"marked-" not in content, name


def opened_export(out: Path):
    from tests.worlds import new_engine

    engine = new_engine()
    engine.ingest_paths([out])
    return engine


def test_it_counts_from_receipt_and_not_from_the_event(tmp_path: Path) -> None:
    clock = Hand()
    engine = load(MARKED, engine=opened(tmp_path, clock))
    clock.now += 20 * DAY
    assert engine.purge().rows == 0
    load([saw("marked-one", "marked-two", T0)], engine=engine)  # the same event again lives as long as its last receipt
    clock.now += 2 * DAY
    engine.purge()
    assert engine.summary()["bluetooth"] == 1
    assert engine.summary()["check_in"] == 0


def test_a_dry_run_takes_nothing_away(tmp_path: Path) -> None:
    clock = Hand()
    engine = load(MARKED, engine=opened(tmp_path, clock))
    clock.now += 30 * DAY
    assert engine.purge(dry=True).rows == 5
    assert engine.summary()["location"] == 1
    assert engine.purge().rows == 5
    assert engine.purge().rows == 0


def test_a_purge_of_another_process_is_followed(tmp_path: Path) -> None:
    clock = Hand()
    server = load([*TIED, *MARKED], engine=opened(tmp_path, clock))
    clock.now += 22 * DAY
    other = opened(tmp_path, clock)
    other.purge()
    other.close()
    server._maintenance._follow_purge(clock.now, server._history)
    server._maintenance._follow_purge(clock.now, server._history)
    assert server.summary() == load(TIED).summary() | {"bluetooth": 2}
    assert [r.person for r in server.board().rows] == ["tied-f0", "tied-f1", "tied-f1b", "tied-f2"]


def test_a_purge_of_another_process_is_followed_once_it_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = load(MARKED, engine=opened(tmp_path))
    loads: list[str] = []
    monkeypatch.setattr(server._maintenance, "_renew", lambda *_: loads.append(server._storage.ident))
    for rewritten in (1, 2, 3, 3):
        with server.journal._database.write("") as connection:
            remember(connection, "rewritten", str(rewritten))
        server._maintenance._follow_purge(NOW, None)
    assert loads == [f"{server.journal.ident}-3"]


def test_events_are_taken_in_while_a_purged_state_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Hand()
    engine = load(MARKED, engine=opened(tmp_path, clock))
    clock.now += 22 * DAY
    made, waited = engine._storage.load, []

    def slow(**asked: Any) -> State:
        state = made(**asked)
        writer = Thread(target=load, args=([saw("mean", "while", T0)],), kwargs={"engine": engine}, daemon=True)
        writer.start()
        writer.join(PATIENCE_S)
        waited.append(writer.is_alive())
        return state

    monkeypatch.setattr(engine._storage, "load", slow)
    assert engine.purge().rows == 5
    assert waited == [False]
    assert engine.summary()["bluetooth"] == 1
    load([saw("later", "on", T0)], engine=engine)
    engine.close()
    assert opened(tmp_path, clock).summary()["bluetooth"] == 2


def test_the_evidence_of_a_case_that_another_process_accepted_stays(tmp_path: Path) -> None:
    clock = Hand()
    engine = load([saw("new-f0", "contact", T0)], engine=opened(tmp_path, clock))
    clock.now += 22 * DAY
    load([case("new-f0", confirmed_at=T0 + HOUR, onset_at=T0)], engine=opened(tmp_path, clock))
    assert engine.purge().rows == 0


def test_a_job_that_fails_is_tried_more_and_more_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    now, tried, fails = [100.0], [], [StorageFullError("full")] * 9 + [ValueError()]
    monkeypatch.setattr("engine.service.maintenance.monotonic", lambda: now[0])

    def job(*_: Any) -> None:
        tried.append(now[0])
        if fails:
            raise fails.pop()

    retried = Retried(job)
    while len(tried) < 12:
        retried(0)
        now[0] += 10
    waits = [later - earlier for earlier, later in pairwise(tried)]
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800, 10]


@pytest.mark.parametrize("days", [13, 61])
def test_the_retention_has_bounds(days: int) -> None:
    with pytest.raises(BadParameterError, match="14 to 60"):
        Settings(retention_days=days)


def test_the_daily_purge_is_done_once_a_day(tmp_path: Path) -> None:
    clock = Hand(NOW - NOW % DAY)  # 07:00 in Viet Nam
    engine = load(MARKED, engine=opened(tmp_path, clock))
    keeper = engine._maintenance
    for day, rows in ((1, 1), (22, 0), (22, 0)):
        clock.now = NOW - NOW % DAY + day * DAY
        keeper._purge_if_due(clock.now, None)
        assert engine.summary()["location"] == rows
    clock.now += DAY - 5 * HOUR  # 02:00: not yet
    load([fix("late", T0)], engine=engine)
    before = engine.journal.tasks.last("purge").started_at
    keeper._purge_if_due(clock.now, None)
    assert engine.journal.tasks.last("purge").started_at == before


def test_what_one_process_says_of_the_retention_holds_for_all(tmp_path: Path) -> None:
    clock = Hand()
    load(MARKED, engine=opened(tmp_path, clock, retention_days=40)).close()
    clock.now += 30 * DAY
    other = opened(tmp_path, clock)
    assert other.retention_days == 40
    assert other.purge().rows == 0
    clock.now += 11 * DAY
    assert other.purge().rows == 5
    assert [(row.action, row.actor) for row in other.journal.audit_rows()] == [("purge", "maintenance")] * 2


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    out = subprocess.run(
        [str(Path(sys.executable).with_name("truyvet")), "ingest", "data/samples/tiny", "--data", str(tmp_path / "d")],
        capture_output=True, check=False,
    )  # fmt: skip
    assert out.returncode == 0, out.stderr
    engine = opened(tmp_path / "d")
    os.umask(0o077)
    engine.checkpoint()
    engine.close()
    modes = {p.stat().st_mode & 0o777 for p in (tmp_path / "d").rglob("*") if p.is_file()}
    assert modes == {0o600}


def test_a_server_that_has_not_seen_a_purge_leaves_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.service.maintenance.WORTH_ROWS", 1)
    clock = Hand()
    server = load([*TIED, *MARKED], engine=opened(tmp_path, clock))
    server.checkpoint()
    clock.now += 22 * DAY
    other = opened(tmp_path, clock)
    other.purge()
    other.close()
    load([saw("late", "later", T0)], engine=server)
    server.close()
    for name, content in bytes_of(tmp_path).items():
        assert b"marked-" not in content, name
    again = opened(tmp_path, clock)
    assert again.summary()["bluetooth"] == 3
    assert again.summary()["location"] == 0


def test_a_purge_that_was_cut_short_is_completed_by_the_next(tmp_path: Path) -> None:
    clock = Hand()
    engine = load([*TIED, *MARKED], engine=opened(tmp_path, clock))
    engine.checkpoint()
    clock.now += 22 * DAY
    board, state = engine._live.refresh()
    engine.journal.purge(clock.now - 21 * DAY, keeper(board, state.person_keys))
    engine._closed = True  # killed here: nobody cleared the checkpoints
    again = opened(tmp_path, clock)
    again.purge()
    again.close()
    for name, content in bytes_of(tmp_path).items():
        assert b"marked-" not in content, name


def test_the_evidence_of_a_case_just_accepted_stays(tmp_path: Path) -> None:
    clock = Hand()
    engine = load([saw("new-f0", "contact", T0)], engine=opened(tmp_path, clock))
    clock.now += 22 * DAY
    engine.board()
    engine._live._good_until = float("inf")  # as after a look that was dear
    load([case("new-f0", confirmed_at=T0 + HOUR, onset_at=T0)], engine=engine)
    assert engine.purge().rows == 0
    assert [r.person for r in engine.board().rows] == ["new-f0", "contact"]


def test_events_stored_by_another_process_during_a_purge_are_not_lost(tmp_path: Path) -> None:
    clock = Hand()
    engine, other = load(MARKED, engine=opened(tmp_path, clock)), opened(tmp_path, clock)
    clock.now += 22 * DAY
    replay = engine.journal.replay

    def meanwhile(after: int = 0, upto: int | None = None, prefetch: int = 4):
        found = list(replay(after, upto, prefetch))
        load([saw("mean", "while", T0)], engine=other)
        engine.journal.last_seq()
        engine.journal.replay = replay  # type: ignore[method-assign]  # stand-in
        return iter(found)

    engine.journal.replay = meanwhile  # type: ignore[method-assign]  # stand-in
    engine.purge()
    engine._intake.catch_up()
    assert engine.summary()["bluetooth"] == 1
