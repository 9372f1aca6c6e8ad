"""``truyvet areas``: administrative units, to be loaded, listed, looked at and checked."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.areas_tables import findings_of, load_report, table_of, unit_of
from engine.cli.help import help_of
from engine.cli.questions import DatabaseOption, DataOption, LimitOption
from engine.cli.session import DEFAULT_DATA, Session, data_folder, database_url, must_exist, progress, stored_at
from engine.cli.usage import Group, declare
from engine.clock import in_viet_nam, system_clock
from engine.errors import BadInputError, BadParameterError

if TYPE_CHECKING:
    from engine.geo.units import Units

FilesArgument = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help=help_of("areas.files"), show_default=False)
]
MapOption = Annotated[list[str] | None, typer.Option("--map", help=help_of("areas.map"), show_default=False)]
TierOption = Annotated[str | None, typer.Option("--tier", help=help_of("areas.tier"), show_default=False)]
DateOption = Annotated[str | None, typer.Option("--date", help=help_of("areas.date"), show_default=False)]
FilesOption = Annotated[list[Path] | None, typer.Option("--from", help=help_of("areas.from"), show_default=False)]


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    group = typer.Typer(cls=Group, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
    commands: dict[str, Callable[..., None]] = {"load": load, "list": list_, "show": show_, "check": check_}
    for name, function in commands.items():
        declare(group, name, function, f"areas.{name}")
    app.add_typer(group, name="areas", help=help_of("areas"))


def load(
    context: typer.Context,
    files: FilesArgument,
    mapped: MapOption = None,
    tier: Annotated[str | None, typer.Option("--tier", help=help_of("areas.rows_tier"), show_default=False)] = None,
    replace: Annotated[bool, typer.Option("--replace", help=help_of("areas.replace"))] = False,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Take in files of areas."""
    from engine.journal.journal import Journal
    from engine.service.areas import Areas

    session: Session = context.obj
    for path in files:
        must_exist(session, path)
    columns = columns_of(session, mapped or [])
    where, url = data_folder(data) or DEFAULT_DATA, database_url(database)
    with progress(session) as tell:
        journal = Journal.open(where, url)
        try:
            report = Areas(journal, system_clock).load(
                files, columns, tier, replace, lambda name, share: tell(session.say("progress.areas", name=name), share)
            )
        finally:
            journal.close()
    load_report(session, report)
    if url is None:
        session.note("note.stored", path=where)
    else:
        session.note("note.stored_database")


def list_(
    context: typer.Context,
    tier: TierOption = None,
    under: Annotated[str | None, typer.Option("--under", help=help_of("areas.under"), show_default=False)] = None,
    on: DateOption = None,
    files: FilesOption = None,
    limit: LimitOption = 100,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Areas in force on a day."""
    from engine.geo.units import TIERS

    session: Session = context.obj
    if tier is not None and tier not in TIERS:
        raise BadParameterError(session.say("error.bad_tier", tier=tier, names=", ".join(TIERS)))
    day = day_of(session, on)
    units = opened(session, data, database, files).on(day)
    if under is not None:
        units.unit(under)
    rows = [u for u in units if tier in (None, u.tier) and (under is None or under in units.ancestors(u.code))]
    table_of(session, units, rows, day, limit)


def show_(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help=help_of("areas.code"), show_default=False)],
    on: DateOption = None,
    files: FilesOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """One area: what is known of it."""
    session: Session = context.obj
    units = opened(session, data, database, files)
    unit_of(session, units, code, None if on is None else day_of(session, on))


def check_(
    context: typer.Context,
    on: DateOption = None,
    files: FilesOption = None,
    limit: LimitOption = 20,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """What is wrong or missing in the areas of a day."""
    from engine.geo.unit_checks import check

    session: Session = context.obj
    day = day_of(session, on)
    units = opened(session, data, database, files)
    with progress(session) as tell:
        tell(session.say("progress.areas_check"), 0.0)
        found = check(units, day)
    findings_of(session, units, found, limit)


def columns_of(session: Session, texts: list[str]) -> dict[str, str]:
    """``field=column`` pairs.

    Raises:
        BadParameterError: not such a pair.
    """
    pairs = [text.partition("=") for text in texts]
    for text, (name, _, column) in zip(texts, pairs, strict=True):
        if not name.strip() or not column.strip():
            raise BadParameterError(session.say("error.bad_map", text=text))
    return {name.strip(): column.strip() for name, _, column in pairs}


def day_of(session: Session, text: str | None) -> date:
    """A day given on the command line; today in Viet Nam when there is none.

    Raises:
        BadParameterError: not a date.
    """
    if text is None:
        return in_viet_nam(system_clock()).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadParameterError(session.say("error.bad_date", option="--date", text=text)) from None


def opened(session: Session, data: Path | None, database: str | None, files: list[Path] | None) -> "Units":
    """The areas of --from, else those that are stored.

    Raises:
        BadParameterError: --from together with one of the others.
        BadInputError: there are none.
    """
    from engine.geo.unit_files import load_units
    from engine.journal.journal import Journal
    from engine.service.areas import Areas

    if files:
        if data is not None or database is not None:
            raise BadParameterError(session.say("error.data_and_from"))
        for path in files:
            must_exist(session, path)
        with progress(session) as tell:
            return load_units(files, progress=lambda n, share: tell(session.say("progress.areas", name=n), share))[0]
    journal = Journal.open(*stored_at(session, data, database))
    try:
        units = Areas(journal, system_clock).units()
    finally:
        journal.close()
    if not len(units):
        raise BadInputError(session.say("error.no_areas"))
    return units
