"""Commands of tracing: who a case exposed (trace), who may have infected it (sources)."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.exports import FormatOption, OutOption, body_of, format_of
from engine.cli.help import help_of
from engine.cli.questions import (
    CaseArgument,
    ChanceOption,
    ChannelsOption,
    DatabaseOption,
    DataOption,
    DepthOption,
    FromOption,
    LimitOption,
    PolicyOption,
    UntilOption,
    channels_of,
    check_case,
    policy_of,
    time_of,
)
from engine.cli.session import WIDE, Paper, Session, moment, open_engine, percent, write_out
from engine.cli.tables import count, grid, plain, shortened
from engine.cli.tables import show as show_table
from engine.cli.usage import declare

if TYPE_CHECKING:
    from engine.service.engine import Engine
    from engine.service.results import ExposureReport, ExposureRow

LEVEL_STYLES = ("bold red", "dark_orange", "cyan", "green", "", "", "")
"""How people of each level are shown, F0 first."""


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    declare(app, "trace", trace)
    declare(app, "sources", sources)


def trace(
    context: typer.Context,
    case: CaseArgument,
    depth: DepthOption = 2,
    policy: PolicyOption = None,
    until: UntilOption = None,
    min_probability: ChanceOption = 0.0,
    channels: ChannelsOption = None,
    form: FormatOption = None,
    out: OutOption = None,
    limit: LimitOption = 50,
    data: DataOption = None,
    folder: FromOption = None,
    database: DatabaseOption = None,
) -> None:
    """F1..Fk of a case."""
    session: Session = context.obj
    form = format_of(session, form, out)
    asked = (policy_of(session, policy), time_of(session, until))
    wanted = channels_of(session, channels)
    engine = open_engine(session, data, folder, database)
    check_case(session, engine, case)
    report = engine.exposures(case, depth, *asked, min_probability, wanted)
    show(session, engine, report, form, out, limit)


def sources(
    context: typer.Context,
    case: CaseArgument,
    depth: DepthOption = 1,
    policy: PolicyOption = None,
    since: Annotated[str | None, typer.Option("--since", help=help_of("since"), show_default=False)] = None,
    until: UntilOption = None,
    min_probability: ChanceOption = 0.0,
    channels: ChannelsOption = None,
    form: FormatOption = None,
    out: OutOption = None,
    limit: LimitOption = 50,
    data: DataOption = None,
    folder: FromOption = None,
    database: DatabaseOption = None,
) -> None:
    """Possible sources of a case."""
    session: Session = context.obj
    form = format_of(session, form, out)
    asked = (policy_of(session, policy), time_of(session, until))
    start, wanted = time_of(session, since, "--since"), channels_of(session, channels)
    engine = open_engine(session, data, folder, database)
    check_case(session, engine, case)
    report = engine.sources(case, depth, *asked, start, min_probability, wanted)
    show(session, engine, report, form, out, limit)


def show(session: Session, engine: "Engine", report: "ExposureReport", form: str, out: Path | None, limit: int) -> None:
    """A report as a table or in another format, on the screen or in a file."""
    shown = report.rows if limit == 0 else report.rows[:limit]
    if form != "table":
        body = body_of(session, engine, report, form)
    elif out is None:
        table_of(session, report, shown)
        return
    else:
        text = io.StringIO()
        table_of(replace(session, out=Paper(file=text, width=WIDE)), report, shown)
        body = text.getvalue().encode()
    if out is None:
        session.write(body)
    else:
        write_out(session, out, body)


def table_of(session: Session, report: "ExposureReport", shown: Sequence["ExposureRow"]) -> None:
    """Who, at which level, since when, how long, how surely, through whom, where: the rows ``shown`` of a report."""
    way = "sources" if report.direction == "backward" else "trace"
    sign = "-" if way == "sources" else "F"
    columns = ("person", "level", "first_exposed_at", "minutes", "probability", "via", "places", "channels")
    table = grid(session, columns, session.say(f"title.{way}", case=plain(report.case)))
    for row in shown:
        table.add_row(
            f"{plain(row.person)}{' (F0)' if row.is_case else ''}",
            f"{sign}{row.level}",
            moment(row.first_exposed_at),
            f"{row.minutes:.0f}",
            percent(row.probability),
            plain(row.via),
            shortened(row.places),
            ", ".join(session.say(f"channel.{c}") for c in row.channels),
            style=LEVEL_STYLES[row.level],
        )
    show_table(session, table, len(shown), len(report.rows), "note.nobody")
    levels = Counter(row.level for row in report.rows)
    if levels:
        counts = ", ".join(f"{sign}{k}: {count(n)}" for k, n in sorted(levels.items()))
        session.out.print(session.say("note.counts", counts=counts, total=count(len(report.rows))))
    session.out.print(
        session.say(
            f"note.window.{way}",
            start=moment(report.window.start),
            end=moment(report.window.end),
            policy=report.policy,
            until=moment(report.until),
        ),
        style="dim",
    )
