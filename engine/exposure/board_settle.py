"""The label of a person at a level, found from the person's own side: who passed it on first, and on which channels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.exposure.board_levels import NEVER, CaseTable, Level, Passing
from engine.exposure.board_meetings import gathered
from engine.exposure.pairs import Pairs, summarise
from engine.exposure.policies import Policy
from engine.graph.evidence import Evidence
from engine.graph.view import GraphView
from engine.ids import Keys

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Settled:
    """Labels of the people asked about, in their order; moment NEVER and via -1 where there is none."""

    moment: Ints
    via: Codes
    channels: npt.NDArray[np.uint8]


def settle(
    view: GraphView, keys: Keys, policy: Policy, nearer: Level, cases: CaseTable, opened: int, people: Codes
) -> Settled:
    """Labels of ``people`` given the windows one level nearer to the F0s (the ``nearer`` level).

    Ties as in a trace: earlier moment, greater dose, smaller key. ``opened``: no window opens before.
    Cost: the evidence of ``people`` since ``opened``.
    """
    moment, via = np.full(len(people), NEVER, np.int64), np.full(len(people), -1, np.int32)
    channels = np.zeros(len(people), np.uint8)
    for chunk, pairs in towards(view, policy, nearer, cases, opened, people):
        np.minimum.at(moment[chunk], pairs.query, pairs.first)
        np.bitwise_or.at(channels[chunk], pairs.query, pairs.channels.astype(np.uint8))
        best = _best(keys, pairs, moment[chunk])
        via[chunk][pairs.query[best]] = pairs.other[best]
    return Settled(moment, via, channels)


def towards(
    view: GraphView, policy: Policy, nearer: Passing, cases: CaseTable, opened: int, people: Codes
) -> Iterator[tuple[slice, Pairs]]:
    """Qualifying contacts of ``people`` with whoever passes on one level nearer: (which people, contacts).

    ``query`` counts from the beginning of the slice, ``other`` is who passed on.
    """
    since, forever = np.full(len(people), opened, np.int64), np.full(len(people), NEVER, np.int64)
    for chunk, evidence in gathered(view, policy, people, since, forever, infector=False):
        opens, closes = nearer.windows(evidence.other)
        start, end = np.maximum(evidence.start, opens), np.minimum(evidence.end, closes)
        rows = np.flatnonzero(start < end)
        clipped = Evidence(**{**vars(evidence), "start": start, "end": end}).take(rows)
        courses = cases.courses(clipped.other, nearer.moments(clipped.other))
        yield chunk, summarise(clipped, courses, policy, of_other=True)


def _best(keys: Keys, pairs: Pairs, moment: Ints) -> Ints:
    """The pair that counts, of each query that has any."""
    rows = np.flatnonzero(pairs.first == moment[pairs.query])
    greatest = np.full(len(moment), -np.inf)
    np.maximum.at(greatest, pairs.query[rows], pairs.dose[rows])
    rows = rows[pairs.dose[rows] == greatest[pairs.query[rows]]]
    tied = np.bincount(pairs.query[rows], minlength=len(moment)) > 1
    shared = tied[pairs.query[rows]]
    single, rows = rows[~shared], rows[shared]
    if len(rows) == 0:
        return np.asarray(single, np.int64)
    source, inverse = np.unique(pairs.other[rows], return_inverse=True)
    rows = rows[np.lexsort((keys.ranks(source)[inverse], pairs.query[rows]))]
    _, first = np.unique(pairs.query[rows], return_index=True)
    return np.asarray(np.concatenate([single, rows[first]]), np.int64)
