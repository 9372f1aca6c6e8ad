"""What commands share: the console, the language, an open engine, progress, moments as people read them."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from engine.cli.help import help_of, startup_lang
from engine.errors import BadInputError, BadParameterError
from engine.texts import Lang, say

if TYPE_CHECKING:
    from engine.service.engine import Engine

LOCAL = timedelta(hours=7)
"""Viet Nam keeps UTC+07:00 all year."""
DEFAULT_DATA = Path("var/data")
WIDE = 150
"""Columns of the output when it is not a terminal."""
Tell = Callable[[str, float], None]

DataOption = Annotated[Path | None, typer.Option("--data", help=help_of("data"), show_default=False)]
FromOption = Annotated[Path | None, typer.Option("--from", help=help_of("from"), show_default=False)]
PolicyOption = Annotated[str | None, typer.Option("--policy", help=help_of("policy"), show_default="vn-2021-07")]
UntilOption = Annotated[str | None, typer.Option("--until", help=help_of("until"), show_default=False)]
LimitOption = Annotated[int, typer.Option("--limit", help=help_of("limit"), min=0)]


def console() -> Console:
    """Standard output; wide when it is not a terminal, so that tables in files and pipes keep their lines."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


@dataclass
class Session:
    """Where the commands of one run write, and in which language."""

    lang: Lang = field(default_factory=startup_lang)
    out: Console = field(default_factory=console)
    err: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))

    def say(self, key: str, **values: object) -> str:
        """A text in the language of this run."""
        return say(key, self.lang, **values)

    def note(self, key: str, **values: object) -> None:
        """A line beside the answer, on standard error."""
        self.err.print(self.say(key, **values), style="dim", markup=False, soft_wrap=True)


def moment(t: int | None) -> str:
    """A moment as people in Viet Nam read it, to the minute; a dash when it is not known."""
    return "-" if t is None else (datetime.fromtimestamp(t, UTC) + LOCAL).strftime("%d/%m/%Y %H:%M")


def percent(p: float) -> str:
    """A probability with two digits that count."""
    if p >= 0.1:
        return f"{100 * p:.0f} %"
    return f"{100 * p:.2g} %" if p >= 0.0001 else "< 0.01 %"


@contextmanager
def progress(session: Session) -> Iterator[Tell]:
    """A progress bar on standard error; nothing when that is not a terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=session.err, transient=True, disable=not session.err.is_terminal) as bar:
        tasks: dict[str, int] = {}

        def tell(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=1.0)
            bar.update(tasks[what], completed=share)  # type: ignore[arg-type]

        yield tell


def data_folder(given: Path | None) -> Path | None:
    """--data, else TRUYVET_DATA, else var/data when it exists."""
    if given is not None:
        return given
    named = os.environ.get("TRUYVET_DATA")
    if named:
        return Path(named)
    return DEFAULT_DATA if DEFAULT_DATA.exists() else None


def open_engine(session: Session, data: Path | None, folder: Path | None) -> "Engine":
    """The engine behind --data, or one in memory with the events of --from.

    Raises:
        BadParameterError: both given, or no data anywhere.
    """
    from engine.service.engine import Engine, Settings

    if data is not None and folder is not None:
        raise BadParameterError(session.say("error.data_and_from"))
    with progress(session) as tell:
        if folder is not None:
            engine = Engine.open(Settings(lang=session.lang))
            engine.ingest_paths(
                [folder], progress=lambda name, share: tell(session.say("progress.ingest", name=name), share)
            )
            return engine
        where = data_folder(data)
        if where is None or not (where / "journal").exists():
            raise BadInputError(session.say("error.no_data", path=where or DEFAULT_DATA))
        return Engine.open(
            Settings(data=where, lang=session.lang),
            progress=lambda _, share: tell(session.say("progress.replay"), share),
        )


def write_out(session: Session, path: Path, body: bytes) -> None:
    """Write a file and say so.

    Raises:
        BadInputError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror}") from None
    session.note("note.wrote", path=path)
