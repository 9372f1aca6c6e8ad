"""What a definition caught and what it cost: infections among the found, persons and days of quarantine, delays.

Definitions (all moments UTC s; a day is 24 hours):

- A pair (case, person) is *found* at ``found_at = max(tracing moment of the case, first exposure)``.
- A found pair of one of the levels in quarantine holds the person *in quarantine* over
  ``[found_at, last exposure + quarantine days)``, cut where the person is traced as a case (from then on it is
  isolation). An empty interval is no quarantine: the exposure was too long ago, or the person was a case already.
  Days of a person are the length of the union of that person's intervals: never counted twice. Orders of quarantine
  that were recorded shorten nothing, and planned days after the study's moment count.
- A found pair at level k is a *hit*: with ``transmissions``, when the case is among the first k of the person's
  infector, its infector, ...; with ``infections``, when the person was infected after the case's window opened (or
  at a moment not known); with ``later_cases``, when the person was traced as a case later than this one.
- *Findable* are persons whom a traced case would hit as F1; *found* those whom one did; sensitivity is their ratio.
- A person in quarantine was *rightly* there when infected (by anybody, seen or not) between 14 days before being first
  found and the end of the last interval, uncut (at a moment not known: always); with ``later_cases`` when traced as a
  case between being first found and that end.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY, FOREVER
from engine.exposure.kernels import contacts as kernels
from engine.exposure.reached import Each
from engine.scenarios.study_world import Dated, Truth, moments_of

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
SHARES = np.linspace(0, 1, 101)
"""Where the curve is told: shares of the persons in quarantine."""


@dataclass(frozen=True)
class Quarantined:
    """Persons in quarantine, ordered by code."""

    person: Codes
    seconds: Ints
    """Length of the union of the intervals."""
    right: Flags
    hit: Flags
    """Whether any of the pairs behind it is a hit."""
    probability: Floats
    """1 - prod(1 - p) over those pairs."""


@dataclass(frozen=True)
class Yield:
    """What came of one definition."""

    found: Each
    found_at: Ints
    hit: Flags
    """Of each found pair."""
    held: Flags
    """Whether the pair puts its person in quarantine."""
    until: Ints
    """End of that quarantine."""
    quarantined: Quarantined
    findable: int
    reached: int
    """Findable persons who are F1 of a case that would hit them."""
    findable_of: Ints
    """Persons a seed alone would hit as F1, by seed."""


def yield_of(found: Each, dated: Dated, truth: Truth, shift_s: int, levels: tuple[int, ...], days: float) -> Yield:
    """What the found pairs of a definition yield and cost. Cost: a few sorts of the pairs."""
    found_at = np.maximum(dated.traced_at[found.seed], found.first)
    whole = found.last + round(days * DAY)
    until = np.minimum(whole, moments_of(found.person, dated.known, dated.known_at))
    held = np.isin(found.level, levels) & (found_at < until)
    hit = _hits(found, dated, truth)
    findable, of_seed = _findable(dated, truth)
    direct = hit & (found.level == 1)
    return Yield(
        found=found,
        found_at=found_at,
        hit=hit,
        held=held,
        until=until,
        quarantined=_quarantined(found, found_at, until, whole, hit, held, truth, shift_s),
        findable=len(findable),
        reached=len(np.unique(found.person[direct])),
        findable_of=of_seed,
    )


def _hits(found: Each, dated: Dated, truth: Truth) -> Flags:
    row = truth.row(found.person)
    there = row >= 0
    if truth.kind == "transmissions":
        case = np.array([s.person for s in dated.seeds], np.int32)[found.seed]
        by = truth.infector
        hit = np.zeros(len(found), np.bool_)
        for generation in range(1, int(found.level.max(initial=0)) + 1):
            infector = np.where(row >= 0, np.append(by, -1)[row], -1)
            hit |= (found.level >= generation) & (infector == case)
            row = np.where(infector >= 0, truth.row(infector), -1)
        return hit
    at = np.append(truth.at, 0)[row]
    if truth.kind == "infections":
        opened = np.array([s.start for s in dated.seeds], np.int64)[found.seed]
        return np.asarray(there & (at >= opened), np.bool_)
    return np.asarray(there & (at > dated.as_recorded[found.seed]), np.bool_)


def _findable(dated: Dated, truth: Truth) -> tuple[Codes, Ints]:
    """Persons whom any seed would hit as F1, ascending; and how many each seed alone would."""
    case = np.array([s.person for s in dated.seeds], np.int32)
    if truth.kind == "transmissions":
        by = np.sort(truth.infector)
        low, high = np.searchsorted(by, case), np.searchsorted(by, case, side="right")
        return truth.person[np.isin(truth.infector, case)], (high - low).astype(np.int64)
    opened = np.array([s.start for s in dated.seeds], np.int64)
    since = opened if truth.kind == "infections" else dated.as_recorded + 1
    at = np.sort(truth.at)
    own = moments_of(case, truth.person, truth.at)
    later = len(at) - np.searchsorted(at, since)
    # A case is no contact of its own; who is not in the truth was not among those counted.
    in_truth = truth.row(case) >= 0
    of_seed = later - (in_truth & (own >= since))
    return truth.person[_findable_by(truth, case, since)], np.asarray(of_seed, np.int64)


def _findable_by(truth: Truth, case: Codes, since: Ints) -> Flags:
    """Persons of the truth whose moment is not before ``since`` of any case but themselves."""
    if len(case) == 0:
        return np.zeros(len(truth.person), np.bool_)
    first = int(np.argmin(since))
    second = int(np.min(np.delete(since, first), initial=FOREVER + 1))
    least = np.where(truth.person == case[first], second, since[first])
    return np.asarray(truth.at >= least, np.bool_)


def _quarantined(
    found: Each, found_at: Ints, until: Ints, whole: Ints, hit: Flags, held: Flags, truth: Truth, shift_s: int
) -> Quarantined:
    rows = np.flatnonzero(held)
    rows = rows[np.lexsort((found.seed[rows], found_at[rows], found.person[rows]))]
    person, heads, group = np.unique(found.person[rows], return_index=True, return_inverse=True)
    n = len(person)
    seconds = kernels.union_lengths(group, found_at[rows], until[rows], n)
    if n == 0:
        none = np.zeros(0, np.bool_)
        return Quarantined(person, seconds, none, none, np.empty(0))
    by_seed = rows[np.lexsort((found.seed[rows], found.person[rows]))]
    return Quarantined(
        person,
        seconds,
        _rightly(truth, person, found_at[rows][heads], np.maximum.reduceat(whole[rows], heads), shift_s),
        np.logical_or.reduceat(hit[rows], heads),
        1.0 - np.multiply.reduceat(1.0 - found.probability[by_seed], heads),
    )


def _rightly(truth: Truth, person: Codes, found_at: Ints, end: Ints, shift_s: int) -> Flags:
    row = truth.row(person)
    there = row >= 0
    at = np.append(truth.at, 0)[row]
    if truth.kind == "later_cases":
        at = at + shift_s
        return np.asarray(there & (at > found_at) & (at <= end), np.bool_)
    since = found_at - round(params.BACKWARD_WINDOW_D.value * DAY)
    return np.asarray(there & ((at == FOREVER) | ((at >= since) & (at < end))), np.bool_)


@dataclass(frozen=True)
class Curve:
    """Persons in quarantine taken by falling probability; at each of SHARES of them, ties as a straight line."""

    persons: Floats
    person_days: Floats
    infected: Floats
    """Hits so far."""
    probability: Floats
    """The least among those taken; at share 0 the greatest there is. NaN: nobody."""


def curve_of(people: Quarantined) -> Curve:
    """The curve of yield against burden. Cost: one sort of the persons."""
    n = len(people.person)
    order = np.argsort(-people.probability, kind="stable")
    chance = people.probability[order]
    ends = np.append(np.flatnonzero(np.diff(chance)) + 1, n) if n else np.empty(0, np.int64)
    corner = np.append(0, ends)
    wanted = SHARES * n
    days = np.append(0, np.cumsum(people.seconds[order])[ends - 1] / DAY)
    hits = np.append(0, np.cumsum(people.hit[order])[ends - 1])
    last = np.maximum(np.ceil(wanted - 1e-9).astype(np.int64), 1) - 1
    least = chance[np.minimum(last, n - 1)] if n else np.full(len(SHARES), np.nan)
    return Curve(wanted, np.interp(wanted, corner, days), np.interp(wanted, corner, hits), least)
