"""How events get in: checked, made durable, taken into the growing state, and published as immutable snapshots."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.clock import Clock
from engine.events.batches import RawBatch
from engine.events.outcome import ACCEPTED, DUPLICATE, RETRACTED
from engine.events.schemas import PLACE, canonical_schema, kind_named
from engine.events.validate import Rejected, check
from engine.graph.graph import ContactGraph
from engine.ids import Keys
from engine.journal.files import FileJournal
from engine.people.timelines import PERSONAL, PeopleView, Timelines
from engine.service.progress import Progress
from engine.service.results import FileReport, IngestReply, Rejection
from engine.service.snapshot import Snapshot, courses_of

KEPT_REJECTIONS = 1_000
"""Rejected rows of a file that its report lists in full."""


class Intake:
    """The growing state and its one writer."""

    def __init__(self, clock: Clock) -> None:
        self.people, self.places = Keys(), Keys()
        self.graph = ContactGraph(self.people, self.places)
        self.timelines = Timelines(self.people)
        self.seq = 0
        self._clock = clock
        self._journal: FileJournal | None = None
        self._writer = Lock()
        """One batch at a time goes to the journal; readers never wait for it."""
        self.lock = Lock()
        """Held while a batch is taken in, or a new state is made out of what was."""
        self._snapshot: Snapshot | None = None
        self._people_view: PeopleView | None = None
        self._place_data: dict[str, dict[str, Any]] | None = None
        """Parts of the newest state that most batches leave as they are; None: to be made anew."""

    def replay(self, folder: Path, progress: Progress | None) -> None:
        """Take in everything the journal under ``folder`` holds, and write to it from now on.

        Raises:
            JournalError: the folder cannot be used, or a stored batch is damaged.
        """
        journal = FileJournal(folder)
        for seq, kind, table in journal.replay():
            self._apply(kind, table)
            self.seq = seq
            if progress is not None:
                progress("replay", seq / max(1, journal.seq))
        self._journal = journal

    def ingest(self, kind: str, raw: pa.Table, malformed: Sequence[Rejected] = (), first_row: int = 0) -> IngestReply:
        """Check a batch, store its good rows, take them in. Bad rows are refused alone.

        Raises:
            UnknownKindError: no such kind.
            JournalError: the batch could not be stored; nothing of it was accepted.
        """
        kind_named(kind)
        checked = check(kind, raw, self._clock(), first_row, malformed)
        rejected = [Rejection(r.row, r.code, r.detail) for r in checked.rejected]
        table = checked.table.select(canonical_schema(kind).names)
        outcomes = np.empty(0, np.uint8)
        with self._writer:
            if table.num_rows:
                seq = self.seq + 1 if self._journal is None else self._journal.append(kind, table)
                with self.lock:
                    outcomes = self._apply(kind, table)
                    self.seq = seq
                    same = self._snapshot is not None and not (outcomes == ACCEPTED).any()
                    self._snapshot = replace(self._snapshot, as_of=seq) if same and self._snapshot else None
            as_of = self.seq
        dead = np.flatnonzero(outcomes == RETRACTED)
        if len(dead):
            rows = checked.table.column("row").to_numpy()
            why = "this event was retracted; to bring it back send it with a higher revision"
            rejected = sorted([*rejected, *(Rejection(int(rows[i]), "retracted", why) for i in dead)], key=_by_row)
        return IngestReply(
            accepted=int((outcomes == ACCEPTED).sum()),
            duplicates=int((outcomes == DUPLICATE).sum()),
            rejected=tuple(rejected),
            as_of=as_of,
        )

    def _apply(self, kind: str, table: pa.Table) -> npt.NDArray[np.uint8]:
        if kind in PERSONAL:
            self._people_view = None
        elif kind == PLACE.name:
            self._place_data = None
        owner = self.timelines if kind in PERSONAL else self.graph
        return np.asarray(owner.apply(kind, table), np.uint8)

    def ingest_batches(
        self, path: Path, kind: str, batches: Iterator[RawBatch], progress: Progress | None
    ) -> FileReport:
        """Take in a file's batches one after the other; memory stays bounded by one."""
        began = perf_counter()
        accepted = duplicates = refused = 0
        kept: list[Rejection] = []
        for batch in batches:
            reply = self.ingest(kind, batch.table, batch.malformed, batch.first_row)
            accepted += reply.accepted
            duplicates += reply.duplicates
            refused += len(reply.rejected)
            kept += reply.rejected[: KEPT_REJECTIONS - len(kept)]
            if progress is not None and batch.bytes_total:
                progress(path.name, batch.bytes_done / batch.bytes_total)
        return FileReport(path, kind, accepted, duplicates, tuple(kept), refused, perf_counter() - began)

    def snapshot(self) -> Snapshot:
        """The newest state; made once after a change, then shared by every reader."""
        state = self._snapshot
        if state is not None:
            return state
        with self.lock:
            return self.current()

    def current(self) -> Snapshot:
        """The newest state, for callers that hold ``lock``."""
        if self._snapshot is None:
            self._snapshot = self._publish()
        return self._snapshot

    def _publish(self) -> Snapshot:
        graph = self.graph.publish()
        if self._people_view is None:
            self._people_view = self.timelines.publish()
        if self._place_data is None:
            self._place_data = {key: data for (key,), data in self.graph.reference.items()}
        people = self._people_view
        return Snapshot(
            graph=graph,
            people=people,
            person_keys=self.people,
            place_keys=self.places,
            place_data=self._place_data,
            as_of=self.seq,
            latest=max(graph.latest(), people.latest),
            courses=courses_of(people),
        )


def _by_row(rejection: Rejection) -> int:
    return rejection.row
