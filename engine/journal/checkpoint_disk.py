"""Files that are there whole or not at all, and what a disk says when it cannot."""

import os
from collections.abc import Iterable
from pathlib import Path

from engine.disk import NO_ROOM
from engine.errors import JournalError, StorageFullError
from engine.journal.checkpoint_parts import Buffer

TMP = ".tmp"


def put(path: Path, buffers: Iterable[Buffer]) -> None:
    """Write a whole file under this name, or nothing."""
    part = path.with_name(path.name + TMP)
    try:
        with open(part, "wb", buffering=0) as file:
            for buffer in buffers:
                rest = memoryview(buffer)
                while rest:
                    rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read(path: Path) -> bytes | None:
    """Content of a manifest; None when it is not there."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of the same name."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def as_ours(error: OSError, what: str) -> JournalError:
    """The error to raise instead: the reason, without paths."""
    if error.errno in NO_ROOM:
        return StorageFullError(f"{what}: the disk is full; free some space")
    return JournalError(f"{what}: {error.strerror or type(error).__name__}")
