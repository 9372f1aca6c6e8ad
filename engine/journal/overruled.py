"""Which rows of a kind are dead because of a retraction or a higher revision of the same natural key."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.events.schemas import kind_named

INDEX = "#"
"""A column that no kind has."""
Mask = npt.NDArray[np.bool_]


def weighty(table: pa.Table) -> Mask:
    """Rows of a canonical table that decide about other rows: retractions, and revisions above 0."""
    retract = table.column("retract").to_numpy()
    return np.asarray(retract | (table.column("revision").to_numpy() > 0), np.bool_)


class Overruling:
    """Natural keys of one kind, each with the highest revision that is dead."""

    def __init__(self, kind: str) -> None:
        self._keys = list(kind_named(kind).natural_key)
        self._parts: list[pa.Table] = []
        self._joined: pa.Table | None = None

    def add(self, table: pa.Table, rows: Mask) -> None:
        """The weighty ``rows`` of ``table`` overrule: a retraction up to its revision, another row those below it."""
        chosen = table.filter(pa.array(rows))
        upto = pc.subtract(chosen.column("revision"), pc.if_else(chosen.column("retract"), 0, 1))
        self._parts.append(chosen.select(self._keys).append_column("upto", upto.cast(pa.int32())))
        self._joined = None

    def mask(self, table: pa.Table, old: bool) -> Mask:
        """The overruled rows of ``table``. Overruled retractions go from ``old`` batches only: a newer one has its
        own time, and does no harm."""
        dead = self._dead()
        mask = np.zeros(table.num_rows, np.bool_)
        # Most batches hold none of these keys: one column tells, cheaply.
        near = np.flatnonzero(pc.is_in(table.column(self._keys[0]), dead.column(self._keys[0]).combine_chunks()))
        if not len(near):
            return mask
        some = table.select([*self._keys, "revision"]).take(near).append_column(INDEX, pa.array(near))
        both = some.join(dead, self._keys, join_type="inner")
        mask[both.filter(pc.less_equal(both.column("revision"), both.column("upto"))).column(INDEX).to_numpy()] = True
        return mask if old else mask & ~table.column("retract").to_numpy()

    def _dead(self) -> pa.Table:
        if self._joined is None:
            joined = pa.concat_tables(self._parts).group_by(self._keys).aggregate([("upto", "max")])
            self._joined = joined.rename_columns({"upto_max": "upto"})
        return self._joined
