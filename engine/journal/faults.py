"""What the database says went wrong, as this project's errors.

Texts of drivers stay out of the messages: they can hold values of rows, and a URL with its password.
"""

import errno
import os
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from engine.disk import NO_ROOM
from engine.errors import JournalError, StorageFullError

FULL = "no room is left for the database: free some and send again"
READ_ONLY = "the database may only be read (read-only disk, folder or account)"
BUSY = "another process keeps the database locked"
AWAY = "the database is away; it is asked again with the next request"
DAMAGED = "the database file is damaged or not a truyvet database: restore it from a backup"
LITTLE = 1 << 20
"""Bytes free under which an unexplained failure to write is taken for a full disk."""

SQLITE = {
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened (missing, or no permission)",
    sqlite3.SQLITE_IOERR: "the disk of the database reports an error",
    sqlite3.SQLITE_TOOBIG: "the batch is larger than the database takes: send it in parts",
}
POSTGRES = {
    "08": AWAY,
    "57": AWAY,  # shutting down, starting up, cancelled by an administrator
    "53300": "the database takes no more connections",
    "25006": READ_ONLY,
    "42501": "the account may not do this in the database",
    "28": "the database refused the account or its password",
    "3D": "there is no such database on the server",
    "55P03": BUSY,
    "40": BUSY,
    "XX": DAMAGED,
    "42P01": "the database lacks a table: restore it from a backup",
}
"""By SQLSTATE or its class."""
AT_THE_DOOR = {
    "authentication failed": POSTGRES["28"],
    "no pg_hba.conf entry": POSTGRES["28"],
    'FATAL:  role "': POSTGRES["28"],
    'FATAL:  database "': POSTGRES["3D"],
    "too many clients": POSTGRES["53300"],
    "remaining connection slots": POSTGRES["53300"],
}
"""A server that refuses a connection sends no SQLSTATE that the driver hands on, only this text."""


def explain(error: BaseException, file: Path | None) -> JournalError:
    """The error to raise for what a driver or the disk raised; ``file`` is the SQLite file, if it is one."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(cause, OSError):
        return _of_disk(cause)
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause, file)
    if isinstance(error, PoolTimeoutError):
        return JournalError(BUSY)
    if isinstance(error, DBAPIError):
        return _of_postgres(error)
    kind = type(cause).__name__ if isinstance(error, SQLAlchemyError) else "unknown"
    return JournalError(f"the database failed ({kind})")


def _of_disk(cause: OSError) -> JournalError:
    if cause.errno in NO_ROOM:
        return StorageFullError(FULL)
    if cause.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return JournalError(READ_ONLY)
    return JournalError(f"the data folder cannot be used: {cause.strerror}")


def _of_sqlite(cause: sqlite3.Error, file: Path | None) -> JournalError:
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageFullError(FULL)
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and file is not None:
        # SQLite does not say why a file could not grow or be made; the disk does.
        if _is_full(file):
            return StorageFullError(FULL)
        if not os.access(file.parent, os.W_OK):
            return JournalError(READ_ONLY)
    why = SQLITE.get(code) or f"the database failed ({getattr(cause, 'sqlite_errorname', type(cause).__name__)})"
    return JournalError(why)


def _is_full(file: Path) -> bool:
    try:
        disk = os.statvfs(file.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < LITTLE


def _of_postgres(error: DBAPIError) -> JournalError:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state == "53100":
        return StorageFullError(FULL)
    why = POSTGRES.get(state) or POSTGRES.get(state[:2])
    if why is None and not state:
        said = str(error.orig)
        why = next((reason for part, reason in AT_THE_DOOR.items() if part in said), AWAY)
    if why is None and error.connection_invalidated:
        why = AWAY
    return JournalError(why or f"the database failed ({state})")
