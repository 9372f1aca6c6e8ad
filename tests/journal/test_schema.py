"""Migrations bring a database to the declared tables, and a kill leaves the old ones or the new ones."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from sqlalchemy import inspect, text

from engine.errors import JournalError
from engine.journal import schema
from engine.journal.database import Database
from engine.journal.journal import Journal
from engine.journal.tables import metadata
from tests.journal.batches import entry, people


def test_the_migrated_database_is_the_declared_one(database: str) -> None:
    opened = Database.open(None, database)
    schema.prepare(opened)
    with opened.read() as connection:
        assert compare_metadata(schema.context(connection), metadata) == []
    opened.close()


def test_migrating_twice_changes_nothing(database: str) -> None:
    opened = Database.open(None, database)
    assert schema.prepare(opened) == schema.prepare(opened)
    opened.close()


def test_a_migration_that_fails_leaves_the_old_tables(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Database.open(None, database)

    def broken() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(schema, "uuid4", broken)
    with pytest.raises(KeyboardInterrupt):
        schema.prepare(opened)
    with opened.read() as connection:
        assert inspect(connection).get_table_names() == []
    monkeypatch.undo()
    schema.prepare(opened)
    opened.close()


def test_a_newer_database_is_refused(database: str) -> None:
    Journal.open(None, database).close()
    opened = Database.open(None, database)
    with opened.write() as connection:
        connection.execute(text("UPDATE schema_version SET version_num = '9999'"))
    opened.close()
    with pytest.raises(JournalError, match="newer"):
        Journal.open(None, database)


def test_a_database_that_lacks_a_table_is_named(database: str) -> None:
    Journal.open(None, database).close()
    opened = Database.open(None, database)
    with opened.write() as connection:
        connection.execute(text("DROP TABLE rejects"))
    opened.close()
    with pytest.raises(JournalError, match="rejects"):
        Journal.open(None, database)


def test_tables_of_somebody_else_are_refused(database: str) -> None:
    opened = Database.open(None, database)
    with opened.write() as connection:
        connection.execute(text("CREATE TABLE audit (x INTEGER)"))
    opened.close()
    with pytest.raises(JournalError, match="as it was"):
        Journal.open(None, database)


OPENING = (
    "import sys; from engine.journal.journal import Journal; print('go', flush=True); Journal.open(None, sys.argv[1])"
)


def test_a_kill_in_the_migration_leaves_old_or_new(tmp_path: Path) -> None:
    chance = random.Random(7)
    for i in range(3):
        file = tmp_path / str(i) / "truyvet.db"
        url = f"sqlite:///{file}"
        process = subprocess.Popen(
            [sys.executable, "-c", OPENING, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=os.getcwd()
        )
        process.stdout.readline()
        while not file.exists() and process.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.08)
        process.send_signal(signal.SIGKILL)
        process.wait()
        opened = Database.open(None, url)
        with opened.read() as connection:
            tables = set(inspect(connection).get_table_names()) & set(metadata.tables)
        opened.close()
        assert tables in (set(), set(metadata.tables))
        journal = Journal.open(None, url)
        journal.append([entry("a")])
        assert people(journal) == [(1, ["a"])]
        journal.close()
