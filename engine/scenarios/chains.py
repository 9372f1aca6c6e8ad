"""Who infected whom, of every replicate: a Parquet part a batch, joined to one file at the end. Codes, no keys."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.errors import RunFolderError
from engine.scenarios.outcome import Outcome
from engine.scenarios.records import told

PART = pa.schema(
    [
        ("replicate", pa.int32()),
        ("person", pa.int32()),
        ("infector", pa.int32()),
        ("day", pa.float32()),
        ("onset", pa.float32()),
        ("symptomatic", pa.bool_()),
        ("place", pa.int32()),
        ("detected", pa.bool_()),
    ]
)
"""Columns of a part: as ``outcome.Infections``, in the order of infection within each replicate."""
CHAINS = pa.schema([("variant", pa.dictionary(pa.int32(), pa.string())), *PART])
"""Columns of ``chains.parquet``."""
COMPRESSION = "zstd"


@dataclass
class Chains:
    """The parts of one run, in a folder."""

    folder: Path
    temporary_folder: "tempfile.TemporaryDirectory[str] | None" = None

    @classmethod
    def temporary(cls) -> "Chains":
        """Parts that nobody wants to resume; they go with the object."""
        with told(tempfile.gettempdir()):
            folder = tempfile.TemporaryDirectory(prefix="truyvet-chains-")
        return cls(Path(folder.name), folder)

    def append(self, first: int, outcomes: Sequence[Outcome]) -> None:
        """The part of the batch that begins with replicate ``first``; whole when it has its name.

        Raises:
            StorageFullError: no room.
            ValueError: an outcome without its infections.
        """
        tables = []
        for i, outcome in enumerate(outcomes):
            tree = outcome.infections
            if tree is None:
                raise ValueError("a replicate came without its chains")
            columns = [pa.array(getattr(tree, name), PART.field(name).type) for name in PART.names[1:]]
            replicate = pa.array(np.full(len(tree.person), first + i, np.int32))
            tables.append(pa.Table.from_arrays([replicate, *columns], schema=PART))
        with told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self._part(first, first + len(outcomes))
            unfinished = path.with_suffix(".writing")
            pq.write_table(pa.concat_tables(tables), unfinished, compression=COMPRESSION)
            unfinished.replace(path)

    def whole(self, count: int) -> int:
        """Replicates from 0 on, at most ``count``, whose parts are there and can be read."""
        done = 0
        for first, last, path in self.parts():
            if first != done or last > count or not _readable(path):
                break
            done = last
        return done

    def cut(self, count: int) -> None:
        """Take away the parts of replicates from ``count`` on."""
        for _, last, path in self.parts():
            if last > count:
                path.unlink()

    def parts(self) -> list[tuple[int, int, Path]]:
        """Parts as (first replicate, the one after the last, file), in order."""
        found = [(path.stem.split("-"), path) for path in self.folder.glob("*-*.parquet")]
        return sorted((int(first), int(last), path) for (first, last), path in found)

    def write(self, variant: str, count: int, writer: pq.ParquetWriter) -> None:
        """The first ``count`` replicates, as columns ``CHAINS``; a part in memory at a time."""
        for first, last, path in self.parts():
            if first >= count:
                break
            table = pq.read_table(path)
            if last > count:
                table = table.filter(pc.less(table["replicate"], count))
            name = pa.DictionaryArray.from_arrays(np.zeros(len(table), np.int32), [variant])
            writer.write_table(pa.Table.from_arrays([name, *table.columns], schema=CHAINS))

    def close(self) -> None:
        """Let go of temporary parts."""
        if self.temporary_folder is not None:
            self.temporary_folder.cleanup()

    def _part(self, first: int, last: int) -> Path:
        return self.folder / f"{first:08d}-{last:08d}.parquet"


def _readable(path: Path) -> bool:
    try:
        pq.read_table(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def start(path: Path) -> pq.ParquetWriter:
    """A writer of ``chains.parquet``.

    Raises:
        RunFolderError: it cannot be written.
    """
    try:
        return pq.ParquetWriter(path, CHAINS, compression=COMPRESSION)
    except OSError as error:
        raise RunFolderError(f"{path} cannot be written: {error}") from None
