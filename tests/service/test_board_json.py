"""Rows of the board as JSON: what one object a row would say."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from api.present.rows import board_json, board_row
from engine.exposure.board_state import BoardRows as Columns
from engine.ids import Keys
from engine.service.board_report import BoardRows

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


class Still:
    """A board that does not change, whose rows are as made here."""

    def __init__(self, names, rng):
        self.keys = Keys()
        for name in names:
            self.keys.add(name)
        n = len(names)
        self.columns = Columns(
            person=np.arange(n, dtype=np.int32),
            level=rng.integers(0, 3, n).astype(np.int8),
            moment=rng.integers(-(2**40), 2**40, n),
            via=rng.integers(-1, n, n).astype(np.int32),
            case=rng.integers(-1, n, n).astype(np.int32),
            channels=rng.integers(0, 8, n),
            changed=rng.integers(0, 2**40, n),
        )

    def named(self, names):
        at = self.keys.found(names)
        return Columns(**{name: column[at] for name, column in vars(self.columns).items()}), self.keys


@given(st.lists(NAMES, min_size=1, max_size=9, unique=True), st.integers(0, 2**32), st.data())
def test_a_page_says_what_its_rows_say(names, seed, data):
    rows = BoardRows(Still(names, np.random.default_rng(seed)), [(0, names[:4]), (1, []), (2, names[4:])])
    start, stop = sorted(data.draw(st.tuples(st.integers(0, len(names)), st.integers(0, len(names)))))
    page = rows[start:stop]
    assert len(page) == stop - start
    told = json.loads(board_json(page, 7, "more"))
    assert told == {"board": [board_row(row) for row in page], "as_of": 7, "next": "more"}
    assert [row["person"] for row in told["board"]] == names[start:stop]
    assert [rows[n] for n in range(start, stop)] == list(page)
    assert rows[start:stop:2] == list(page)[::2]


def test_those_who_left_are_left_out():
    rows = BoardRows(Still(["a", "b"], np.random.default_rng(1)), [(0, ["a", "gone", "b"])])
    assert [row["person"] for row in json.loads(board_json(rows, 7, None))["board"]] == ["a", "b"]
    gone = BoardRows(Still(["a"], np.random.default_rng(1)), [(0, ["gone"])])
    assert json.loads(board_json(gone, 7, None)) == {"board": [], "as_of": 7, "next": None}
