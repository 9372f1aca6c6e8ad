"""``truyvet backup`` and ``truyvet restore``: the whole journal as one file, while the server runs."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.help import help_of
from engine.cli.questions import DatabaseOption, DataOption
from engine.cli.session import DEFAULT_DATA, Session, data_folder, database_url, must_exist, stored_at
from engine.cli.usage import declare
from engine.errors import BadInputError

HEAD, TABLES = b"SQLite format 3\0", {"batches", "meta"}
"""What a backup begins with, and tables that each has; the rest is for the journal to check."""


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    declare(app, "backup", backup)
    declare(app, "restore", restore)


def backup(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", help=help_of("backup.to"), show_default=False)],
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Copy the journal into one file."""
    from engine.journal.backup import backup as copied

    session: Session = context.obj
    where, url = stored_at(session, data, database)
    to.parent.mkdir(parents=True, exist_ok=True)
    seq = copied(url or where or DEFAULT_DATA, to)
    mib = f"{to.stat().st_size / 2**20:.1f}"
    session.out.print(session.say("note.backed_up", path=to, mib=mib, as_of=seq), soft_wrap=True)


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Option("--from", help=help_of("restore.from"), show_default=False)],
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Fill an empty journal from a backup."""
    from engine.journal.backup import restore as filled

    session: Session = context.obj
    must_exist(session, source)
    if not _may_be_backup(source):
        raise BadInputError(session.say("error.no_backup", path=source))
    url = database_url(database)
    where = data_folder(data) or DEFAULT_DATA
    if url is None:
        where.mkdir(parents=True, exist_ok=True)
    seq = filled(source, url or where)
    session.out.print(session.say("note.restored", path=source, as_of=seq), soft_wrap=True)


def _may_be_backup(path: Path) -> bool:
    """Whether a file looks like one of ours; of what cannot be read, the journal says what is wrong."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(len(HEAD)) != HEAD:
            return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error:
        return True
    return names >= TABLES
