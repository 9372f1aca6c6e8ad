"""Many at once, a full queue, other writers, refused rows: nothing lost, nothing twice, everything said."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import BusyError, JournalError, NotReadyError, StorageFullError
from engine.service.engine import Engine, Settings
from tests.graph.small import HOUR, T0, case, saw, stay
from tests.property.answers import everything
from tests.service.stored import Hand, opened
from tests.waiting import PATIENCE_S, until
from tests.worlds import body, load, new_engine


def sightings(count: int, mark: str = "p") -> pa.Table:
    people = [f"{mark}{i}" for i in range(count)]
    at = pa.array([T0 + i for i in range(count)], pa.timestamp("s", "UTC"))
    return pa.table({"person": people, "peer": ["q"] * count, "at": at, "attenuation_db": [50.0] * count})


def test_writers_at_once_share_transactions_and_lose_nothing(tmp_path: Path) -> None:
    engine = opened(tmp_path)
    groups: list[int] = []
    append = engine.journal.append

    def storing(entries: Any) -> Any:
        groups.append(len(entries))
        if len(groups) == 1:
            until(lambda: len(engine._intake._waiting) > 1)  # as long as the first batch is not stored
        return append(entries)

    engine.journal.append = storing  # type: ignore[method-assign]  # stand-in
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda i: engine.ingest("bluetooth", sightings(20, f"w{i}-")), range(120)))
    assert sum(r.accepted for r in replies) == 2_400
    assert engine.summary()["bluetooth"] == 2_400
    assert sum(groups) == 120
    assert max(groups) > 1
    assert engine.journal.seq == engine.as_of == 120
    engine.close()
    assert opened(tmp_path).summary()["bluetooth"] == 2_400


def test_batches_are_stored_while_others_are_taken_in_and_taken_in_in_their_order(tmp_path: Path) -> None:
    engine = opened(tmp_path)
    intake, append = engine._intake, engine.journal.append
    apply, applied, stored, more = intake.state.apply, [], [], threading.Event()

    def storing(entries):
        stored.append(len(entries))
        if len(stored) > 1:
            more.set()
        return append(entries)

    def taking(kind, table, seq, received_at):
        if seq == 1:
            assert more.wait(PATIENCE_S)  # as long as the first batch is not taken in
        applied.append(seq)
        return apply(kind, table, seq, received_at)

    engine.journal.append, intake.state.apply = storing, taking  # type: ignore[method-assign]  # stand-ins
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(engine.ingest, "bluetooth", sightings(20, "first-"))
        until(lambda: stored)  # alone: the others bring theirs later
        replies = list(pool.map(lambda i: engine.ingest("bluetooth", sightings(20, f"w{i}-")), range(39)))
        replies.append(first.result(PATIENCE_S))
    assert sum(stored) == 40
    assert applied == list(range(1, 41))
    assert sorted(r.as_of for r in replies) == applied
    assert sum(r.accepted for r in replies) == engine.summary()["bluetooth"] == 800
    engine.close()


def test_a_full_queue_refuses_or_waits(tmp_path: Path) -> None:
    engine = opened(tmp_path, queue_rows=100)
    inside, go_on = threading.Event(), threading.Event()
    append = engine.journal.append

    def slow(entries: Any) -> Any:
        inside.set()
        go_on.wait(PATIENCE_S)
        return append(entries)

    engine.journal.append = slow  # type: ignore[method-assign]  # stand-in
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(engine.ingest, "bluetooth", sightings(80))
        assert inside.wait(PATIENCE_S)
        with pytest.raises(BusyError):
            engine.ingest("bluetooth", sightings(50, "r"), wait=False)
        fits = pool.submit(engine.ingest, "bluetooth", sightings(20, "s"), wait=False)
        waits = pool.submit(engine.ingest, "bluetooth", sightings(50, "t"))
        go_on.set()
        assert [f.result(PATIENCE_S).accepted for f in (first, fits, waits)] == [80, 20, 50]
    assert engine.ingest("bluetooth", sightings(500, "u"), wait=False).accepted == 500  # larger than the queue, alone


@pytest.mark.parametrize("error", [StorageFullError("full"), JournalError("away")])
def test_what_could_not_be_stored_was_not_accepted(tmp_path: Path, error: JournalError) -> None:
    engine = load([case("f0", confirmed_at=T0)], engine=opened(tmp_path))
    append = engine.journal.append

    def failing(entries: Any) -> Any:
        raise error

    engine.journal.append = failing  # type: ignore[method-assign]  # stand-in
    with pytest.raises(type(error)):
        engine.ingest("bluetooth", sightings(3))
    assert (engine.as_of, engine.summary()["bluetooth"]) == (1, 0)
    engine.journal.append = append  # type: ignore[method-assign]  # stand-in
    assert engine.ingest("bluetooth", sightings(3)).accepted == 3
    engine.close()
    assert opened(tmp_path).summary()["bluetooth"] == 3


def test_two_processes_on_one_journal_see_each_others_events(tmp_path: Path) -> None:
    one, other = opened(tmp_path), opened(tmp_path)
    load([saw("a", "b", T0)], engine=one)
    load([saw("b", "c", T0 + HOUR), case("a", confirmed_at=T0 + HOUR, onset_at=T0)], engine=other)
    assert (other.as_of, other.summary()["bluetooth"]) == (3, 2)
    one._intake.catch_up()
    assert everything(one) == everything(other)
    load([stay("a", "x", T0)], engine=one)
    assert one.as_of == 4


def test_refused_rows_are_kept_with_what_was_sent(tmp_path: Path) -> None:
    engine = opened(tmp_path)
    engine.ingest_ndjson("check_in", b'{"person": "a", "place": "x"}\n[1]\nnonsense\n')
    load(
        [stay("a", "x", T0), ("check_in", {"person": "a", "place": "x", "entered_at": T0, "retract": True})],
        engine=engine,
    )
    load([stay("a", "x", T0)], engine=engine)
    kept = [(r.row, r.code, r.event) for r in engine.rejects.list()]
    assert kept[:3] == [
        (0, "missing_field", '{"person":"a","place":"x"}'),
        (1, "malformed_row", "[1]"),
        (2, "malformed_row", "nonsense"),
    ]
    assert kept[3][:2] == (0, "retracted")
    assert '"entered_at":"2021-06-30T00:00:00' in kept[3][2]


def test_retracted_rows_that_cannot_be_kept_are_said_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stays = [stay("a", "x", T0), ("check_in", {"person": "a", "place": "x", "entered_at": T0, "retract": True})]
    engine = load(stays, engine=opened(tmp_path))
    append, seen = engine.journal.append, []

    def full_then(entries: Any) -> Any:
        seen.append(entries)
        if len(seen) == 2:
            raise StorageFullError("full")
        return append(entries)

    engine.journal.append = full_then  # type: ignore[method-assign]  # stand-in
    reply = engine.ingest_json("check_in", body([stays[0][1]]))
    assert [r.code for r in reply.rejected] == ["retracted"]
    assert "storage_full" in caplog.text
    assert len(seen) == 2


ODD = pa.array([b"a", b"\xff"], pa.binary()).cast(pa.string(), safe=False)
FAR = pa.array([T0, 2**45], pa.int64()).cast(pa.timestamp("s", "UTC"))


@pytest.mark.parametrize(
    ("name", "column", "told"),
    [
        ("person", ODD, '"person":"\ufffd"'),
        ("at", FAR, f'"at":{2**45}'),
        ("at", FAR.dictionary_encode(), f'"at":{2**45}'),
        ("lat", pa.array([0, 2**60], pa.int64()).cast(pa.duration("s")), '"lat":"(duration[s])"'),
    ],
)
def test_a_cell_that_python_cannot_hold_costs_its_row_alone(
    tmp_path: Path, name: str, column: pa.Array, told: str
) -> None:
    engine = opened(tmp_path)
    good = {
        "person": ["a", "b"],
        "at": pa.array([T0] * 2, pa.timestamp("s", "UTC")),
        "lat": [1.0] * 2,
        "lng": [1.0] * 2,
    }
    reply = engine.ingest("location", pa.table(good | {name: column}))
    assert (reply.accepted, [r.row for r in reply.rejected][-1]) == (0 if name == "lat" else 1, 1)
    assert told in engine.rejects.list()[-1].event


def test_refused_rows_of_any_packing_are_kept(tmp_path: Path) -> None:
    engine = opened(tmp_path)
    people = pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["a"]))
    assert engine.ingest("case", pa.table({"person": people, "onset_at": ["2021-07-01T00:00:00Z", "?"]})).accepted == 1
    assert [r.event for r in engine.rejects.list()] == ['{"person":"a","onset_at":"?"}']


def test_the_clock_may_step_back(tmp_path: Path) -> None:
    clock = Hand()
    engine = load([saw("a", "b", T0)], engine=opened(tmp_path, clock))
    clock.now -= HOUR
    load([saw("a", "c", T0)], engine=engine)
    received = [engine.journal.received(seq) for seq in (1, 2)]
    assert received == sorted(received)
    assert engine.summary()["bluetooth"] == 2


def test_nothing_is_taken_in_before_the_journal_is_loaded() -> None:
    with pytest.raises(NotReadyError):
        Engine(Settings(), Hand()).ingest("bluetooth", sightings(1))


def test_a_batch_without_good_rows_has_no_number(tmp_path: Path) -> None:
    engine = opened(tmp_path)
    assert engine.ingest_json("case", body([{"person": "a"}])).as_of == 0
    assert new_engine().ingest_json("case", body([{"person": "a"}])).as_of == 0
    assert len(engine.rejects.list()) == 1
