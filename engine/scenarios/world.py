"""The world a simulation runs in: contacts by day as arrays, people and places as columns. No keys of persons."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

BLUETOOTH, CHECK_IN, LOCATION, TABLE = 1, 2, 4, 8
"""Bits of ``Contacts.channel``: how a contact was recorded."""
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float32]
NOBODY = -1


@dataclass(frozen=True)
class Contacts:
    """Undirected contacts of the observed days, each stored from both ends; sorted by day, person, other, place.

    Day d of person p: rows ``first[d, p]`` to before ``first[d, p + 1]``. A static network is one day.
    """

    first: Ints
    """Shape (days, people + 1): absolute row numbers."""
    other: Codes
    weight: Reals
    """Hours times the weight of the channel, or the number in the table."""
    minutes: Reals
    """Length, for definitions by time."""
    place: Codes
    """Index of the place, -1 where it is not known."""
    channel: npt.NDArray[np.uint8]
    """Bits: BLUETOOTH, CHECK_IN, LOCATION, TABLE."""
    start: date | None = None
    """Date of observed day 0, when known: days of a run repeat observed days of the same weekday."""

    @property
    def days(self) -> int:
        """Observed days."""
        return int(self.first.shape[0])

    def day_of(self, step: int) -> int:
        """Observed day that stands for a day of the run: whole weeks are repeated, fewer days one after the other."""
        whole = self.days // 7 * 7
        return step if step < self.days else step % (whole or self.days)


@dataclass(frozen=True)
class PlaceColumns:
    """Places by index."""

    kind: npt.NDArray[np.int16]
    """Index into ``tuple(params.PLACE_KINDS)``."""
    area: Codes
    """Index into ``World.areas``; -1 not known."""
    cell: npt.NDArray[np.uint64]
    """H3 cell of resolution 9; 0 not known."""
    visitors: Codes
    """Shape (observed days, places): distinct people of the day."""


@dataclass(frozen=True)
class World:
    """Everything that does not change from run to run."""

    people: int
    contacts: Contacts
    places: PlaceColumns
    areas: tuple[str, ...]
    """Codes of communes."""
    parents: tuple[tuple[str, ...], ...]
    """For each of ``areas``: its own code, its district's, its province's."""
    area: Codes
    """Home area of each person, -1 not known."""
    cell: npt.NDArray[np.uint64]
    """Home cell (resolution 9) of each person, 0 not known."""
    household: Codes
    """Household of each person, -1: alone or not known."""
    group: npt.NDArray[np.int16]
    groups: tuple[str, ...]
    case_person: Codes
    """F0s known at the start ..."""
    case_onset: npt.NDArray[np.float64]
    """... and their onsets (or what stands for it) in days from the start of the run, mostly below 0."""
    named: tuple[int, ...] = ()
    """Codes of the people that ``initial.people`` names."""


def no_places(days: int) -> PlaceColumns:
    """The columns where no place is known."""
    return PlaceColumns(
        np.empty(0, np.int16), np.empty(0, np.int32), np.empty(0, np.uint64), np.empty((days, 0), np.int32)
    )
