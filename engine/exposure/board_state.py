"""What the board reads, and what it says."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.exposure.infectiousness import Course
from engine.graph.view import GraphView
from engine.ids import Keys
from engine.people.timelines import PeopleView

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class BoardState:
    """What the board reads of a snapshot."""

    view: GraphView
    keys: Keys
    people: PeopleView
    courses: dict[int, Course]
    as_of: int


@dataclass(frozen=True)
class Change:
    """Somebody's level became another. None: on no level."""

    person: int
    from_level: int | None
    to_level: int | None


@dataclass(frozen=True)
class BoardRows:
    """People on the board, ordered by level, then person key. All columns have one length."""

    person: Codes
    level: npt.NDArray[np.int8]
    moment: Ints
    """First exposure, UTC s; of an F0 the opening of its window."""
    via: Codes
    """Who passed it on; -1 for an F0."""
    case: Codes
    """The F0 at the root of the chain; -1 for an F0."""
    channels: npt.NDArray[np.int64]
    """One bit per channel of the evidence; 0 for an F0."""
    changed: Ints
    """``as_of`` of the last change of the level."""


NO_ROWS = BoardRows(
    np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0, np.int64), np.empty(0, np.int32),
    np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64),
)  # fmt: skip


def differ(old: BoardState, new: BoardState) -> bool:
    """Whether codes mean other people now, or a place known before has another usual stay or weight."""
    if old.keys is not new.keys:
        return True
    before, after = old.view.places, new.view.places
    if before is after:
        return False
    n = len(before.stay_s)
    return not (np.array_equal(before.stay_s, after.stay_s[:n]) and np.array_equal(before.weight, after.weight[:n]))
