"""What can break under the journal: each is named, nothing acknowledged is lost, nothing half stored comes back."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection, text

from engine.errors import BadInputError, JournalError, StorageFullError
from engine.journal import database as databases
from engine.journal.database import Database
from engine.journal.entries import Entry
from engine.journal.journal import Journal
from engine.journal.storing import store
from tests.journal.batches import entry, people, reject
from tests.postgres import Postgres
from tests.waiting import free_port


def change(url: str, statement: str, **values: object) -> None:
    opened = Database.open(None, url)
    with opened.write() as connection:
        connection.execute(text(statement), values)
    opened.close()


@pytest.fixture
def written(database: str) -> str:
    journal = Journal.open(None, database)
    journal.append([entry(f"p{i}") for i in range(5)])
    journal.close()
    return database


def replayed(url: str) -> list[int]:
    journal = Journal.open(None, url)
    try:
        return [seq for seq, _ in people(journal)]
    finally:
        journal.close()


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE batches SET payload = substr(payload, 1, 30) WHERE seq = 3", "batch 3"),
        ("UPDATE batches SET payload = :empty WHERE seq = 3", "batch 3"),
        ("UPDATE batches SET sha256 = '00' WHERE seq = 4", "batch 4"),
        ("UPDATE batches SET kind = 'location' WHERE seq = 2", "batch 2"),
        ("UPDATE batches SET rows = 7 WHERE seq = 2", "batch 2"),
        ("DELETE FROM batches WHERE seq = 2", "batch 2"),
        ("DELETE FROM batches WHERE seq = 1", "batch 1"),
    ],
)
def test_a_damaged_row_is_named(written: str, statement: str, named: str) -> None:
    change(written, statement, **({"empty": b""} if ":empty" in statement else {}))
    with pytest.raises(JournalError, match=named):
        replayed(written)


def test_every_flipped_bit_of_a_payload_is_noticed(written: str) -> None:
    chance = random.Random(1)
    opened = Database.open(None, written)
    with opened.read() as connection:
        payload = bytes(connection.scalar(text("SELECT payload FROM batches WHERE seq = 2")))
    opened.close()
    for place in {0, len(payload) - 1, *(chance.randrange(len(payload)) for _ in range(4))}:
        flipped = bytearray(payload)
        flipped[place] ^= 1 << chance.randrange(8)
        change(written, "UPDATE batches SET payload = :p WHERE seq = 2", p=bytes(flipped))
        with pytest.raises(JournalError, match="batch 2"):
            replayed(written)
    change(written, "UPDATE batches SET payload = :p WHERE seq = 2", p=payload)
    assert replayed(written) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("place", [0, 20, 5_000])
def test_a_damaged_file_is_refused(tmp_path: Path, place: int) -> None:
    Journal.open(tmp_path).close()
    file = tmp_path / "truyvet.db"
    data = bytearray(file.read_bytes())
    data[place : place + 4_000] = b"\xff" * 4_000
    file.write_bytes(data)
    with pytest.raises(JournalError):
        Journal.open(tmp_path)


def test_a_text_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "truyvet.db").write_text("person,at\n" * 1_000)
    with pytest.raises(JournalError, match="not a truyvet database"):
        Journal.open(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot use"):
        Journal.open(tmp_path / "file")


def test_a_torn_log_loses_what_was_torn_alone(tmp_path: Path) -> None:
    """A power cut in the middle of a write: the log ends in half a transaction."""
    journal = Journal.open(tmp_path / "a")
    journal.append([entry("a")])
    journal.append([entry("b")])
    (tmp_path / "b").mkdir()
    for path in (tmp_path / "a").iterdir():
        if not path.name.endswith("-shm"):
            shutil.copy(path, tmp_path / "b")
    journal.close()
    log = tmp_path / "b" / "truyvet.db-wal"
    os.truncate(log, log.stat().st_size - 5_000)
    again = Journal.open(tmp_path / "b")
    assert people(again) == [(1, ["a"])]
    assert again.append([entry("c")]) == [2]
    again.close()


def test_a_database_that_another_writer_holds_too_long(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "PATIENCE_S", 0.05)
    journal, other = Journal.open(None, database), Database.open(None, database)
    with other.write(), pytest.raises(JournalError, match="locked"):
        journal.append([entry("a")])
    assert journal.append([entry("a")]) == [1]
    other.close()
    journal.close()


def locked_for(file: Path, seconds: float) -> threading.Thread:
    """Another process in the middle of making the file: SQLite says "locked" to whoever asks for the log, at once."""
    holder = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    holder.execute("CREATE TABLE being_made (a)")
    holder.execute("BEGIN IMMEDIATE")
    held = threading.Thread(target=lambda: (time.sleep(seconds), holder.execute("ROLLBACK"), holder.close()))
    held.start()
    return held


def test_a_file_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    held = locked_for(tmp_path / "truyvet.db", 0.3)
    journal = Journal.open(tmp_path)
    assert journal.append([entry("a")]) == [1]
    journal.close()
    held.join()


def test_a_file_that_another_process_makes_for_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "PATIENCE_S", 0.05)
    held = locked_for(tmp_path / "truyvet.db", 2)
    with pytest.raises(JournalError, match="locked"):
        Journal.open(tmp_path)
    held.join()
    assert replayed(f"sqlite:///{tmp_path / 'truyvet.db'}") == []


def test_a_reader_that_keeps_purged_bytes_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "PATIENCE_S", 0.05)
    journal = Journal.open(tmp_path)
    journal.append([entry("a", at=1, rejects=(reject(event="plain-4711"),))])
    reader = Database.open(tmp_path)
    with reader.read() as connection:
        connection.execute(text("SELECT * FROM batches")).all()
        with pytest.raises(JournalError, match="next"):
            journal.purge(50, lambda _, table: np.zeros(table.num_rows, np.bool_))
        assert people(journal) == []
    reader.close()
    journal.purge(50, lambda _, table: np.zeros(table.num_rows, np.bool_))
    assert not [path for path in tmp_path.iterdir() if b"plain-4711" in path.read_bytes()]
    journal.close()


APPENDING = """
import sys
from engine.journal.journal import Journal
from tests.journal.batches import entry
journal = Journal.open(None, sys.argv[1])
for i in range(int(sys.argv[3])):
    for seq in journal.append([entry(f"{sys.argv[2]}-{i}"), entry(f"{sys.argv[2]}+{i}")]):
        print(seq, flush=True)
"""


def appending(url: str, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", APPENDING, url, name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_that_begin_and_append_together(database: str) -> None:
    writers = [appending(database, name, 40) for name in "ab"]
    outcomes = [writer.communicate() for writer in writers]
    assert [err for _, err in outcomes] == ["", ""]
    seqs = [int(line) for out, _ in outcomes for line in out.split()]
    assert sorted(seqs) == list(range(1, 161))
    journal = Journal.open(None, database)
    stored = people(journal)
    journal.close()
    assert [seq for seq, _ in stored] == list(range(1, 161))
    assert {p for _, (p,) in stored} == {f"{n}{sign}{i}" for n in "ab" for sign in "-+" for i in range(40)}


def test_a_killed_writer_loses_nothing_acknowledged(database: str) -> None:
    chance, acknowledged = random.Random(11), 0
    for turn in range(2):
        writer = appending(database, f"w{turn}", 100_000)
        first = writer.stdout.readline()
        time.sleep(chance.random() * 0.3)
        writer.send_signal(signal.SIGKILL)
        lines = [first, *writer.communicate()[0].splitlines()]
        acknowledged = max(acknowledged, *(int(line) for line in lines if line.strip()))
    journal = Journal.open(None, database)
    stored = people(journal)
    journal.close()
    assert acknowledged <= len(stored)
    assert [seq for seq, _ in stored] == list(range(1, len(stored) + 1))
    assert len(stored) % 2 == 0  # both batches of a transaction or none


def refused(action: Callable[[], object]) -> None:
    with pytest.raises(JournalError, match="away") as caught:
        action()
    assert not isinstance(caught.value, StorageFullError)


def test_a_server_that_goes_away_and_comes_back(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    def store_and_lose_the_server(connection: Connection, entries: Sequence[Entry]) -> list[int | None]:
        seqs = store(connection, entries)
        postgres.stop(at_once=True)
        return seqs

    journal = Journal.open(None, postgres.create())
    journal.append([entry("a")])
    try:
        for at_once in (False, True):
            postgres.stop(at_once)
            refused(lambda: journal.append([entry("x")]))
            refused(journal.last_seq)
            refused(lambda: list(journal.replay()))
            postgres.start()
            journal.append([entry("b", rejects=(reject(),))])
        assert people(journal) == [(1, ["a"]), (2, ["b"]), (3, ["b"])]
        monkeypatch.setattr("engine.journal.journal.store", store_and_lose_the_server)
        refused(lambda: journal.append([entry("x")]))
        monkeypatch.undo()
    finally:
        postgres.start()
    assert journal.append([entry("c")]) == [4]
    journal.close()


def test_no_message_holds_the_password(postgres: Postgres) -> None:
    nobody = f"postgresql://truyvet:s3cr3t@127.0.0.1:{free_port()}/x"
    nowhere = postgres.url("nowhere").replace("truyvet@", "truyvet:s3cr3t@")
    for url, why in ((nobody, "away"), (nowhere, "no such database")):
        with pytest.raises(JournalError, match=why) as caught:
            Journal.open(None, url)
        assert "s3cr3t" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BadInputError, match=r"truyvet\[postgres\]"):
        Journal.open(None, "postgresql://a@b/c")
