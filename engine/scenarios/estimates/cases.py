"""What estimates are made of: cases with their dates, who may have infected whom, and what in them is not believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
DATES = (
    "infected",
    "exposed_from",
    "exposed_to",
    "onset",
    "sampled",
    "resulted",
    "confirmed",
    "isolated",
    "found",
)
"""Moments of a case; ``found``: into quarantine as a contact, or found as one."""
MIDNIGHTS = 0.1
"""A column with a greater share of midnights is one of calendar days."""
HOUR_D = 1 / 24
"""Resolution of moments that have a time of day, days."""


@dataclass(frozen=True)
class Doubt:
    """Something in the data that was not believed: a stable code, how often, some ids."""

    code: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseList:
    """Cases in any order; moments in days since 1970-01-01 of local time, NaN where not known."""

    people: tuple[str, ...]
    dates: Mapping[str, Floats]
    """By names of ``DATES``; a name that is absent is known of nobody."""
    areas: tuple[str, ...] = ()
    """Area of each, empty where not known; () for no areas at all."""
    imported: Flags | None = None
    """Infected elsewhere; None: not known of anybody."""
    doubts: tuple[Doubt, ...] = ()
    end: float | None = None
    """Moment up to which cases are known; None: the latest of their dates."""

    def __len__(self) -> int:
        return len(self.people)

    def date(self, name: str) -> Floats:
        """A column of moments, (cases,)."""
        found = self.dates.get(name)
        return np.full(len(self.people), np.nan) if found is None else found

    def resolution(self, name: str) -> float:
        """1 for a column of calendar days, an hour where times of day are known, in days.

        A column that mixes both is one of days: midnight is a date without a time far more often than a moment.
        """
        values = self.date(name)
        known = values[np.isfinite(values)]
        return 1.0 if not len(known) or np.mean(known == np.floor(known)) > MIDNIGHTS else HOUR_D

    def delay(self, start: str, end: str) -> tuple[Floats, float]:
        """Days from one date of each case to another, (cases,), and the resolution of both.

        Where either column is known to the day, both are taken to the day: a date minus a moment is nothing.
        """
        a, b = self.date(start), self.date(end)
        resolution = max(self.resolution(start), self.resolution(end))
        return (np.floor(b) - np.floor(a) if resolution == 1 else b - a), resolution

    @property
    def last(self) -> float:
        """The moment up to which cases are known, NaN without any date."""
        if self.end is not None:
            return self.end
        every = [v[np.isfinite(v)] for v in self.dates.values()]
        found = [float(v.max()) for v in every if len(v)]
        return max(found) if found else float("nan")

    def only(self, keep: Flags) -> "CaseList":
        """Some of the cases."""
        at = np.flatnonzero(keep).tolist()
        return CaseList(
            tuple(self.people[i] for i in at),
            {name: values[keep] for name, values in self.dates.items()},
            tuple(self.areas[i] for i in at) if self.areas else (),
            None if self.imported is None else self.imported[keep],
            self.doubts,
            self.last,
        )


@dataclass(frozen=True)
class Links:
    """Who may have infected whom: rows (infected, infector, share), positions in a :class:`CaseList`.

    The shares of an infected case add up to at most 1; what lacks is the chance of somebody who is not known.
    """

    infected: Ints
    infector: Ints
    share: Floats
    sure: bool = True
    """Told as facts, one infector a case, rather than as chances."""

    def __len__(self) -> int:
        return len(self.infected)


@dataclass(frozen=True)
class Found:
    """Contacts found after a case was confirmed: delays in days, and the case's area and day of confirmation."""

    delay: Floats
    case: Ints
    resolution: float = HOUR_D


@dataclass
class Doubts:
    """Gathers what is not believed."""

    seen: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, who: str) -> None:
        """One more of ``code``."""
        self.seen.setdefault(code, []).append(who)

    def told(self) -> tuple[Doubt, ...]:
        """By code, with at most three examples each."""
        return tuple(Doubt(c, len(w), tuple(dict.fromkeys(w))[:3]) for c, w in sorted(self.seen.items()))


IMPOSSIBLE = (
    ("exposed_from", "exposed_to", "exposure_ends_before_it_begins"),
    ("exposed_from", "onset", "onset_before_exposure"),
    ("infected", "onset", "onset_before_infection"),
    ("sampled", "resulted", "result_before_sample"),
)
"""(earlier, later, code): the later one is put out of use where it lies before the day of the earlier one."""


def believable(cases: CaseList) -> CaseList:
    """The cases without dates that contradict each other or lie more than a year from the middle of all dates."""
    doubts = Doubts()
    dates = {name: values.copy() for name, values in cases.dates.items()}
    every = np.concatenate(list(dates.values())) if dates else np.zeros(0)
    known = every[np.isfinite(every)]
    if len(known):
        middle = float(np.median(known))
        for values in dates.values():
            for i in np.flatnonzero(np.abs(values - middle) > 366).tolist():
                values[i] = np.nan
                doubts.add("date_far_off", cases.people[i])
    for early, late, code in IMPOSSIBLE:
        if early in dates and late in dates:
            for i in np.flatnonzero(np.floor(dates[late]) < np.floor(dates[early])).tolist():
                dates[late][i] = np.nan
                doubts.add(code, cases.people[i])
    if "onset" in dates and "confirmed" in dates:
        for i in np.flatnonzero(dates["onset"] > dates["confirmed"] + 14).tolist():
            dates["onset"][i] = np.nan
            doubts.add("onset_long_after_confirmation", cases.people[i])
    return CaseList(cases.people, dates, cases.areas, cases.imported, cases.doubts + doubts.told(), cases.end)


def best_sources(cases: CaseList, links: Links, threshold: float) -> Links:
    """One infector a case at most: the candidate with the greatest share of at least ``threshold``, without circles.

    Shares are taken from the greatest down (ties: earlier infected, then infector); a link that would close a circle
    (A infected B infected A) is left out, and the case then has no known infector.
    """
    root = list(range(len(cases)))
    kept: list[int] = []
    for i in np.lexsort((links.infector, links.infected, -links.share)).tolist():
        child, source = int(links.infected[i]), int(links.infector[i])
        if root[child] != child or links.share[i] < threshold:
            continue
        top = _top(root, source)
        if top != child:
            root[child] = top
            kept.append(i)
    rows = np.array(sorted(kept), np.int64)
    return Links(links.infected[rows], links.infector[rows], links.share[rows], links.sure)


def _top(root: list[int], person: int) -> int:
    """The first case of the tree that a case is in; ways there are shortened while they are gone."""
    while root[person] != person:
        root[person] = root[root[person]]
        person = root[person]
    return person


def reference(cases: CaseList) -> Floats:
    """Onset, else sample, else confirmation, else isolation of each case; NaN where nothing is dated."""
    out = cases.date("onset")
    for name in ("sampled", "confirmed", "isolated", "found", "infected"):
        out = np.where(np.isfinite(out), out, cases.date(name))
    return out
