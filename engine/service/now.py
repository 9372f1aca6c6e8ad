"""What is known now: the newest state of the intake, and the live board."""

import weakref
from collections.abc import Callable

from engine.clock import Clock
from engine.exposure.board import Board
from engine.exposure.labels import Labelled, labels_of
from engine.exposure.policies import Policy
from engine.service.intake import Intake
from engine.service.live import Live
from engine.service.results import BoardReport, TimelineEntry
from engine.service.snapshot import Snapshot
from engine.service.state import summary_of
from engine.service.timeline import timeline_of


class Now:
    """The newest state: see :class:`engine.service.questions.Known`."""

    def __init__(self, intake: Intake, live: Live, clock: Clock, policy: Policy) -> None:
        self.policy = policy
        self._intake = intake
        self._live = live
        self._clock = clock
        self._labels: Callable[[], Labelled | None] = lambda: None
        """What was told last, for as long as somebody holds it."""

    def snapshot(self) -> Snapshot:
        """The newest state."""
        return self._intake.snapshot()

    def counts(self) -> dict[str, int]:
        """Live events by kind."""
        with self._intake.lock:
            return summary_of(self._intake.current(), self._intake.state.registers())

    def facts(self, person: str) -> tuple[Snapshot, str, Board, tuple[TimelineEntry, ...]]:
        """The newest state that the board has seen, and a person's facts in it (or just after it, under load)."""
        board, state = self._live.refresh()
        with self._intake.lock:
            return state, person, board, timeline_of(self._intake.state.timelines, person)

    def board(self, level: frozenset[int] | None, area: str | None, since: int | None) -> BoardReport:
        """The live board."""
        return self._live.report(level, area, since)

    def labels(self) -> Labelled:
        """The newest state, with the levels of the live board."""
        board, _ = self._live.refresh(now=True)
        found = labels_of(board, self._labels())
        self._labels = weakref.ref(found)
        return found

    def clock(self) -> int:
        """Now, UTC s."""
        return self._clock()
