"""Rows of a board as they are shown: those chosen, a page at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np

from engine.clock import EARLIEST, LATEST
from engine.errors import BadParameterError
from engine.exposure.board import Board
from engine.graph.eligibility import channels_of
from engine.kernels.board_json import FIXED, board_json
from engine.service.answers import BOARD_DEPTH
from engine.service.exposure_rows import ESCAPED, NAME_STARTS, NAMES, bytes_of
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
    return BoardReport(BoardRows(board, parts), state.as_of)


def _filtered(board: Board, state: Snapshot, names: list[str], area: str | None, since: int | None) -> list[str]:
    if since is not None:
        names = board.changed_since(names, since)
    if area is not None:
        codes = {state.person_keys.find(name): name for name in names}
        known = np.array([code for code in codes if code is not None], np.int32)
        names = sorted(codes[code] for code in people_in(state, area, known).tolist())
    return names


class BoardRows(Sequence[BoardRow]):
    """Rows of the board, looked up when they are read: a page costs a page."""

    def __init__(self, board: Board, parts: list[tuple[int, list[str]]]) -> None:
        self._board, self._parts = board, parts

    def __len__(self) -> int:
        return sum(len(part) for _, part in self._parts)

    @overload
    def __getitem__(self, at: int) -> BoardRow: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[BoardRow]: ...
    def __getitem__(self, at: int | slice) -> BoardRow | Sequence[BoardRow]:
        if isinstance(at, int):
            where = range(len(self))[at]
            ((level, (name,)),) = self._cut(where, where + 1)
            # Somebody who has left the board since is still where the list has it.
            return next(iter(self._look_up([name])), BoardRow(name, level, 0, None, None, (), 0))
        chosen = range(len(self))[at]
        if chosen.step != 1:
            return [self[n] for n in chosen]
        return BoardRows(self._board, self._cut(chosen.start, max(chosen.start, chosen.stop)))

    def _cut(self, start: int, stop: int) -> list[tuple[int, list[str]]]:
        """The parts of the list from ``start`` on and before ``stop``; none is empty."""
        out = []
        for level, part in self._parts:
            if found := part[max(0, start) : max(0, stop)]:
                out.append((level, found))
            start, stop = start - len(part), stop - len(part)
        return out

    def _chunks(self) -> Iterator[list[str]]:
        names = [name for _, part in self._parts for name in part]
        return (names[at : at + CHUNK] for at in range(0, len(names), CHUNK))

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
        for names in self._chunks():
            yield from self._look_up(names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # like a list: equal to other sequences

    def json(self) -> bytes:
        """The rows as JSON objects separated by commas, of those who have not left. Cost: 1 us a row."""
        return b",".join(filter(None, map(self._json, self._chunks())))

    def _json(self, names: list[str]) -> bytes:
        r, keys = self._board.named(names)
        if keys is None:
            return b""
        people = keys.bytes_table()
        told = sum(bytes_of(people[1], codes[codes >= 0]) for codes in (r.person, r.via, r.case))
        out = np.empty(len(r.person) * FIXED + told * ESCAPED, np.uint8)
        columns: list[Any] = [
            r.person, r.level, np.clip(r.moment, EARLIEST, LATEST), r.via, r.case, r.channels, r.changed, *people,
            NAMES, NAME_STARTS, out,
        ]  # fmt: skip
        return out[: board_json(*columns)].tobytes()
