"""The live board: the least level of everybody over all F0s, kept as evidence and cases come, change and go.

At every moment it says what a trace from all F0s at once would say with no end to its windows: the same people at
the same levels with the same first moments, through the same person. An update costs what the change touches.
"""

import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.exposure.board_state import NO_ROWS, BoardRows, BoardState, Change
from engine.exposure.board_told import Teller
from engine.exposure.board_updating import UNTIL, Labels
from engine.exposure.reached import Reached
from engine.ids import Keys

__all__ = ["UNTIL", "Board", "BoardRows", "BoardState", "Change", "OtherKeysError"]

Codes = npt.NDArray[np.int32]
LOOK_UP = 1_000
"""People looked up before an update gets its turn."""


class OtherKeysError(LookupError):
    """These codes are of another state: a purge put a new one in its place."""


class Board(Labels):
    """Levels 0 (F0) to ``depth`` of everybody. Thread-safe; one caller updates."""

    def people(self) -> tuple[Codes, npt.NDArray[np.int8]]:
        """Everybody on the board and their levels, ordered by code. Cost: one pass over all people."""
        with self._lock:
            person = np.flatnonzero(self._level >= 0).astype(np.int32)
            return person, self._level[person]

    def changed_since(self, names: Sequence[str], since: int) -> list[str]:
        """Those of these people whose level changed after ``since``, in the same order."""
        with self._lock:
            if self._state is None:
                return []
            codes = [self._state.keys.find(name) for name in names]
            known = [(name, code) for name, code in zip(names, codes, strict=True) if code is not None]
            return [name for name, code in known if code < len(self._changed) and self._changed[code] > since]

    def rows(self, only: Codes | None = None) -> BoardRows:
        """The rows of everybody, or of those of ``only`` who are on the board; of one moment between two updates.

        Cost: a sort by key; and the evidence of the people whose ``via`` or channels may have changed since somebody
        last asked for them. Updates go on while many are looked up.
        """
        while True:
            with self._lock:
                if self._state is None:
                    return NO_ROWS
                keys = self._state.keys
                person = np.flatnonzero(self._level >= 0) if only is None else np.unique(only)
                person = person[person < len(self._level)].astype(np.int32)
                person = person[self._level[person] >= 0]
                unknown = self._unknown(person)
                if len(unknown) <= LOOK_UP:
                    rows = self._rows(self._state, person)
                    break
                self._rows(self._state, unknown[:LOOK_UP])
            # A lock that is taken again at once would leave the updates no chance.
            time.sleep(0.001)
        order = np.lexsort((keys.ranks(rows.person), rows.level))
        return BoardRows(**{name: column[order] for name, column in vars(rows).items()})

    def named(self, names: Sequence[str]) -> tuple[BoardRows, Keys | None]:
        """The rows of those of these people who are on the board now, and the keys that its codes stand for.

        At most some 1,000 at a time: no update gets its turn meanwhile.
        """
        with self._lock:
            keys = self._state.keys if self._state is not None else None
            codes = np.empty(0, np.int32) if keys is None else keys.found(names)
            return self.rows(codes), keys

    def why(self, person: int, keys: Keys) -> tuple[Reached, int] | None:
        """What a trace from all F0s would say of a person on level 1 or beyond, and the root F0; None: others.

        Raises:
            OtherKeysError: the board goes by other keys than the ``keys`` that ``person`` is a code of.
        Cost: the evidence of the person and of everybody met on the way; and a pass over everybody for each level
        nearer to the F0s, for which an update waits.
        """
        with self._lock:
            if self._state is not None and self._state.keys is not keys:
                raise OtherKeysError("these codes are of another state")
            level = int(self._level[person]) if person < len(self._level) else -1
            if self._state is None or level <= 0:
                return None
            row = self._rows(self._state, np.array([person], np.int32))
            nearer = [found.still() for found in self._levels[:level]]
            state, cases, opened = self._state, self._cases.still(), self._opened
        # On copies of the labels of those who pass on: the next update need not wait for one person's evidence.
        teller = Teller(state.view, state.keys, self.policy, nearer, cases, opened)
        return teller.told(person, level, int(row.via[0])), int(row.case[0])

    def _unknown(self, person: Codes) -> Codes:
        """Those whose ``via`` and channels have to be looked up."""
        level, unknown = self._level[person], np.zeros(len(person), np.bool_)
        for k in range(1, self.depth + 1):
            here = level == k
            unknown[here] = ~self._levels[k].settled[person[here]]
        return person[unknown]

    def _rows(self, state: BoardState, person: Codes) -> BoardRows:
        """The rows of people on the board, in their order."""
        level = self._level[person]
        moment, channels = np.empty(len(person), np.int64), np.zeros(len(person), np.int64)
        via, case = np.full(len(person), -1, np.int32), np.full(len(person), -1, np.int32)
        for k in range(self.depth + 1):
            here = np.flatnonzero(level == k)
            who = person[here]
            moment[here] = self._levels[k].moment[who]
            if k:
                case[here] = self._roots(state, k, who)
                via[here], channels[here] = self._levels[k].via[who], self._levels[k].channels[who]
        return BoardRows(person, level, moment, via, case, channels, self._changed[person])

    def _roots(self, state: BoardState, k: int, person: Codes) -> Codes:
        """The F0s at the roots of the chains of people at level ``k``; settles everybody on the way."""
        for j in range(k, 0, -1):
            level = self._levels[j]
            unknown = np.unique(person[~level.settled[person]])
            if len(unknown):
                self._look_up(state, j, unknown)
            person = level.via[person]
        return person
