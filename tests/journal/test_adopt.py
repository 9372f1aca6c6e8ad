"""A data folder of an old release, with a file a batch, is taken over once."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from engine.errors import JournalError
from engine.journal import adopt
from engine.journal.database import Database
from engine.journal.journal import Journal
from engine.journal.schema import prepare
from tests.journal.batches import cases, people


def old_folder(folder: Path, count: int = 3) -> Path:
    old = folder / "journal"
    old.mkdir(parents=True)
    for i in range(count):
        write(old / f"{i + 1:08d}-case.arrow", cases(f"p{i}"))
    (old / "lock").touch()
    (old / "00000009-case.part").write_bytes(b"half")
    return old


def write(path: Path, table: pa.Table) -> None:
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table)


def opened(folder: Path) -> list[tuple[int, list[str]]]:
    journal = Journal.open(folder)
    try:
        return people(journal)
    finally:
        journal.close()


def test_an_old_folder_is_taken_over(tmp_path: Path) -> None:
    old = old_folder(tmp_path)
    os.utime(old / "00000002-case.arrow", (5, 1_625_000_000))
    journal = Journal.open(tmp_path)
    assert people(journal) == [(1, ["p0"]), (2, ["p1"]), (3, ["p2"])]
    assert journal.received(2) == 1_625_000_000
    journal.close()
    assert not old.exists()
    assert len(opened(tmp_path)) == 3


def test_a_takeover_that_stops_anywhere_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = old_folder(tmp_path)
    third = old / "00000003-case.arrow"
    whole = third.read_bytes()
    third.write_bytes(whole[:100])
    with pytest.raises(JournalError, match=r"00000003-case\.arrow"):
        opened(tmp_path)
    assert len(list(old.glob("*.arrow"))) == 3
    third.write_bytes(whole)

    def killed(_: Path) -> None:
        (old / "00000001-case.arrow").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(adopt, "_remove", killed)
    with pytest.raises(KeyboardInterrupt):
        opened(tmp_path)
    monkeypatch.undo()
    assert opened(tmp_path) == [(1, ["p0"]), (2, ["p1"]), (3, ["p2"])]
    assert not old.exists()


def test_old_folders_of_two_servers_go_into_one_database(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "new", None)
    prepare(database)
    one, other = old_folder(tmp_path / "one"), old_folder(tmp_path / "other", count=2)
    (one / "00000003-case.arrow").write_bytes(b"torn")
    with pytest.raises(JournalError):
        adopt.adopt(database, one)
    assert adopt.adopt(database, other) == 2
    write(one / "00000003-case.arrow", cases("p2"))
    assert adopt.adopt(database, one) == 1
    database.close()
    assert opened(tmp_path / "new") == [(1, ["p0"]), (2, ["p1"]), (3, ["p0"]), (4, ["p1"]), (5, ["p2"])]
    assert not one.exists()
    assert not other.exists()


def test_two_processes_take_a_folder_over_once(tmp_path: Path) -> None:
    old_folder(tmp_path, count=20)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(opened, [tmp_path] * 4))
    assert [len(batches) for batches in found] == [20] * 4


def test_a_lost_batch_is_noticed(tmp_path: Path) -> None:
    old = old_folder(tmp_path)
    (old / "00000002-case.arrow").unlink()
    with pytest.raises(JournalError, match="batch 2"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["notes.arrow", "00000004-other.arrow"])
def test_a_file_that_is_no_batch_is_named(tmp_path: Path, name: str) -> None:
    (old_folder(tmp_path) / name).write_bytes(b"")
    with pytest.raises(JournalError, match=name):
        opened(tmp_path)


def test_a_batch_of_other_columns_is_named(tmp_path: Path) -> None:
    write(old_folder(tmp_path) / "00000004-case.arrow", pa.table({"person": ["a"]}))
    with pytest.raises(JournalError, match=r"00000004-case\.arrow"):
        opened(tmp_path)


def test_other_files_of_people_are_left_alone(tmp_path: Path) -> None:
    old = old_folder(tmp_path)
    (old / "README").write_text("mine")
    opened(tmp_path)
    assert [p.name for p in old.iterdir()] == ["README"]
