"""What goes into the journal and what comes out of it."""

from dataclasses import dataclass

import pyarrow as pa

REJECT_STATES = ("open", "sent", "dropped")
"""Of a refused row: nobody dealt with it; a corrected one was sent and accepted; it will not be sent again."""
MAX_EVENT = 4_000
"""Characters kept of a refused row."""


@dataclass(frozen=True)
class RejectRow:
    """A refused row, ready to be stored."""

    kind: str
    source: str
    row: int
    """Its index in what was sent."""
    code: str
    detail: str
    event: str
    """The raw row as JSON text, or the raw line; cut at 4,000 characters."""


@dataclass(frozen=True)
class Reject:
    """A refused row as kept in the database."""

    id: int
    kind: str
    source: str
    row: int
    code: str
    detail: str
    event: str
    received_at: int
    """UTC seconds."""
    state: str
    """One of ``REJECT_STATES``."""


@dataclass(frozen=True)
class Entry:
    """A batch ready to be stored, with the rows of it that were refused."""

    kind: str
    rows: int
    first_day: int
    """Days since 1970-01-01 UTC of the earliest event's own time; 0 where a kind has none."""
    last_day: int
    payload: bytes
    """The rows as an Arrow IPC stream in one zstd frame."""
    sha256: str
    """Hex digest of ``payload``."""
    received_at: int
    """UTC seconds."""
    rejects: tuple[RejectRow, ...] = ()


@dataclass(frozen=True)
class Stored:
    """A batch as read back."""

    seq: int
    kind: str
    received_at: int
    table: pa.Table


@dataclass(frozen=True)
class Purged:
    """What a purge took away."""

    batches: int
    """Batches that lost rows."""
    rows: int
    rejects: int
