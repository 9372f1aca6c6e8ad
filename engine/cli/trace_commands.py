"""Commands of the tracing officer: cases, trace, sources, chain, clusters."""

import difflib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.tree import Tree

from engine.cli.help import help_of
from engine.cli.session import (
    DataOption,
    FromOption,
    LimitOption,
    PolicyOption,
    Session,
    UntilOption,
    moment,
    open_engine,
    percent,
    write_out,
)
from engine.clock import from_rfc3339
from engine.errors import BadParameterError, NotFoundError, UnknownCaseError

if TYPE_CHECKING:
    from engine.service.engine import Engine
    from engine.service.results import Chain, ExposureReport

FORMATS = ("table", "json", "csv", "xlsx", "geojson")
LEVEL_STYLES = ("bold red", "dark_orange", "cyan", "green", "white", "white", "white")

DepthOption = Annotated[int, typer.Option("--depth", help=help_of("depth"), min=1, max=6)]
ChanceOption = Annotated[float, typer.Option("--min-probability", help=help_of("min_probability"), min=0, max=1)]
ChannelsOption = Annotated[str | None, typer.Option("--channels", help=help_of("channels"), show_default=False)]
FormatOption = Annotated[str, typer.Option("--format", help=help_of("format"))]
OutOption = Annotated[Path | None, typer.Option("--out", help=help_of("out"), show_default=False)]


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    app.command("trace", help=help_of("trace"))(trace)
    app.command("sources", help=help_of("sources"))(sources)
    app.command("chain", help=help_of("chain"))(chain)
    app.command("clusters", help=help_of("clusters"))(clusters)
    app.command("cases", help=help_of("cases"))(cases)


def trace(
    context: typer.Context,
    case: str,
    depth: DepthOption = 2,
    policy: PolicyOption = None,
    until: UntilOption = None,
    min_probability: ChanceOption = 0.0,
    channels: ChannelsOption = None,
    form: FormatOption = "table",
    out: OutOption = None,
    limit: LimitOption = 50,
    data: DataOption = None,
    folder: FromOption = None,
) -> None:
    """F1..Fk of a case."""
    session: Session = context.obj
    check_form(session, form, out)
    engine = open_engine(session, data, folder)
    with_hints(session, engine, case)
    report = engine.exposures(case, depth, policy, time_of(until), min_probability, channels_of(channels))
    show(session, engine, report, form, out, limit)


def sources(
    context: typer.Context,
    case: str,
    depth: DepthOption = 1,
    policy: PolicyOption = None,
    until: UntilOption = None,
    min_probability: ChanceOption = 0.0,
    channels: ChannelsOption = None,
    form: FormatOption = "table",
    out: OutOption = None,
    limit: LimitOption = 50,
    data: DataOption = None,
    folder: FromOption = None,
) -> None:
    """Possible sources of a case."""
    session: Session = context.obj
    check_form(session, form, out)
    engine = open_engine(session, data, folder)
    with_hints(session, engine, case)
    report = engine.sources(
        case,
        depth,
        policy,
        time_of(until),
        min_probability=min_probability,
        channels=channels_of(channels),
    )
    show(session, engine, report, form, out, limit)


def time_of(text: str | None) -> int | None:
    """A moment given on the command line."""
    return None if text is None else from_rfc3339(text)


def channels_of(text: str | None) -> frozenset[str] | None:
    """``bluetooth,check_in`` as a set; None for all."""
    return None if text is None else frozenset(word.strip() for word in text.split(",") if word.strip())


def check_form(session: Session, form: str, out: Path | None) -> None:
    """Refuse an unknown format, and a binary one without a file, before any work is done."""
    if form not in FORMATS:
        raise BadParameterError(f"--format {form}: {', '.join(FORMATS)}")
    if form == "xlsx" and out is None:
        raise BadParameterError(session.say("error.needs_out", format=form))


def with_hints(session: Session, engine: "Engine", case: str) -> None:
    """Refuse an id that is no F0, suggesting ids that look like it."""
    known = [row.person for row in engine.cases()]
    if case in known:
        return
    words = [session.say("error.no_case", case=case)]
    near = difflib.get_close_matches(case, known, n=3, cutoff=0.6)
    if near:
        words.append(session.say("error.near", names=", ".join(near)))
    words.append(session.say("error.list_cases"))
    raise UnknownCaseError(" ".join(words))


def show(session: Session, engine: "Engine", report: "ExposureReport", form: str, out: Path | None, limit: int) -> None:
    """A report as a table on the screen, or in the format asked for."""
    if form == "table":
        table_of(session, report, limit)
        return
    body = body_of(session, engine, report, form)
    if out is not None:
        write_out(session, out, body)
    else:
        session.out.file.write(body.decode() + ("\n" if form != "csv" else ""))


def body_of(session: Session, engine: "Engine", report: "ExposureReport", form: str) -> bytes:
    """The export, the same text as the API's."""
    from engine.service.present.csv_text import exposures_csv
    from engine.service.present.geojson import exposures_geojson
    from engine.service.present.rows import report_json
    from engine.service.present.workbook import exposures_xlsx

    if form == "json":
        return report_json(report)
    if form == "csv":
        return exposures_csv(report.rows)
    if form == "xlsx":
        return exposures_xlsx(report, report.rows, session.lang)
    keys = sorted({key for row in report.rows for key in row.places})
    return exposures_geojson(report, report.rows, engine.places(keys))


def table_of(session: Session, report: "ExposureReport", limit: int) -> None:
    """Who, at which level, since when, how long, how surely, through whom, where."""
    backward = report.direction == "backward"
    table = Table(title=session.say("title.sources" if backward else "title.trace", case=report.case))
    for name in ("person", "level", "first_exposed_at", "minutes", "probability", "via", "places", "channels"):
        right = name in ("minutes", "probability")
        table.add_column(session.say(f"col.{name}"), justify="right" if right else "left", overflow="fold")
    shown = report.rows if limit == 0 else report.rows[:limit]
    for row in shown:
        table.add_row(
            f"{row.person}{' (F0)' if row.is_case else ''}",
            f"{'-' if backward else ''}F{row.level}" if not backward else str(-row.level),
            moment(row.first_exposed_at),
            f"{row.minutes:.0f}",
            percent(row.probability),
            row.via,
            shortened(row.places),
            ", ".join(session.say(f"channel.{c}") for c in row.channels),
            style=LEVEL_STYLES[row.level],
        )
    session.out.print(table if report.rows else session.say("note.nobody"))
    if len(shown) < len(report.rows):
        session.out.print(session.say("note.shown", shown=len(shown), total=len(report.rows)), style="dim")
    levels = Counter(row.level for row in report.rows)
    counts = ", ".join(f"{'-' if backward else 'F'}{k}: {n}" for k, n in sorted(levels.items()))
    session.out.print(session.say("note.counts", counts=counts or "-", total=len(report.rows)))
    session.out.print(
        session.say(
            "note.window",
            start=moment(report.window.start),
            end=moment(report.window.end),
            policy=report.policy,
            until=moment(report.until),
        ),
        style="dim",
    )


def shortened(names: tuple[str, ...], most: int = 3) -> str:
    """The first few names, and how many more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" +{more}" if more > 0 else "")


def chain(
    context: typer.Context,
    person: str,
    case: Annotated[str | None, typer.Option("--case", help=help_of("case"), show_default=False)] = None,
    depth: DepthOption = 3,
    policy: PolicyOption = None,
    until: UntilOption = None,
    limit: LimitOption = 5,
    png: Annotated[Path | None, typer.Option("--png", help=help_of("png"), show_default=False)] = None,
    svg: Annotated[Path | None, typer.Option("--svg", help=help_of("svg"), show_default=False)] = None,
    data: DataOption = None,
    folder: FromOption = None,
) -> None:
    """Witness chains of a person."""
    session: Session = context.obj
    engine = open_engine(session, data, folder)
    if case is not None:
        with_hints(session, engine, case)
    try:
        found = engine.chains(person, case, policy, time_of(until), depth)
    except NotFoundError as error:
        raise type(error)(session.say("error.no_person", person=person)) from None
    if not found:
        session.out.print(session.say("note.no_chain", person=person))
        return
    shown = found if limit == 0 else found[:limit]
    for one in shown:
        session.out.print(tree_of(session, one))
    if len(shown) < len(found):
        session.out.print(session.say("note.shown", shown=len(shown), total=len(found)), style="dim")
    for path in filter(None, (png, svg)):
        draw(session, shown, person, path)


def tree_of(session: Session, one: "Chain") -> Tree:
    """A chain as a tree of people, each with the contacts behind the step."""
    tree = Tree(f"[bold red]F0 {one.case}[/]  {session.say('title.chain', case=one.case, person=one.person)}")
    branch = tree
    for link in one.links:
        style = LEVEL_STYLES[link.level]
        branch = branch.add(
            f"[{style}]F{link.level} {link.person}[/]  {moment(link.first_exposed_at)} · "
            f"{session.say('word.minutes', n=f'{link.minutes:.0f}')} · {percent(link.probability)}"
        )
        for contact in link.contacts[:4]:
            where = contact.place or contact.cell or ""
            how = {"bluetooth": contact.attenuation_db, "location": contact.distance_m}.get(contact.channel)
            unit = " dB" if contact.channel == "bluetooth" else " m"
            measure = "" if how is None else f" · {how:.0f}{unit}"
            branch.add(
                f"[dim]{session.say(f'channel.{contact.channel}')} {moment(contact.t_start)} - "
                f"{moment(contact.t_end)} · {contact.seconds // 60} min{measure} {where} · n={len(contact.evidence)}[/]"
            )
        if len(link.contacts) > 4:
            branch.add(f"[dim]+{len(link.contacts) - 4}[/]")
    return tree


def draw(session: Session, found: "list[Chain]", person: str, path: Path) -> None:
    """The chains as a picture."""
    from engine.exposure.draw import Step, draw_chains

    steps = [
        [Step(k.source, k.person, k.level, k.first_exposed_at, k.minutes, k.probability) for k in one.links]
        for one in found
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_chains(steps, path, session.lang, session.say("title.chains", person=person))
    session.note("note.wrote", path=path)


def clusters(
    context: typer.Context,
    policy: PolicyOption = None,
    until: UntilOption = None,
    limit: LimitOption = 25,
    data: DataOption = None,
    folder: FromOption = None,
) -> None:
    """Places that F0s shared."""
    session: Session = context.obj
    found = open_engine(session, data, folder).clusters(end=time_of(until), policy=policy)
    table = Table(title=session.say("title.clusters"))
    for name in ("place", "name", "kind", "from", "to", "cases", "hours"):
        table.add_column(session.say(f"col.{name}"), justify="right" if name == "hours" else "left", overflow="fold")
    shown = found if limit == 0 else found[:limit]
    for c in shown:
        people = f"{len(c.cases)}: {shortened(c.cases, 4)}"
        hours = f"{c.person_seconds / 3600:.1f}"
        table.add_row(c.place, c.name or "-", c.kind or "-", moment(c.t_start), moment(c.t_end), people, hours)
    session.out.print(table if found else session.say("note.nobody"))
    if len(shown) < len(found):
        session.out.print(session.say("note.shown", shown=len(shown), total=len(found)), style="dim")


def cases(
    context: typer.Context,
    policy: PolicyOption = None,
    until: UntilOption = None,
    limit: LimitOption = 50,
    data: DataOption = None,
    folder: FromOption = None,
) -> None:
    """The F0s."""
    session: Session = context.obj
    found = open_engine(session, data, folder).cases(policy, time_of(until))
    table = Table(title=session.say("title.cases"))
    for name in ("person", "onset_at", "sampled_at", "confirmed_at", "isolated_at", "window", "sources"):
        table.add_column(session.say(f"col.{name}"), overflow="fold")
    shown = found if limit == 0 else found[:limit]
    for c in shown:
        dates = (moment(t) for t in (c.onset_at, c.sampled_at, c.confirmed_at, c.isolated_at))
        window = f"{moment(c.window.start)} - {moment(c.window.end)}"
        table.add_row(c.person, *dates, window, ", ".join(c.sources))
    session.out.print(table if found else session.say("note.nobody"))
    if len(shown) < len(found):
        session.out.print(session.say("note.shown", shown=len(shown), total=len(found)), style="dim")
