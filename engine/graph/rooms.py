"""Room for what scans write, used again and again: fresh memory costs more than most queries."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
_FEWEST, _MOST_KEPT = 4_096, 262_144
_idle: list["Room"] = []


class Room:
    """Columns of work by name. Whoever borrows it has it alone."""

    def __init__(self) -> None:
        self._columns: dict[str, Any] = {}

    def ints(self, name: str, rows: int, width: int) -> Ints:
        """An int64 table (at least ``rows``, width); what was in it under this name is there still or lost."""
        found: Ints = self._of(name, rows, width, np.int64)
        return found

    def reals(self, name: str, rows: int, width: int) -> npt.NDArray[np.float64]:
        """The same, of float64."""
        found: npt.NDArray[np.float64] = self._of(name, rows, width, np.float64)
        return found

    def _of(self, name: str, rows: int, width: int, dtype: Any) -> Any:
        known = self._columns.get(name)
        if known is None or len(known) < rows:
            known = np.empty((max(rows, _FEWEST), width), dtype)
            self._columns[name] = known
        return known

    @property
    def rows(self) -> int:
        """Rows of the longest table."""
        return max(map(len, self._columns.values()), default=0)


@contextmanager
def room() -> Iterator[Room]:
    """A room of one's own. Very large ones are not kept."""
    found = _idle.pop() if _idle else Room()
    try:
        yield found
    finally:
        if found.rows <= _MOST_KEPT:
            _idle.append(found)
