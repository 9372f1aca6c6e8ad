"""What one replicate gives: numbers by day, offspring by cohort, and, when asked, who infected whom."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DAILY = (
    "infections",
    "outside_infections",
    "onsets",
    "infectious",
    "isolated",
    "quarantined",
    "false_quarantined",
    "traced",
    "tests",
    "positives",
    "false_positives",
    "deaths",
    "susceptible",
)
"""Columns of ``Outcome.daily``. ``infections`` counts all, those from outside too; ``onsets`` counts infections by the
day of their onset, with symptoms or without (also onsets after the last day: see ``late_onsets``); ``infectious``,
``isolated``, ``quarantined``, ``false_quarantined`` (quarantined and never infected so far) and ``susceptible`` are the
state at the end of the day; ``traced`` people found that day; the others events of the day."""


@dataclass(frozen=True)
class Infections:
    """The transmission tree of a replicate, in the order of infection."""

    person: npt.NDArray[np.int32]
    infector: npt.NDArray[np.int32]
    """-1: from outside, or there at the start."""
    day: npt.NDArray[np.float32]
    onset: npt.NDArray[np.float32]
    symptomatic: npt.NDArray[np.bool_]
    place: npt.NDArray[np.int32]
    """Index of the place, -1 elsewhere."""
    detected: npt.NDArray[np.bool_]
    """Isolated as a case, or tested positive, or traced into quarantine, by the end."""


@dataclass(frozen=True)
class Outcome:
    """One replicate. Day 0 is the start."""

    people: int
    daily: npt.NDArray[np.int32]
    """Shape (days, len(DAILY))."""
    late_onsets: npt.NDArray[np.int32]
    """Onsets in the 60 days after the last day, of people infected within the run."""
    cohort_size: npt.NDArray[np.int32]
    """Infections by day, shape (days,)."""
    cohort_offspring: npt.NDArray[np.int32]
    """People infected, up to the end, by those infected on each day."""
    infections: Infections | None = None

    def column(self, name: str) -> npt.NDArray[np.int32]:
        """One column of ``daily``."""
        return self.daily[:, DAILY.index(name)]
