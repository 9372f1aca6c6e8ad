"""Command of the estimates: R_t, serial interval, offspring, delays; of events, tables, line lists, a sample city."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.estimate_tables import show_coverage, show_estimates
from engine.cli.help import help_of
from engine.cli.questions import DatabaseOption, DataOption, FromOption, LimitOption, pictures_of
from engine.cli.session import Session, Tell, must_exist, open_engine, progress, write_out, writing
from engine.cli.usage import declare
from engine.errors import BadInputError, BadParameterError

if TYPE_CHECKING:
    from engine.scenarios.estimates.options import Options
    from engine.scenarios.estimates.tables import Estimates

FORMATS = ("table", "csv", "json")
PERIODS = ("week", "month")
OptionalPath = Path | None
Words = list[str] | None


def register(app: typer.Typer) -> None:
    """Declare the command."""
    declare(app, "estimate", estimate)


def _file(name: str, key: str) -> object:
    return typer.Option(name, help=help_of(f"estimate.{key}"), show_default=False)


def estimate(
    context: typer.Context,
    cases: Annotated[OptionalPath, _file("--cases", "cases")] = None,
    line_list: Annotated[OptionalPath, _file("--line-list", "line_list")] = None,
    pairs: Annotated[OptionalPath, _file("--pairs", "pairs")] = None,
    truth: Annotated[OptionalPath, _file("--truth", "truth")] = None,
    data: DataOption = None,
    folder: FromOption = None,
    database: DatabaseOption = None,
    columns: Annotated[Words, _file("--column", "columns")] = None,
    where: Annotated[Words, _file("--where", "where")] = None,
    imported: Annotated[str | None, _file("--imported", "imported")] = None,
    area: Annotated[Words, _file("--area", "area")] = None,
    by: Annotated[str | None, _file("--by", "by")] = None,
    tier: Annotated[str, typer.Option("--tier", help=help_of("estimate.tier"))] = "district",
    from_date: Annotated[str | None, _file("--from-date", "from_date")] = None,
    to_date: Annotated[str | None, _file("--to-date", "to_date")] = None,
    window: Annotated[int, typer.Option("--window", help=help_of("estimate.window"), min=1, max=60)] = 7,
    serial: Annotated[str | None, _file("--serial", "serial")] = None,
    at: Annotated[str | None, _file("--at", "at")] = None,
    threshold: Annotated[float, typer.Option("--threshold", help=help_of("estimate.threshold"), min=0, max=1)] = 0.5,
    attribution: Annotated[str, typer.Option("--attribution", help=help_of("estimate.attribution"))] = "best",
    recent: Annotated[float | None, _file("--recent-days", "recent")] = None,
    what: Annotated[str | None, _file("--what", "what")] = None,
    form: Annotated[str, typer.Option("--format", help=help_of("estimate.format"))] = "table",
    out: Annotated[OptionalPath, _file("--out", "out")] = None,
    png: Annotated[OptionalPath, _file("--png", "png")] = None,
    limit: LimitOption = 20,
    check: Annotated[bool, typer.Option("--check", help=help_of("estimate.check"))] = False,
    replicates: Annotated[int, typer.Option("--replicates", help=help_of("estimate.replicates"), min=1)] = 400,
    seed: Annotated[int, typer.Option("--seed", help=help_of("seed"))] = 1,
) -> None:
    """R_t, serial interval, k, delays."""
    from engine.scenarios.estimates.options import Options

    session: Session = context.obj
    if check:
        _check(session, replicates, seed)
        return
    pictures = pictures_of(session, png)
    _one_of(session, {"--cases": cases, "--line-list": line_list, "--truth": truth, "--data": data or database,
                      "--from": folder})  # fmt: skip
    _one_of(session, {"--cases": cases, "--pairs": pairs})
    form = _form(session, _choice(form, FORMATS, "--format"), out)
    groups = _groups(by)
    options = Options(
        what=_what(session, what),
        areas=tuple(area or ()),
        by_area="area" in groups,
        by_period=next((g for g in groups if g in PERIODS), ""),
        first=_date(session, from_date, "--from-date"),
        last=_date(session, to_date, "--to-date"),
        window=window,
        serial=_serial(session, serial),
        at=_choice(at or "", ("", "onset", "confirmed"), "--at"),
        threshold=threshold,
        attribution=_choice(attribution, ("best", "drawn"), "--attribution"),
        recent_days=recent,
        seed=seed,
    )
    named = _fields(session, columns, "--column")
    with progress(session) as bar:
        tell: Tell = bar
        if cases is not None:
            found = _of_counts(session, cases, named, _fields(session, where, "--where"), options, tell)
        elif line_list is not None or pairs is not None or truth is not None:
            mark = _fields(session, [imported] if imported else None, "--imported")
            found = _of_files(session, line_list, pairs, truth, named, mark, options, tell)
        else:
            found = None
    if found is None:
        found = _of_engine(session, data, folder, database, options, tier)
    # Files first: a reader of the tables who leaves early (`| head`) must not cost a file that was asked for.
    for path in pictures:
        _draw(session, found, path)
    _tell(session, found, form, out, window, limit)


def _form(session: Session, form: str, out: Path | None) -> str:
    """What is written: a file is told by its ending, so that no spreadsheet is asked for and CSV written."""
    if form != "table" or out is None:
        return form
    if out.suffix.lower() not in (".csv", ".json"):
        raise BadParameterError(session.say("error.bad_ending", option="--out", ending=".csv, .json", path=out))
    return out.suffix.lower().lstrip(".")


def _tell(session: Session, found: "Estimates", form: str, out: Path | None, window: int, limit: int) -> None:
    from engine.scenarios.estimates.tables import to_csv, to_json

    if form == "table":
        show_estimates(session, found, window, limit)
        return
    body = (to_csv(found) if form == "csv" else to_json(found, session.lang)).encode()
    if out is not None:
        write_out(session, out, body)
    else:
        session.write(body)
    if form == "csv":
        for note in found.notes:
            session.err.print(note.say(session.lang), style="dim", soft_wrap=True)


def _of_counts(
    session: Session, path: Path, named: dict[str, str], where: dict[str, str], options: "Options", tell: Tell
) -> "Estimates":
    from engine.scenarios.estimates.count_tables import read_count_table
    from engine.scenarios.estimates.rt import estimate_counts

    must_exist(session, path)
    table = read_count_table(path, named, where)
    return estimate_counts(table, options, lambda share: tell(session.say("progress.estimate"), share))


def _of_files(
    session: Session,
    line_list: Path | None,
    pairs: Path | None,
    truth: Path | None,
    named: dict[str, str],
    imported: dict[str, str],
    options: "Options",
    tell: Tell,
) -> "Estimates":
    from engine.scenarios.estimates.assemble import estimate_cases
    from engine.scenarios.estimates.readers import CASE_COLUMNS, PAIR_COLUMNS, read_cases, read_pairs
    from engine.service.estimating import truth_links

    cases, links = None, None
    if truth is not None:
        cases, links = truth_links(truth)
    if line_list is not None:
        must_exist(session, line_list)
        mark = next(iter(imported.items()), None)
        cases, links = read_cases(line_list, _known(named, CASE_COLUMNS, pairs is not None, PAIR_COLUMNS), mark)
    if pairs is not None:
        must_exist(session, pairs)
        cases, links = read_pairs(pairs, cases, _known(named, PAIR_COLUMNS, line_list is not None, CASE_COLUMNS))
    if cases is None:
        raise BadInputError(session.say("error.no_data", path=""))
    return estimate_cases(cases, links, options, None, lambda share: tell(session.say("progress.estimate"), share))


def _known(
    named: dict[str, str], mine: dict[str, tuple[str, ...]], shared: bool, other: dict[str, tuple[str, ...]]
) -> dict[str, str]:
    """Names for one of two files: a word that only the other file has is not for this one."""
    return {k: v for k, v in named.items() if k in mine or not (shared and k in other)}


def _of_engine(
    session: Session, data: Path | None, folder: Path | None, database: str | None, options: "Options", tier: str
) -> "Estimates":
    from engine.service.estimating import estimate as estimate_engine

    engine = open_engine(session, data, folder, database)
    try:
        with progress(session) as tell:
            return estimate_engine(
                engine, options, lambda share: tell(session.say("progress.estimate"), share), engine.areas(), tier
            )
    finally:
        engine.close()


def _draw(session: Session, found: "Estimates", path: Path) -> None:
    from engine.scenarios.estimates.draw import draw_rt

    if not found.series:
        raise BadInputError(session.say("error.no_rt_picture"))
    note = " ".join(n.say(session.lang) for n in found.notes if "serial" in n.key or ".by_" in n.key)
    with writing(session, path):
        draw_rt(found.series, path, session.lang, note=note)


def _check(session: Session, replicates: int, seed: int) -> None:
    from engine.scenarios.estimates.coverage import coverage

    with progress(session) as tell:
        rows = coverage(replicates, seed, tell=lambda share: tell(session.say("progress.coverage"), share))
    show_coverage(session, rows)


def _one_of(session: Session, given: dict[str, object]) -> None:
    if sum(value is not None for value in given.values()) > 1:
        raise BadParameterError(session.say("error.one_source", options=", ".join(given)))


def _choice(text: str, among: tuple[str, ...], option: str) -> str:
    if text not in among:
        raise BadParameterError(f"{option}: {text!r}; {', '.join(a for a in among if a)}")
    return text


def _groups(by: str | None) -> list[str]:
    words = [w.strip() for w in (by or "").split(",") if w.strip()]
    for word in words:
        _choice(word, ("area", *PERIODS), "--by")
    return words


def _what(session: Session, text: str | None) -> tuple[str, ...]:
    from engine.scenarios.estimates.options import WHAT

    if text is None:
        return WHAT
    words = tuple(w.strip() for w in text.split(",") if w.strip())
    if not words or not set(words) <= set(WHAT):
        raise BadParameterError(session.say("error.bad_estimate", text=text, names=", ".join(WHAT)))
    return words


def _serial(session: Session, text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        mean, sd = (float(x) for x in text.split(","))
    except ValueError:
        raise BadParameterError(session.say("error.bad_serial", text=text)) from None
    if not (1 < mean <= 100 and 0 < sd <= 100):
        raise BadParameterError(session.say("error.bad_serial", text=text))
    return mean, sd


def _date(session: Session, text: str | None, option: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BadParameterError(session.say("error.bad_date_option", option=option, text=text)) from None


def _fields(session: Session, words: Words, option: str) -> dict[str, str]:
    out = {}
    for word in words or ():
        name, sign, value = word.partition("=")
        if not sign or not name.strip():
            raise BadParameterError(session.say("error.bad_field", option=option, text=word))
        out[name.strip()] = value.strip()
    return out
