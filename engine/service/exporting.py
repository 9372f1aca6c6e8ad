"""Exports: a state as Parquet files by kind and day under a manifest, for analysis, and to be taken in again."""

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from time import perf_counter

import pyarrow as pa
import pyarrow.parquet as pq

from engine.clock import to_rfc3339
from engine.disk import NO_ROOM, sync
from engine.errors import BadInputError, StorageFullError, TruyvetError
from engine.events.manifest import MANIFEST, PART, UNFINISHED, Item, Manifest, read_manifest, sha256_of
from engine.events.schemas import KINDS, kind_named
from engine.graph.graph import BULK
from engine.journal.journal import Journal
from engine.service.intake import Intake
from engine.service.progress import Progress
from engine.service.state import State

_log = logging.getLogger("truyvet.exporting")
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote. ``kept`` of its ``files`` were there already, with the same rows."""

    path: Path
    as_of: int
    files: int
    kept: int
    rows: int
    bytes: int
    seconds: float


def export(
    intake: Intake,
    journal: Journal | None,
    to: Path,
    now: int,
    kinds: Collection[str] | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> ExportReport:
    """Export everything known now; what is taken in meanwhile is left out. ``journal`` None: an engine in memory.

    The journal remembers the folder, so that purges reach it. Raises as :func:`export_state`, and JournalError.
    """
    state, where = _frozen(intake), to.resolve()
    if journal is None:
        return export_state(state, "", where, now, kinds, force, progress)
    # Noted first: a purge must reach the files of an export that was stopped, too.
    known = any(row.path == str(where) for row in journal.exports.list())
    before = read_manifest(where), read_manifest(where, UNFINISHED)
    try:
        journal.exports.add(str(where), state.seq, now)
        return export_state(state, journal.ident, where, now, kinds, force, progress)
    except BadInputError:
        if not known and (read_manifest(where), read_manifest(where, UNFINISHED)) == before:
            journal.exports.remove(str(where))
        raise


def renew_exports(journal: Journal, intake: Intake) -> list[Path]:
    """Write the exports that the journal knows anew, without what was purged; those that are gone are forgotten.

    One that cannot be written is named in the log, and left for the next purge; so is one whose disk seems not to be
    there: the folder above it is missing or empty.
    """
    rows, renewed = journal.exports.list(), []
    state = _frozen(intake) if rows else None
    for row in rows:
        to = Path(row.path)
        try:
            manifest = read_manifest(to) or read_manifest(to, UNFINISHED)
            if manifest is None and to.is_dir():
                _log.warning("an export has lost its manifest; remove its files by hand: %s", to)
            elif manifest is None and _nothing_in(to.parent):
                _log.warning("nothing is where an export lies (not mounted?); the next purge looks again: %s", to)
            elif manifest is None:
                _log.warning("an export is not there any more and is forgotten: %s", to)
                journal.exports.remove(row.path)
            elif manifest.journal != journal.ident:
                _log.warning("an export was made from another journal and was not renewed: %s", to)
            elif state is not None:
                export_state(state, journal.ident, to, row.at, manifest.kinds, force=True)
                journal.exports.add(row.path, state.seq, row.at)
                renewed.append(to)
        except TruyvetError as error:
            _log.warning("an export could not be renewed (%s); the next purge tries again: %s", error.code, to)
    return renewed


def _nothing_in(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except OSError:
        return True


def _frozen(intake: Intake) -> State:
    """The state as it is now, apart from the one that goes on. Cost: the kinds with few events, and the keys."""
    with intake.lock:
        saved = intake.state.saved()
    return State.of(saved)


def export_state(
    state: State,
    journal: str,
    to: Path,
    now: int,
    kinds: Collection[str] | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> ExportReport:
    """Write every live event, and every retracted key as a row with ``retract`` true, below ``to``.

    Nobody may change ``state`` meanwhile. A run that was stopped goes on where it was: files with the same rows are
    kept. With ``force`` an export that is there is renewed (files that it no longer has are removed), and a folder
    with files of other origin is used; those are never touched.

    Raises:
        UnknownKindError: one of ``kinds`` is none.
        BadInputError: ``to`` holds something and ``force`` is not given, or cannot be written.
        StorageFullError: no room is left; run it again when there is.
    """
    began = perf_counter()
    wanted = tuple(KINDS if kinds is None else (kind_named(kind).name for kind in KINDS if kind in kinds))
    for kind in kinds or ():
        kind_named(kind)
    with _told(to), _alone(to):
        before = _before(to, journal, force)
        written = _Written(to, Manifest(journal, state.seq, to_rfc3339(now), wanted, ()), before)
        plan = list(_plan(state, wanted))
        for done, (kind, day) in enumerate(plan):
            if progress is not None:
                progress(kind, done / len(plan))
            written.add(kind, day, _table(state, kind, day))
        return written.finish(perf_counter() - began)


def _plan(state: State, kinds: Collection[str]) -> Iterator[tuple[str, int | None]]:
    registers = state.registers()
    for kind in kinds:
        if kind in BULK:
            yield from ((kind, day) for day in state.graph.days(kind))
        elif registers[kind].anything:
            yield kind, None


def _table(state: State, kind: str, day: int | None) -> pa.Table:
    return state.registers()[kind].table(dead=True) if day is None else state.graph.table(kind, day)


def _before(to: Path, journal: str, force: bool) -> dict[str, Item]:
    """Files that an earlier run left in ``to``, by path; from here on ``to`` holds an unfinished export.

    Raises:
        BadInputError: something is there that was not asked to be replaced.
    """
    to.mkdir(parents=True, exist_ok=True)
    whole, begun = read_manifest(to), read_manifest(to, UNFINISHED)
    if not force:
        if whole is not None:
            raise BadInputError(f"{to} holds an export already, as of {whole.as_of}; --force renews it")
        if begun is None and any(not path.name.endswith(".tmp") for path in to.iterdir()):
            raise BadInputError(f"{to} is not empty; choose another folder, or --force to write into it")
        if begun is not None and begun.journal != journal:
            raise BadInputError(f"{to} holds an export of another journal that was not finished; --force replaces it")
    if whole is not None:
        # Both may be there after a kill between the last two steps of a run: the newest is asked first.
        os.replace(to / MANIFEST, to / UNFINISHED)
    found = {item.path: item for item in (begun.files if begun else ())}
    return found | {item.path: item for item in (whole.files if whole else ())}


class _Written:
    """The files of an export as they are written, and the note of them that lets a stopped run go on."""

    def __init__(self, to: Path, manifest: Manifest, before: dict[str, Item]) -> None:
        self._to, self._manifest, self._before = to, manifest, before
        self._items: dict[str, Item] = {}
        self._kept = 0
        self._note(UNFINISHED, before)

    def add(self, kind: str, day: int | None, table: pa.Table) -> None:
        """Write one table, unless the file is there with the same rows."""
        text = None if day is None else date.fromordinal(_EPOCH + day).isoformat()
        below = f"{kind}/{PART}" if text is None else f"{kind}/day={text}/{PART}"
        content, old = _digest(table), self._before.get(below)
        path = self._to / below
        if old is not None and old.content == content and _same(path, old):
            self._items[below] = old
            self._kept += 1
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{PART}.tmp")
        pq.write_table(table, draft, compression="zstd")
        sync(draft)
        os.replace(draft, path)
        self._items[below] = Item(
            below, kind, text, table.num_rows, path.stat().st_size, sha256_of(path), content
        )  # fmt: skip
        self._note(UNFINISHED, {**self._before, **self._items})

    def finish(self, seconds: float) -> ExportReport:
        """Remove what the export no longer has, then write the manifest."""
        for below in self._before.keys() - self._items.keys():
            path = self._to / below
            path.unlink(missing_ok=True)
            for folder in list(path.parents)[: below.count("/")]:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
        for folder in {(self._to / below).parent for below in self._items}:
            sync(folder)
        self._note(MANIFEST, self._items)
        (self._to / UNFINISHED).unlink(missing_ok=True)
        files = self._items.values()
        return ExportReport(
            self._to,
            self._manifest.as_of,
            len(files),
            self._kept,
            sum(item.rows for item in files),
            sum(item.bytes for item in files),
            seconds,
        )

    def _note(self, name: str, items: dict[str, Item]) -> None:
        draft = self._to / f"{name}.tmp"
        draft.write_bytes(replace(self._manifest, files=tuple(items[key] for key in sorted(items))).as_json())
        sync(draft)
        os.replace(draft, self._to / name)
        sync(self._to)


def _digest(table: pa.Table) -> str:
    """Digest of a table's columns and rows, however they are cut into chunks."""
    digest = hashlib.sha256(json.dumps([str(field) for field in table.schema]).encode())

    class Sink:
        closed = False

        def write(self, data: bytes) -> int:
            digest.update(data)
            return len(data)

        def flush(self) -> None: ...

        def close(self) -> None: ...

    with pa.ipc.new_stream(pa.PythonFile(Sink(), mode="w"), table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return digest.hexdigest()


def _same(path: Path, item: Item) -> bool:
    try:
        return path.stat().st_size == item.bytes and sha256_of(path) == item.sha256
    except FileNotFoundError:
        return False


@contextmanager
def _alone(to: Path) -> Iterator[None]:
    """One export writes to a folder at a time.

    Raises:
        BadInputError: another is at it.
    """
    to.mkdir(parents=True, exist_ok=True)
    handle = os.open(to, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInputError(f"another export is writing to {to}; wait for it, or choose another folder") from None
        yield
    finally:
        os.close(handle)


@contextmanager
def _told(to: Path) -> Iterator[None]:
    """Failures of the disk as errors that say what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageFullError(f"no room is left for the export in {to}; free some and run it again") from None
        raise BadInputError(f"{to} cannot be written: {error.strerror or error}") from None
