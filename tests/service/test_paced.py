"""Dear answers are shared for a moment; while one caller makes a new one, others are not held up."""

import threading

import pytest

from engine.service.paced import DEAR_S, MOST_S, Paced
from tests.waiting import PATIENCE_S


class Hand:
    """A clock that is set by hand; making an answer takes as long as it says."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def making(self, value: str, took: float) -> str:
        self.now += took
        return value


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Hand:
    hand = Hand()
    monkeypatch.setattr("engine.service.paced.monotonic", hand)
    monkeypatch.setattr("engine.service.paced.DEAR_S", DEAR_S)
    return hand


def test_a_dear_answer_is_kept_for_a_moment_and_a_cheap_one_is_not(clock: Hand) -> None:
    paced = Paced[str]()
    assert paced.young("k") is None
    assert paced.get("k", lambda: clock.making("dear", 1.0)) == "dear"
    assert paced.get("k", lambda: "new") == paced.young("k") == "dear"
    clock.now += MOST_S
    assert paced.young("k") is None
    assert paced.get("k", lambda: clock.making("cheap", DEAR_S / 2)) == "cheap"
    assert paced.young("k") is None
    assert paced.get("k", lambda: "newer") == "newer"


@pytest.mark.parametrize(("late", "answer"), [(MOST_S + 0.1, "old"), (2 * MOST_S, "new")])
def test_others_get_the_one_before_while_a_new_one_is_made_but_not_for_long(
    clock: Hand, late: float, answer: str
) -> None:
    paced, begun, go_on = Paced[str](), threading.Event(), threading.Event()
    paced.get("k", lambda: clock.making("old", 1.0))
    clock.now += late

    def slowly() -> str:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return clock.making("new", 1.0)

    maker = threading.Thread(target=paced.get, args=("k", slowly))
    maker.start()
    assert begun.wait(PATIENCE_S)
    if answer == "new":
        threading.Timer(0.05, go_on.set).start()
    assert paced.get("k", lambda: "another") == answer
    go_on.set()
    maker.join()
    assert paced.get("k", lambda: "another") == "new"
