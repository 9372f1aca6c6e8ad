"""The set of accepted events of a kind with few events (places, cases, tests, quarantines), by natural key.

State is a function of the set of rows applied, never of their order: the highest revision of a key wins, rows of
one revision merge field by field with a commutative rule (null gives way, else the least value, true before
false), and a retraction kills every revision up to its own whenever it arrives.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.events.outcome import ACCEPTED, CHANGED, DUPLICATE, RETRACTED
from engine.events.schemas import ARROW_TYPE, Kind

Key = tuple[Any, ...]
Payload = dict[str, Any]


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as dicts, moments as UTC seconds. Cost: one Python object a cell; for kinds with few events."""
    columns = []
    for name in table.column_names:
        column = table.column(name)
        columns.append(column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column)
    return list(pa.table(columns, names=table.column_names).to_pylist())


class Register:
    """Live events of one kind. Not thread-safe: one writer."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._live: dict[Key, tuple[int, Payload]] = {}
        self._dead: dict[Key, int] = {}
        self._fields = [f for f in kind.fields if not f.natural and not f.wire_only]

    def __len__(self) -> int:
        return len(self._live)

    @property
    def anything(self) -> bool:
        """Whether it holds an event or a retracted key."""
        return bool(self._live or self._dead)

    def apply(self, table: pa.Table) -> npt.NDArray[np.uint8]:
        """Take in a canonical table; returns one outcome per row."""
        natural = self.kind.natural_key
        outcomes = np.empty(table.num_rows, np.uint8)
        for i, row in enumerate(plain_rows(table)):
            key = tuple(row[n] for n in natural)
            revision = row["revision"] or 0
            if row["retract"]:
                outcomes[i] = self._retract(key, revision)
            else:
                outcomes[i] = self._put(key, revision, {f.name: row[f.name] for f in self._fields})
        return outcomes

    def _retract(self, key: Key, revision: int) -> int:
        if self._dead.get(key, -1) >= revision:
            return DUPLICATE
        self._dead[key] = revision
        live = self._live.get(key)
        if live is not None and live[0] <= revision:
            del self._live[key]
        return ACCEPTED

    def _put(self, key: Key, revision: int, payload: Payload) -> int:
        if self._dead.get(key, -1) >= revision:
            return RETRACTED
        live = self._live.get(key)
        if live is None or live[0] < revision:
            self._live[key] = (revision, payload)
            return ACCEPTED if live is None else CHANGED
        if live[0] > revision:
            return DUPLICATE
        merged = {n: _merge(live[1][n], value) for n, value in payload.items()}
        if merged == live[1]:
            return DUPLICATE
        self._live[key] = (revision, merged)
        return CHANGED

    def get(self, key: Key) -> Payload | None:
        """The live event with this natural key, without its key columns."""
        live = self._live.get(key)
        return None if live is None else live[1]

    def __iter__(self) -> Iterator[Key]:
        """Natural keys of live events, in order of arrival; callers must not depend on that order."""
        return iter(self._live)

    def items(self) -> Iterator[tuple[Key, Payload]]:
        """Live events in order of arrival; callers must not depend on that order."""
        return ((key, payload) for key, (_, payload) in self._live.items())

    def table(self, dead: bool = False) -> pa.Table:
        """Live events as a canonical table ordered by natural key, ``retract`` false.

        With ``dead`` the retracted keys follow as rows with ``retract`` true: taken in again, the same state.
        """
        live = self._table(sorted(self._live.items(), key=lambda item: item[0]), False)
        if not dead or not self._dead:
            return live
        nothing = {f.name: None for f in self._fields}
        gone = [(key, (revision, nothing)) for key, revision in sorted(self._dead.items())]
        return pa.concat_tables([live, self._table(gone, True)])

    def _table(self, rows: list[tuple[Key, tuple[int, Payload]]], retract: bool) -> pa.Table:
        names = self.kind.natural_key
        columns: dict[str, pa.Array] = {}
        for field in self.kind.fields:
            if field.wire_only:
                continue
            if field.natural:
                at = names.index(field.name)
                values = [key[at] for key, _ in rows]
            else:
                values = [payload[field.name] for _, (_, payload) in rows]
            raw = pa.array(values, pa.int64()) if field.type == "time" else pa.array(values, ARROW_TYPE[field.type])
            columns[field.name] = raw.cast(ARROW_TYPE[field.type])
        columns["retract"] = pa.array([retract] * len(rows), pa.bool_())
        columns["revision"] = pa.array([revision for _, (revision, _) in rows], pa.int32())
        return pa.table(columns)


def _merge(old: Any, new: Any) -> Any:
    if old is None or new is None:
        return new if old is None else old
    if isinstance(old, bool):
        return old or new
    return min(old, new)
