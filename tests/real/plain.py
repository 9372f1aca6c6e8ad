"""The slow and obvious way to count badge contacts and to trace over them, straight from the file.

Nothing of the engine is used. A record (t, i, j) says: i and j faced each other during [t, t + 20).
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from benchmarks.real_sets import data_file

RECORD_S = 20
DAY_S = 86_400
Times = list[int]


@dataclass(frozen=True)
class Rule:
    """What makes a contact count: so many minutes, in the whole window or in any 24 hours."""

    days_before: int
    min_s: int = 0
    in_24_h: bool = False


RULES = {"vn-2021-07": Rule(3), "cdc": Rule(2, 900, True), "who": Rule(2, 900)}


class Badges:
    """A SocioPatterns file: for each pair the starts of its records, ascending."""

    def __init__(self, name: str) -> None:
        path: Path = data_file("sociopatterns", f"{name}.csv")
        self.met: dict[str, dict[str, Times]] = defaultdict(lambda: defaultdict(list))
        self.last = 0
        with path.open() as file:
            for t, i, j, _, _ in csv.reader(file, delimiter="\t"):
                self.met[i][j].append(int(t))
                self.met[j][i].append(int(t))
                self.last = max(self.last, int(t) + RECORD_S)
        for of in self.met.values():
            for times in of.values():
                times.sort()

    def qualifying(self, x: str, start: int, end: int, rule: Rule) -> dict[str, Times]:
        """Who met x enough in [start, end), and when. Borders must fall between records."""
        assert start % RECORD_S == 0
        found = {}
        for y, times in self.met[x].items():
            inside = [t for t in times if start <= t < end]
            if inside and counted(inside, rule.in_24_h) >= rule.min_s:
                found[y] = inside
        return found

    def trace(
        self,
        index: str,
        opens: int,
        closes: int,
        rule: Rule,
        depth: int,
        isolated: dict[str, int] | None = None,
    ) -> list[dict[str, int]]:
        """Arrival at each level: ``[{index: opens}, {F1: moment}, {reached as F2: moment}, ...]``.

        A person can stand at several levels; the least is *the* level. ``isolated`` ends what people pass on.
        """
        levels = [{index: opens}]
        for _ in range(depth):
            arrival: dict[str, int] = {}
            for x, since in levels[-1].items():
                until = min(closes, (isolated or {}).get(x, closes))
                for y, times in self.qualifying(x, since, until, rule).items():
                    if y != index:
                        arrival[y] = min(times[0], arrival.get(y, times[0]))
            levels.append(arrival)
        return levels


def counted(times: Times, in_24_h: bool) -> int:
    """Seconds of records: all of them, or the most that any 24 hours hold (the best day starts with one)."""
    if not in_24_h:
        return len(times) * RECORD_S
    most, first = 0, 0
    for last, t in enumerate(times):
        while times[first] <= t - DAY_S:
            first += 1
        most = max(most, last - first + 1)
    return most * RECORD_S


def least_levels(levels: list[dict[str, int]]) -> dict[str, tuple[int, int]]:
    """Person to (level, arrival there), without the index."""
    found: dict[str, tuple[int, int]] = {}
    for level, arrival in enumerate(levels[1:], 1):
        for person, moment in arrival.items():
            found.setdefault(person, (level, moment))
    return found
