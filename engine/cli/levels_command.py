"""Command of the official area levels."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.help import help_of
from engine.cli.questions import DatabaseOption, DataOption, LimitOption, SvgOption, pictures_of
from engine.cli.session import Session, data_folder, must_exist, open_engine, progress, write_out, writing
from engine.cli.tables import count, grid, show
from engine.cli.usage import Command
from engine.errors import BadInputError, BadParameterError
from engine.service.present.levels import csv_rows, reasons, told_level

if TYPE_CHECKING:
    from engine.geo.units import Units
    from engine.risk.levels.facts import Assumptions
    from engine.service.levels import LevelsReport

BESIDE = "vn_admin"
"""Folder of areas looked for beside the folder of counts."""
NAMELESS = Path("-")
"""Stands for ``--png`` without a file name."""


class Drawing(Command):
    """A command whose ``--png`` may stand without a file name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As the library does, with a name put in where there is none."""
        named = [a for n, a in enumerate(args) for a in ([a, str(NAMELESS)] if _bare(args, n) else [a])]
        return super().parse_args(ctx, named)


def _bare(args: list[str], n: int) -> bool:
    return args[n] == "--png" and (n + 1 == len(args) or args[n + 1].startswith("--"))


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    app.command("levels", help=help_of("levels"), cls=Drawing)(levels)


def levels(
    context: typer.Context,
    rules: Annotated[str | None, typer.Option("--rules", help=help_of("levels.rules"), show_default=False)] = None,
    folder: Annotated[Path | None, typer.Option("--from", help=help_of("levels.from"), show_default=False)] = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    week: Annotated[str | None, typer.Option("--week", help=help_of("levels.week"), show_default=False)] = None,
    at: Annotated[str | None, typer.Option("--at", help=help_of("levels.at"), show_default=False)] = None,
    tier: Annotated[str, typer.Option("--tier", help=help_of("levels.tier"))] = "province",
    areas: Annotated[Path | None, typer.Option("--areas", help=help_of("levels.areas"), show_default=False)] = None,
    override: Annotated[
        Path | None, typer.Option("--override", help=help_of("levels.override"), show_default=False)
    ] = None,
    assume: Annotated[
        list[str] | None, typer.Option("--assume", help=help_of("levels.assume"), show_default=False)
    ] = None,
    previous: Annotated[
        Path | None, typer.Option("--previous", help=help_of("levels.previous"), show_default=False)
    ] = None,
    png: Annotated[Path | None, typer.Option("--png", help=help_of("levels.png"), show_default=False)] = None,
    svg: SvgOption = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help=help_of("levels.csv"), show_default=False)] = None,
    limit: LimitOption = 63,
) -> None:
    """Official levels with their reasons."""
    from engine.risk.levels.facts import assumptions

    session: Session = context.obj
    if folder is not None and (data is not None or database is not None):
        raise BadParameterError(session.say("error.data_and_from"))
    pictures = pictures_of(session, None if png == NAMELESS else png, svg)
    day, assumed = day_of(session, week, at), assumptions(assume or ())
    before = {} if previous is None else _previous(session, previous)
    if folder is not None:
        report, units = _from_counts(session, folder, areas, rules, day, tier, override, assumed, before)
    else:
        report, units = _from_engine(session, data, database, areas, rules, day, tier, override, assumed, before)
    if png == NAMELESS:
        pictures.append(Path(f"levels-{report.rules.id}-{report.day}.png"))
    for n, path in enumerate(pictures):
        _draw(session, report, units, path, first=n == 0)
    if csv_file is not None:
        write_out(session, csv_file, csv_rows(report, session.lang))
    _tables(session, report, limit)


def day_of(session: Session, week: str | None, at: str | None) -> date | None:
    """The last day counted: the Sunday of ``--week``, or ``--at``; None: the last day of the data.

    Raises:
        BadParameterError: not such a week or day, or both were given.
    """
    if week is not None and at is not None:
        raise BadParameterError(session.say("error.week_and_at"))
    try:
        if week is not None:
            return datetime.strptime(f"{week}-7", "%G-W%V-%u").replace(tzinfo=UTC).date()
        return None if at is None else date.fromisoformat(at)
    except ValueError:
        key, text = ("error.bad_week", week) if week is not None else ("error.bad_day", at)
        raise BadParameterError(session.say(key, text=text)) from None


def _from_counts(
    session: Session,
    folder: Path,
    areas: Path | None,
    rules: str | None,
    day: date | None,
    tier: str,
    override: Path | None,
    assumed: "Assumptions",
    previous: Mapping[str, int],
) -> tuple["LevelsReport", "Units"]:
    from engine.service.levels import levels_of_counts

    must_exist(session, folder)
    units = _units(session, folder, areas)
    return levels_of_counts(folder, units, rules, day, tier, override, assumed, previous), units


def _units(session: Session, folder: Path, areas: Path | None) -> "Units":
    """The areas of --areas, else those loaded in the data folder, else those of a folder beside the counts."""
    from engine.geo.unit_files import read_units
    from engine.service.engine import Engine, Settings

    if areas is not None:
        must_exist(session, areas)
        return read_units(areas)
    stored = data_folder(None)
    if stored is not None and (stored / "truyvet.db").is_file():
        with progress(session) as tell:
            engine = Engine.open(Settings(data=stored, lang=session.lang), progress=lambda w, share: tell(w, share))
        try:
            if len(engine.areas()):
                return engine.areas()
        finally:
            engine.close()
    beside = folder.resolve().parent / BESIDE
    if not beside.is_dir():
        raise BadInputError(session.say("error.no_level_areas"))
    session.note("levels.note.areas_beside", path=folder.parent / BESIDE)
    return read_units(beside)


def _from_engine(
    session: Session,
    data: Path | None,
    database: str | None,
    areas: Path | None,
    rules: str | None,
    day: date | None,
    tier: str,
    override: Path | None,
    assumed: "Assumptions",
    previous: Mapping[str, int],
) -> tuple["LevelsReport", "Units"]:
    from engine.clock import DAY, VIET_NAM_S
    from engine.geo.unit_files import read_units

    engine = open_engine(session, data, None, database)
    try:
        units = engine.areas() if areas is None else read_units(areas)
        if not len(units):
            raise BadInputError(session.say("error.no_level_areas"))
        end = None if day is None else (day.toordinal() - date(1970, 1, 1).toordinal() + 1) * DAY - VIET_NAM_S - 1
        report = engine.area_levels(tier, rules, end, override, assumed, previous, units)
    finally:
        engine.close()
    return report, units


def _previous(session: Session, path: Path) -> dict[str, int]:
    """Levels of the last assessment by code."""
    must_exist(session, path)
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
        return {r["code"]: int(r["level"]) for r in rows if r["level"]}
    except (KeyError, ValueError):
        raise BadInputError(session.say("error.bad_previous", path=path)) from None


def _tables(session: Session, report: "LevelsReport", limit: int) -> None:
    """How many areas at each level, then the areas with their reasons, worst first."""
    lang, rules = session.lang, report.rules
    day = report.day.strftime("%d/%m/%Y") if lang == "vi" else report.day.isoformat()
    session.out.print(session.say("title.levels", title=rules.title.of(lang), day=day), style="bold")
    versions = [v.text.of(lang) for v in rules.variants] if len(report.readings) > 1 else []
    heads = grid(session, ("area_level", *("areas" for _ in report.readings)))
    for n, version in enumerate(versions, 1):
        heads.columns[n].header = version
    for name in reversed(rules.levels):
        numbers = (count(sum(x.level == name.level for x in r.levels)) for r in report.readings)
        heads.add_row(name.name.of(lang), *numbers)
    undecided = (count(sum(x.known and x.level is None for x in r.levels)) for r in report.readings)
    heads.add_row(session.say("levels.undecided.short"), *undecided)
    heads.add_row(session.say("levels.no_data"), *(count(sum(not x.known for x in r.levels)) for r in report.readings))
    session.out.print(heads)
    table = grid(
        session, ("area", *("area_level" for _ in report.readings), "week_cases", "why"), whole=("week_cases",)
    )
    for n, version in enumerate(versions, 1):
        table.columns[n].header = version
    columns = list(zip(*(r.levels for r in report.readings), strict=True))
    order = sorted(range(len(columns)), key=lambda i: (-columns[i][0].at_least, -columns[i][0].at_most, i))
    shown = order if limit == 0 else order[:limit]
    for i in shown:
        area = report.areas[i]
        week = report.week_of(area.code, lang)
        table.add_row(
            area.name(lang),
            *(told_level(rules, x, lang) for x in columns[i]),
            "-" if week is None else week,
            reasons(rules, columns[i][0], lang),
        )
    show(session, table, len(shown), len(order), "levels.map.empty")
    for note in report.notes:
        session.out.print(note.say(session.lang), style="dim", soft_wrap=True)


def _draw(session: Session, report: "LevelsReport", units: "Units", path: Path, first: bool) -> None:
    from engine.risk.draw_levels import Sheet, draw_levels
    from engine.service.level_labels import islands

    outlines = units.outlines(report.tier, report.day)
    there = {code for code, _ in outlines}
    missing = [a.name(session.lang) for a in report.areas if a.code not in there]
    remarks = [n.say(session.lang) for n in report.notes if n.key in ("levels.note.assumed",)]
    if missing:
        names = ", ".join(missing[:4]) + (f" (+{len(missing) - 4})" if len(missing) > 4 else "")
        remarks.append(session.say("levels.note.no_polygon", names=names))
        if first:
            session.note("levels.note.no_polygon", names=names)
    if report.unverified:
        remarks.append(session.say("levels.map.unverified", count=len(report.unverified)))
    versions = [v.text.of(session.lang) for v in report.rules.variants] if len(report.readings) > 1 else [""]
    sheet = Sheet(
        rules=report.rules,
        tier=report.tier,
        day=report.day,
        maps=[(v, r.levels) for v, r in zip(versions, report.readings, strict=True)],
        names={a.code: a.name_vi for a in report.areas},
        outlines=outlines,
        labels=islands(units, report.day, session.lang),
        sources=report.sources,
        remarks=remarks,
    )
    with writing(session, path):
        draw_levels(sheet, path, session.lang)
