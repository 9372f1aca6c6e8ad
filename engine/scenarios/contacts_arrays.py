"""Contacts as columns, a row a pair and day, into the rows by day and person that a run walks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.cores import in_parallel
from engine.errors import BadInputError
from engine.kernels.radix import into_order
from engine.scenarios.kernels.contacts import join_day, pairs_of, rows_by_day, starts_of_days
from engine.scenarios.world import Codes, Contacts

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
    of the row with the most minutes (of equal ones the first). Cost: linear, a radix sort a day, days side by side;
    17 bytes a directed contact, and 29 more of the days at work.

    Raises:
        BadInputError: days times people is more than memory is for.
    """
    if days * (people + 1) > MOST_CELLS:
        raise BadInputError(
            f"{people} people on {days} days are too many: give fewer days (first and last), or check the day column"
        )
    starts, in_order = starts_of_days(pairs.day, days)
    by_day = np.arange(len(pairs), dtype=np.int32)
    if not in_order:
        rows_by_day(pairs.day, starts, by_day)
    first, columns = np.empty((days, people + 1), np.int64), _columns(2 * len(pairs))
    values = (_real(pairs.weight), _real(pairs.minutes), pairs.place, pairs.channel)
    bits = max(people - 1, 0).bit_length()

    def join(day: int) -> int:
        rows = by_day[starts[day] : starts[day + 1]]
        n = 2 * len(rows)
        code, keys, room = (np.empty(n, np.int64) for _ in range(3))
        order = np.empty(n, np.int32)
        pairs_of(rows, pairs.a, pairs.b, bits, code)
        into_order(code, np.zeros(n, np.int8), order, keys, room)
        at = 2 * starts[day]
        return int(join_day(rows, bits, code, order, keys, *values, at, first[day], *columns.values()))

    used = np.array(in_parallel(join, range(days)), np.int64)
    if used.sum() < 2 * len(pairs):
        gaps = 2 * starts[:-1] - np.append(0, np.cumsum(used)[:-1])
        columns = {
            name: np.concatenate([c[2 * s : 2 * s + u] for s, u in zip(starts.tolist(), used.tolist(), strict=False)])
            for name, c in columns.items()
        }
        first -= gaps[:, None]
    return sealed(Contacts(first, **columns, start=start))


def _columns(rows: int) -> dict[str, npt.NDArray[Any]]:
    names = ("other", np.int32), ("weight", np.float32), ("minutes", np.float32), ("place", np.int32)
    return {name: np.empty(rows, dtype) for name, dtype in (*names, ("channel", np.uint8))}


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
