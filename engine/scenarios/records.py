"""The replicates of a run as fixed-size records in a file: memory stays bounded, a killed run goes on where it was.

A record is the number of the replicate, the numbers of its days, late onsets, cohorts, and a CRC-32 of all that. What
a killed writer left half done fails its CRC and is cut off; a replicate is there whole or not at all.
"""

import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from engine.disk import NO_ROOM
from engine.errors import RunFolderError, StorageFullError
from engine.scenarios.outcome import DAILY, Outcome

LATE_DAYS = 60
"""Days after the run whose onsets an outcome counts."""
CHUNK_BYTES = 1 << 25
"""Records looked at in one go, in bytes."""
_HEADER_BYTES = 4096


@contextmanager
def told(path: Path | str) -> Iterator[None]:
    """Failures of the disk as errors that say what to do.

    Raises:
        StorageFullError: no room is left.
        RunFolderError: the place cannot be written or read.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageFullError(
                f"no room is left for the results in {path}; free some and run it again: it goes on where it stopped"
            ) from None
        raise RunFolderError(f"{path}: {error.strerror or error}; choose another folder, or put it right") from None


def record_type(days: int) -> np.dtype[Any]:
    """The record of a replicate of so many days; all int32 but the CRC (uint32)."""
    return np.dtype(
        [
            ("replicate", "<i4"),
            ("daily", "<i4", (days, len(DAILY))),
            ("late_onsets", "<i4", (LATE_DAYS,)),
            ("cohort_size", "<i4", (days,)),
            ("cohort_offspring", "<i4", (days,)),
            ("crc", "<u4"),
        ]
    )


@dataclass
class Records:
    """Replicates 0, 1, ... of one run, in order. Close it when done."""

    file: IO[bytes]
    """Without a buffer: one that cannot be emptied fails once more when it is closed."""
    days: int
    count: int

    @property
    def type(self) -> np.dtype[Any]:
        """The record."""
        return record_type(self.days)

    def append(self, outcomes: Sequence[Outcome]) -> None:
        """The next replicates, all of them or (killed, disk full) a part of them that a later opening cuts off.

        Raises:
            StorageFullError: no room.
        """
        block = np.zeros(len(outcomes), self.type)
        for i, outcome in enumerate(outcomes):
            block[i]["replicate"] = self.count + i
            for name in ("daily", "late_onsets", "cohort_size", "cohort_offspring"):
                values = getattr(outcome, name)
                if values.shape != block[i][name].shape:
                    raise ValueError(f"{name} has shape {values.shape}, not {block[i][name].shape}")
                block[i][name] = values
            block[i]["crc"] = _crc(block[i])
        with told(getattr(self.file, "name", "the temporary folder")):
            self.file.seek(_HEADER_BYTES + self.count * self.type.itemsize)
            _write(self.file, block.tobytes())
        self.count += len(outcomes)

    def blocks(self, count: int | None = None) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Pieces of the first ``count`` replicates, as (number of the first, mapped records), a bounded size each."""
        count = self.count if count is None else count
        size = max(CHUNK_BYTES // self.type.itemsize, 1)
        for first in range(0, count, size):
            shape = min(size, count - first)
            offset = _HEADER_BYTES + first * self.type.itemsize
            yield first, np.memmap(self.file, self.type, "r", offset=offset, shape=(shape,))

    def read(self, field: str, first: int, last: int, count: int | None = None) -> npt.NDArray[np.int32]:
        """Days ``first`` to before ``last`` of a field, shape (replicates, days) or, of ``daily``, (.., .., columns).

        Cost: memory 4 bytes a number; the pages of the file that hold them are read once.
        """
        count = self.count if count is None else count
        shape = (count, last - first, *self.type[field].shape[1:])
        out = np.empty(shape, np.int32)
        for start, block in self.blocks(count):
            out[start : start + len(block)] = block[field][:, first:last]
        return out

    def column(self, name: str, first: int, last: int, count: int | None = None) -> npt.NDArray[np.int32]:
        """One column of ``daily``, days ``first`` to before ``last``: shape (replicates, days)."""
        count, number = self.count if count is None else count, DAILY.index(name)
        out = np.empty((count, last - first), np.int32)
        for start, block in self.blocks(count):
            out[start : start + len(block)] = block["daily"][:, first:last, number]
        return out

    def close(self) -> None:
        """Let go of the file. A temporary one is gone then."""
        self.file.close()

    def __enter__(self) -> "Records":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def temporary(days: int) -> Records:
    """Records that nobody wants to resume, in a file without a name."""
    with told(tempfile.gettempdir()):
        return Records(tempfile.TemporaryFile(prefix="truyvet-run-", buffering=0), days, 0)


def resumable(path: Path, days: int, identity: dict[str, object]) -> Records:
    """Records at ``path``: those that are there and whole when they are of the same ``identity``, else none.

    ``identity`` holds everything that determines a replicate (settings, data, versions); what another identity left
    is written over.

    Raises:
        StorageFullError, RunFolderError: it cannot be written.
    """
    header = json.dumps({"days": days, "columns": DAILY, **identity}, sort_keys=True).encode()
    if len(header) >= _HEADER_BYTES:
        raise ValueError("the identity of a run is too long")
    header = header.ljust(_HEADER_BYTES)
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        if file.read(_HEADER_BYTES) != header:
            file.truncate(0)
            file.seek(0)
            _write(file, header)
        records = Records(file, days, 0)
        size = os.fstat(file.fileno()).st_size - _HEADER_BYTES
        records.count = _whole(records, size // records.type.itemsize)
        file.truncate(_HEADER_BYTES + records.count * records.type.itemsize)
    return records


def _whole(records: Records, count: int) -> int:
    """Replicates from 0 on that are whole, of ``count`` that have room in the file."""
    for first, block in records.blocks(count):
        for i, record in enumerate(block):
            if record["replicate"] != first + i or record["crc"] != _crc(record):
                return first + i
    return count


def _write(file: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _crc(record: Any) -> int:
    return zlib.crc32(record.tobytes()[: -record.dtype["crc"].itemsize])
