"""Takes over the journal of an old release: ``folder/journal/00000001-bluetooth.arrow`` and so on.

Each batch is stored in one transaction with the note that it was, so that a kill in the middle repeats nothing;
the files go when all of them are in. One process at a time does so, and each old folder has a note of its own: several
may go into one database.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from engine.disk import sync
from engine.errors import JournalError
from engine.events.schemas import KINDS, canonical_schema
from engine.journal.blobs import encode
from engine.journal.database import Database
from engine.journal.facts import fact, remember
from engine.journal.storing import store

SUFFIX = ".arrow"
NAME = "takeover"
"""File in the old folder with the name under which its batches are counted: a path is that of one machine only."""


def adopt(database: Database, old: Path) -> int:
    """Store the batches of the folder ``old`` and remove its files; returns how many were stored now.

    Raises:
        StorageFullError: no room is left; the files stay, and the next start goes on.
        JournalError: a file is damaged or missing; the message names it, nothing is removed.
    """
    if not old.is_dir():
        return 0
    with _alone(old):
        return _adopted(database, old)


def _adopted(database: Database, old: Path) -> int:
    files = sorted((_parsed(path), path) for path in old.glob(f"*{SUFFIX}"))
    if not files and not (old / NAME).exists():
        return 0
    mark = f"adopted:{_name(old)}"
    with database.read() as connection:
        done = int(fact(connection, mark) or 0)
    # All in, and killed while the files were removed: what is left of them starts anywhere.
    fresh = [(number, kind, path) for (number, kind), path in files if number > done]
    for expected, (number, _, path) in enumerate(fresh, start=done + 1):
        if number != expected:
            raise JournalError(f"the old journal lacks batch {expected}: before {path.name}; restore that file")
    for number, kind, path in fresh:
        entry = encode(kind, _read(path, kind), int(path.stat().st_mtime))
        with database.write("the old journal could not be taken over") as connection:
            store(connection, [entry])
            remember(connection, mark, str(number))
    _remove(old)
    with database.write() as connection:
        remember(connection, mark, None)
    return len(fresh)


@contextmanager
def _alone(old: Path) -> Iterator[None]:
    try:
        handle = os.open(old, os.O_RDONLY)
    except FileNotFoundError:
        yield  # another process has just taken it over
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _name(old: Path) -> str:
    """What this folder's batches are counted under, noted in it before the first of them is stored."""
    path, draft = old / NAME, old / f"{NAME}.part"
    try:
        if not path.exists():
            draft.write_text(uuid4().hex)
            sync(draft)
            draft.rename(path)
            sync(old)
        return path.read_text()
    except OSError as error:
        raise JournalError(f"the old journal could not be taken over: {error.strerror}") from None


def _remove(old: Path) -> None:
    try:
        # The name last: while it is there, the next start goes on.
        for path in [*old.glob(f"*{SUFFIX}"), *old.glob("*.part"), old / "lock", old / NAME]:
            path.unlink(missing_ok=True)
        if old.is_dir() and not any(old.iterdir()):
            old.rmdir()
    except OSError as error:
        raise JournalError(f"the files of the old journal could not be removed: {error.strerror}") from None


def _parsed(path: Path) -> tuple[int, str]:
    """Number and kind of a batch file, from its name."""
    number, _, kind = path.stem.partition("-")
    if not number.isdecimal() or kind not in KINDS:
        raise JournalError(f"{path.name} in the old journal is not a batch; move it out of that folder")
    return int(number), kind


def _read(path: Path, kind: str) -> pa.Table:
    try:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
    except (OSError, pa.ArrowException):
        raise JournalError(f"{path.name} in the old journal is damaged: restore that file") from None
    if not table.schema.equals(canonical_schema(kind)):
        raise JournalError(f"{path.name} in the old journal does not hold the columns of its kind")
    return table
