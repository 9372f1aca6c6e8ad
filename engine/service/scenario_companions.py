"""With whom people spend the night, as far as their phones see each other: a second way to know a home."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.clock import DAY, HOUR, MINUTE, VIET_NAM_S
from engine.graph.eligibility import Eligibility
from engine.graph.evidence import gather
from engine.graph.presences import Queries
from engine.scenarios.world import NOBODY, Codes
from engine.service.homes import longest
from engine.service.snapshot import Snapshot

Ints = npt.NDArray[np.int64]
NIGHT = (22 * HOUR, 6 * HOUR)
"""Local hours in which people are at home, as far as anybody can tell."""
LEAST_S = 30 * MINUTE
"""Whom one sees for less in all those nights is a guest, or somebody behind a wall."""
CHUNK = 4_096
_ANY = Eligibility(max_attenuation_db=300.0, max_distance_m=0.0, channels=frozenset(("bluetooth",)))


@dataclass(frozen=True)
class Nights:
    """Who was seen by whom by night; columns of one length, by ``asked``, then ``other``."""

    asked: Ints
    """Positions in the people."""
    other: Ints
    """Positions in the people, not the same."""
    seconds: Ints
    """Of all sightings together, at least ``LEAST_S``."""


def by_night(moments: Ints) -> npt.NDArray[np.bool_]:
    """Whether each moment (UTC s) lies between 22:00 and 06:00 in Viet Nam."""
    second = (moments + VIET_NAM_S) % DAY
    return (second >= NIGHT[0]) | (second < NIGHT[1])


def nights_of(state: Snapshot, people: Codes, asked: Ints, start: int, end: int) -> Nights:
    """Whom each of ``asked`` was seen with by night.

    Args:
        state: what the engine knows.
        people: codes of the graph.
        asked: positions in ``people``, ascending.
        start: UTC s; sightings from it to before ``end`` count.
        end: UTC s.

    Cost: the sightings of those asked about.
    """
    count = len(people)
    position = np.full(len(state.person_keys), NOBODY, np.int64)
    position[people] = np.arange(count)
    pairs, seconds = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for at in range(0, len(asked), CHUNK):
        some = asked[at : at + CHUNK]
        window = np.full(len(some), start, np.int64), np.full(len(some), end, np.int64)
        seen = gather(state.graph, Queries(people[some], *window), _ANY)
        other = position[seen.other]
        rows = np.flatnonzero(by_night(seen.start) & (other >= 0))
        found, which = np.unique(some[seen.query[rows]] * count + other[rows], return_inverse=True)
        total = np.zeros(len(found), np.int64)
        np.add.at(total, which, seen.end[rows] - seen.start[rows])
        pairs.append(found[total >= LEAST_S])
        seconds.append(total[total >= LEAST_S])
    pair = np.concatenate(pairs)
    return Nights(pair // max(count, 1), pair % max(count, 1), np.concatenate(seconds))


def companions(nights: Nights, known: npt.NDArray[np.bool_]) -> Ints:
    """Of each person, who of those ``known`` was seen longest by night; shape as ``known``; -1: nobody.

    Of equals the one with the smaller position.
    """
    rows = np.flatnonzero(known[nights.other])
    return longest(nights.asked[rows], nights.other[rows], nights.seconds[rows], len(known))
