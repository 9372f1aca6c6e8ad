"""Command that asks whether the hex map predicts: on sample cities with held-out days, and on counts by commune."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.help import help_of
from engine.cli.page_parts import page_with
from engine.cli.session import Session, progress, write_out
from engine.cli.tables import grid
from engine.cli.usage import declare
from engine.errors import BadParameterError

if TYPE_CHECKING:
    from engine.risk.prediction import Interval
    from engine.service.predict import CityEvaluation, Trial, Tuned
    from engine.service.predict_communes import CommuneEvaluation

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""Title, columns, rows."""
SHOWN = 8
"""Settings shown of those compared: the best of them, and always the declared ones."""
KEPT = Path("var/prediction")

SeedsOption = Annotated[str, typer.Option("--seeds", help=help_of("map.seeds"))]
TuneOption = Annotated[str | None, typer.Option("--tune", help=help_of("map.tune"), show_default=False)]
CommunesOption = Annotated[Path | None, typer.Option("--communes", help=help_of("map.communes"), show_default=False)]
AreasOption = Annotated[Path | None, typer.Option("--areas", help=help_of("map.areas"), show_default=False)]
MarkdownOption = Annotated[Path | None, typer.Option("--markdown", help=help_of("markdown"), show_default=False)]


def register(app: typer.Typer) -> None:
    """Declare the command."""
    declare(app, "evaluate-map", evaluate_map)


def evaluate_map(
    context: typer.Context,
    seeds: SeedsOption = "101-120",
    tune: TuneOption = None,
    people: Annotated[int, typer.Option("--people", help=help_of("people"))] = 6_000,
    days: Annotated[int, typer.Option("--days", help=help_of("days"))] = 21,
    held: Annotated[int, typer.Option("--held", help=help_of("map.held"))] = 7,
    communes: CommunesOption = None,
    areas: AreasOption = None,
    keep: Annotated[Path, typer.Option("--keep", help=help_of("map.keep"))] = KEPT,
    markdown: MarkdownOption = None,
) -> None:
    """Does the map predict?"""
    from engine.service.predict import Cities, Trial, candidates, evaluate_cities
    from engine.service.predict import tune as compare
    from engine.service.predict_communes import evaluate_communes, read_communes

    session: Session = context.obj
    reported, tuned = _seeds(session, seeds, "--seeds"), _seeds(session, tune, "--tune") if tune else []
    if (communes is None) != (areas is None):
        raise BadParameterError(session.say("error.communes_and_areas"))
    trial = Trial(people, days, held)
    cities = Cities(trial, keep)
    parts: list[Table | str] = []
    with progress(session) as tell:
        if tuned:
            compared = compare(cities, tuned, candidates(), lambda share: tell(session.say("progress.tune"), share))
            parts += [session.say("map.tuned", count=len(tuned), seeds=tune), tuned_table(session, compared)]
        result = evaluate_cities(cities, reported, None, lambda share: tell(session.say("progress.cities"), share))
        parts += [basis(session, trial, result), *city_tables(session, result), session.say("map.reading")]
        if communes is not None and areas is not None:
            counts = read_communes(communes, areas)
            found = evaluate_communes(counts, progress=lambda share: tell(session.say("progress.communes"), share))
            parts += [commune_basis(session, found), commune_table(session, found), session.say("communes.reading")]
    if markdown is not None:
        body = page(session, parts, _command(trial, seeds, tune, communes is not None))
        write_out(session, markdown, page_with(markdown, "evaluate-map", body))
    for part in parts:
        if isinstance(part, str):
            session.out.print(part)
            continue
        title, columns, rows = part
        table = grid(session, columns, title)
        for row in rows:
            table.add_row(*row)
        session.out.print(table)


def _seeds(session: Session, text: str, option: str) -> list[int]:
    """``101-120`` or ``1,2,5`` as numbers.

    Raises:
        BadParameterError: neither.
    """
    found: list[int] = []
    for word in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})(?:-(\d{1,9}))?\s*", word)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise BadParameterError(session.say("error.bad_seeds", option=option, text=text))
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    return found


def basis(session: Session, trial: "Trial", result: "CityEvaluation") -> str:
    """What the cities are, and how much happened in them."""
    return session.say(
        "map.basis",
        cities=len(result.seeds),
        people=trial.people,
        known=trial.days - trial.held_days,
        held=trial.held_days,
        f0s=result.f0s,
        transmissions=result.transmissions,
        away=result.away,
        cells=", ".join(f"{cells:.0f} ({resolution})" for resolution, cells in result.cells.items()),
    )


def _share(value: "Interval") -> str:
    return f"{100 * value.mean:.1f} % ({100 * value.low:.1f} .. {100 * value.high:.1f})"


def _points(value: "Interval") -> str:
    return f"{100 * value.mean:+.1f} ({100 * value.low:+.1f} .. {100 * value.high:+.1f})"


def _rank(value: "Interval", sign: str = "") -> str:
    return f"{value.mean:{sign}.3f} ({value.low:{sign}.3f} .. {value.high:{sign}.3f})"


def city_tables(session: Session, result: "CityEvaluation") -> list[Table]:
    """One table a resolution: rankings by measure, and how far ours are ahead of the best baseline."""
    columns = ("ranking", "rank_correlation", "top_cells", "top_away", "top_time")
    tables: list[Table] = []
    for resolution in result.cells:
        rows: list[tuple[str, ...]] = []
        ahead: list[tuple[str, ...]] = []
        for row in result.rows:
            if row.resolution != resolution:
                continue
            name = session.say(f"ranking.{row.ranking}")
            shares = [row.values[m] for m in ("cells", "away", "time")]
            rows.append((name, _rank(row.values["spearman"]), *map(_share, shares)))
            if row.ahead:
                shares = [row.ahead[m] for m in ("cells", "away", "time")]
                label = session.say("ranking.ahead", name=name)
                ahead.append((label, _rank(row.ahead["spearman"], "+"), *map(_points, shares)))
        tables.append((session.say("title.prediction", resolution=resolution), columns, rows + ahead))
    return tables


def tuned_table(session: Session, compared: "list[Tuned]") -> Table:
    """The best settings and the declared ones, on the cities for tuning."""
    from engine.risk.settings import HexSettings
    from engine.service.predict import named

    own = HexSettings()
    rows = []
    for place, one in enumerate(compared, start=1):
        if place > SHOWN and one.settings != own:
            continue
        name = named(one.settings) + (f" ({session.say('tuned.declared')})" if one.settings == own else "")
        means = [
            f"{100 * one.means[ranking, 9, measure]:.1f} %"
            for ranking in ("score", "burden")
            for measure in ("cells", "time")
        ]
        rows.append((str(place), name, f"{100 * one.objective:.1f} %", *means))
    columns = ("rank", "settings", "objective", "score_cells", "score_time", "burden_cells", "burden_time")
    return session.say("title.tuned"), columns, rows


def commune_basis(session: Session, found: "CommuneEvaluation") -> str:
    """What the counts are and what was fitted."""
    from engine.service.predict_communes import FIT, REPORT

    return session.say(
        "communes.basis",
        communes=len(found.communes.code),
        placed=found.communes.placed,
        unplaced=found.communes.unplaced,
        fit_from=FIT[0],
        fit_to=FIT[1],
        half_life=f"{found.fading.half_life_d:g}",
        weight=f"{found.fading.district_weight:g}",
        report_from=REPORT[0],
        report_to=REPORT[1],
        weeks=found.weeks,
        future=found.future,
    )


def commune_table(session: Session, found: "CommuneEvaluation") -> Table:
    """Rankings of the communes."""
    rows = [
        (session.say(f"ranking.{row.ranking}"), _rank(row.spearman), *(_share(hit) for hit in row.hits))
        for row in found.rows
    ]
    label = session.say("ranking.ahead_days7", name=session.say("ranking.faded"))
    rows.append((label, _rank(found.ahead.spearman, "+"), *(_points(hit) for hit in found.ahead.hits)))
    return session.say("title.communes"), ("ranking", "rank_correlation", "top_1", "top_5"), rows


def _command(trial: "Trial", seeds: str, tune: str | None, communes: bool) -> str:
    words = ["truyvet evaluate-map", f"--seeds {seeds}"]
    words += [f"--tune {tune}"] if tune else []
    words += [f"--people {trial.people} --days {trial.days} --held {trial.held_days}"]
    words += ["--communes COUNTS.csv --areas AREAS.json"] if communes else []
    return " ".join([*words, "--markdown docs/accuracy.md"])


def page(session: Session, parts: "list[Table | str]", command: str) -> str:
    """The comparison as a part of a page of documentation."""
    out = [f"# {session.say('map.title')}", session.say("map.how"), f"    {command}"]
    for part in parts:
        if isinstance(part, str):
            out.append(part)
            continue
        title, columns, rows = part
        head = [session.say(f"col.{column}") for column in columns]
        lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
        out += [f"## {title}", "\n".join(lines)]
    return "\n\n".join(out)
