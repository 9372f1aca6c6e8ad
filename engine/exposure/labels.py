"""The levels of everybody on a board, together with the very state that they are of."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import NotReadyError
from engine.exposure.board import Board, BoardState
from engine.exposure.policies import Policy


@dataclass(frozen=True, eq=False)
class Labelled:
    """A state, and who is on level 1 and beyond in it. The columns have one length, ordered by person code."""

    state: BoardState
    policy: Policy
    person: npt.NDArray[np.int32]
    level: npt.NDArray[np.int8]
    moment: npt.NDArray[np.int64]
    """First exposure at this level, UTC s."""

    @property
    def latest(self) -> int:
        """Latest moment among accepted events, UTC s."""
        return max(self.state.view.latest(), self.state.people.latest)


def labels_of(board: Board, known: Labelled | None = None) -> Labelled:
    """What ``board`` says now; ``known`` itself when that is still of its state.

    Unlike :meth:`Board.rows` it looks nobody's evidence up. Cost: one pass over all people.

    Raises:
        NotReadyError: the board was never updated, or an update failed half-way.
    """
    with board._lock:
        state = board._state
        if state is None:
            raise NotReadyError("the state is being replaced; ask again in a moment")
        if known is not None and known.state is state:
            return known
        person = np.flatnonzero(board._level > 0).astype(np.int32)
        level = board._level[person]
        moment = np.empty(len(person), np.int64)
        for k in range(1, board.depth + 1):
            here = level == k
            moment[here] = board._levels[k].moment[person[here]]
        return Labelled(state, board.policy, person, level, moment)
