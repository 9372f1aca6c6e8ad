"""The arrays and numbers that the kernels of a run are given.

Numbers stand together in one record each (``RULES``, ``NOW``): a kernel is given one pointer for all of them.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.scenarios import streams

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
I2 = npt.NDArray[np.int16]
I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]
U1 = npt.NDArray[np.uint8]
U8 = npt.NDArray[np.uint64]
Records = npt.NDArray[np.void]
_B, _I, _F = np.bool_, np.int64, np.float64

WAYS = 4
"""Ways of finding contacts, at most."""
DISTRIBUTIONS = 7 + WAYS
INCUBATION, LATENT, RECOVERY, DEATH, ISOLATION_DELAY, TEST_DELAY, RESULT_DELAY, FIRST_WAY = range(8)
"""Rows of the tables of times; the ways of tracing follow."""
PROFILE_FROM, PROFILE_STEPS, PROFILE_TO = -32, 16, 64
"""The profile: infectiousness from so many days after onset on (below 0: before it), steps a day, and up to."""

_DISEASE = [
    ("symptoms", _F), ("asymptomatic_factor", _F), ("fatality", _F), ("scale", _F), ("half_normal", _B), ("flat", _B),
    ("before_share", _F), ("sd_before", _F), ("sd_after", _F),
]  # fmt: skip
_SOURCES = [("infected", _I), ("immune", _F), ("outside_rate", _F), ("importations", _F)]
_CONFINEMENT = [
    ("isolation", _B), ("isolation_start", _I), ("isolation_end", _I), ("isolation_days", _F),
    ("isolation_compliance", _F), ("quarantine_start", _I), ("quarantine_end", _I), ("quarantine_days", _F),
    ("quarantine_compliance", _F), ("stops_onward", _B), ("by_household", _B), ("extend", _B),
]  # fmt: skip
_TRACING = [
    ("tracing", _B), ("tracing_start", _I), ("tracing_end", _I), ("depth", _I), ("only_found", _B), ("forward", _B),
    ("backward", _B), ("at_onset", _B), ("at_positive", _B), ("forward_days", _F), ("backward_days", _F),
    ("cases_per_day", _I), ("patience", _I), ("ways", _I), ("ascertainment", _F, WAYS), ("adoption", _F, WAYS),
    ("channels", np.uint8, WAYS), ("min_minutes", _F, WAYS), ("min_weight", _F, WAYS),
]  # fmt: skip
_TESTING = [
    ("testing", _B), ("testing_start", _I), ("testing_end", _I), ("test_confined", _B), ("test_symptomatic", _F),
    ("test_rate", _F), ("tests_per_day", _I), ("false_positive", _F), ("negative_releases", _B),
    ("positive_isolates", _B),
]  # fmt: skip
_VACCINES = [("vaccinated", _B), ("against_infection", _F), ("against_transmission", _F), ("against_symptoms", _F)]
RULES = np.dtype([
    ("days", _I), ("dated", _B), ("stepwise", np.uint8, DISTRIBUTIONS),
    *_DISEASE, *_SOURCES, *_CONFINEMENT, *_TRACING, *_TESTING, *_VACCINES,
])  # fmt: skip
"""Everything a simulation says in numbers. ``cases_per_day`` and ``tests_per_day``: -1 is no limit."""

COUNTED = (
    "infections", "from_outside", "onsets", "infectious", "isolated", "quarantined", "false_quarantined", "traced",
    "tests", "positives", "false_positives", "deaths", "susceptible",
)  # fmt: skip
"""Counts of the running day, in the order of ``engine.scenarios.outcome.DAILY``."""
LISTS = ("active", "infected", "cases", "due", "to_test", "first", "second")
"""Lists of people, rows of ``State.lists``; ``in_...`` is how many are in each."""
ACTIVE, INFECTED, CASES, DUE, TO_TEST, FIRST, SECOND = range(len(LISTS))
NOW = np.dtype(
    [(name, _I) for name in COUNTED]
    + [(f"in_{name}", _I) for name in LISTS]
    + [("contacts_from", _I), ("touched", _I), ("keys", np.uint64, streams.COUNT)]
)
"""What changes in a run, of numbers; the first day whose contacts are still to come; the keys of its streams."""

LATE_DAYS = 60
ONSETS, COHORT, OFFSPRING, CHANGE = range(4)
"""Rows of ``State.by_day``."""

STEP = np.dtype([("observed", np.int64), ("seasonal", _F), ("arrivals", np.int64)])
"""A day of the run: the observed day that stands for it, its factor of transmission, infections from elsewhere."""
MEASURE = np.dtype([
    ("what", _I), ("start", _I), ("end", _I), ("factor", _F), ("wearer", _F), ("share", _F), ("least", _F),
    ("most", _F), ("kinds", np.uint64), ("closed", _B), ("number", _I),
])  # fmt: skip
"""A measure that acts on contacts."""
REMOVAL, LOCKDOWN, CLOSURE, LIMIT, MASK = range(5)


def single(number: float) -> float:
    """The number as contacts hold theirs: a limit of 0.1 is one that a weight of 0.1 reaches and does not pass."""
    with np.errstate(over="ignore"):
        return float(np.float32(number))


def plain(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """As a contiguous, writeable array of the type: numba compiles another kernel for any other kind.

    Copies only what is not so; kernels write to none of what they are given so.
    """
    array = np.ascontiguousarray(values, dtype)
    return array if array.flags.writeable else array.copy()


class State(NamedTuple):
    """What changes in a run."""

    people: Records
    flags: U1
    wake: I2
    """Day on which each person is looked at, -1: none."""
    lists: I4
    """Shape (lists, people)."""
    by_day: I4
    """Shape (4, days + LATE_DAYS): onsets; infections; people infected by those infected on the day; and how many more
    are infectious than on the day before."""


class Net(NamedTuple):
    """Who meets whom (``world.Contacts``)."""

    first: I8
    other: I4
    weight: F4
    minutes: F4
    place: I4
    channel: U1


class Tables(NamedTuple):
    """What the course of an infection is drawn from."""

    times: F4
    """``distributions.tables``."""
    profile: F4
    """Infectiousness round onset."""
    total: F4
    """Shape (observed days, people): weight of all contacts of the person."""
    steps: Records
    """A ``STEP`` for each day."""


class Ground(NamedTuple):
    """Homes, places, and the measures that act on contacts. Lockdowns are bits."""

    measures: Records
    household: I4
    house_first: I4
    """Members of household h: ``house_members[house_first[h] : house_first[h + 1]]``."""
    house_members: I4
    home_locks: U8
    place_locks: U8
    kind: I2
    visitors: I4


class Scratch(NamedTuple):
    """What tracing and testing need for a moment; empty where they do not."""

    since: I2
    """First day of contact with the case, where days are dated."""
    minutes: F4
    """Sums of a pair."""
    weight: F4
    order: F8
    """What waiting people are sorted by."""


class Plan(NamedTuple):
    """Everything about a run that is the same in every replicate."""

    rules: Records
    """One ``RULES``."""
    tables: Tables
    sensitivity: F8
    """By day since infection."""
    case_person: I4
    """People infected before the run, or named ..."""
    case_onset: F8
    """... and their onsets, infinite: infected on day 0."""
    net: Net
    ground: Ground
