"""What the database holds, read without a line of the engine: plain SQL, zstd, Arrow."""

import hashlib
import io
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import zstandard

from tests.crash.clients import Ledger, Name
from tests.crash.world import NATURAL, Key

TIME = pa.timestamp("s", tz="UTC")
_QUERY = "SELECT seq, kind, rows, sha256, payload FROM batches WHERE seq > {} ORDER BY seq"


@dataclass(frozen=True)
class Row:
    """A row of the table of batches."""

    seq: int
    kind: str
    rows: int
    sha256: str
    payload: bytes

    def table(self) -> pa.Table:
        """Its events."""
        raw = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(self.payload), read_across_frames=True).read()
        return pa.ipc.open_stream(raw).read_all()

    def natural_keys(self) -> list[Key]:
        """The natural keys of its events, in order."""
        return keys_of(self.kind, self.table()) if self.rows else []  # all purged: nothing but its number is left


def keys_of(kind: str, table: pa.Table) -> list[Key]:
    """The natural keys in a table of canonical columns."""
    columns: list[list[object]] = []
    for name in NATURAL[kind]:
        column = table.column(name)
        moment = pa.types.is_timestamp(column.type)  # in Parquet they are milliseconds
        columns.append((column.cast(TIME).cast(pa.int64()) if moment else column).to_pylist())
    retract = [bool(x) for x in table.column("retract").to_pylist()]
    return [(kind, gone, *values) for gone, *values in zip(retract, *columns, strict=True)]


def rows(data: Path, database: str | None, after: int = 0) -> Iterator[Row]:
    """Every stored batch with a later sequence number, in order."""
    if database is None:
        with sqlite3.connect(f"file:{data / 'truyvet.db'}?mode=ro", uri=True) as connection:
            for found in connection.execute(_QUERY.format("?"), (after,)):
                yield Row(*found)
        connection.close()
        return
    import psycopg

    with psycopg.connect(database) as there, there.cursor() as cursor:
        cursor.execute(_QUERY.format("%s"), (after,))
        for seq, kind, count, sha, payload in cursor:
            yield Row(seq, kind, count, sha, bytes(payload))


@dataclass
class Verdict:
    """What an audit found; empty lists are good."""

    batches: int = 0
    events: int = 0
    lost: list[Name] = field(default_factory=list)
    """Acknowledged, and an event of it is missing."""
    doubled: list[Name] = field(default_factory=list)
    """Sent once, and an event of it is stored twice."""
    half: list[Name] = field(default_factory=list)
    """Not acknowledged, and some of its events are stored."""
    faults: list[str] = field(default_factory=list)
    """Gaps in the sequence, wrong checksums, events nobody sent."""

    @property
    def good(self) -> bool:
        """Nothing is wrong."""
        return not (self.lost or self.doubled or self.half or self.faults)

    def told(self) -> str:
        """In a line or a few."""
        line = f"{self.batches} batches, {self.events} events stored: lost {len(self.lost)}, "
        line += f"duplicated {len(self.doubled)}, half {len(self.half)}, other faults {len(self.faults)}"
        shown = [("lost", self.lost), ("duplicated", self.doubled), ("half", self.half), ("fault", self.faults)]
        return "\n".join([line, *(f"  {what}: {each}" for what, found in shown for each in found[:5])])


@dataclass
class Audit:
    """Reads what is new in the database each time, and holds it against the ledger."""

    data: Path
    database: str | None
    seen: Counter[Key] = field(default_factory=Counter)
    last: int = 0
    faults: list[str] = field(default_factory=list)

    def check(self, ledger: Ledger) -> Verdict:
        """Read on, and judge. No writer may be at work."""
        for row in rows(self.data, self.database, self.last):
            if row.seq != self.last + 1:
                self.faults.append(f"sequence {self.last + 1} to {row.seq - 1} is missing")
            self.last = row.seq
            if hashlib.sha256(row.payload).hexdigest() != row.sha256:
                self.faults.append(f"sequence {row.seq}: wrong sha256")
            keys = row.natural_keys()
            if len(keys) != row.rows:
                self.faults.append(f"sequence {row.seq}: {len(keys)} events, {row.rows} declared")
            self.seen.update(keys)
        return self._judge(ledger)

    def _judge(self, ledger: Ledger) -> Verdict:
        out = Verdict(self.last, self.seen.total(), faults=list(self.faults))
        known: set[Key] = set()
        for name, batch in ledger.batches.items():
            known |= batch.keys
            counts = [self.seen[key] for key in batch.keys]
            if name in ledger.acknowledged:
                if min(counts) == 0:
                    out.lost.append(name)
            elif 0 == min(counts) < max(counts):
                out.half.append(name)
            if max(counts) > ledger.tried[name]:
                out.doubled.append(name)
        strange = [key for key in self.seen if key not in known]
        out.faults += [f"nobody sent {key}" for key in strange[:5]]
        return out
