"""Commands that bring data in: city, ingest."""

import os
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.help import help_of
from engine.cli.ingest_report import report_of
from engine.cli.questions import DatabaseOption
from engine.cli.session import Session, database_url, must_exist, progress
from engine.cli.tables import count, grid
from engine.cli.usage import declare
from engine.errors import BadInputError, BadParameterError, UnknownKindError

if TYPE_CHECKING:
    from engine.city.build import CityPlan

NOTHING_ACCEPTED = 3
"""Exit status of ingest when not one row was accepted or known already."""
STREAMS = ("ndjson", "json", "csv", "arrow")


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    declare(app, "city", city)
    declare(app, "ingest", ingest)


def city(
    context: typer.Context,
    people: Annotated[int, typer.Option("--people", help=help_of("people"))] = 5000,
    days: Annotated[int, typer.Option("--days", help=help_of("days"))] = 14,
    seed: Annotated[int, typer.Option("--seed", help=help_of("seed"))] = 1,
    start: Annotated[str | None, typer.Option("--start", help=help_of("start"), show_default=False)] = None,
    out: Annotated[Path, typer.Option("--out", help=help_of("city.out"))] = Path("var/city"),
    force: Annotated[bool, typer.Option("--force", help=help_of("force"))] = False,
) -> None:
    """Make a sample city."""
    session: Session = context.obj
    if not force and any(path.is_file() for path in out.rglob("*")):
        raise BadInputError(session.say("error.not_empty", path=out))
    make_city(session, plan_of(session, people, days, seed, start), out)


def plan_of(session: Session, people: int, days: int, seed: int, start: str | None = None) -> "CityPlan":
    """The plan of a city.

    Raises:
        BadParameterError: a number is out of bounds, or ``start`` is no date.
    """
    from engine.city.build import DAYS_BOUNDS, PEOPLE_BOUNDS, SEED_BOUNDS, CityPlan

    for name, value, (low, high) in (
        ("--people", people, PEOPLE_BOUNDS),
        ("--days", days, DAYS_BOUNDS),
        ("--seed", seed, SEED_BOUNDS),
    ):
        if not low <= value <= high:
            raise BadParameterError(session.say("error.bounds", option=name, value=value, low=low, high=high))
    if start is None:
        return CityPlan(people=people, days=days, seed=seed)
    try:
        last = date.fromisoformat(start) + timedelta(days=days - 1)
    except (ValueError, OverflowError):
        raise BadParameterError(session.say("error.bad_date", option="--start", text=start)) from None
    return CityPlan(people=people, days=days, seed=seed, last_day=last)


def make_city(session: Session, plan: "CityPlan", out: Path) -> None:
    """Build a city with a progress bar, and say what is in it."""
    from engine.city.build import build_city

    def stage(name: str, share: float) -> None:
        tell(session.say("progress.city", stage=session.say(f"stage.{name}")), share)

    with progress(session) as tell:
        made = build_city(plan, out, stage)
    table = grid(session, ("kind", "count"), session.say("title.city"))
    for kind, rows in made.events.items():
        table.add_row(session.say(f"kind.{kind}"), count(rows))
    session.out.print(table)
    session.note("note.wrote", path=out)


def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATHS...", help=help_of("paths"), show_default=False)],
    data: Annotated[Path | None, typer.Option("--data", help=help_of("data.store"), show_default=False)] = None,
    kind: Annotated[str | None, typer.Option("--kind", help=help_of("kind"), show_default=False)] = None,
    form: Annotated[str, typer.Option("--stdin-format", help=help_of("stdin"))] = "ndjson",
    database: DatabaseOption = None,
) -> None:
    """Take in event files."""
    from engine.service.engine import Engine, Settings

    session: Session = context.obj
    check_given(session, paths, kind, form)
    # Not var/data unasked: what is stored cannot be told from what was there.
    named = data or (Path(os.environ["TRUYVET_DATA"]) if os.environ.get("TRUYVET_DATA") else None)
    url = database_url(database)
    files = [path for path in paths if str(path) != "-"]
    with progress(session) as tell:
        engine = Engine.open(
            Settings(data=named, database=url, lang=session.lang),
            progress=lambda _, share: tell(session.say("progress.replay"), share),
        )
        reports = []
        if len(files) < len(paths) and kind is not None:
            reports.append(engine.ingest_stream(sys.stdin.buffer, kind, form))
        if files:
            reports += engine.ingest_paths(
                files,
                kind,
                lambda name, share: tell(session.say("progress.ingest", name=name), share),
                lambda path, why: session.note("note.ignored", path=path, reason=reason(session, why)),
            )
        engine.close()
    if not reports:
        raise BadInputError(session.say("error.no_events", path=", ".join(map(str, files))))
    report_of(session, reports)
    if url is not None:
        session.note("note.stored_database")
    elif named is not None:
        session.note("note.stored", path=named)
    else:
        session.note("note.not_stored")
    if not sum(r.accepted + r.duplicates for r in reports):
        session.note("note.nothing_accepted")
        raise typer.Exit(NOTHING_ACCEPTED)


def check_given(session: Session, paths: list[Path], kind: str | None, form: str) -> None:
    """Refuse what cannot be taken in before anything is.

    Raises:
        UnknownKindError, BadParameterError: the kind or the format of standard input is missing or not known.
        UnreadableFileError: a path does not exist.
    """
    from engine.events.schemas import KINDS

    if kind is not None and kind not in KINDS:
        raise UnknownKindError(session.say("error.no_kind", kind=kind, names=", ".join(KINDS)))
    if Path("-") in paths:
        if kind is None:
            raise BadParameterError(session.say("error.stdin_kind", names=", ".join(KINDS)))
        if form not in STREAMS:
            raise BadParameterError(session.say("error.stdin_format", format=form, names=", ".join(STREAMS)))
    for path in paths:
        if str(path) != "-":
            must_exist(session, path)


def reason(session: Session, why: str) -> str:
    """Why a file was left out, in the reader's language."""
    return session.say(f"ignored.{why.replace(' ', '_')}")
