"""Running a scan over the segments it touches, into buffers that grow when they must."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.clock import DAY
from engine.graph.segments import Segment

Array = npt.NDArray[Any]
FIRST_CAPACITY = 8_192


class Scan:
    """Rows that a kernel found, segment by segment, as columns of the given types."""

    def __init__(self, *dtypes: type[np.generic]) -> None:
        self._buffers: list[Array] = [np.empty(FIRST_CAPACITY, t) for t in dtypes]
        self._segments: list[int] = []
        self._counts: list[int] = []
        self.rows = 0

    def run(self, at: int, kernel: Callable[..., int], *arguments: object) -> None:
        """Run ``kernel`` on segment ``at``; it writes behind what is there, again when the room was short."""
        while True:
            room = len(self._buffers[0]) - self.rows
            wanted = kernel(*arguments, *(b[self.rows :] for b in self._buffers))
            if wanted <= room:
                break
            self._grow(self.rows + wanted)
        if wanted:
            self._segments.append(at)
            self._counts.append(wanted)
            self.rows += wanted

    def _grow(self, needed: int) -> None:
        size = max(needed, 2 * len(self._buffers[0]))
        for i, old in enumerate(self._buffers):
            self._buffers[i] = np.empty(size, old.dtype)
            self._buffers[i][: self.rows] = old[: self.rows]

    def columns(self) -> tuple[Array, ...]:
        """The columns found, and the number of the segment of each row last."""
        segments = np.repeat(np.array(self._segments, np.int32), self._counts)
        return (*(b[: self.rows] for b in self._buffers), segments)


def touched(segments: Sequence[Segment], low: int, high: int, reach: int) -> Iterator[tuple[int, Segment]]:
    """Segments, numbered, with rows that begin before ``high`` and may last past ``low``.

    ``reach`` (s) is how long rows may last that do not say.
    """
    for at, segment in enumerate(segments):
        if segment.day_start < high and segment.day_start + DAY + max(segment.longest_s, reach) > low:
            yield at, segment
