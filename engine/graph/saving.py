"""A log of bulk events taken apart into named columns, and put together again: what checkpoints store."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.graph.days import Key
from engine.graph.groups import grouped_from
from engine.graph.parts import Part
from engine.graph.segments import PAYLOAD, Rows, Segment, packed
from engine.graph.store import EventLog

Columns = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Piece:
    """Columns and a small document under a name; equal ``token`` (by identity) means equal content."""

    name: str
    columns: Columns
    meta: Mapping[str, Any]
    token: object | None = None


def pieces_of(log: EventLog) -> Iterator[Piece]:
    """Everything a log holds. The columns are those readers hold: nothing is copied."""
    log.seal()
    for day, parts in log.parts().items():
        for i, part in enumerate(parts):
            s = part.sealed()
            columns = {"k1": s.rows.k1, **s.rows.payload, **s.grouped.columns()}
            columns |= {"order": s.order, "majors": s.majors, "major_longest": s.major_longest}
            columns |= {"stay_s": s.stay_s} if log.kind == "location" else {"k2": s.rows.k2}
            meta = {"day_start": s.day_start, "longest_s": s.longest_s, "last_end": s.last_end}
            yield Piece(f"{log.kind}/{day}/{i}", columns, meta, part.version)
    for name, found in (("dead", log.dead()), ("revised", log.revised())):
        yield Piece(f"{log.kind}/{name}", _columns(found), {})


def load(log: EventLog, pieces: Iterable[Piece]) -> None:
    """Put the pieces of a log of the same kind into an empty one."""
    for piece in pieces:
        kind, _, rest = piece.name.partition("/")
        if kind != log.kind:
            continue
        if rest in ("dead", "revised"):
            log.restore_keys(rest, _keys(piece.columns))
        else:
            log.restore_part(int(rest.partition("/")[0]), Part(_segment(log.kind, piece), piece.token))


class _Mapped:
    """A column of a mapped file, held for whoever has its bytes; to numpy one like those that were made in memory."""

    def __init__(self, column: npt.NDArray[Any]) -> None:
        self._held = column
        self.__array_interface__ = column.__array_interface__ | {"data": (column.ctypes.data, False)}


def _as_made(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The column without its mark that nobody may write: numba would compile every kernel once more for such ones.

    Nobody does: a segment never changes after it is made.
    """
    if column.flags.writeable:
        return column
    return np.asarray(_Mapped(column)) if len(column) else np.empty(0, column.dtype)


def _segment(kind: str, piece: Piece) -> Segment:
    c = {name: _as_made(column) for name, column in piece.columns.items()}
    payload = {name: c[name] for name in PAYLOAD[kind]}
    rows = Rows(kind, c["k1"], c["k2"] if kind != "location" else np.empty(0, np.int32), payload)
    return Segment(
        int(piece.meta["day_start"]),
        rows,
        grouped_from(c),
        c["order"] if "order" in c else packed(c["by_group"]),  # checkpoints of old hold int32
        int(piece.meta["longest_s"]),
        c["majors"],
        c["major_longest"],
        int(piece.meta["last_end"]),
        c["stay_s"] if kind == "location" else np.empty(0, np.uint16),
    )


def _columns(found: Mapping[int, Mapping[Key, int]]) -> Columns:
    rows = [(day, *key, revision) for day, keys in sorted(found.items()) for key, revision in sorted(keys.items())]
    table = np.array(rows, np.int64).reshape(len(rows), 4)
    return {name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(("day", "k1", "k2", "revision"))}


def _keys(columns: Columns) -> dict[int, dict[Key, int]]:
    out: dict[int, dict[Key, int]] = {}
    for day, k1, k2, revision in zip(*(columns[n].tolist() for n in ("day", "k1", "k2", "revision")), strict=True):
        out.setdefault(day, {})[k1, k2] = revision
    return out
