"""From evidence to contacts: all eligible intervals of one pair in one window become one qualifying contact."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.exposure.infectiousness import FIRST_DAY, STEP_S, tables
from engine.exposure.kernels import contacts as kernels
from engine.exposure.policies import Policy
from engine.graph.eligibility import CHECK_IN
from engine.graph.evidence import Evidence

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Courses:
    """Infectiousness of people, as columns of one length: see :class:`engine.exposure.infectiousness.Course`."""

    origin: Ints
    course: npt.NDArray[np.int64]
    factor: Floats

    def take(self, index: npt.NDArray[np.integer]) -> "Courses":
        """The courses at ``index``."""
        return Courses(self.origin[index], self.course[index], self.factor[index])


@dataclass(frozen=True)
class Pairs:
    """Qualifying contacts, ordered by (query, other). ``piece_*`` and ``shared_*`` point back by ``*_pair``."""

    query: Codes
    other: Codes
    first: Ints
    last: Ints
    dose: Floats
    channels: npt.NDArray[np.int64]
    """One bit per channel of the evidence."""
    piece_pair: Ints
    piece_start: Ints
    piece_end: Ints
    """Unbroken pieces of the union of the evidence, ascending within a pair."""
    shared_pair: Ints
    shared_place: Codes
    """Distinct places of shared check-ins."""


def summarise(
    evidence: Evidence, courses: Courses, policy: Policy, of_other: bool = False, places: bool = True
) -> Pairs:
    """Contacts that qualify under ``policy``. Cost: one sort of the evidence, and one of its shared stays.

    ``courses`` has one row per query, or per evidence row of the *other* person when ``of_other`` (backward).
    Without ``places`` the ``shared_*`` columns stay empty: for counting.
    """
    order = _order(evidence)
    ev = evidence.take(order)
    n = len(ev)
    new = np.ones(n, np.bool_)
    new[1:] = (ev.query[1:] != ev.query[:-1]) | (ev.other[1:] != ev.other[:-1])
    heads = np.flatnonzero(new)
    groups = len(heads)
    course = courses.take(order[heads]) if of_other else courses.take(ev.query[heads])
    first, last, union, day, single, channels = (np.empty(groups, np.int64) for _ in range(6))
    dose = np.empty(groups)
    piece_group, piece_start, piece_end = (np.empty(n, np.int64) for _ in range(3))
    pieces = kernels.summarise(
        ev.start, ev.end, ev.weight, ev.channel, np.append(heads, n).astype(np.int64),
        course.course, course.origin, course.factor, tables(), FIRST_DAY * DAY, STEP_S,
        first, last, union, day, single, dose, channels, piece_group, piece_start, piece_end,
    )  # fmt: skip
    counted = {"window": union, "24h": day, "single": single}[policy.accumulate]
    good = (counted > 0) & (counted >= policy.min_minutes * 60)
    renumbered = np.cumsum(good) - 1
    kept_piece = good[piece_group[:pieces]]
    told = ev.channel == CHECK_IN if places else np.zeros(n, np.bool_)
    shared_pair, shared_place = _shared_places(ev, told, np.cumsum(new) - 1, good)
    return Pairs(
        ev.query[heads][good],
        ev.other[heads][good],
        first[good],
        last[good],
        dose[good],
        channels[good],
        renumbered[piece_group[:pieces][kept_piece]],
        piece_start[:pieces][kept_piece],
        piece_end[:pieces][kept_piece],
        renumbered[shared_pair],
        shared_place,
    )


def _order(ev: Evidence) -> Ints:
    """Order by (query, other, start); ties may fall either way, no answer depends on them."""
    people = int(ev.other.max(initial=0)) + 1
    pair = ev.query.astype(np.int64) * people + ev.other
    if len(pair) and int(pair.max()) < 2**31:
        since = int(ev.start.min())
        if int(ev.start.max()) - since < 2**32:
            return np.argsort((pair << 32) | (ev.start - since))
    return np.lexsort((ev.start, pair))


def _shared_places(
    ev: Evidence, told: npt.NDArray[np.bool_], group: Ints, good: npt.NDArray[np.bool_]
) -> tuple[Ints, Codes]:
    stays = np.flatnonzero(told & good[group]) if len(ev) else np.empty(0, np.int64)
    both = np.unique((group[stays] << 32) | ev.place[stays])
    return both >> 32, (both & 0xFFFFFFFF).astype(np.int32)


def probability(dose: Floats) -> Floats:
    """Chance of infection from a dose (h of contact of weight 1 at the peak): 1 - exp(-rate x dose).

    To the last bit that of a trace.
    """
    out = np.empty(len(dose))
    kernels.chances(params.RATE_PER_HOUR.value, dose, out)
    return out
