"""Who met whom, as the board needs it: of people in windows, and round a change of the evidence."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.exposure.deltas import Delta, joined
from engine.exposure.infectiousness import CONSTANT
from engine.exposure.pairs import Courses, summarise
from engine.exposure.policies import Policy
from engine.graph.among import among
from engine.graph.eligibility import BLUETOOTH, CHANNEL_NAMES, CHECK_IN
from engine.graph.evidence import Evidence, gather
from engine.graph.presences import Queries
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
CHUNK = 512
"""People looked at together: bounds memory in a dense city."""
DELTA_CHUNK = 8_192
"""Changed intervals looked at together; they are short."""


@dataclass(frozen=True)
class Meetings:
    """``source`` could pass on to ``other`` during [start, end); one row each piece of evidence."""

    source: Codes
    other: Codes
    start: Ints
    end: Ints

    def within(self, opens: Ints, closes: Ints) -> "Meetings":
        """The rows inside the window of their source (columns by person code), clipped to it."""
        start = np.maximum(self.start, opens[self.source])
        end = np.minimum(self.end, closes[self.source])
        rows = np.flatnonzero(start < end)
        return Meetings(self.source[rows], self.other[rows], start[rows], end[rows])


@dataclass(frozen=True)
class Sources:
    """From when to when each person passes on, at whatever level; columns by person code, empty windows apart."""

    start: Ints
    end: Ints

    def during(self, person: Codes, start: Ints, end: Ints) -> Ints:
        """Which of these people pass on at some moment of their interval: indices, ascending."""
        return np.flatnonzero((self.start[person] < end) & (self.end[person] > start))

    def between(self, low: int, high: int) -> Codes:
        """Who passes on at some moment of [low, high), ascending."""
        return np.flatnonzero((self.start < high) & (self.end > low)).astype(np.int32)


def gathered(
    view: GraphView, policy: Policy, person: Codes, start: Ints, end: Ints, infector: bool = True
) -> Iterator[tuple[slice, Evidence]]:
    """Evidence of the people in their windows, chunk by chunk, ``query`` counting from the chunk's beginning."""
    eligibility = policy.eligibility()
    for at in range(0, len(person), CHUNK):
        chunk = slice(at, min(at + CHUNK, len(person)))
        yield chunk, gather(view, Queries(person[chunk], start[chunk], end[chunk], infector), eligibility)


def met_by(view: GraphView, policy: Policy, person: Codes, start: Ints, end: Ints) -> Iterator[Meetings]:
    """Whom these people met in their windows, clipped to them. Cost: their evidence in the windows."""
    for chunk, evidence in gathered(view, policy, person, start, end):
        yield Meetings(person[chunk][evidence.query], evidence.other, evidence.start, evidence.end)


def passed_on(view: GraphView, policy: Policy, person: Codes, start: Ints, end: Ints) -> Iterator[tuple[Codes, Ints]]:
    """(others, moments): whom these people pass on to in their windows, and moments of it, the first among them."""
    if not policy.min_minutes:
        for met in met_by(view, policy, person, start, end):
            yield met.other, met.start
        return
    for chunk, evidence in gathered(view, policy, person, start, end):
        asked = len(person[chunk])
        # Whether a contact qualifies does not depend on the course.
        course = Courses(np.zeros(asked, np.int64), np.full(asked, CONSTANT, np.int64), np.ones(asked))
        pairs = summarise(evidence, course, policy)
        yield pairs.other, pairs.first


def met_around(view: GraphView, policy: Policy, delta: Delta, after: int, sources: Sources) -> list[Meetings]:
    """Meetings of the people of ``delta`` round their changed intervals, with either of the two as the source.

    Left out: intervals that end by ``after``, and whoever is not among ``sources``. Meetings that reach beyond an
    interval are clipped to it: they did not change. Cost: the evidence of sources in the intervals, not the graph.
    """
    found: list[Meetings] = []
    for channel, name in enumerate(CHANNEL_NAMES):
        slack = policy.slack_s if channel == CHECK_IN else 0
        person, start, end = joined(delta, channel, after, slack)
        if len(person) == 0:
            continue
        eligibility = policy.eligibility(frozenset({name}))
        mine = sources.during(person, start, end)
        for at in range(0, len(mine), DELTA_CHUNK):
            chunk = mine[at : at + DELTA_CHUNK]
            ev = gather(view, Queries(person[chunk], start[chunk], end[chunk]), eligibility)
            found.append(Meetings(person[chunk][ev.query], ev.other, ev.start, ev.end))
        if channel == BLUETOOTH:
            continue  # of a sighting both people are listed
        low, high = int(start.min()), int(end.max())
        theirs = among(view, sources.between(low, high), low, high, slack)
        for at in range(0, len(person), DELTA_CHUNK):
            part = slice(at, at + DELTA_CHUNK)
            who = person[part]
            # Slack is given to the infectious person's stay only, so the two directions differ.
            ev = gather(view, Queries(who, start[part], end[part], infector=False), eligibility, theirs)
            found.append(Meetings(ev.other, who[ev.query], ev.start, ev.end))
    return [m for m in found if len(m.source)]
