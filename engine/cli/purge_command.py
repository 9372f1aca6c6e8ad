"""``truyvet purge`` and ``truyvet checkpoint``: what the server does by itself, on command."""

from typing import Annotated

import typer

from engine.cli.help import help_of
from engine.cli.questions import DatabaseOption, DataOption, time_of
from engine.cli.session import Session, moment, open_engine, progress
from engine.cli.tables import count
from engine.cli.usage import declare


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    declare(app, "purge", purge)
    declare(app, "checkpoint", checkpoint)


def purge(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=help_of("purge.dry_run"))] = False,
    now: Annotated[str | None, typer.Option("--now", help=help_of("purge.now"), show_default=False)] = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Take away what the retention does not allow to be kept."""
    session: Session = context.obj
    at = time_of(session, now, "--now")
    engine = open_engine(session, data, None, database)
    with progress(session) as tell:
        tell(session.say("progress.purge"), 0.0)
        report = engine.purge(at, dry_run)
    key = "note.purge_would" if dry_run else "note.purged"
    counts = {"rows": count(report.rows), "batches": count(report.batches), "rejects": count(report.rejects)}
    session.out.print(session.say(key, before=moment(report.before), **counts), soft_wrap=True)
    for path in report.exports:
        session.note("note.export_renewed", path=path)
    engine.close()


def checkpoint(context: typer.Context, data: DataOption = None, database: DatabaseOption = None) -> None:
    """Write a checkpoint now."""
    session: Session = context.obj
    engine = open_engine(session, data, None, database)
    seq = engine.checkpoint()
    key = "note.checkpoint" if seq is not None else "note.checkpoint_there"
    session.out.print(session.say(key, as_of=engine.as_of if seq is None else seq))
    engine.close()
