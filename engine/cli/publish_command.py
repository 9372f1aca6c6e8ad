"""``truyvet publish``: releases of the public map; what the server does by itself, on command."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.help import help_of
from engine.cli.questions import DatabaseOption, DataOption, LimitOption, time_of
from engine.cli.session import Session, moment, open_engine, progress
from engine.cli.tables import count, grid, show
from engine.cli.usage import Group, declare
from engine.errors import NotFoundError

if TYPE_CHECKING:
    from engine.service.releases import Release


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    group = typer.Typer(cls=Group, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
    commands: dict[str, Callable[..., None]] = {"make": make, "list": list_, "show": show_}
    for name, function in commands.items():
        declare(group, name, function, f"publish.{name}")
    app.add_typer(group, name="publish", help=help_of("publish"))


def make(
    context: typer.Context,
    now: Annotated[str | None, typer.Option("--now", help=help_of("publish.now"), show_default=False)] = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Make the release that is due, if one is."""
    session: Session = context.obj
    at = time_of(session, now, "--now")
    engine = open_engine(session, data, None, database)
    with progress(session) as tell:
        tell(session.say("progress.publish"), 0.0)
        made = engine.publish(at)
    if made is None:
        session.out.print(session.say("note.publish_none"), soft_wrap=True)
    else:
        shown = made.columns(9)
        areas = int((shown.unit_resolution < 0).sum())
        told = session.say(
            "note.published", id=made.id, window=_days(made), cells=count(len(shown.unit) - areas), areas=count(areas)
        )
        session.out.print(told, soft_wrap=True)
    engine.close()


def list_(
    context: typer.Context, limit: LimitOption = 20, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """The releases there are, newest first."""
    session: Session = context.obj
    engine = open_engine(session, data, None, database)
    releases = engine.releases()[::-1]
    engine.close()
    shown = releases if limit == 0 else releases[:limit]
    table = grid(
        session, ("id", "published_at", "published_days", "shown_until", "units"), session.say("title.releases")
    )
    for release in shown:
        columns = release.columns(9)
        row = (str(release.id), moment(release.at), _days(release), moment(release.until), count(len(columns.unit)))
        table.add_row(*row)
    show(session, table, len(shown), len(releases), "note.no_releases")


def show_(
    context: typer.Context,
    ident: Annotated[int | None, typer.Argument(metavar="[ID]", help=help_of("publish.id"), show_default=False)] = None,
    resolution: Annotated[int, typer.Option("--resolution", help=help_of("publish.resolution"), min=7, max=9)] = 9,
    limit: LimitOption = 30,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """One release, the newest by default: exactly what the public sees."""
    session: Session = context.obj
    engine = open_engine(session, data, None, database)
    found = [r for r in engine.releases() if ident is None or r.id == ident]
    units = engine.areas()
    engine.close()
    if not found:
        raise NotFoundError(session.say("error.no_release"))
    columns = found[-1].columns(resolution)
    title = session.say("title.release", id=found[-1].id, window=_days(found[-1]), at=moment(found[-1].at))
    table = grid(session, ("published_unit", "score", "band"), title)
    order = sorted(range(len(columns.unit)), key=lambda n: (-int(columns.score[n]), columns.unit[n]))
    shown = order if limit == 0 else order[:limit]
    for n in shown:
        name = columns.unit[n]
        if columns.unit_resolution[n] < 0:
            unit = units.get(name) if name else None
            known = name if unit is None else f"{unit.name(session.lang)} ({name})"
            name = session.say("publish.rest_of", area=known) if name else session.say("publish.rest")
        table.add_row(name, str(columns.score[n]), session.say(f"band.{int(columns.band[n])}"))
    show(session, table, len(shown), len(order), "note.no_cells")
    session.out.print(session.say("note.release"), style="dim", soft_wrap=True)


def _days(release: "Release") -> str:
    """The first and the last of its days."""
    first, last = moment(release.start)[:10], moment(release.end - 1)[:10]
    return first if first == last else f"{first} - {last}"
