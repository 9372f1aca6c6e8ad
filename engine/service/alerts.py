"""Changes of the board as alerts: what a subscriber reads."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.clock import to_rfc3339
from engine.exposure.board import Board, Change
from engine.graph.eligibility import channels_of
from engine.ids import Keys


def alerts(board: Board, keys: Keys, changes: Sequence[Change], as_of: int, at: int) -> list[dict[str, Any]]:
    """One payload a change, in the order given; ``at``: when it was noticed, UTC s.

    Ask before the board is updated again: ``because`` is how the board has it now, null for an F0 and for whoever left
    the board. Cost: the evidence of the people who came to a level.
    """
    reached = np.array([c.person for c in changes if c.to_level], np.int32)
    rows = board.rows(reached)
    columns = (rows.person, rows.via, rows.case, rows.moment, rows.channels)
    because: dict[int, dict[str, Any]] = {}
    for person, via, case, moment, bits in zip(*(c.tolist() for c in columns), strict=True):
        because[person] = {
            "via": keys.key(via),
            "case": keys.key(case),
            "first_exposed_at": to_rfc3339(moment),
            "channels": list(channels_of(bits)),
        }
    moment_text = to_rfc3339(at)
    return [
        {
            "person": keys.key(change.person),
            "from_level": change.from_level,
            "to_level": change.to_level,
            "because": because.get(change.person) if change.to_level else None,
            "as_of": as_of,
            "at": moment_text,
        }
        for change in changes
    ]
