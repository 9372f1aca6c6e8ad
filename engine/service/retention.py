"""Retention: raw events that are tied to no case go, from everywhere, some days after they were received.

An event is *tied to a case* when it is a case, a place, or names somebody on the board: an F0, an F1 or an F2. What
such an event showed can still be shown; everybody else's sightings, check-ins, fixes, tests and quarantines go.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.events.schemas import CASE, PLACE
from engine.exposure.board import Board
from engine.ids import Keys

KEPT_KINDS = frozenset({CASE.name, PLACE.name})
"""Cases are what the rest is tied to; places name nobody."""
Keep = Callable[[str, pa.Table], npt.NDArray[np.bool_]]


def keeper(board: Board, keys: Keys) -> Keep:
    """Which rows of a canonical batch must be kept, whatever their age."""
    tied = pa.array(keys.keys(board.people()[0].tolist()), pa.string())

    def keep(kind: str, table: pa.Table) -> npt.NDArray[np.bool_]:
        if kind in KEPT_KINDS:
            return np.ones(table.num_rows, np.bool_)
        held = np.zeros(table.num_rows, np.bool_)
        for name in ("person", "peer"):
            if name in table.column_names:
                column = table.column(name)
                held |= pc.is_in(column, value_set=tied).to_numpy()
        return held

    return keep
