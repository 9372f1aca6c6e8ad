"""Room to work in: lent to one at a time, and kept when it is in order."""

import pytest

from engine.graph import rooms
from engine.graph.rooms import Room, room


@pytest.fixture(autouse=True)
def none_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_idle", [])


def test_a_room_is_lent_to_one_at_a_time_and_again() -> None:
    with room() as first:
        with room() as second:
            assert second is not first
        with room() as third:
            assert third is second


def test_a_very_large_room_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_MOST_KEPT", 100)
    with room() as large:
        large.ints("lines", 1, 4)
    with room() as other:
        assert other is not large


def test_what_an_error_left_is_not_lent_again() -> None:
    left: list[Room] = []

    def half_a_step() -> None:
        with room() as half:
            left.append(half)
            half.ints("lines", 100_000, 4)
            raise MemoryError  # before there is as much room for the fractions

    with pytest.raises(MemoryError):
        half_a_step()
    with room() as other:
        assert other is not left[0]


def test_tables_keep_what_is_in_them_as_they_grow() -> None:
    here = Room()
    table, columns = here.ints("a", 1, 3), here.columns("b", 2, 1)
    table[0], columns[:, 0] = (1, 2, 3), (4, 5)
    assert here.ints("a", 50_000, 3)[0].tolist() == [1, 2, 3]
    assert here.columns("b", 2, 50_000)[:, 0].tolist() == [4, 5]
    assert here.bytes >= 50_000 * 5 * 8
