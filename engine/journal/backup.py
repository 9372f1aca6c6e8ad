"""A whole database as one file, taken while others read and write; and back, into SQLite or PostgreSQL.

The file is an SQLite database with the same tables, whichever database it came from. It is checked before it gets
its name, so a file of that name is always whole.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from engine.disk import sync
from engine.errors import BadInputError, JournalError
from engine.journal.blobs import decode
from engine.journal.database import Database, address
from engine.journal.facts import fact, remember
from engine.journal.faults import explain
from engine.journal.schema import context, prepare, scripts, upgrade
from engine.journal.tables import audit, batches, documents, exports, metadata, rejects

AT_ONCE = {"batches": 16}
"""Rows copied in one statement, of tables whose rows are large."""
FEW = 1_000


def backup(source: Path | str, to: Path) -> int:
    """Copy the journal of a data folder, or of a database URL, as of one moment to the new file ``to``; its last seq.

    Raises:
        BadInputError: ``to`` exists, or there is no journal in the folder.
        StorageFullError: no room for the copy.
        JournalError: the database cannot be read, or holds a damaged batch.
    """
    if to.exists():
        raise BadInputError(f"{to} exists: name a new file for the backup")
    database = _source(source)
    part = to.with_name(f"{to.name}.{uuid4().hex[:8]}.part")
    try:
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(part, os.O_RDWR | os.O_CREAT, 0o600))
            _copy_sqlite(database, part) if database.is_sqlite else _copy_tables(database, part)
            with _file(part, write=False) as connection:
                seq = _check(connection)
            _named(part, to)
        except (OSError, sqlite3.Error) as error:
            problem = explain(error, part)
            raise type(problem)(f"the backup could not be written: {problem}") from None
    finally:
        part.unlink(missing_ok=True)
        database.close()
    return seq


def restore(source: Path, into: Path | str) -> int:
    """Fill the empty journal of the folder or the database URL ``into`` from a backup file; its last seq.

    All or nothing. The restored journal takes an identity of its own: checkpoints of the one it was copied from may
    hold batches that came after the copy, and do not fit it.

    Raises:
        BadInputError: ``source`` is no backup, or of another release; or ``into`` is not empty.
        StorageFullError: no room is left in the database.
        JournalError: the backup is damaged, or the database cannot be used.
    """
    if not source.is_file():
        raise BadInputError(f"there is no backup {source}")
    with _file(source, write=False) as backed:
        if context(backed).get_current_revision() != scripts().get_current_head():
            raise BadInputError(f"{source.name} is no backup, or one of another release: restore it with that one")
        seq = _check(backed)
        database = Database.open(into, None) if isinstance(into, Path) else Database.open(None, into)
        try:
            prepare(database)
            with database.write("the backup could not be restored; the database is as it was") as connection:
                for table in (batches, rejects, audit, exports, documents):
                    if connection.scalar(select(func.count()).select_from(table)):
                        raise BadInputError(f"{database.name} is not empty: restore into a new folder or database")
                _fill(backed, connection)
                remember(connection, "ident", uuid4().hex)
        finally:
            database.close()
    return seq


def _source(source: Path | str) -> Database:
    database = Database(address(None, source) if isinstance(source, str) else address(source, None))
    if database.file is not None and not database.file.is_file():
        raise BadInputError(f"there is no journal at {database.file}")
    prepare(database)
    return database


def _copy_sqlite(database: Database, part: Path) -> None:
    """SQLite's own online copy: one snapshot, in one step, while writers go on."""
    with database.alone("the backup could not be made") as connection, closing(sqlite3.connect(part)) as copy:
        original = connection.connection.driver_connection
        if isinstance(original, sqlite3.Connection):
            original.backup(copy)
        # One file, without a log beside it.
        copy.execute("PRAGMA journal_mode = DELETE")


def _copy_tables(database: Database, part: Path) -> None:
    with database.read("the backup could not be made") as connection, _file(part, write=True) as copy:
        upgrade(copy)
        _fill(connection, copy)


def _fill(source: Connection, target: Connection) -> None:
    """Every row of every table, into tables that hold none but the facts that a new journal is made with."""
    for table in metadata.sorted_tables:
        target.execute(table.delete())
        some = AT_ONCE.get(table.name, FEW)
        rows = source.execution_options(yield_per=some).execute(select(table).order_by(*table.primary_key))
        for part in rows.mappings().partitions(some):
            target.execute(table.insert(), [dict(row) for row in part])
    if target.dialect.name == "postgresql":
        for table in (rejects, audit, documents):
            # The ids were given, not counted: the next one must follow the highest.
            target.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) "  # noqa: S608 - names of our own tables
                    f"FROM {table.name} HAVING max(id) IS NOT NULL"
                )
            )


def _check(connection: Connection) -> int:
    """Read everything once: pages, and each batch against its checksum and number; returns the last seq."""
    if connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
        raise JournalError("the backup is damaged: take another one")
    last = 0
    found = connection.execution_options(yield_per=AT_ONCE["batches"]).execute(select(batches).order_by(batches.c.seq))
    for row in found:
        if row.seq != last + 1:
            raise JournalError(f"the backup lacks batch {last + 1}")
        if row.rows:
            decode(row.payload, row.sha256, row.seq)
        elif sha256(row.payload).hexdigest() != row.sha256:
            raise JournalError(f"batch {row.seq} of the backup is damaged")
        last = row.seq
    if fact(connection, "ident") is None:
        raise JournalError("the backup does not say which journal it is of")
    return last


def _named(part: Path, to: Path) -> None:
    sync(part)
    part.rename(to)
    sync(to.parent)


@contextmanager
def _file(path: Path, write: bool) -> Iterator[Connection]:
    """One transaction on a backup file."""
    address = f"file:{quote(str(path.absolute()))}?mode={'rw' if write else 'ro'}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection
            if write:
                connection.commit()
    except (SQLAlchemyError, sqlite3.Error) as error:
        problem = explain(error, path)
        raise type(problem)(f"{path.name}: {problem}") from None
