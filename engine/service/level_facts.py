"""What the engine's own events say of administrative units: F0s by where they live, their sources, the F1s."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine import params
from engine.clock import DAY
from engine.exposure.policies import Policy
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace, trace_each
from engine.exposure.windows import infection_window, infectious_window
from engine.geo.units import Units
from engine.graph.presences import Queries, stays_of
from engine.people.timelines import F0
from engine.risk.levels.facts import Facts
from engine.risk.levels.from_counts import WEEK_D
from engine.risk.levels.rules import TIERS
from engine.risk.levels.spans import Span
from engine.risk.levels.tree import Tree
from engine.service.homes import home_areas
from engine.service.snapshot import Snapshot

Homes = dict[str, dict[int, str | None]]
"""By tier: the unit each person lives in, None where it is not known."""
CROWDED_KINDS = frozenset(name for name, kind in params.PLACE_KINDS.items() if kind.crowded)
"""Kinds of places of heavy contact: factory, school, hospital, supermarket, market."""


@dataclass(frozen=True)
class OwnFacts:
    """Facts from the engine, and how many people could not be placed."""

    facts: Facts
    f0: int
    """F0s of the window."""
    unplaced: dict[str, int]
    """By tier: F0s of the window whose unit is not known. Units in which they may live have a range of counts."""


def own_facts(state: Snapshot, units: Units, tree: Tree, at: int, window_d: int, policy: Policy) -> OwnFacts:
    """Facts of every unit of ``tree`` at moment ``at`` (UTC s).

    An F0 counts in the window by its confirmation (else onset, else sample) in (at - window, at], in the unit it lives
    in (:func:`engine.service.homes.home_areas`); where only a wider unit is known, any unit in that may have it: a
    range. Its source is known when it is an F1 of an F0 with earlier dates. ``f0_crowded``: it was at a place of heavy
    contact while it was infectious, or in the two weeks in which it may have been infected. ``f1``: people at level 1
    who are not isolated. ``quarantined`` is at most the number of people ever isolated by ``at``: when they were let go
    is not in the state.

    Cost: the evidence of the F0s of the window in the time in which they may have been infected, one forward trace of
    all F0s, and the home areas.
    """
    since = at - window_d * DAY
    f0s = [f for f in state.people.cases.values() if since < _counted_at(f) <= at]
    known = _with_known_source(state, f0s, at, policy)
    crowded = _crowded(state, f0s, at, policy)
    weekly = {f.person for f in f0s if _counted_at(f) > at - WEEK_D * DAY}
    f1 = _f1_at_large(state, at, policy)
    isolated = [c for c, t in enumerate(state.people.isolation.tolist()) if t <= at]
    everybody = {f.person for f in f0s}
    home = _nested(tree, {t: home_areas(state, units, t, at) for t in TIERS})
    other = _nested(tree, {t: _homes(state, units, t, at, {*f1, *isolated}) for t in TIERS})
    ever = _counts(tree, other, isolated)
    counted = {
        "f0": _counts(tree, home, everybody),
        "new_cases": _counts(tree, home, weekly),
        "f0_known_source": _counts(tree, home, known),
        "f0_unknown_source": _counts(tree, home, everybody - known),
        "f0_crowded": _counts(tree, home, crowded),
        "f1": _counts(tree, other, f1),
        "quarantined": {code: Span(0.0, span.high) for code, span in ever.items()},
    }
    found = {code: {name: spans[code] for name, spans in counted.items()} for code in tree.areas}
    unplaced = {tier: sum(home[tier].get(f.person) is None for f in f0s) for tier in TIERS}
    return OwnFacts(Facts(found), len(f0s), unplaced)


def _nested(tree: Tree, homes: Homes) -> Homes:
    """Homes by tier, each within the one of the wider tier; where they contradict each other, the wider one holds.

    With polygons of some communes only, somebody who lives in another district may seem to live where they work.
    """
    found: Homes = {tier: {} for tier in TIERS}
    for person in homes[TIERS[-1]]:
        within: str | None = None
        for tier in reversed(TIERS):
            code = homes[tier].get(person)
            above = {} if code is None else _above(tree, code)
            if code is None or (within is not None and within not in above.values()):
                found[tier][person] = None
                continue
            within = code
            for wider, unit in above.items():  # a wider unit that was not known is now
                found[wider][person] = found[wider].get(person) or unit
    return found


def _above(tree: Tree, code: str) -> dict[str, str]:
    """The unit and those it lies in, by tier."""
    found: dict[str, str] = {}
    area = tree.areas.get(code)
    while area is not None and area.tier not in found:
        found[area.tier] = area.code
        area = tree.areas.get(area.parent or "")
    return found


def _counts(tree: Tree, homes: Homes, people: Iterable[int]) -> dict[str, Span]:
    """How many of ``people`` live in each unit: for sure, and with those who live in the unit above, none knows where.

    Those of whom not even the province is known are in no count.
    """
    some = set(people)
    found: dict[str, Span] = {}
    loose: dict[str, float] = {}
    for narrow, wide in zip(reversed(TIERS), (None, *reversed(TIERS[1:])), strict=True):
        sure = Counter(code for p, code in homes[narrow].items() if p in some and code is not None)
        lost = Counter(
            homes[wide].get(p) for p, code in homes[narrow].items() if wide is not None and p in some and code is None
        )
        for code in tree.of_tier(narrow):
            parent = tree.areas[code].parent or ""
            loose[code] = loose.get(parent, 0.0) + lost[parent]
            found[code] = Span(float(sure[code]), sure[code] + loose[code])
    return found


def _counted_at(f0: F0) -> int:
    return f0.confirmed_at if f0.confirmed_at is not None else f0.reference


def _with_known_source(state: Snapshot, f0s: Sequence[F0], at: int, policy: Policy) -> set[int]:
    """Those who are F1s of an F0 with earlier dates: traces backward of one step, all at once."""
    seeds = tuple(Seed(f.person, *infection_window(f, at)) for f in f0s)
    question = Question(seeds, 1, at, policy, state.courses, state.people.isolation, forward=False)
    found = trace_each(state.graph, state.person_keys, question)
    cases = state.people.cases
    return {
        f0s[seed].person
        for seed, person in zip(found.seed.tolist(), found.person.tolist(), strict=True)
        if person in cases and cases[person].reference < f0s[seed].reference
    }


def _crowded(state: Snapshot, f0s: list[F0], at: int, policy: Policy) -> set[int]:
    """F0s who were at a place of heavy contact while infectious, or while they may have been infected."""
    kinds = {key: data.get("kind") for key, data in state.place_data.items()}
    places = {state.place_keys.find(key) for key, kind in kinds.items() if kind in CROWDED_KINDS}
    if not f0s or not places:
        return set()
    windows = [(infection_window(f, at)[0], infectious_window(f, policy, at)[1]) for f in f0s]
    queries = Queries(
        np.array([f.person for f in f0s], np.int32),
        np.array([w[0] for w in windows], np.int64),
        np.array([max(w) for w in windows], np.int64),
    )
    stays = stays_of(state.graph, queries)
    there = np.isin(stays.place, [p for p in places if p is not None])
    return set(queries.person[stays.query[there]].tolist())


def _f1_at_large(state: Snapshot, at: int, policy: Policy) -> list[int]:
    """People at level 1 at ``at``, over all F0s known then, who are not isolated."""
    f0s = [f for f in state.people.cases.values() if _counted_at(f) <= at]
    seeds = tuple(Seed(f.person, *infectious_window(f, policy, at)) for f in f0s)
    if not seeds:
        return []
    question = Question(seeds, 1, at, policy, state.courses, state.people.isolation)
    people = trace(state.graph, state.person_keys, question).reached.person.tolist()
    isolation, cases = state.people.isolation, {f.person for f in f0s}
    return [p for p in people if p not in cases and not (p < len(isolation) and isolation[p] <= at)]


def _homes(state: Snapshot, units: Units, tier: str, at: int, people: Iterable[int]) -> dict[int, str | None]:
    """Where people live who are no F0s: as :func:`home_areas`, asked as if they were."""
    as_cases = {p: F0(p, at, None, None, None, ()) for p in sorted(people)}
    return home_areas(replace(state, people=replace(state.people, cases=as_cases)), units, tier, at)
