"""``truyvet export``: everything known as Parquet files under a manifest."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.help import help_of
from engine.cli.questions import DatabaseOption, DataOption, FromOption
from engine.cli.session import Session, open_engine, progress
from engine.cli.tables import count
from engine.cli.usage import declare
from engine.errors import UnknownKindError


def register(app: typer.Typer) -> None:
    """Declare the command."""
    declare(app, "export", export)


def export(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", help=help_of("export.to"), show_default=False)],
    kinds: Annotated[list[str] | None, typer.Option("--kind", help=help_of("export.kind"), show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help=help_of("export.force"))] = False,
    data: DataOption = None,
    folder: FromOption = None,
    database: DatabaseOption = None,
) -> None:
    """Write Parquet by kind and day."""
    from engine.events.schemas import KINDS

    session: Session = context.obj
    for kind in kinds or ():
        if kind not in KINDS:
            raise UnknownKindError(session.say("error.no_kind", kind=kind, names=", ".join(KINDS)))
    engine = open_engine(session, data, folder, database)
    with progress(session) as tell:
        report = engine.export(
            to,
            kinds or None,
            force,
            lambda kind, share: tell(session.say("progress.export", kind=session.say(f"kind.{kind}")), share),
        )
    engine.close()
    session.out.print(
        session.say(
            "note.exported",
            path=to,
            files=count(report.files),
            kept=count(report.kept),
            rows=count(report.rows),
            mib=f"{report.bytes / 2**20:.1f}",
            as_of=report.as_of,
        ),
        soft_wrap=True,
    )
