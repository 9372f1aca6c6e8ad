"""What is live: the board of the newest state, and an alert for every change of a level."""

import logging
from threading import Condition, Event, Thread
from time import monotonic

import pyarrow as pa

from engine.clock import Clock
from engine.errors import TruyvetError
from engine.events.outcome import ACCEPTED, CHANGED
from engine.exposure.board import Board, BoardState
from engine.exposure.deltas import Delta, delta_of, merge, nothing
from engine.exposure.policies import Policy
from engine.service.alerts import alerts
from engine.service.answers import BOARD_DEPTH
from engine.service.board_report import report_of
from engine.service.intake import Intake
from engine.service.metrics import Metrics
from engine.service.ordering import Ordering
from engine.service.paced import DEAR_S
from engine.service.results import BoardReport
from engine.service.snapshot import Snapshot
from engine.service.state import Outcomes
from engine.service.stream import Hub

log = logging.getLogger("truyvet.live")
PAUSE_S = 0.2
"""Least time between two looks at what is new: batches that come in between are looked at together."""
FOLLOW_S = 1.0
"""How often the journal is asked whether another process has written."""
MOST_ROWS = 10_000_000
"""Changed rows noted for the next look; where nobody looks, more would fill the memory: then look at everything."""
YOUNG_S = 0.9
"""How old what was seen may be when looking takes longer than ``DEAR_S``: all is visible within a second."""


class Live:
    """The board, kept up to date with the intake it listens to."""

    def __init__(self, intake: Intake, policy: Policy, hub: Hub, metrics: Metrics, clock: Clock) -> None:
        self.hub = hub
        self._intake = intake
        self._policy = policy
        self._metrics = metrics
        self._clock = clock
        self.made = False
        """Whether a server's board was made since the start."""
        self._board: Board | None = None
        self._ordering: Ordering | None = None
        self._turn = Condition()
        self._begun = self._done = 0
        """Looks begun, and the last one finished."""
        self._busy = False
        self._good_until = 0.0
        self._seen: tuple[Board, Snapshot] | None = None
        self._deltas: list[Delta] = []
        self._noted = 0
        self._oldest: float | None = None
        """When the oldest batch that the board has not seen was taken in."""
        self._news, self._stop = Event(), Event()
        self._thread: Thread | None = None

    def hear(self, kind: str, table: pa.Table, outcomes: Outcomes) -> None:
        """Note what a batch may change. Called under the intake's lock."""
        if self._board is None:
            return  # the first look computes everything
        changing = (outcomes == ACCEPTED) | (outcomes == CHANGED)
        state = self._intake.state
        rows, coded = table, state.graph.coded(table)
        if not changing.all():
            rows = table.filter(pa.array(changing))
            coded = coded and (coded[0][changing], None if coded[1] is None else coded[1][changing])
        self._deltas.append(delta_of(kind, rows, state.people, coded))
        self._noted += len(self._deltas[-1])
        if self._noted > MOST_ROWS:
            self._deltas, self._noted = [nothing(everything=True)], 0
        if self._oldest is None:
            self._oldest = monotonic()
        self._news.set()

    def forget(self) -> None:
        """Compute everything anew at the next look: the state was replaced."""
        with self._intake.lock:
            self._deltas, self._noted = [nothing(everything=True)], 0
        self._seen, self._good_until = None, 0.0
        self._news.set()

    def refresh(self, now: bool = False) -> tuple[Board, Snapshot]:
        """Bring the board up to the newest state; every change of a level becomes an alert.

        Callers that come while one is at work share the next look: each sees a state no older than its call. Unless
        ``now``, a look that was dear is good for up to ``YOUNG_S``: under load, questions do not wait for one.
        """
        with self._turn:
            if self._seen is not None and (monotonic() < self._good_until and not now):
                return self._seen
            mine = self._begun + 1
            while self._done < mine and self._busy:
                self._turn.wait()
            if self._done >= mine and self._seen is not None:
                return self._seen
            if self._seen is not None and self._seen[1] is self._intake.snapshot():
                return self._seen
            self._busy = True
            self._begun += 1
        began = monotonic()
        try:
            seen = self._look()
            with self._turn:
                self._seen, self._done = seen, self._begun
                took = monotonic() - began
                self._good_until = began + (YOUNG_S if took > DEAR_S else 0.0)
        except BaseException:
            self.forget()  # what was to be looked at is lost: look at everything
            raise
        finally:
            with self._turn:
                self._busy = False
                self._turn.notify_all()
        return seen

    def _look(self) -> tuple[Board, Snapshot]:
        first = self._board is None
        board = self._board or Board(self._policy, BOARD_DEPTH)
        with self._intake.lock:
            state = self._intake.current()
            deltas, self._deltas, self._noted = self._deltas, [], 0
            oldest, self._oldest = self._oldest, None
            self._board = board
            self._intake.heard = self.hear
        anew = any(delta.everything for delta in deltas)
        changes = board.update(board_state(state), merge(deltas))
        if first or self._ordering is None or anew:
            self._ordering = Ordering(board, state.person_keys, BOARD_DEPTH + 1)
        elif changes:
            self._ordering.follow(changes, state.person_keys)
        if first:
            self.hub.publish(state.as_of, [])
            self._tell_size()
            return board, state
        told = alerts(board, state.person_keys, changes, state.as_of, self._clock()) if changes else []
        self.hub.publish(state.as_of, [("alert", alert) for alert in told])
        if told:
            self._metrics.alerts(len(told))
            self._tell_size()
        if oldest is not None:
            self._metrics.freshness(monotonic() - oldest)
        return board, state

    def _tell_size(self) -> None:
        levels = self._ordering.levels() if self._ordering else []
        self._metrics.board({k: len(found) for k, found in enumerate(levels)})

    def report(self, level: frozenset[int] | None, area: str | None, since: int | None) -> BoardReport:
        """The board as :meth:`engine.service.questions.Questions.board` gives it."""
        board, state = self.refresh()
        return report_of(board, state, self._ordering.levels() if self._ordering else [], level, area, since)

    # -- by itself ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Keep up to date in a thread of its own until :meth:`stop`."""
        began = monotonic()
        board, _ = self.refresh()
        people, took = len(board.people()[0]), round(monotonic() - began, 3)
        log.info("the board is made", extra={"fields": {"people": people, "seconds": took}})
        self.made = True
        thread = Thread(target=self._run, name="truyvet-live", daemon=True)
        thread.start()
        self._thread = thread

    def _run(self) -> None:
        followed = monotonic()
        while not self._stop.is_set():
            news = self._news.wait(FOLLOW_S)
            if self._stop.is_set():
                return
            try:
                if monotonic() - followed >= FOLLOW_S:
                    self._intake.catch_up()
                    followed = monotonic()
                if news:
                    self._news.clear()
                    self.refresh(now=True)
            except TruyvetError as error:
                log.warning("the board could not be brought up to date: %s", error.code)
            except Exception:
                log.exception("the board is computed anew after an error")
                self.forget()
            self._stop.wait(PAUSE_S)

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()


def board_state(state: Snapshot) -> BoardState:
    """What the board reads of a snapshot."""
    return BoardState(state.graph, state.person_keys, state.people, state.courses, state.as_of)
