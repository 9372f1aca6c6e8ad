"""One day of one kind: the parts that readers see, what came since, and the keys that are special."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.graph.kernels.search import find_places
from engine.graph.merges import Merges
from engine.graph.parts import Part
from engine.graph.segments import Columns, Ints, Rows, merge_runs

Key = tuple[int, int]
SMALL, MOST_RUNS = 1 << 16, 12
"""Runs that make no more rows than this together merge at once; of larger ones there may be so many."""


@dataclass(frozen=True)
class Found:
    """What is known of keys that were looked up."""

    known: npt.NDArray[np.bool_]
    payload: Columns


@dataclass
class Day:
    """Rows of one kind and day as their one writer holds them."""

    parts: list[Part] = field(default_factory=list)
    """What readers see, the oldest, which are the largest, first."""
    runs: list[Rows] = field(default_factory=list)
    """What came since the last sealing, the largest first. No key is in two runs or parts."""
    revisions: dict[Key, int] = field(default_factory=dict)
    """Live rows with a revision above 0 (rare)."""
    dead: dict[Key, int] = field(default_factory=dict)
    """Retracted keys and the highest revision that died."""
    barred: Ints | None = None
    """First keys, ascending, of all these; None: to be made anew."""
    merges: Merges = field(default_factory=Merges)

    def special(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Where a key may be retracted or of a later revision: its first half is that of one that is."""
        if self.barred is None:
            self.barred = np.unique(np.array([k1 for k1, _ in (*self.dead, *self.revisions)], np.int64))
        return np.isin(rows.k1, self.barred)

    def push(self, run: Rows) -> None:
        """Take in a sorted run none of whose keys is here.

        Small runs merge as they grow; large ones when there are many of them, for each is merged with all then.
        """
        if len(run) == 0:
            return
        runs = self.runs
        runs.append(run)
        runs.sort(key=len, reverse=True)
        for at in range(len(runs) - 2, -1, -1):
            both = len(runs[at]) + len(runs[at + 1])
            if both <= SMALL and len(runs[at]) < 2 * len(runs[at + 1]):
                runs[at : at + 2] = [merge_runs(runs[at : at + 2])]
        if len(runs) > MOST_RUNS:
            at = len(runs) - 2
            while at > 0 and len(runs[at - 1]) < 2 * sum(len(smaller) for smaller in runs[at:]):
                at -= 1
            runs[at:] = [merge_runs(runs[at:])]

    def look_up(self, rows: Rows) -> Found:
        """Which keys are here, and their payload; zeros where not."""
        payload = {n: np.zeros(len(rows), c.dtype) for n, c in rows.payload.items()}
        known = np.zeros(len(rows), np.bool_)
        for run in self.runs:
            at, there = find_places(run.k1, run.k2, rows.k1, rows.k2)
            known |= there
            for n, column in run.payload.items():
                payload[n][there] = column[at[there]]
        for part in self.parts:
            at, there = part.find(rows)
            if there.any():
                known |= there
                for n, column in part.payload(at[there]).items():
                    payload[n][there] = column
        return Found(known, payload)
