"""With whom people spend the night, as far as their phones see each other: a second way to know a home."""

import numpy as np
import numpy.typing as npt

from engine.clock import DAY, HOUR, VIET_NAM_S
from engine.graph.eligibility import Eligibility
from engine.graph.evidence import gather
from engine.graph.presences import Queries
from engine.scenarios.world import NOBODY, Codes
from engine.service.homes import longest
from engine.service.snapshot import Snapshot

Ints = npt.NDArray[np.int64]
NIGHT = (22 * HOUR, 6 * HOUR)
"""Local hours in which people are at home, as far as anybody can tell."""
CHUNK = 4_096
_ANY = Eligibility(max_attenuation_db=300.0, max_distance_m=0.0, channels=frozenset(("bluetooth",)))


def by_night(moments: Ints) -> npt.NDArray[np.bool_]:
    """Whether each moment (UTC s) lies between 22:00 and 06:00 in Viet Nam."""
    second = (moments + VIET_NAM_S) % DAY
    return (second >= NIGHT[0]) | (second < NIGHT[1])


def companions(state: Snapshot, people: Codes, known: npt.NDArray[np.bool_], start: int, end: int) -> Ints:
    """Of each person not ``known``, who of those known was seen longest by night; shape (people,).

    Args:
        state: what the engine knows.
        people: codes of the graph.
        known: of whom the home is known, shape (people,).
        start: UTC s; sightings from it to before ``end`` count.
        end: UTC s.

    Returns:
        Positions in ``people``, -1: nobody. Of equals the one with the smaller position. Cost: the sightings of those
        not known.
    """
    position = np.full(len(state.person_keys), NOBODY, np.int64)
    position[people] = np.arange(len(people))
    found = np.full(len(people), NOBODY, np.int64)
    asked = np.flatnonzero(~known)
    for at in range(0, len(asked), CHUNK):
        some = asked[at : at + CHUNK]
        window = np.full(len(some), start, np.int64), np.full(len(some), end, np.int64)
        seen = gather(state.graph, Queries(people[some], *window), _ANY)
        other = position[seen.other]
        rows = np.flatnonzero(by_night(seen.start) & (other >= 0))
        rows = rows[known[other[rows]]]
        spans = seen.end[rows] - seen.start[rows]
        found[some] = longest(seen.query[rows].astype(np.int64), other[rows], spans, len(some))
    return found
