"""One database, SQLite or PostgreSQL: how it is opened, and its two ways in: to read, and to write as the only one."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from engine.disk import sync
from engine.errors import BadInputError, JournalError
from engine.journal.faults import explain

FILE = "truyvet.db"
PATIENCE_S = 30
"""How long a writer waits for another one."""
RETRY_S = 0.01
WRITER_LOCK = 0x7472757976
"""Number of the advisory lock that every writer to a PostgreSQL database holds."""
WAL_LIMIT = 64 << 20
PAGE_BYTES, WAL_PAGES = 8_192, 512
"""Large pages suit large values. Moving the log to the file every 4 MiB keeps the pause that it is short."""
POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    "application_name": "truyvet",
    # A server that vanished without a word is noticed in seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


class Database:
    """A pool of connections to one database; safe to share between threads. Opening connects to nothing yet."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.file = Path(url.database or "") if self.is_sqlite else None
        self.name = str(self.file) if self.is_sqlite else url.render_as_string(hide_password=True)
        """What to call it in messages: never with a password."""
        self.engine = _sqlite(url) if self.is_sqlite else _postgres(url)
        # SQLite's readers see one state anyway.
        one_state = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reader = self.engine.execution_options(**one_state)

    @classmethod
    def open(cls, folder: Path | None, url: str | None = None) -> "Database":
        """The database at ``url`` (``postgresql://user:password@host/name``), else ``folder/truyvet.db``.

        Raises:
            BadInputError: no such kind of database, or its driver is not installed.
            JournalError: the folder cannot be used.
        """
        parsed = address(folder, url)
        database = cls(parsed)
        if database.file is not None:
            try:
                _made(database.file)
            except OSError as error:
                problem = explain(error, database.file)
                raise type(problem)(f"cannot use {database.file.parent} for data: {problem}") from None
        return database

    @contextmanager
    def read(self, doing: str = "") -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing.

        Raises:
            JournalError: the database is away, damaged or locked; ``doing`` opens the message.
        """
        with self._explained(doing), self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, doing: str = "") -> Iterator[Connection]:
        """A transaction that no other writer of any process shares; committed, and on disk, when this returns.

        Raises:
            StorageFullError: no room is left; nothing was stored.
            JournalError: it could not be stored. Where a PostgreSQL server went away during the commit itself, it may
                be stored all the same: nobody is told that it is, and events sent again do no harm.
        """
        with self._explained(doing), self.engine.connect() as connection:
            connection.execution_options(truyvet_writes=True)
            with connection.begin():
                if not self.is_sqlite:
                    connection.execute(select(func.pg_advisory_xact_lock(WRITER_LOCK)))
                yield connection

    @contextmanager
    def alone(self, doing: str = "") -> Iterator[Connection]:
        """A connection outside any transaction, for what databases refuse inside one (``VACUUM``)."""
        with self._explained(doing), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.execution_options(truyvet_alone=True)
            else:
                connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            problem = explain(error, self.file)
            raise type(problem)(f"{doing}: {problem}" if doing else str(problem)) from None

    def close(self) -> None:
        """Close every connection that nobody uses."""
        self.engine.dispose()


def _made(file: Path) -> None:
    """The file and its folder exist, and are entered in the folders above for good."""
    if file.exists():
        os.close(os.open(file, os.O_RDWR))
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    # It holds personal data; the log files beside it take its mode.
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    for folder in (file.parent, file.parent.parent):
        sync(folder)


def address(folder: Path | None, url: str | None) -> URL:
    """Where the database is.

    Raises:
        BadInputError: neither a folder nor a URL, or one of an unknown kind; the message never holds the URL.
    """
    if url is None:
        if folder is None:
            raise BadInputError("a journal needs a data folder or the URL of a database")
        return URL.create("sqlite", database=str(folder / FILE))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise BadInputError("the URL of the database is none; write postgresql://user@host/name") from None
    backend = parsed.drivername.partition("+")[0]
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite")
    raise BadInputError("the database must be postgresql://user@host/name or sqlite:///path")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": PATIENCE_S})

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _: object) -> None:
        # Autocommit: the driver begins nothing by itself, so that a transaction holds tables being made, too.
        connection.isolation_level = None
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a file that is still empty
        if _write_ahead(connection) != "wal":
            raise JournalError("the disk of the data folder cannot hold a write-ahead log: use a local disk")
        for setting in (
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
            f"journal_size_limit = {WAL_LIMIT}",
            f"wal_autocheckpoint = {WAL_PAGES}",
        ):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("truyvet_alone", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("truyvet_writes", False) else "BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> str:
    """Turn the write-ahead log on; returns the mode that the file has then.

    SQLite does not wait here: it answers "locked" at once while another connection makes the file, opens it as the
    first one or closes it as the last one, which takes moments.
    """
    until = monotonic() + PATIENCE_S
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(RETRY_S)


def _postgres(url: URL) -> Engine:
    try:
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=POSTGRES_OPTIONS)
    except ModuleNotFoundError:
        raise BadInputError("PostgreSQL needs one more package: install truyvet[postgres]") from None

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
            cursor.execute(f"SET lock_timeout = {int(PATIENCE_S * 1_000)}")
        connection.commit()

    return engine
