"""Contacts as columns, a row a pair and day, into the rows by day and person that a run walks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import BadInputError
from engine.scenarios.kernels.contacts import directed_order, join_rows, row_starts
from engine.scenarios.world import Codes, Contacts

MOST_CELLS = 1 << 28
"""Days times people, at most: 24 bytes each while it works, 8 after it."""


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
    of the row with the most minutes (of equal ones the first). Cost: linear, two passes over the rows and one over days
    times people; 33 bytes a directed contact while it works, 17 after it.

    Raises:
        BadInputError: days times people is more than memory is for.
    """
    if days * (people + 1) > MOST_CELLS:
        raise BadInputError(
            f"{people} people on {days} days are too many: give fewer days (first and last), or check the day column"
        )
    first = row_starts(days, people, pairs.day, pairs.a, pairs.b)
    order = directed_order(first, pairs.day, pairs.a, pairs.b)
    rows = len(order)
    new_first = np.empty_like(first)
    other, place = np.empty(rows, np.int32), np.empty(rows, np.int32)
    weight, minutes = np.empty(rows, np.float32), np.empty(rows, np.float32)
    channel = np.empty(rows, np.uint8)
    used = join_rows(
        first, order, pairs.a, pairs.b, np.asarray(pairs.weight, np.float64),
        np.asarray(pairs.minutes, np.float64), pairs.place, pairs.channel,
        new_first, other, weight, minutes, place, channel,
    )  # fmt: skip
    if used < rows:
        other, place, channel = other[:used].copy(), place[:used].copy(), channel[:used].copy()
        weight, minutes = weight[:used].copy(), minutes[:used].copy()
    return sealed(Contacts(new_first, other, weight, minutes, place, channel, start))


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
