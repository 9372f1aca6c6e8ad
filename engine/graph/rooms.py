"""Room for what kernels write, used again and again: fresh memory costs more than most queries."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
FEWEST = 4_096
_MOST_KEPT, _MOST_IDLE = 64 << 20, 4
"""Bytes of a room that is kept, and rooms."""
_idle: list["Room"] = []


class Room:
    """Arrays of work by name. Whoever borrows it has it alone; what is in them stays until somebody writes there."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}

    def ints(self, name: str, rows: int, width: int) -> Ints:
        """An int64 table (at least ``rows``, width). When it grows, what is in it stays."""
        found: Ints = self._of(name, rows, width, np.int64, False)
        return found

    def reals(self, name: str, rows: int, width: int) -> Floats:
        """The same, of float64."""
        found: Floats = self._of(name, rows, width, np.float64, False)
        return found

    def columns(self, name: str, width: int, rows: int) -> Ints:
        """Int64 columns (width, at least ``rows``). When they grow, what is in them stays."""
        found: Ints = self._of(name, rows, width, np.int64, True)
        return found

    def real_columns(self, name: str, width: int, rows: int) -> Floats:
        """The same, of float64."""
        found: Floats = self._of(name, rows, width, np.float64, True)
        return found

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Something larger than an array, that knows its ``nbytes``; made once."""
        known = self._held.get(name)
        if known is None:
            known = self._held[name] = make()
        return known

    def _of(self, name: str, rows: int, width: int, dtype: Any, across: bool) -> Any:
        known = self._held.get(name)
        have = 0 if known is None else known.shape[1 if across else 0]
        if known is None or have < rows:
            rows = max(rows, FEWEST)
            longer = np.empty((width, rows) if across else (rows, width), dtype)
            if known is not None:
                (longer[:, :have] if across else longer[:have])[...] = known
            known = self._held[name] = longer
        return known

    @property
    def bytes(self) -> int:
        """Memory of all arrays."""
        return sum([held.nbytes for held in self._held.values()])


class Borrowed:
    """A room of one's own. Very large ones are not kept, nor what an error left: its arrays may not fit each other."""

    def __enter__(self) -> Room:
        try:
            self._room = _idle.pop()
        except IndexError:
            self._room = Room()
        return self._room

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None and len(_idle) < _MOST_IDLE and self._room.bytes <= _MOST_KEPT:
            _idle.append(self._room)


def room() -> Borrowed:
    """A room, to be used with ``with``."""
    return Borrowed()
