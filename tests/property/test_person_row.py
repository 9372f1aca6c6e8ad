"""What the board tells of one person is, to the last bit, the row of the trace from all F0s at once."""

import numpy as np
import pytest
from hypothesis import given, settings

from engine.exposure.board import UNTIL, Board
from engine.exposure.deltas import nothing
from engine.exposure.policies import PRESETS
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace
from engine.exposure.windows import infectious_window
from engine.service.live import board_state
from tests.property.answers import COMMON
from tests.strategies import worlds
from tests.worlds import World, load


@settings(**COMMON)
@given(worlds(f0_count=3))
@pytest.mark.parametrize("name", ["vn-2021-07", "cdc", "pc-covid"])
def test_one_row_of_the_trace(name: str, world: World) -> None:
    state, policy = load(world).snapshot(), PRESETS[name]
    board = Board(policy, 2)
    board.update(board_state(state), nothing(everything=True))
    seeds = tuple(Seed(f.person, *infectious_window(f, policy, UNTIL)) for f in state.people.cases.values())
    question = Question(seeds, 2, UNTIL, policy, state.courses, state.people.isolation)
    answer = trace(state.graph, state.person_keys, question)
    for i, code in enumerate(answer.reached.person.tolist()):
        told, root = board.why(code, state.person_keys)
        row = answer.reached.take(np.array([i]))
        for column in ("person", "level", "first", "last", "seconds", "dose", "probability", "channels", "via"):
            assert getattr(told, column).tolist() == getattr(row, column).tolist(), column
        assert sorted(told.places()[0]) == sorted(row.places()[0])
        index, level = int(np.flatnonzero(answer.labels[int(row.level[0])].person == code)[0]), int(row.level[0])
        for k in range(level, 0, -1):
            index = int(answer.labels[k].parent[index])
        assert root == int(answer.labels[0].person[index])
    assert all(board.why(f.person, state.person_keys) is None for f in state.people.cases.values())
