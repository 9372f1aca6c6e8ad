"""Rows of a board as they are shown: those chosen, a page at a time."""

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np

from engine.errors import BadParameterError
from engine.exposure.board import Board
from engine.graph.eligibility import channels_of
from engine.service.answers import BOARD_DEPTH
from engine.service.results import BoardReport, BoardRow
from engine.service.snapshot import Snapshot
from engine.service.whereabouts import people_in

CHUNK = 1_000
"""Rows of the board that are looked up together: updates get their turn in between."""


def report_of(
    board: Board,
    state: Snapshot,
    levels: list[list[str]],
    level: frozenset[int] | None,
    area: str | None,
    since: int | None,
) -> BoardReport:
    """The chosen rows of a board, whose people by level are ``levels``. Cost: without filters none; else its people.

    Raises:
        BadParameterError: no such level or cell.
    """
    if level is not None and not level <= set(range(BOARD_DEPTH + 1)):
        raise BadParameterError(f"level must be some of 0 to {BOARD_DEPTH}")
    parts = [(k, found) for k, found in enumerate(levels) if level is None or k in level]
    if since is not None or area is not None:
        parts = [(k, _filtered(board, state, found, area, since)) for k, found in parts]
    return BoardReport(_Rows(board, parts), state.as_of)


def _filtered(board: Board, state: Snapshot, names: list[str], area: str | None, since: int | None) -> list[str]:
    if since is not None:
        names = board.changed_since(names, since)
    if area is not None:
        codes = {state.person_keys.find(name): name for name in names}
        known = np.array([code for code in codes if code is not None], np.int32)
        names = sorted(codes[code] for code in people_in(state, area, known).tolist())
    return names


class _Rows(Sequence[BoardRow]):
    """Rows of the board, looked up when they are read: a page costs a page."""

    def __init__(self, board: Board, parts: list[tuple[int, list[str]]]) -> None:
        self._board, self._parts = board, parts

    def __len__(self) -> int:
        return sum(len(part) for _, part in self._parts)

    def _names(self, start: int, stop: int) -> list[str]:
        out: list[str] = []
        for _, part in self._parts:
            out += part[max(0, start) : max(0, stop)]
            start, stop = start - len(part), stop - len(part)
        return out

    @overload
    def __getitem__(self, at: int) -> BoardRow: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[BoardRow]: ...
    def __getitem__(self, at: int | slice) -> BoardRow | Sequence[BoardRow]:
        if isinstance(at, int):
            (name,) = self._names(range(len(self))[at], range(len(self))[at] + 1)
            # Somebody who has left the board since is still where the list has it.
            return next(iter(self._look_up([name])), BoardRow(name, self._level_at(at), 0, None, None, (), 0))
        chosen = range(len(self))[at]
        names = self._names(chosen.start, chosen.stop)[:: chosen.step] if len(chosen) else []
        return [row for at in range(0, len(names), CHUNK) for row in self._look_up(names[at : at + CHUNK])]

    def _level_at(self, at: int) -> int:
        at = range(len(self))[at]
        for level, part in self._parts:
            if at < len(part):
                return level
            at -= len(part)
        raise IndexError(at)

    def _look_up(self, names: list[str]) -> list[BoardRow]:
        """Rows as they are now, of those who have not left since the list was made."""
        found, keys = self._board.named(names)
        if keys is None:
            return []
        key = keys.key
        columns = (found.person, found.level, found.moment, found.via, found.case, found.channels, found.changed)
        return [
            BoardRow(
                key(p),
                k,
                t,
                key(v) if v >= 0 else None,
                key(c) if c >= 0 else None,
                channels_of(bits),
                changed,
            )
            for p, k, t, v, c, bits, changed in zip(*(x.tolist() for x in columns), strict=True)
        ]

    def __iter__(self) -> Iterator[BoardRow]:
        for at in range(0, len(self), CHUNK):
            yield from self[at : at + CHUNK]
