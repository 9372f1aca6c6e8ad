"""Many small batches of one kind as one, and every refused row back to the batch it came in."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from engine.events.batches import RawBatch
from engine.events.rejections import Rejected


@dataclass(frozen=True)
class Joined:
    """Several batches in a row, counted from row 0."""

    batch: RawBatch
    firsts: tuple[int, ...]
    """Row at which each part begins."""

    def origin(self, row: int) -> tuple[int, int]:
        """(which part, row within it) of row ``row``."""
        part = bisect_right(self.firsts, row) - 1
        return part, row - self.firsts[part]


def joined(parts: Sequence[RawBatch]) -> Joined | None:
    """``parts`` (of one kind, each counted from row 0) as one batch; None where their columns do not go together.

    Cost: nothing is copied.
    """
    firsts: list[int] = []
    malformed: list[Rejected] = []
    first = 0
    for part in parts:
        firsts.append(first)
        malformed += [r._replace(row=first + r.row) for r in part.malformed]
        first += part.rows
    filled = [part.table for part in parts if part.table.num_rows]
    try:
        table = pa.concat_tables(filled, promote_options="default") if filled else parts[0].table
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # One sender writes moments as texts, another as timestamps: each is fine by itself.
        return None
    return Joined(RawBatch(parts[0].kind, table, 0, tuple(malformed), 0, 0), tuple(firsts))
