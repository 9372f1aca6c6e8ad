"""The ways in: a batch, a body, files, a stream."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import BinaryIO

import pyarrow as pa

from engine.cores import ahead
from engine.errors import NotReadyError
from engine.events.batches import RawBatch
from engine.events.readers import files_of, parse_arrow, parse_json, parse_ndjson, read_path, read_stream
from engine.events.schemas import kind_named
from engine.events.validate import Rejected
from engine.service.intake import Intake
from engine.service.progress import Progress
from engine.service.results import FileReport, IngestReply, Rejection

KEPT_REJECTIONS = 1_000
"""Rejected rows of a file that its report lists in full."""


class Entrance:
    """What takes events in, in whatever form they come."""

    _intake: Intake
    _ready: bool

    def ingest(
        self,
        kind: str,
        raw: pa.Table,
        malformed: Sequence[Rejected] = (),
        first_row: int = 0,
        source: str = "api",
        wait: bool = True,
    ) -> IngestReply:
        """Check a batch, store its good rows, take them in. Bad rows are refused alone, and kept with their reason.

        Raises:
            UnknownKindError: no such kind.
            BusyError: too much waits already, and ``wait`` is false.
            JournalError: the batch could not be stored; nothing of it was accepted.
        """
        if not self._ready:
            raise NotReadyError("the journal is still being loaded; try again in a moment")
        return self._intake.ingest(kind, raw, malformed, first_row, source, wait)

    def ingest_json(self, kind: str, body: bytes) -> IngestReply:
        """A JSON document ``{"events": [...]}``."""
        kind_named(kind)
        return self._ingest_batch(kind, parse_json(body, kind))

    def ingest_ndjson(self, kind: str, body: bytes) -> IngestReply:
        """One JSON object a line."""
        kind_named(kind)
        return self._ingest_batch(kind, parse_ndjson(body, kind))

    def ingest_arrow(self, kind: str, body: bytes) -> IngestReply:
        """An Arrow IPC stream."""
        kind_named(kind)
        return self._ingest_batch(kind, parse_arrow(body, kind))

    def _ingest_batch(self, kind: str, batch: RawBatch) -> IngestReply:
        return self.ingest(kind, batch.table, batch.malformed, batch.first_row)

    def ingest_paths(
        self,
        paths: Sequence[Path],
        kind: str | None = None,
        progress: Progress | None = None,
        ignored: Callable[[Path, str], None] | None = None,
    ) -> list[FileReport]:
        """Take in files and folders, streamed in batches; ``ignored`` is told of what was left out, and why.

        Raises:
            UnreadableFileError: a file is missing or torn; batches read before it stay accepted.
        """
        found = files_of(paths, kind, ignored)
        return [self._ingest_file(path, k, _batches(path, k), progress) for path, k in found]

    def ingest_stream(self, stream: BinaryIO, kind: str, form: str = "ndjson") -> FileReport:
        """Take in a byte stream that cannot seek (standard input): ndjson, json, csv or arrow.

        Raises:
            UnreadableFileError: torn, or no such form.
        """
        return self._ingest_file(Path("-"), kind, read_stream(stream, kind, form), None)

    def _ingest_file(self, path: Path, kind: str, batches: Iterator[RawBatch], progress: Progress | None) -> FileReport:
        """Take in a file's batches one after the other. Memory stays bounded by three of them."""
        began = perf_counter()
        accepted = duplicates = refused = 0
        kept: list[Rejection] = []
        for batch in batches:
            reply = self.ingest(kind, batch.table, batch.malformed, batch.first_row, source=path.name)
            accepted += reply.accepted
            duplicates += reply.duplicates
            refused += len(reply.rejected)
            kept += reply.rejected[: KEPT_REJECTIONS - len(kept)]
            if progress is not None and batch.bytes_total:
                progress(path.name, batch.bytes_done / batch.bytes_total)
        return FileReport(path, kind, accepted, duplicates, tuple(kept), refused, perf_counter() - began)


def _batches(path: Path, kind: str) -> Iterator[RawBatch]:
    """A file's batches, each read while the one before it is taken in.

    A pipe may have nothing to say for hours: nobody who wants to stop should wait for a thread that reads it.
    """
    batches = read_path(path, kind)
    return ahead(batches, name="file-reader") if path.is_file() else batches
