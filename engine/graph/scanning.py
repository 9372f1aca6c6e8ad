"""Running a scan over the days it touches, into buffers that grow when they must."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.clock import DAY
from engine.graph.segments import Segment

Array = npt.NDArray[Any]
FIRST_CAPACITY = 8_192


class Scan:
    """Rows that a kernel found, day by day, as columns of the given types."""

    def __init__(self, *dtypes: type[np.generic]) -> None:
        self._buffers: list[Array] = [np.empty(FIRST_CAPACITY, t) for t in dtypes]
        self._days: list[int] = []
        self._counts: list[int] = []
        self.rows = 0

    def run(self, day: int, kernel: Callable[..., int], *arguments: object) -> None:
        """Run ``kernel`` on one day; it writes behind what is there, and is run again when the room was short."""
        while True:
            room = len(self._buffers[0]) - self.rows
            wanted = kernel(*arguments, *(b[self.rows :] for b in self._buffers))
            if wanted <= room:
                break
            self._grow(self.rows + wanted)
        if wanted:
            self._days.append(day)
            self._counts.append(wanted)
            self.rows += wanted

    def _grow(self, needed: int) -> None:
        size = max(needed, 2 * len(self._buffers[0]))
        for i, old in enumerate(self._buffers):
            self._buffers[i] = np.empty(size, old.dtype)
            self._buffers[i][: self.rows] = old[: self.rows]

    def columns(self) -> tuple[Array, ...]:
        """The columns found, and the day of each row last."""
        days = np.repeat(np.array(self._days, np.int32), self._counts)
        return (*(b[: self.rows] for b in self._buffers), days)


def touched(segments: dict[int, Segment], low: int, high: int, reach: int) -> Iterator[tuple[int, Segment]]:
    """Days with rows that begin before ``high`` and may last (``reach`` beyond their own longest) past ``low``."""
    for day, segment in segments.items():
        if segment.day_start < high and segment.day_start + DAY + max(segment.longest_s, reach) > low:
            yield day, segment
