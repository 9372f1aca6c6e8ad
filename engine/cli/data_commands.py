"""Commands that bring data in and serve it: city, ingest, serve."""

import os
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from engine.cli.help import help_of
from engine.cli.session import Session, data_folder, progress
from engine.errors import BadInputError, BadParameterError

if TYPE_CHECKING:
    from engine.service.results import FileReport

NOTHING_ACCEPTED = 2
"""Exit status when not one row was accepted or known already."""


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    app.command("city", help=help_of("city"))(city)
    app.command("ingest", help=help_of("ingest"))(ingest)
    app.command("serve", help=help_of("serve"))(serve)


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
    from engine.city.build import CityPlan

    session: Session = context.obj
    if out.exists() and any(out.iterdir()) and not force:
        raise BadInputError(session.say("error.not_empty", path=out))
    plan = CityPlan(people=people, days=days, seed=seed)
    if start is not None:
        plan = CityPlan(people=people, days=days, seed=seed, last_day=_day(start) + timedelta(days=days - 1))
    make_city(session, plan, out)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadParameterError(f"--start {text}: YYYY-MM-DD, 2021-06-28") from None


def make_city(session: Session, plan: object, out: Path) -> None:
    """Build a city with a progress bar, and say what is in it."""
    from engine.city.build import CityPlan, build_city

    if not isinstance(plan, CityPlan):
        raise BadParameterError("not a city plan")
    with progress(session) as tell:
        made = build_city(plan, out, lambda stage, share: tell(session.say("progress.city", stage=stage), share))
    table = Table(title=session.say("title.city"))
    table.add_column(session.say("col.kind"))
    table.add_column(session.say("col.count"), justify="right")
    for kind, count in made.events.items():
        table.add_row(session.say(f"kind.{kind}"), f"{count:,}")
    session.out.print(table)
    session.note("note.wrote", path=out)


def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help=help_of("ingest").split("\n", maxsplit=1)[0])],
    data: Annotated[Path | None, typer.Option("--data", help=help_of("data.store"), show_default=False)] = None,
    kind: Annotated[str | None, typer.Option("--kind", help=help_of("kind"), show_default=False)] = None,
    form: Annotated[str, typer.Option("--stdin-format", help=help_of("stdin"))] = "ndjson",
) -> None:
    """Take in event files."""
    from engine.service.engine import Engine, Settings

    session: Session = context.obj
    where = data_folder(data)
    reports: list[FileReport] = []
    with progress(session) as tell:
        engine = Engine.open(
            Settings(data=where, lang=session.lang),
            progress=lambda _, share: tell(session.say("progress.replay"), share),
        )
        files = [path for path in paths if str(path) != "-"]
        if len(files) < len(paths):
            if kind is None:
                raise BadParameterError("- : --kind")
            reports.append(engine.ingest_stream(sys.stdin.buffer, kind, form))
        if files:
            reports += engine.ingest_paths(
                files,
                kind,
                lambda name, share: tell(session.say("progress.ingest", name=name), share),
                lambda path, why: session.note("note.ignored", path=path, reason=why),
            )
    report_of(session, reports)
    if where is None:
        session.note("note.not_stored")
    if not sum(r.accepted + r.duplicates for r in reports):
        session.note("note.nothing_accepted")
        raise typer.Exit(NOTHING_ACCEPTED)


def report_of(session: Session, reports: "list[FileReport]") -> None:
    """What became of each file, and why rows were refused."""
    table = Table(title=session.say("title.ingest"))
    for name in ("file", "kind", "accepted", "duplicates", "rejected", "seconds"):
        number = name not in ("file", "kind")
        table.add_column(session.say(f"col.{name}"), justify="right" if number else "left", overflow="fold")
    for r in reports:
        counts = (f"{n:,}" for n in (r.accepted, r.duplicates, r.rejected_total))
        style = "yellow" if r.rejected_total else ""
        table.add_row(r.path.name, session.say(f"kind.{r.kind}"), *counts, f"{r.seconds:.1f}", style=style)
    session.out.print(table)
    for r in reports:
        if r.rejected_total:
            refused_rows(session, r)
    totals = {
        name: f"{sum(getattr(r, column) for r in reports):,}"
        for name, column in (
            ("accepted", "accepted"),
            ("duplicates", "duplicates"),
            ("rejected", "rejected_total"),
        )
    }
    session.out.print(session.say("note.totals", **totals))


def refused_rows(session: Session, report: "FileReport") -> None:
    """Refused rows of a file by reason, with the first row numbers and an example."""
    counts = Counter(r.code for r in report.rejected)
    first: dict[str, list[int]] = defaultdict(list)
    example: dict[str, str] = {}
    for r in report.rejected:
        first[r.code].append(r.row)
        example.setdefault(r.code, r.detail)
    table = Table(title=session.say("title.rejected", file=report.path.name))
    for name in ("code", "count", "first_rows", "reason"):
        table.add_column(session.say(f"col.{name}"), overflow="fold")
    for code, count in counts.most_common():
        rows = ", ".join(str(n) for n in first[code][:5]) + (" ..." if count > 5 else "")
        table.add_row(code, str(count), rows, f"{session.say(f'reject.{code}')} ({example[code]})")
    session.out.print(table)
    session.out.print(session.say("note.row_numbers"), style="dim")


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help=help_of("host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=help_of("port"), min=0, max=65_535)] = 8000,
    data: Annotated[Path | None, typer.Option("--data", help=help_of("data"), show_default=False)] = None,
) -> None:
    """Become the API server."""
    session: Session = context.obj
    where = data_folder(data) or Path("var/data")
    become_server(session, host, port, where)


def become_server(session: Session, host: str, port: int, data: Path) -> None:
    """Replace this process by the server (the API stands above the command line in the house)."""
    sys.stdout.flush()
    arguments = ["--host", host, "--port", str(port), "--data", str(data), "--lang", session.lang]
    os.execv(sys.executable, [sys.executable, "-m", "api", *arguments])  # noqa: S606 - our own server, no shell
