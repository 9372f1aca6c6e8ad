"""A watched folder: files put into it are taken in and moved to ``done/`` or ``failed/``, each with a report.

Nothing is deleted before its time: what was put away goes when raw events of that age must. A file is read once it
has kept still; names that begin with a dot or end in ``.part``, ``.tmp`` or ``~`` are left alone, so that writers can
put a file there under such a name and rename it. A crash in the middle leaves the file where it is: it is read again,
and what was stored before counts as duplicates.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from stat import S_ISREG
from time import monotonic

from engine.clock import DAY, HOUR, Clock, system_clock
from engine.errors import BadInputError, TruyvetError, UnreadableFileError
from engine.events.folders import FORMATS, files_of, format_of, kind_of
from engine.events.readers import read_path
from engine.events.schemas import KINDS
from engine.params import RETENTION_D
from engine.sources.file_report import FileStory
from engine.sources.moving import put_away
from engine.sources.source import Backoff, Sink

DONE, FAILED = "done", "failed"
UNFINISHED = (".part", ".tmp", ".partial", "~")
BATCH_ROWS = 200_000
EMPTY_STILL_S = 60.0
"""A file without a byte is probably still to be written; it is taken as it is after this long."""
_log = logging.getLogger("truyvet.sources.folder")
_Look = tuple[int, int, int]
"""Size, time of change and inode: what must keep still."""


class FolderSource:
    """Files of ``folder`` as events. Looks every ``every_s``; a file is read after ``still_s`` without a change."""

    name = "folder"

    def __init__(
        self,
        folder: Path,
        still_s: float = 2.0,
        every_s: float = 1.0,
        clock: Clock = system_clock,
        batch_rows: int = BATCH_ROWS,
        retry: tuple[float, float] = (0.5, 30.0),
        keep_days: Callable[[], int] = lambda: int(RETENTION_D.value),
    ) -> None:
        self.folder = folder
        self._still_s, self._every_s, self._batch_rows = still_s, every_s, batch_rows
        self._clock, self._retry, self._keep_days = clock, retry, keep_days
        self._swept: int | None = None
        self._seen: dict[Path, tuple[_Look, float]] = {}
        self._stuck: dict[Path, tuple[_Look, str, FileStory]] = {}
        """Files that were read to the end but could not be moved: they are not read over and over."""

    def run(self, sink: Sink, stop: threading.Event) -> None:
        """Take in what comes, until ``stop`` is set."""
        backoff = Backoff(*self._retry)
        while not stop.is_set():
            wait = self._every_s
            try:
                trouble = self._settle_all(sink, stop)
                self._sweep()
                if trouble is not None:
                    raise trouble
                backoff.succeeded()
            except TruyvetError as error:
                wait = backoff.after_failure()
                _log.warning("events cannot be stored now (%s); files stay where they are, next try soon", error.code)
            except OSError as error:
                wait = backoff.after_failure()
                _log.warning("the watched folder cannot be used (errno %s); next try soon", error.errno)
            stop.wait(wait)

    def _settle_all(self, sink: Sink, stop: threading.Event) -> Exception | None:
        """Read and move what keeps still; what went wrong with the first file that could not be, after all others.

        Raises:
            JournalError: events cannot be stored now.
        """
        trouble: Exception | None = None
        for path, kind in self._ready():
            if stop.is_set():
                break
            try:
                self._settle(path, kind, sink)
            except TruyvetError:
                raise
            except Exception as error:  # one file must not hold up those behind it
                trouble = trouble or error
        return trouble

    def _sweep(self) -> None:
        """Once an hour remove what was put away longer ago than raw events may be kept."""
        now = self._clock()
        if self._swept is not None and now - self._swept < HOUR:
            return
        self._swept, oldest = now, now - self._keep_days() * DAY
        for path in (p for name in (DONE, FAILED) for p in (self.folder / name).rglob("*")):
            # When a file is put away its time of change is set by the move, its time of writing is not.
            if path.is_file() and path.stat().st_ctime < oldest:
                path.unlink(missing_ok=True)

    # -- which files -----------------------------------------------------------------------------------

    def _ready(self) -> list[tuple[Path, str | None]]:
        """Files that keep still, in the order events are best read; kind None where it cannot be read."""
        now, still = monotonic(), []
        looks: dict[Path, _Look] = {}
        for path in self._files():
            look = _look(path)
            if look is None:
                continue
            looks[path] = look
            before = self._seen.get(path)
            since = before[1] if before is not None and before[0] == look else now
            if now - since >= (self._still_s if look[0] else max(self._still_s, EMPTY_STILL_S)):
                still.append(path)
        # From after this look until before the one that finds it still, however long looking takes.
        looked = monotonic()
        old = self._seen
        self._seen = {p: old[p] if p in old and old[p][0] == look else (look, looked) for p, look in looks.items()}
        known = [path for path in still if _trouble(path) is None]
        return [*files_of(known), *((path, None) for path in still if _trouble(path) is not None)]

    def _files(self) -> Iterator[Path]:
        self.folder.mkdir(parents=True, exist_ok=True)
        for here, folders, names in os.walk(self.folder):
            top = Path(here) == self.folder
            folders[:] = sorted(f for f in folders if not f.startswith(".") and not (top and f in (DONE, FAILED)))
            for name in sorted(names):
                if not name.startswith(".") and not name.lower().endswith(UNFINISHED):
                    yield Path(here, name)

    # -- one file --------------------------------------------------------------------------------------

    def _settle(self, path: Path, kind: str | None, sink: Sink) -> None:
        """Read a file to its end and move it.

        Raises:
            JournalError: events cannot be stored now; the file stays.
        """
        before = _look(path)
        if before is None:
            return
        stuck = self._stuck.pop(path, None)
        if stuck is not None and stuck[0] == before:
            where, story = stuck[1:]
        else:
            story = FileStory(path, kind)
            where = self._read(path, kind, story, sink)
            if _look(path) != before:
                # It was not finished after all: what was read is a part of it, and comes again.
                self._seen.pop(path, None)
                return
        try:
            put_away(path, self.folder / where / path.relative_to(self.folder).parent, story.as_json(self._clock()))
        except OSError:
            self._stuck[path] = (before, where, story)
            raise
        self._seen.pop(path, None)
        _log.info(
            "a %s file went to %s: accepted %d, duplicates %d, rejected %d",
            kind or "foreign", where, story.accepted, story.duplicates, story.rejected,
        )  # fmt: skip

    def _read(self, path: Path, kind: str | None, story: FileStory, sink: Sink) -> str:
        try:
            story.digest()
            if kind is None:
                raise UnreadableFileError(_trouble(path) or "no events")
            source = f"folder:{path.relative_to(self.folder)}"
            for batch in read_path(path, kind, self._batch_rows):
                story.add(sink.take(kind, batch, source))
        except BadInputError as error:
            story.failed(str(error).removeprefix(f"{path}: "))
            return FAILED
        except OSError as error:
            story.failed(error.strerror or "cannot be read")
            return FAILED
        return DONE


def _look(path: Path) -> _Look | None:
    """None: it is gone, cannot be looked at, or is no file (a pipe would be waited for, for ever)."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns, found.st_ino) if S_ISREG(found.st_mode) else None


def _trouble(path: Path) -> str | None:
    """Why a file's name says that it cannot be read here, or None."""
    if format_of(path) is None:
        return f"its name must end in one of {', '.join(FORMATS)} (text formats also .gz)"
    if kind_of(path) is None:
        return f"its name must begin with a kind of events: {', '.join(KINDS)}"
    return None
