"""Who met whom, as the board needs it: of people in windows, and round a change of the evidence."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.exposure.deltas import Delta, joined
from engine.exposure.infectiousness import CONSTANT
from engine.exposure.pairs import Courses, summarise
from engine.exposure.policies import Policy
from engine.graph.eligibility import CHANNEL_NAMES, CHECK_IN
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


def met_around(view: GraphView, policy: Policy, delta: Delta, after: int) -> list[Meetings]:
    """Meetings of the people of ``delta`` round their changed intervals, with either of the two as the source.

    Intervals that end by ``after`` are left out. Meetings that reach beyond an interval are clipped to it: they did
    not change. Cost: the evidence in the intervals, not the graph.
    """
    found: list[Meetings] = []
    for channel, name in enumerate(CHANNEL_NAMES):
        slack = policy.slack_s if channel == CHECK_IN else 0
        person, start, end = joined(delta, channel, after, slack)
        eligibility = policy.eligibility(frozenset({name}))
        for at in range(0, len(person), DELTA_CHUNK):
            chunk = slice(at, at + DELTA_CHUNK)
            who = person[chunk]
            ev = gather(view, Queries(who, start[chunk], end[chunk]), eligibility)
            found.append(Meetings(who[ev.query], ev.other, ev.start, ev.end))
            if slack:
                # Slack is given to the infectious person's stay only, so the two directions differ.
                ev = gather(view, Queries(who, start[chunk], end[chunk], infector=False), eligibility)
            found.append(Meetings(ev.other, who[ev.query], ev.start, ev.end))
    return [m for m in found if len(m.source)]
