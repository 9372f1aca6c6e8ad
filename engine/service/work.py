"""A checked batch on its way in, and what is said of it in the end."""

from dataclasses import dataclass, field
from time import monotonic

import numpy as np
import pyarrow as pa

from engine.events.outcome import DUPLICATE, RETRACTED
from engine.events.validate import Checked
from engine.journal.entries import Entry
from engine.service.results import IngestReply, Rejection
from engine.service.state import Outcomes


@dataclass
class Work:
    """A checked batch on its way in."""

    checked: Checked
    table: pa.Table
    entry: Entry | None
    received_at: int
    source: str
    dead: list[tuple[int, Rejection]] = field(default_factory=list)
    """Rows whose key turned out to be retracted, by index in ``table``."""
    began: float = field(default_factory=monotonic)
    in_hand: bool = False
    """Whether somebody is storing it or taking it in."""
    reply: IngestReply | None = None
    error: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether it is known what became of it."""
        return self.reply is not None or self.error is not None


def dead_rows(checked: Checked, outcomes: Outcomes) -> list[tuple[int, Rejection]]:
    """Rows of a batch that its outcomes call retracted, with their index in its table."""
    rows = checked.table.column("row").to_numpy()
    why = "this event was retracted; to bring it back send it with a higher revision"
    return [(at, Rejection(int(rows[at]), "retracted", why)) for at in np.flatnonzero(outcomes == RETRACTED).tolist()]


def reply_of(work: Work, outcomes: Outcomes, as_of: int) -> IngestReply:
    """What whoever brought a batch is told, once it is taken in."""
    rejected = [*(Rejection(r.row, r.code, r.detail) for r in work.checked.rejected), *(r for _, r in work.dead)]
    duplicates = int((outcomes == DUPLICATE).sum())
    accepted = len(outcomes) - duplicates - len(work.dead)
    return IngestReply(accepted, duplicates, tuple(sorted(rejected, key=_by_row)), as_of)


def _by_row(rejection: Rejection) -> int:
    return rejection.row
