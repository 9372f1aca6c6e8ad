"""Time travel: everything as it was known at an earlier batch, made from a checkpoint and the batches after it."""

from collections import OrderedDict
from threading import Lock

from engine.errors import HistoryGoneError, NotReadyError
from engine.exposure.board import Board
from engine.exposure.deltas import nothing
from engine.exposure.labels import Labelled, labels_of
from engine.exposure.policies import Policy
from engine.service.answers import BOARD_DEPTH
from engine.service.board_report import report_of
from engine.service.live import board_state
from engine.service.ordering import Ordering
from engine.service.questions import Known, Questions
from engine.service.results import BoardReport, TimelineEntry
from engine.service.snapshot import Snapshot
from engine.service.state import State, summary_of
from engine.service.storage import Storage
from engine.service.timeline import timeline_of

KEPT = 2
"""States of the past held in memory at once."""
PATIENCE_S = 2.0
"""How long a question waits while another moment is being made: it keeps one of the few readers' threads."""


class PastState:
    """One state of the past: see :class:`engine.service.questions.Known`."""

    def __init__(self, state: State, policy: Policy) -> None:
        self._state = state
        self._snapshot = state.publish()
        self.policy = policy
        self._board: Board | None = None
        self._labels: Labelled | None = None
        self._lock = Lock()

    def snapshot(self) -> Snapshot:
        """The state."""
        return self._snapshot

    def counts(self) -> dict[str, int]:
        """Live events by kind, then."""
        return summary_of(self._snapshot, self._state.registers())

    def facts(self, person: str) -> tuple[Snapshot, str, Board, tuple[TimelineEntry, ...]]:
        """The state and a person's facts in it."""
        return self._snapshot, person, self._made(), timeline_of(self._state.timelines, person)

    def clock(self) -> int:
        """When the last of its batches was received: nobody knew a later moment."""
        return self._state.received_at

    def board(self, level: frozenset[int] | None, area: str | None, since: int | None) -> BoardReport:
        """The board."""
        levels = Ordering(self._made(), self._snapshot.person_keys, BOARD_DEPTH + 1).levels()
        return report_of(self._made(), self._snapshot, levels, level, area, since)

    def labels(self) -> Labelled:
        """The state with everybody's level."""
        self._labels = labels_of(self._made(), self._labels)
        return self._labels

    def _made(self) -> Board:
        """The board, computed at the first question."""
        with self._lock:
            if self._board is None:
                self._board = Board(self.policy, BOARD_DEPTH)
                self._board.update(board_state(self._snapshot), nothing(everything=True))
            return self._board


class PinnedState:
    """The newest state, held still while events go on coming: see :class:`engine.service.questions.Known`."""

    def __init__(self, snapshot: Snapshot, known: Known, now: int) -> None:
        self.policy = known.policy
        self._snapshot = snapshot
        self._known = known
        self._now = now
        self._labels: Labelled | None = None

    def snapshot(self) -> Snapshot:
        """The state."""
        return self._snapshot

    def counts(self) -> dict[str, int]:
        """Live events by kind."""
        return self._known.counts()

    def clock(self) -> int:
        """When it was the newest."""
        return self._now

    def facts(self, person: str) -> tuple[Snapshot, str, Board, tuple[TimelineEntry, ...]]:
        """The state and a person's facts."""
        return self._snapshot, person, self._board(), self._known.facts(person)[3]

    def board(self, level: frozenset[int] | None, area: str | None, since: int | None) -> BoardReport:
        """The board, computed once for this state."""
        board = self._board()
        levels = Ordering(board, self._snapshot.person_keys, BOARD_DEPTH + 1).levels()
        return report_of(board, self._snapshot, levels, level, area, since)

    def labels(self) -> Labelled:
        """The state with everybody's level, computed once."""
        self._labels = labels_of(self._board(), self._labels)
        return self._labels

    def _board(self) -> Board:
        def make() -> Board:
            board = Board(self.policy, BOARD_DEPTH)
            board.update(board_state(self._snapshot), nothing(everything=True))
            return board

        return self._snapshot.remember(("board", self.policy), make)


class Past(Questions):
    """The questions, asked of a state of the past."""

    @property
    def as_of(self) -> int:
        """Journal sequence of the last batch in it."""
        return self.snapshot().as_of


class History:
    """States of the past, the last few asked for kept. Thread-safe."""

    def __init__(self, storage: Storage, policy: Policy) -> None:
        self._storage = storage
        self._policy = policy
        self._states: OrderedDict[tuple[str, int], Past] = OrderedDict()
        self._lock = Lock()
        self._making = Lock()
        """Held while a state is made: one at a time, as each takes the memory of another engine."""

    def at(self, as_of: int) -> Past:
        """Everything as it was known after batch ``as_of``.

        Raises:
            HistoryGoneError: there is no such batch, or it was received before the last purge's cutoff.
            NotReadyError: another moment is being made, and that takes long.
            JournalError: a batch is damaged, or the database is away.
        Cost: opening the newest earlier checkpoint (at least one a day is kept) and replaying what came since.
        """
        journal = self._storage.journal
        received = journal.received(as_of)
        if received is None:
            raise HistoryGoneError(f"there is no batch {as_of}; the newest is {journal.last_seq()}")
        if received < journal.purged_before:
            raise HistoryGoneError(f"batch {as_of} lies before the retention: events known then have been purged since")
        key = (self._storage.ident, as_of)
        found = self._kept(key)
        if found is not None:
            return found
        if not self._making.acquire(timeout=PATIENCE_S):
            raise NotReadyError("another moment of the past is being made; ask again in a moment")
        try:
            return self._kept(key) or self._made(key)
        finally:
            self._making.release()

    def _kept(self, key: tuple[str, int]) -> Past | None:
        with self._lock:
            found = self._states.get(key)
            if found is not None:
                self._states.move_to_end(key)
            return found

    def _made(self, key: tuple[str, int]) -> Past:
        made = Past(PastState(self._storage.load(upto=key[1]), self._policy), self._policy)
        with self._lock:
            while len(self._states) >= KEPT:
                self._states.popitem(last=False)
            self._states[key] = made
        return made

    def forget(self) -> None:
        """Let go of every state: a purge must not live on in memory."""
        with self._making, self._lock:  # one that is being made is of before the purge, too
            self._states.clear()
