"""The events of one kind and day as the canonical table they came as: what exports write."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.clock import DAY
from engine.events.schemas import TIME, canonical_schema
from engine.graph.layout import SECOND_BITS, SECOND_MASK
from engine.graph.segments import Columns, Rows, merge_runs
from engine.graph.store import EventLog
from engine.ids import Keys

Ints = npt.NDArray[np.int64]


def table_of(log: EventLog, day: int, people: Keys, places: Keys) -> pa.Table:
    """Live rows of a day, then retracted keys (``retract`` true); each ordered by natural key as coded.

    The same table taken in again gives the same state. Cost: linear, one string a cell.
    """
    kind = log.kind
    live = [part.sealed().rows for part in log.parts().get(day, ())]
    tables = []
    if live:
        rows = merge_runs(live)
        known = log.revised().get(day, {})
        tables.append(_table(kind, day, rows.k1, rows.k2, rows.payload, _revisions(rows, known), people, places))
    dead = sorted(log.dead().get(day, {}).items())
    if dead:
        k1, k2 = (np.array([key[i] for key, _ in dead], np.int64) for i in (0, 1))
        revisions = np.array([revision for _, revision in dead], np.int32)
        tables.append(_table(kind, day, k1, k2, None, revisions, people, places))
    return pa.concat_tables(tables) if tables else canonical_schema(kind).empty_table()


def _revisions(rows: Rows, known: dict[tuple[int, int], int]) -> npt.NDArray[np.int32]:
    out = np.zeros(len(rows), np.int32)
    for (k1, k2), revision in known.items():
        low, high = np.searchsorted(rows.k1, (k1, k1 + 1))
        out[low + np.flatnonzero(rows.k2[low:high] == k2)] = revision
    return out


def _table(
    kind: str,
    day: int,
    k1: Ints,
    k2: npt.NDArray[np.integer],
    payload: Columns | None,
    revisions: npt.NDArray[np.int32],
    people: Keys,
    places: Keys,
) -> pa.Table:
    first, at = (k1 >> SECOND_BITS), day * DAY + (k1 & SECOND_MASK)
    columns: dict[str, pa.Array] = {}
    if kind == "check_in":
        columns = {"person": _named(people, k2), "place": _named(places, first), "entered_at": pa.array(at).cast(TIME)}
    else:
        columns = {"person": _named(people, first), "at": pa.array(at).cast(TIME)}
        if kind == "bluetooth":
            columns["peer"] = _named(people, k2)
    if payload is not None:
        columns |= _payload(kind, day, payload)
    columns["retract"] = pa.array(np.full(len(k1), payload is None))
    columns["revision"] = pa.array(revisions)
    schema = canonical_schema(kind)
    return pa.table([columns.get(f.name, pa.nulls(len(k1), f.type)) for f in schema], schema=schema)


def _payload(kind: str, day: int, p: Columns) -> dict[str, pa.Array]:
    if kind == "bluetooth":
        return {
            "duration_s": pa.array(p["duration_s"].astype(np.int32)),
            "attenuation_db": pa.array(p["attenuation_cdb"] / 100),
        }
    if kind == "check_in":
        left = p["left_at"]
        return {"left_at": pa.array(day * DAY + left.astype(np.int64), mask=left < 0).cast(TIME)}
    return {
        "lat": pa.array(p["lat_e7"] / 1e7),
        "lng": pa.array(p["lng_e7"] / 1e7),
        "accuracy_m": pa.array(p["accuracy_dm"] / 10),
    }


def _named(keys: Keys, codes: npt.NDArray[np.integer]) -> pa.Array:
    distinct, inverse = np.unique(codes, return_inverse=True)
    return pa.array(keys.keys(distinct.tolist()), pa.string()).take(pa.array(inverse))
