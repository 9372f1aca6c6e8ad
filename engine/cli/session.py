"""What commands share: the console, the language, an open engine, progress, moments as people read them."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from engine.cli.help import startup_lang
from engine.clock import in_viet_nam
from engine.errors import BadInputError, BadParameterError, UnreadableFileError
from engine.service.settings import DATABASE
from engine.texts import Lang, say

if TYPE_CHECKING:
    from engine.service.engine import Engine

DEFAULT_DATA = Path("var/data")
WIDE = 150
"""Columns of the output when it is not a terminal."""
Tell = Callable[[str, float], None]


class PipeClosed(Exception):  # noqa: N818 - no error: the reader has seen enough
    """Whoever reads our output went away (``| head``)."""


class Paper(Console):
    """A console that prints ids and names as they are: no markup, no emoji, no colours of its own."""

    def __init__(self, file: IO[str] | None = None, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(file=file, stderr=stderr, width=width, highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """The reader of a pipe left: stop without a word."""
        raise PipeClosed


def console() -> Console:
    """Standard output; wide when it is not a terminal, so that tables in files and pipes keep their lines."""
    return Paper(width=None if sys.stdout.isatty() else WIDE)


@dataclass
class Session:
    """Where the commands of one run write, and in which language."""

    lang: Lang = field(default_factory=startup_lang)
    out: Console = field(default_factory=console)
    err: Console = field(default_factory=lambda: Paper(stderr=True))

    def say(self, key: str, **values: object) -> str:
        """A text in the language of this run."""
        return say(key, self.lang, **values)

    def note(self, key: str, **values: object) -> None:
        """A line beside the answer, on standard error."""
        self.err.print(self.say(key, **values), style="dim", soft_wrap=True)

    def write(self, body: bytes) -> None:
        """Bytes to standard output as they are; a terminal gets a line end after them."""
        stream = self.out.file
        last = "" if body.endswith(b"\n") or not stream.isatty() else "\n"
        try:
            stream.flush()
            if hasattr(stream, "buffer"):
                stream.buffer.write(body)
                stream.buffer.flush()
            else:
                stream.write(body.decode())
            stream.write(last)
            stream.flush()
        except BrokenPipeError:
            raise PipeClosed from None


def moment(t: int | None) -> str:
    """A moment as people in Viet Nam read it, to the minute; a dash when it is not known."""
    return "-" if t is None else in_viet_nam(t).strftime("%d/%m/%Y %H:%M")


def percent(p: float) -> str:
    """A probability with two digits that count."""
    if p >= 0.1 or p == 0:
        return f"{100 * p:.0f} %"
    return f"{100 * p:.2g} %" if p >= 0.0001 else "< 0.01 %"


@contextmanager
def progress(session: Session) -> Iterator[Tell]:
    """One progress bar on standard error, for what is being done now; nothing when that is not a terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=session.err, transient=True, disable=not session.err.is_terminal) as bar:
        task = bar.add_task("", total=1.0, visible=False)

        def tell(what: str, share: float) -> None:
            bar.update(task, description=what, completed=share, visible=True)

        yield tell


def data_folder(given: Path | None) -> Path | None:
    """--data, else TRUYVET_DATA, else var/data when it exists."""
    if given is not None:
        return given
    named = os.environ.get("TRUYVET_DATA")
    if named:
        return Path(named)
    return DEFAULT_DATA if DEFAULT_DATA.exists() else None


def database_url(given: str | None) -> str | None:
    """--database, else TRUYVET_DATABASE; None: SQLite in the data folder."""
    return given or os.environ.get(DATABASE) or None


def holds_data(folder: Path) -> bool:
    """Whether ``folder`` is the data folder of an engine (of an old release, too)."""
    return (folder / "truyvet.db").is_file() or (folder / "journal").is_dir()


def stored_at(session: Session, data: Path | None, database: str | None) -> tuple[Path | None, str | None]:
    """(data folder, URL of the database or None) of what is stored already, as the options and the environment say.

    With a database the folder holds checkpoints only, and need not be there.

    Raises:
        BadInputError: there is nothing.
    """
    where, url = data_folder(data), database_url(database)
    if url is None and (where is None or not holds_data(where)):
        raise BadInputError(session.say("error.no_data", path=where or DEFAULT_DATA))
    return where, url


def open_engine(session: Session, data: Path | None, folder: Path | None, database: str | None = None) -> "Engine":
    """The engine behind --data or --database, or one in memory with the events of --from.

    Raises:
        BadParameterError: --from together with one of the others.
        BadInputError: no data anywhere, or no event file in --from.
    """
    from engine.service.engine import Engine, Settings

    if folder is not None and (data is not None or database is not None):
        raise BadParameterError(session.say("error.data_and_from"))
    with progress(session) as tell:
        if folder is not None:
            engine = Engine.open(Settings(lang=session.lang))
            _load(session, engine, folder, tell)
            return engine
        where, url = stored_at(session, data, database)
        return Engine.open(
            Settings(data=where, database=url, lang=session.lang),
            progress=lambda _, share: tell(session.say("progress.replay"), share),
        )


def _load(session: Session, engine: "Engine", folder: Path, tell: Tell) -> None:
    must_exist(session, folder)
    reports = engine.ingest_paths(
        [folder], progress=lambda name, share: tell(session.say("progress.ingest", name=name), share)
    )
    if not reports:
        key = "error.is_data" if holds_data(folder) else "error.no_events"
        raise BadInputError(session.say(key, path=folder))
    # A retracted row is how a feed corrects itself: nothing to warn of.
    refused = sum(r.rejected_total - sum(x.code == "retracted" for x in r.rejected) for r in reports)
    if refused:
        session.note("note.refused", count=refused, path=folder)


def must_exist(session: Session, path: Path) -> None:
    """Refuse a path that is not there.

    Raises:
        UnreadableFileError: it is not.
    """
    if not path.exists():
        raise UnreadableFileError(session.say("error.no_path", path=path))


def write_out(session: Session, path: Path, body: bytes) -> None:
    """Write a file and say so.

    Raises:
        BadInputError: the file cannot be written.
    """
    with writing(session, path):
        path.write_bytes(body)


@contextmanager
def writing(session: Session, path: Path, tell: bool = True) -> Iterator[None]:
    """Around what writes ``path``: its folder is made, a failure is explained, success is told (if ``tell``).

    Raises:
        BadInputError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise BadInputError(session.say("error.not_written", path=path, reason=error.strerror or error)) from None
    if tell:
        session.note("note.wrote", path=path)
