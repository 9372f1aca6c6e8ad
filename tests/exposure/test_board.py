"""The live board: what each kind of change does to it, and what it reports."""

from dataclasses import replace
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from engine.exposure import board as boards
from engine.exposure import board_updating
from engine.exposure.board import Board, BoardState
from engine.exposure.deltas import nothing
from engine.exposure.policies import policy_named
from engine.ids import Keys
from tests.exposure.live import Live, expected_rows, rows_of

T0 = 1_625_011_200
POLICY = policy_named("vn-2021-07")


class Told(Live):
    """A live state with a board, told event by event."""

    def __init__(self, policy: str = "vn-2021-07", depth: int = 2) -> None:
        super().__init__()
        self.board = Board(policy_named(policy), depth)

    def now(self, *events: tuple[str, dict[str, Any]]) -> list[tuple[str, int | None, int | None]]:
        """The changes after these events."""
        for kind, event in events:
            self.tell(kind, [event])
        changes = self.board.update(self.state(), self.delta())
        return [(self.people.key(c.person), c.from_level, c.to_level) for c in changes]

    def row(self, person: str) -> tuple[object, ...] | None:
        """(level, moment, via, case, channels) of somebody."""
        return rows_of(self.board, self.state()).get(person)


@pytest.fixture(autouse=True, params=[0, 3], ids=["change by change", "anew"])
def anew(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In worlds as small as these nearly every change would have a level made anew."""
    monkeypatch.setattr(board_updating, "ANEW_SHARE", request.param)


def met(person: str, peer: str, at: int, minutes: int = 5) -> tuple[str, dict[str, Any]]:
    event = {"person": person, "peer": peer, "at": T0 + at, "duration_s": minutes * 60, "attenuation_db": 50.0}
    return "bluetooth", event


def came(person: str, at: int, left: int | None = None, place: str = "m") -> tuple[str, dict[str, Any]]:
    event = {"person": person, "place": place, "entered_at": T0 + at}
    return "check_in", event if left is None else {**event, "left_at": T0 + left}


def ill(person: str, at: int = 0, **more: int) -> tuple[str, dict[str, Any]]:
    return "case", {"person": person, "onset_at": T0 + at, **{k: T0 + v for k, v in more.items()}}


def fix(person: str, at: int, lat: float = 10.77) -> tuple[str, dict[str, Any]]:
    return "location", {"person": person, "at": T0 + at, "lat": lat, "lng": 106.69, "accuracy_m": 2.0}


def test_before_any_update_it_says_nothing() -> None:
    board = Board(POLICY)
    assert len(board.rows().person) == len(board.people()[0]) == 0
    assert board.update(Live().state(), nothing()) == []
    assert len(board.rows().person) == 0


def test_contacts_before_the_case_come_on_the_board_with_it_and_leave_with_it() -> None:
    told = Told()
    assert told.now(met("b", "a", 100), met("c", "b", 900), met("d", "c", 2000)) == []
    assert told.now(ill("a")) == [("a", None, 0), ("b", None, 1), ("c", None, 2)]
    assert told.row("b") == (1, T0 + 100, "a", "a", 1)
    assert told.row("c") == (2, T0 + 900, "b", "a", 1)
    assert told.now(("case", {"person": "a", "retract": True})) == [("a", 0, None), ("b", 1, None), ("c", 2, None)]
    assert told.row("b") is None


def test_an_earlier_meeting_moves_the_moment_and_what_follows_from_it() -> None:
    told = Told()
    assert told.now(ill("a"), met("a", "b", 5000), met("b", "c", 1000)) == [("a", None, 0), ("b", None, 1)]
    assert told.now(met("a", "b", 500)) == [("c", None, 2)]
    assert told.row("b") == (1, T0 + 500, "a", "a", 1)
    assert told.now(("bluetooth", {"person": "a", "peer": "b", "at": T0 + 500, "retract": True})) == [("c", 2, None)]
    assert told.row("b") == (1, T0 + 5000, "a", "a", 1)


def test_of_two_at_one_moment_the_greater_dose_counts_and_is_reported_when_it_changes() -> None:
    told = Told()
    told.now(ill("a"), ill("z"), came("a", 0, 7200), came("z", 0, 7200), came("b", 60, 600))
    assert told.row("b") == (1, T0 + 60, "a", "a", 2)
    assert told.now(met("z", "b", 1000)) == []
    assert told.row("b") == (1, T0 + 60, "z", "z", 3)


def test_evidence_that_goes_takes_its_channel_along() -> None:
    told = Told()
    told.now(ill("a"), met("a", "b", 100), came("a", 50_000, 60_000), came("b", 50_000, 60_000))
    assert told.row("b") == (1, T0 + 100, "a", "a", 3)
    retracted = {"person": "b", "place": "m", "entered_at": T0 + 50_000, "retract": True}
    assert told.now(("check_in", retracted)) == []
    assert told.row("b") == (1, T0 + 100, "a", "a", 1)


def test_symptoms_found_later_count_in_the_dose_though_the_window_stays() -> None:
    told = Told("vn-2021-12")
    told.now(("case", {"person": "a", "sampled_at": T0}), ill("z"))
    told.now(came("a", 0, 7200), came("z", 0, 7200), came("b", 60, 600))
    assert told.row("b") == (1, T0 + 60, "z", "z", 2)
    assert told.now(ill("a")) == []
    assert told.row("b") == (1, T0 + 60, "a", "a", 2)


def test_leaving_early_takes_back_what_a_usual_stay_assumed() -> None:
    told = Told()
    assert told.now(ill("a"), came("a", 0), came("b", 3600, 4000)) == [("a", None, 0), ("b", None, 1)]
    assert told.now(came("a", 0, 1800)) == [("b", 1, None)]
    assert told.now(came("a", 0, 3700)) == [("b", None, 1)]


def test_a_fix_elsewhere_ends_the_one_before() -> None:
    told = Told()
    assert told.now(ill("a"), fix("a", 0), fix("b", 600)) == [("a", None, 0), ("b", None, 1)]
    assert told.now(fix("a", 300, lat=10.9)) == [("b", 1, None)]
    assert told.now(("location", {"person": "a", "at": T0 + 300, "retract": True})) == [("b", None, 1)]


def test_isolation_ends_what_somebody_passes_on() -> None:
    told = Told()
    told.now(ill("a"), met("a", "b", 100), met("b", "c", 90_000))
    assert told.now(("quarantine", {"person": "b", "started_at": T0 + 80_000})) == [("c", 2, None)]
    gone = ("quarantine", {"person": "b", "started_at": T0 + 80_000, "retract": True})
    assert told.now(gone) == [("c", None, 2)]
    assert told.now(("quarantine", {"person": "b", "started_at": T0 + 50})) == [("c", 2, None)]
    assert told.now(ill("a", isolated_at=50)) == [("b", 1, None)]


def test_a_contact_who_falls_ill_becomes_an_f0_and_its_contacts_f1() -> None:
    told = Told()
    told.now(ill("a"), met("a", "b", 100), met("b", "c", 900))
    assert told.now(ill("b", 3600)) == [("b", 1, 0), ("c", 2, 1)]
    assert told.row("b") == (0, T0 + 3600 - 3 * 86_400, None, None, 0)


def test_reference_data_of_a_known_place_are_taken_into_account() -> None:
    told = Told()
    told.now(ill("a"), came("a", 0), came("b", 5000, 5100))
    assert told.now(("place", {"place": "other-place", "kind": "bus"})) == []
    assert told.now(("place", {"place": "m", "kind": "bus"})) == [("b", 1, None)]


def test_minutes_add_up_over_batches_until_they_are_enough() -> None:
    told = Told("cdc")
    assert told.now(ill("a"), met("a", "b", 0)) == [("a", None, 0)]
    assert told.now(met("a", "b", 3600)) == []
    assert told.now(met("b", "a", 7200)) == [("b", None, 1)]
    assert told.row("b") == (1, T0, "a", "a", 1)
    assert told.now(("bluetooth", {"person": "a", "peer": "b", "at": T0, "retract": True})) == [("b", 1, None)]


def test_slack_counts_round_the_infectious_stay_only() -> None:
    told = Told("pc-covid")
    assert told.now(ill("a"), came("a", 10_000, 11_000), came("b", 14_000, 15_000)) == [("a", None, 0), ("b", None, 1)]
    assert told.row("b") == (1, T0 + 14_000, "a", "a", 2)
    assert told.now(came("c", 6_000, 7_000)) == [("c", None, 1)]
    assert told.now(came("d", 30_000, 31_000)) == []
    assert told.now(came("a", 33_000, 34_000)) == [("d", None, 1)]


def test_depth_is_a_choice() -> None:
    events = (ill("a"), met("a", "b", 0), met("b", "c", 900), met("c", "d", 1800))
    assert [len(Told(depth=depth).now(*events)) for depth in (1, 2, 3)] == [2, 3, 4]


def test_rows_are_ordered_and_say_when_a_level_changed_last() -> None:
    told = Told()
    told.now(ill("m"), met("m", "z", 100), met("m", "b", 200), met("z", "a", 900))
    seq = told.seq
    told.now(met("m", "c", 50))
    rows = told.board.rows()
    assert [told.people.key(p) for p in rows.person.tolist()] == ["m", "b", "c", "z", "a"]
    assert rows.level.tolist() == [0, 1, 1, 1, 2]
    assert rows.changed.tolist() == [seq, seq, seq + 1, seq, seq]
    some = told.board.rows(np.array([told.people.add(p) for p in ("z", "nobody", "m")], np.int32))
    assert [told.people.key(p) for p in some.person.tolist()] == ["m", "z"]


def test_many_are_looked_up_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "LOOK_UP", 3)
    told = Told()
    told.now(ill("a"))
    told.now(*(met("a", f"b{n}", n) for n in range(20)), *(met("b3", f"c{n}", 900) for n in range(9)))
    state = told.state()
    assert rows_of(told.board, state) == expected_rows(state, POLICY)


def test_rows_asked_for_during_updates_are_of_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "LOOK_UP", 2)
    told, answers, done = Told(), [], Event()

    def ask() -> None:
        over = False
        while not over:
            over = done.is_set()
            rows = told.board.rows()
            answers.append(frozenset(zip(rows.person.tolist(), rows.moment.tolist(), rows.via.tolist(), strict=True)))

    reader = Thread(target=ask)
    reader.start()
    known = {frozenset[tuple[int, int, int]]()}
    for n in range(30, 0, -1):
        told.now(ill("a"), met("a", f"b{n % 7}", n * 1000), met(f"b{n % 7}", f"c{n % 5}", n * 1000 + 500))
        rows = told.board.rows()
        known.add(frozenset(zip(rows.person.tolist(), rows.moment.tolist(), rows.via.tolist(), strict=True)))
    done.set()
    reader.join()
    assert answers
    assert set(answers) <= known


def test_told_to_forget_it_comes_to_the_same() -> None:
    told = Told()
    told.now(ill("a"), met("a", "b", 0), met("b", "c", 900))
    before = rows_of(told.board, told.state())
    assert told.board.update(told.state(), nothing(everything=True)) == []
    assert rows_of(told.board, told.state()) == before


def test_after_a_purge_codes_may_mean_other_people() -> None:
    told, rebuilt = Told(), Live()
    told.now(met("x", "y", 0), ill("a"), met("a", "b", 0), met("a", "c", 0), met("c", "d", 900))
    for kind, event in (met("c", "a", 0), ill("a"), met("n", "c", 900)):
        rebuilt.tell(kind, [event])
    changes = told.board.update(rebuilt.state(), nothing(everything=True))
    assert [(rebuilt.people.key(c.person), c.from_level, c.to_level) for c in changes] == [("n", None, 2)]
    assert rows_of(told.board, rebuilt.state()) == expected_rows(rebuilt.state(), POLICY)


def test_after_an_update_that_failed_the_next_one_makes_everything_right(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    told.now(ill("a"), met("a", "b", 0))
    with monkeypatch.context() as broken:
        broken.setattr(board_updating, "passed_on", _fails)
        broken.setattr(board_updating, "label_all", _fails)
        with pytest.raises(MemoryError):
            told.now(ill("b"), met("b", "c", 900))
    assert len(told.board.rows().person) == 0
    assert told.now() == [("b", 1, 0), ("c", None, 1)]


def _fails(*_: object) -> None:
    raise MemoryError


def test_an_update_without_any_news_changes_nothing() -> None:
    told = Told()
    told.now(ill("a"), met("a", "b", 0))
    state = told.state()
    assert told.board.update(replace(state, as_of=state.as_of + 1), nothing()) == []
    assert isinstance(state, BoardState)
    assert isinstance(state.keys, Keys)
