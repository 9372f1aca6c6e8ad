"""Contacts as columns, a row a pair and day, into the rows by day and person that a run walks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.cores import in_parallel
from engine.errors import BadInputError
from engine.scenarios.kernels.contacts import deal_day, join_day, rows_by_day, starts_of_days, write_day
from engine.scenarios.world import Codes, Contacts, Ints

MOST_CELLS = 1 << 28
"""Days times people, at most: 8 bytes each."""


@dataclass(frozen=True)
class PairDays:
    """Undirected contacts, each once, in any order; columns of one length."""

    day: Codes
    """Observed day, from 0."""
    a: Codes
    b: Codes
    """The two people, not the same."""
    weight: npt.NDArray[Any]
    minutes: npt.NDArray[Any]
    place: Codes
    """-1 where it is not known."""
    channel: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.day)


def contacts_of(people: int, days: int, pairs: PairDays, start: date | None = None) -> Contacts:
    """Contacts of both ends, sorted by (day, person, other).

    Several rows of one pair and day become one: weights and minutes add up, channels are joined, and the place is that
    of the row with the most minutes (of equal ones the first). Cost: linear, about 20 ns a directed contact, days side
    by side; 17 bytes a directed contact, 8 a day and person, and of the days at work 20 and 4 more.

    Raises:
        BadInputError: days times people is more than memory is for.
    """
    if days * (people + 1) > MOST_CELLS:
        raise BadInputError(
            f"{people} people on {days} days are too many: give fewer days (first and last), or check the day column"
        )
    starts, in_order = starts_of_days(pairs.day, days)
    by_day = np.empty(0 if in_order else len(pairs), np.int32)
    if not in_order:
        rows_by_day(pairs.day, starts, by_day)
    first, columns = np.empty((days, people + 1), np.int64), _columns(2 * len(pairs))
    values = (_real(pairs.weight), _real(pairs.minutes), pairs.place, pairs.channel)

    rooms: list[tuple[npt.NDArray[Any], ...]] = []
    most = 2 * int(np.diff(starts).max(initial=0))

    def day_of(day: int) -> int:
        low, high = int(starts[day]), int(starts[day + 1])
        n = 2 * (high - low)
        try:
            room = rooms.pop()
        except IndexError:
            room = _room(people, most)
        upto, heads, words, dealt = room[0], room[1][: n + 1], room[2][:n], room[3][: n + 1]
        twice = deal_day(by_day, low, high, pairs.a, pairs.b, first[day], upto, heads, words, dealt)
        write = join_day if twice else write_day
        used = int(write(dealt, 2 * low, first[day], *values, *columns.values()))
        rooms.append(room)
        return used

    used = np.array(in_parallel(day_of, range(days)), np.int64)
    if used.sum() < 2 * len(pairs):
        to = np.append(0, np.cumsum(used))
        in_parallel(lambda column: _close_up(column, 2 * starts, to), columns.values())
        first -= (2 * starts - to)[:-1, None]
    return sealed(Contacts(first, **columns, start=start))


def _columns(rows: int) -> dict[str, npt.NDArray[Any]]:
    names = ("other", np.int32), ("weight", np.float32), ("minutes", np.float32), ("place", np.int32)
    return {name: np.empty(rows, dtype) for name, dtype in (*names, ("channel", np.uint8))}


def _close_up(column: npt.NDArray[Any], begin: Ints, to: Ints) -> None:
    """Move what lies from ``begin`` on, day by day, to where the day before ends, and give back the rest."""
    for here, there, end in zip(begin.tolist(), to.tolist(), to[1:].tolist(), strict=False):
        if here > there:
            column[there:end] = column[here : here + end - there]
    column.resize(to[-1], refcheck=False)  # this function's caller is the only one who knows of the column


def _room(people: int, ends: int) -> tuple[npt.NDArray[Any], ...]:
    """What one day after the other is worked on in: pages are got once."""
    return (np.empty(people, np.int32), np.empty(ends + 1, np.int32), np.empty(ends, np.int64),
            np.empty(ends + 1, np.int64))  # fmt: skip


def _real(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers with a point, single or double as they are."""
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)


def stacked(days: Sequence[Contacts], start: date | None) -> Contacts:
    """Contacts of the same people, one after the other in time; a day may be given more than once."""
    offsets = np.cumsum([0, *(len(d.other) for d in days)])
    first = np.concatenate([d.first + at for d, at in zip(days, offsets, strict=False)])
    names = ("other", "weight", "minutes", "place", "channel")
    columns = {name: np.concatenate([getattr(d, name) for d in days]) for name in names}
    return sealed(Contacts(first, **columns, start=start))


def sealed(contacts: Contacts) -> Contacts:
    """The same, its arrays read-only."""
    for value in vars(contacts).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return contacts


def both_ends(contacts: Contacts, day: int) -> tuple[Codes, Codes, slice]:
    """(person, other, rows) of one observed day, in the order of the rows."""
    first = contacts.first[day]
    rows = slice(int(first[0]), int(first[-1]))
    person = np.repeat(np.arange(len(first) - 1, dtype=np.int32), np.diff(first))
    return person, contacts.other[rows], rows
