"""The journal as files: every accepted batch, in order, one Arrow IPC file each.

``DIR/journal/00000001-bluetooth.arrow`` and so on. A batch is written to a new name, synced and renamed before
anybody is told that it was accepted, so a reader sees whole batches only. Processes may read one journal together;
a process that would write after another one wrote is refused (it has not seen that batch).
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from engine.errors import JournalError
from engine.events.schemas import KINDS, canonical_schema

SUFFIX = ".arrow"


class FileJournal:
    """Accepted batches under ``folder``. One writer.

    Raises:
        JournalError: the folder cannot be used, or batches are missing from it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "journal"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if any(self.folder.glob("*.part")):
                self._clean()
            self._files = sorted((_parsed(path), path) for path in self.folder.glob(f"*{SUFFIX}"))
        except OSError as error:
            raise JournalError(f"cannot use {folder} for data: {error.strerror}") from None
        for expected, ((seq, _), path) in enumerate(self._files, start=1):
            if seq != expected:
                raise JournalError(f"the journal lacks batch {expected}: before {path.name}; restore that file")
        self.seq = len(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def append(self, kind: str, table: pa.Table) -> int:
        """Make a batch durable; returns its sequence number.

        Raises:
            JournalError: it could not be stored; then nothing of it is.
        """
        name = f"{self.seq + 1:08d}-{kind}"
        part, path = self.folder / f"{name}.part", self.folder / f"{name}{SUFFIX}"
        try:
            with self._lock():
                self._refuse_if_behind()
                try:
                    self._write(part, table)
                    part.rename(path)
                    self._sync(self.folder)
                except BaseException:
                    # A batch that is not acknowledged must not come back at the next start.
                    part.unlink(missing_ok=True)
                    path.unlink(missing_ok=True)
                    raise
        except (OSError, pa.ArrowException) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise JournalError(f"the batch could not be stored and was not accepted: {why}") from None
        self.seq += 1
        self._files.append(((self.seq, kind), path))
        return self.seq

    def _write(self, part: Path, table: pa.Table) -> None:
        with pa.OSFile(str(part), "wb") as sink:
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            with pa.ipc.new_file(sink, table.schema, options=options) as writer:
                writer.write_table(table)
        self._sync(part)

    def _refuse_if_behind(self) -> None:
        if any((self.folder / f"{self.seq + 1:08d}-{kind}{SUFFIX}").exists() for kind in KINDS):
            raise JournalError(
                f"another process has written to {self.folder}; start again to see its events, and write from one"
            )

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with open(self.folder / "lock", "ab") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _clean(self) -> None:
        """Remove what a crash left half written; under the lock, so nobody is writing it."""
        with self._lock():
            for torn in self.folder.glob("*.part"):
                torn.unlink()

    @staticmethod
    def _sync(path: Path) -> None:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def replay(self) -> Iterator[tuple[int, str, pa.Table]]:
        """(sequence, kind, canonical table) of every batch, in order.

        Raises:
            JournalError: a file is damaged; the message names it.
        """
        for (seq, kind), path in self._files:
            try:
                with pa.memory_map(str(path)) as source:
                    table = pa.ipc.open_file(source).read_all()
            except (OSError, pa.ArrowException) as error:
                raise JournalError(f"{path.name} in the journal is damaged: {error}") from None
            if kind not in KINDS or not table.schema.equals(canonical_schema(kind)):
                raise JournalError(f"{path.name} in the journal does not hold the columns of its kind")
            yield seq, kind, table


def _parsed(path: Path) -> tuple[int, str]:
    """Sequence number and kind of a batch file, from its name."""
    seq, _, kind = path.stem.partition("-")
    if not seq.isdecimal():
        raise JournalError(f"{path.name} in the journal is not a batch; move it out of that folder")
    return int(seq), kind
