"""A disk that is full, or may only be read: refused with a clear error, nothing lost, and on when it is put right."""

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import JournalError, StorageFullError
from engine.journal.journal import Journal
from tests.journal.batches import entry, people
from tests.postgres import Postgres


def mounted(size: str) -> Iterator[Path]:
    """A small file system of its own; only root may make one."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs root, to mount a small file system")
    folder = Path(tempfile.mkdtemp(prefix="truyvet-disk-"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("this machine does not let root mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


@pytest.fixture
def disk() -> Iterator[Path]:
    yield from mounted("3m")


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(disk: Path) -> None:
    journal = Journal.open(disk / "data")
    stored: list[int | None] = []
    chance = random.Random(5)
    (disk / "ballast").write_bytes(b"x" * 700_000)

    def some() -> object:
        return entry(*(f"p{chance.random()}" for _ in range(3_000)))

    def fill() -> None:
        for _ in range(500):
            stored.extend(journal.append([some(), some()]))

    with pytest.raises(StorageFullError, match="not accepted"):
        fill()
    with pytest.raises(StorageFullError):
        journal.append([some(), some(), some()])
    assert [s.seq for s in journal.replay()] == stored
    (disk / "ballast").unlink()
    assert journal.append([entry("a")]) == [len(stored) + 1]
    journal.close()
    again = Journal.open(disk / "data")
    assert [s.seq for s in again.replay()] == [*stored, len(stored) + 1]
    again.close()


def test_a_server_without_room(postgres: Postgres) -> None:
    import psycopg

    mounting = mounted("16m")
    folder = next(mounting)
    try:
        postgres.give(folder)
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
            connection.execute("CREATE DATABASE small TABLESPACE small")
        journal = Journal.open(None, postgres.url("small"))
        chance, stored = random.Random(5), []

        def fill() -> None:
            for _ in range(300):
                stored.extend(journal.append([entry(*(f"p{chance.random()}" for _ in range(20_000)))]))

        with pytest.raises(StorageFullError, match="not accepted"):
            fill()
        assert [s.seq for s in journal.replay()] == stored
        journal.close()
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE small")
            connection.execute("DROP TABLESPACE small")
    finally:
        mounting.close()


def test_no_room_for_a_new_journal(disk: Path) -> None:
    with pytest.raises(OSError, match="space"):
        (disk / "ballast").write_bytes(b"x" * (4 << 20))
    with pytest.raises(StorageFullError):
        Journal.open(disk / "data")
    (disk / "ballast").unlink()
    Journal.open(disk / "data").close()


def test_a_disk_that_may_only_be_read(disk: Path) -> None:
    journal = Journal.open(disk / "data")
    journal.append([entry("a")])
    journal.close()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(JournalError, match="only be read"):
        Journal.open(disk / "data")
    with pytest.raises(JournalError, match="only be read"):
        Journal.open(disk / "other")
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    again = Journal.open(disk / "data")
    assert people(again) == [(1, ["a"])]
    again.close()
