"""Labels held still: the same for everybody, whatever comes later, in the room of those who have one."""

import numpy as np

from engine.exposure.board_levels import CaseTable, Level

EVERYBODY = np.arange(5, dtype=np.int32)


def columns(level) -> list[list[int]]:
    return [column.tolist() for column in (*level.windows(EVERYBODY), level.moments(EVERYBODY))]


def test_labels_held_still_are_those_of_the_moment() -> None:
    level = Level(5, passes_on=True)
    assert columns(level.still()) == columns(level)
    level.start[[1, 4]], level.end[[1, 4]], level.moment[[1, 4]] = (10, 20), (15, 30), (5, 6)
    still, before = level.still(), columns(level)
    level.start[:], level.end[:], level.moment[:] = 1, 2, 3
    assert columns(still) == before
    assert still.person.tolist() == [1, 4]


def test_cases_held_still_are_those_of_the_moment() -> None:
    cases = CaseTable()
    cases.grow(5)
    assert cases.still().holds(EVERYBODY).tolist() == [False] * 5
    cases.replace(np.array([4, 1], np.int32), np.array([40, 10]), np.array([0.4, 0.1]))
    still, before = cases.still(), cases.courses(EVERYBODY, np.arange(5))
    cases.replace(np.array([2], np.int32), np.array([20]), np.array([0.2]))
    now = still.courses(EVERYBODY, np.arange(5))
    assert [now.origin.tolist(), now.factor.tolist()] == [before.origin.tolist(), before.factor.tolist()]
    assert still.holds(EVERYBODY).tolist() == [False, True, False, False, True]
