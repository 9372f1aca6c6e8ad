"""Small batches for the journal's tests, and what is in a journal."""

from typing import Any

import pyarrow as pa

from engine.events.schemas import canonical_schema
from engine.journal.blobs import encode
from engine.journal.entries import Entry, RejectRow
from engine.journal.journal import Journal

T0 = 1_625_011_200
"""2021-06-30T00:00:00Z."""
DAY_0 = T0 // 86_400


def rows(kind: str, *events: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([{"retract": False, "revision": 0, **e} for e in events], canonical_schema(kind))


def cases(*people: str) -> pa.Table:
    return rows("case", *({"person": p, "onset_at": T0} for p in people))


def fixes(*people: str, at: int = T0) -> pa.Table:
    return rows("location", *({"person": p, "at": at, "lat": 10.7, "lng": 106.7, "accuracy_m": 5.0} for p in people))


def entry(*people: str, at: int = 100, rejects: tuple[RejectRow, ...] = ()) -> Entry:
    return encode("case", cases(*people), at, rejects)


def reject(row: int = 0, event: str = "{}", code: str = "bad_time", kind: str = "case") -> RejectRow:
    return RejectRow(kind, "http", row, code, "why", event)


def people(journal: Journal) -> list[tuple[int, list[str]]]:
    return [(s.seq, s.table.column("person").to_pylist()) for s in journal.replay()]
