"""Everybody on the board in the order in which it is shown, kept as levels change: no question sorts them."""

from bisect import bisect_left, insort
from collections.abc import Sequence

from engine.exposure.board import Board, Change
from engine.ids import Keys


class Ordering:
    """Keys of the people on each level, ascending. One writer; readers hold lists that never change."""

    def __init__(self, board: Board, keys: Keys, levels: int) -> None:
        people, level = board.people()
        names = keys.keys(people.tolist())
        self._levels: list[list[str]] = [[] for _ in range(levels)]
        for name, k in zip(names, level.tolist(), strict=True):
            self._levels[k].append(name)
        for found in self._levels:
            found.sort()

    def follow(self, changes: Sequence[Change], keys: Keys) -> None:
        """Take in changes. Cost: log n each, and a copy of the levels concerned."""
        fresh: dict[int, list[str]] = {}

        def level(k: int) -> list[str]:
            if k not in fresh:
                fresh[k] = self._levels[k].copy()
            return fresh[k]

        for change in changes:
            name = keys.key(change.person)
            if change.from_level is not None:
                found = level(change.from_level)
                at = bisect_left(found, name)
                if at < len(found) and found[at] == name:
                    del found[at]
            if change.to_level is not None:
                insort(level(change.to_level), name)
        self._levels = [fresh.get(k, old) for k, old in enumerate(self._levels)]

    def levels(self) -> list[list[str]]:
        """Keys by level. Not to be changed."""
        return self._levels
