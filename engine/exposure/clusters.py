"""Clusters: a place and interval where two or more F0 were infectious or infected together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.graph.presences import Queries, stays_of
from engine.graph.view import GraphView


@dataclass(frozen=True)
class Stay:
    """Time an F0 spent at a place while it could infect or be infected, UTC s."""

    place: int
    start: int
    end: int
    person: int


@dataclass(frozen=True)
class Gathering:
    """Overlapping stays of at least two F0 at one place."""

    place: int
    start: int
    end: int
    people: tuple[int, ...]
    """Distinct person codes, ascending."""
    person_seconds: int
    """Sum over people of the time each was there."""


def clusters(view: GraphView, windows: Sequence[tuple[int, int, int]], start: int, end: int) -> list[Gathering]:
    """Clusters of F0s within [start, end); ``windows`` holds (person code, from, to) of each F0.

    From and to span the time in which the F0 may have been infected and in which it was infectious. Order: by
    place code and start; callers order by key. Cost: the check-ins of the F0s.
    """
    # An empty window must go: a long stay that spans its moment would count as a visit of no length.
    asked = [(p, max(a, start), min(b, end)) for p, a, b in windows if max(a, start) < min(b, end)]
    if not asked:
        return []
    queries = Queries(
        np.array([p for p, _, _ in asked], np.int32),
        np.array([a for _, a, _ in asked], np.int64),
        np.array([b for _, _, b in asked], np.int64),
    )
    own = stays_of(view, queries)
    stays = sorted(
        (
            Stay(
                int(place),
                max(int(s), int(queries.start[q])),
                min(int(e), int(queries.end[q])),
                int(queries.person[q]),
            )
            for q, place, s, e in zip(own.query, own.place, own.start, own.end, strict=True)
        ),
        key=lambda stay: (stay.place, stay.start, stay.end, stay.person),
    )
    found: list[Gathering] = []
    group: list[Stay] = []
    reach = 0
    for stay in stays:
        if group and (stay.place != group[0].place or stay.start >= reach):
            found += _gathering(group)
            group = []
        reach = max(reach, stay.end) if group else stay.end
        group.append(stay)
    return found + _gathering(group)


def _gathering(group: list[Stay]) -> list[Gathering]:
    people = tuple(sorted({stay.person for stay in group}))
    if len(people) < 2:
        return []
    end = max(stay.end for stay in group)
    return [Gathering(group[0].place, group[0].start, end, people, _person_seconds(group))]


def _person_seconds(group: list[Stay]) -> int:
    """Time of all people together; overlapping check-ins of one person count once. ``group`` ascends in start."""
    reach: dict[int, int] = {}
    total = 0
    for stay in group:
        begun = max(stay.start, reach.get(stay.person, stay.start))
        total += max(0, stay.end - begun)
        reach[stay.person] = max(stay.end, reach.get(stay.person, stay.end))
    return total
