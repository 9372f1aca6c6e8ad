"""What lies on disk behind an engine: the journal, the checkpoints, and the state that both make up."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from engine.clock import in_viet_nam
from engine.journal.checkpoints import Checkpoints, Info
from engine.journal.entries import Stored
from engine.journal.journal import Journal
from engine.params import RETENTION_D
from engine.service.persisting import adopt, parts_of, saved_of
from engine.service.progress import Progress
from engine.service.settings import Settings
from engine.service.state import Saved, State

log = logging.getLogger("truyvet.storage")
OPENED = 0.5
"""Share of loading that is done when a checkpoint is opened and what came since is still to be replayed."""
NEWEST = 2
"""Checkpoints kept whatever their age: the newest, and one in case it is damaged."""


@dataclass
class Storage:
    """An open journal and the checkpoints beside it."""

    journal: Journal
    checkpoints: Checkpoints | None

    @classmethod
    def open(cls, settings: Settings) -> "Storage | None":
        """What the settings name; None: an engine in memory.

        Raises:
            JournalError: it cannot be opened.
        """
        if settings.data is None and settings.database is None:
            return None
        journal = Journal.open(settings.data, settings.database)
        use = settings.data is not None and settings.checkpoints
        return cls(journal, Checkpoints(settings.data / "checkpoints") if use and settings.data else None)

    def settle_retention(self, days: int | None) -> int:
        """How many days raw events are kept: ``days`` from now on, else as the journal was told, else the default."""
        said = self.journal.kept_days
        if days is not None and days != said:
            self.journal.keep_days(days)
        return days or said or int(RETENTION_D.value)

    @property
    def ident(self) -> str:
        """Name of this journal since rows were last purged: an older checkpoint would bring them back."""
        return f"{self.journal.ident}-{self.journal.rewritten}"

    def load(self, upto: int | None = None, progress: Progress | None = None, mark_after: int | None = None) -> State:
        """The state after batch ``upto`` (None: all): newest checkpoint that is not later, and the batches since.

        With ``mark_after`` (UTC s) a checkpoint is written on the way at the end of every day since, for time travel.

        Raises:
            JournalError: a batch is damaged.
        """
        began = monotonic()
        # Both are asked before anything is read: what happens meanwhile is then seen as not yet known.
        ident, last = self.ident, self.journal.last_seq() if upto is None else upto
        state = self._from_checkpoint(ident, last, upto is None, progress)
        # Of the two steps neither is known beforehand: each is told as one half.
        half = OPENED if state.seq else 0.0
        rows, done = max(1, self.journal.rows_after(state.seq)), 0
        for stored in self.journal.replay(after=state.seq, upto=last):
            if mark_after is not None and mark_after <= state.received_at and _days_differ(state, stored):
                self.save(state.saved(), mark_after)
            state.apply(stored.kind, stored.table, stored.seq, stored.received_at)
            done += stored.table.num_rows
            if progress is not None:
                progress("replay", half + (1 - half) * min(1.0, done / rows))
        state.seq = max(state.seq, last)  # batches that a purge emptied
        seconds = round(monotonic() - began, 3)
        log.info("state loaded", extra={"fields": {"seq": state.seq, "rows": done, "seconds": seconds}})
        return state

    def _from_checkpoint(self, ident: str, last: int, newest: bool, progress: Progress | None) -> State:
        state = State()

        def verified(share: float) -> None:
            if progress is not None:
                progress("checkpoint", OPENED * share)

        if self.checkpoints is not None:
            opened = self.checkpoints.newest(ident, at_most=last, progress=verified)
            if opened is not None:
                saved = saved_of(opened, ident)
                state = State.of(saved)
                if newest:
                    adopt(self.checkpoints, opened, saved)
        state.ident = ident
        return state

    def forget_purged(self) -> None:
        """Remove checkpoints from before the last purge: they hold what it took away.

        Raises:
            JournalError: they cannot be removed.
        """
        if self.checkpoints is not None:
            self.checkpoints.keep_only(self.ident)

    def save(self, saved: Saved, keep_after: int) -> bool:
        """Write a checkpoint and let go of those no longer needed; False when there is nothing to write.

        That is so, too, when another process has purged since: the state then holds what must not be kept.
        For time travel the last one of each day since ``keep_after`` (UTC s) is kept.

        Raises:
            JournalError: it could not be written; older ones stay.
        """
        if self.checkpoints is None or saved.seq == 0 or saved.ident != self.ident:
            return False
        self.forget_purged()
        if any(info.seq == saved.seq for info in self.checkpoints.list()):
            return False
        self.checkpoints.write(saved.seq, saved.ident, parts_of(saved), saved.received_at)
        self.checkpoints.prune(daily(keep_after))
        return True

    def close(self) -> None:
        """Close the database."""
        self.journal.close()


def _days_differ(state: State, stored: Stored) -> bool:
    return in_viet_nam(state.received_at).date() != in_viet_nam(stored.received_at).date()


def daily(after: int) -> Callable[[list[Info]], set[int]]:
    """Keeps the newest checkpoints, and of each day in Viet Nam since ``after`` the last."""

    def keep(infos: list[Info]) -> set[int]:
        ordered: Iterable[Info] = sorted(infos, key=lambda info: info.seq)
        last_of_day = {in_viet_nam(i.received_at).date(): i.seq for i in ordered if i.received_at >= after}
        return {*last_of_day.values(), *sorted(i.seq for i in infos)[-NEWEST:]}

    return keep
