"""A backup is the whole journal as of one moment, in one file, and goes back into either database."""

import sqlite3
import threading
from pathlib import Path

import pytest

from engine.errors import BadInputError, JournalError
from engine.journal import backup as module
from engine.journal.backup import backup, restore
from engine.journal.database import Database
from engine.journal.journal import Journal
from tests.journal.batches import entry, people, reject
from tests.postgres import Postgres


@pytest.fixture
def filled(database: str) -> str:
    journal = Journal.open(None, database)
    journal.append([entry("a"), entry("b", "c", rejects=(reject(1, "1"), reject(2, "2"))), entry("d")])
    journal.audit("officer", "look", "a", "", 5)
    journal.tasks.claim("purge", 1, 10)
    journal.exports.add("out", 2, 6)
    journal.close()
    return database


def contents(journal: Journal) -> list[object]:
    return [
        people(journal), journal.rejects.list(), journal.audit_rows(), journal.tasks.last("purge"),
        journal.exports.list(),
    ]  # fmt: skip


@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_everything_comes_back(filled: str, into: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    file = tmp_path / "copies" / "one.db"
    assert backup(filled, file) == 3
    assert [p.name for p in file.parent.iterdir()] == ["one.db"]
    if into == "sqlite":
        place: Path | str = tmp_path / "new"
        restore(file, place)
        back = Journal.open(tmp_path / "new")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        place = server.create()
        assert restore(file, place) == 3
        back = Journal.open(None, place)
    first = Journal.open(None, filled)
    assert contents(back) == contents(first)
    assert back.ident != first.ident
    assert back.append([entry("e", rejects=(reject(9),))]) == [4]
    back.audit("officer", "again", "a", "", 7)
    assert [r.id for r in back.rejects.list()] == [1, 2, 3]
    for journal in (first, back):
        journal.close()
    with pytest.raises(BadInputError, match="not empty"):
        restore(file, place)


def test_a_backup_while_batches_come_in(database: str, tmp_path: Path) -> None:
    journal = Journal.open(None, database)
    journal.append([entry(f"p{i}") for i in range(200)])
    stop = threading.Event()

    def go_on() -> None:
        while not stop.is_set():
            journal.append([entry("x", "y")])

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        seqs = [backup(database, tmp_path / f"{i}.db") for i in range(3)]
    finally:
        stop.set()
        writer.join()
    assert 200 <= seqs[0] <= seqs[1] <= seqs[2] <= journal.last_seq()
    restore(tmp_path / "1.db", tmp_path / "back")
    back = Journal.open(tmp_path / "back")
    assert people(back) == people(journal)[: seqs[1]]
    back.close()
    journal.close()


def test_a_damaged_backup_is_refused_and_restores_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    journal = Journal.open(folder)
    journal.append([entry("a"), entry("b")])
    journal.close()
    backup(folder, tmp_path / "one.db")
    with sqlite3.connect(tmp_path / "one.db") as copy:
        copy.execute("UPDATE batches SET payload = substr(payload, 1, 20) WHERE seq = 2")
    copy.close()
    with pytest.raises(JournalError, match="batch 2"):
        restore(tmp_path / "one.db", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x" * 5_000)
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(JournalError, match="text"):
        restore(tmp_path / "text", tmp_path / "new")
    with pytest.raises(BadInputError, match="no backup"):
        restore(tmp_path / "empty", tmp_path / "new")
    with pytest.raises(BadInputError, match="no backup"):
        restore(tmp_path / "nothing", tmp_path / "new")


def test_documents_alone_are_not_written_over(database: str, tmp_path: Path) -> None:
    Journal.open(tmp_path / "empty").close()
    backup(tmp_path / "empty", tmp_path / "one.db")
    journal = Journal.open(None, database)
    kept = journal.documents.add("units", "wards", 1, b"areas that somebody loaded")
    with pytest.raises(BadInputError, match="not empty"):
        restore(tmp_path / "one.db", database)
    assert journal.documents.read(kept).payload == b"areas that somebody loaded"
    journal.close()


def test_a_damaged_journal_gives_no_backup(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.append([entry("a")])
    journal.close()
    with sqlite3.connect(tmp_path / "truyvet.db") as database:
        database.execute("UPDATE batches SET sha256 = 'x'")
    database.close()
    with pytest.raises(JournalError, match="batch 1"):
        backup(tmp_path, tmp_path / "one.db")
    assert not list(tmp_path.glob("one.db*"))


def test_a_file_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal.open(tmp_path).close()
    opened, closed = [], []
    source, close = module._source, Database.close
    monkeypatch.setattr(module, "_source", lambda place: opened.append(place) or source(place))
    monkeypatch.setattr(Database, "close", lambda self: closed.append(self) or close(self))
    with pytest.raises(BadInputError, match="exists"):
        backup(tmp_path, tmp_path / "truyvet.db")
    assert len(opened) == len(closed)
    with pytest.raises(BadInputError, match="no journal"):
        backup(tmp_path / "elsewhere", tmp_path / "one.db")
