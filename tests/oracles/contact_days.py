"""Contacts by local day, by comparing everything with everything: what a world of an observed graph must hold."""

from dataclasses import dataclass
from itertools import pairwise

from tests.oracles.contacts import Evidence, PolicyLike, all_evidence, stays
from tests.oracles.state import State

DAY = 86_400
VIET_NAM_S = 7 * 3600


@dataclass(frozen=True)
class Met:
    """One pair on one local day."""

    minutes: float
    weight: float
    """Hours times the greatest weight at each instant."""
    place: str | None
    channels: frozenset[str]


def contact_days(
    state: State, policy: PolicyLike, channels: frozenset[str], days: range
) -> dict[tuple[int, str, str], Met]:
    """By (day since 1970 in Viet Nam, person, other), both ways round. The policy must have no slack."""
    evidence = [e for e in all_evidence(state, policy) if e.channel in channels]
    found = {}
    for day in days:
        low = day * DAY - VIET_NAM_S
        here: dict[tuple[str, str], list[Evidence]] = {}
        for e in evidence:
            if max(e.start, low) < min(e.end, low + DAY):
                here.setdefault((e.infector, e.exposed), []).append(e)
        for (x, y), rows in here.items():
            found[day, x, y] = _met(rows, low)
    return found


def _met(rows: list[Evidence], low: int) -> Met:
    spans = [(max(e.start, low), min(e.end, low + DAY), e) for e in rows]
    borders = sorted({t for s, t, _ in spans} | {s for s, t, _ in spans})
    minutes = hours = 0.0
    for start, end in pairwise(borders):
        weights = [e.weight for s, t, e in spans if s <= start and end <= t]
        if weights:
            minutes += (end - start) / 60
            hours += max(weights) * (end - start) / 3600
    at: dict[str, int] = {}
    for s, t, e in spans:
        if e.place is not None:
            at[e.place] = at.get(e.place, 0) + t - s
    place = min(at, key=lambda p: (-at[p], p)) if at else None
    return Met(minutes, hours, place, frozenset(e.channel for e in rows))


def visitors(state: State, days: range) -> dict[tuple[int, str], int]:
    """Distinct people by (day, place), where there are any."""
    people: dict[tuple[int, str], set[str]] = {}
    for stay in stays(state):
        for day in days:
            low = day * DAY - VIET_NAM_S
            if max(stay.start, low) < min(stay.end, low + DAY):
                people.setdefault((day, stay.event["place"]), set()).add(stay.person)
    return {key: len(found) for key, found in people.items()}
