"""Command that compares the answers with the truth of a sample city."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.help import help_of
from engine.cli.page_parts import page_with
from engine.cli.session import Session, open_engine, progress, write_out
from engine.cli.tables import grid
from engine.cli.usage import declare
from engine.errors import BadInputError

if TYPE_CHECKING:
    from engine.service.evaluate import Evaluation

Rows = list[tuple[str, ...]]


def register(app: typer.Typer) -> None:
    """Declare the command."""
    declare(app, "evaluate", evaluate_city)


def evaluate_city(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help=help_of("city.folder"))] = Path("var/city"),
    markdown: Annotated[Path | None, typer.Option("--markdown", help=help_of("markdown"), show_default=False)] = None,
) -> None:
    """Recall, AUC and reliability of a city."""
    from engine.service.evaluate import evaluate, read_truth

    session: Session = context.obj
    if not (folder / "truth" / "infections.parquet").exists():
        raise BadInputError(session.say("error.no_truth", path=folder))
    truth = read_truth(folder)
    engine = open_engine(session, None, folder)
    with progress(session) as tell:
        result = evaluate(engine, truth, lambda share: tell(session.say("progress.evaluate"), share))
    # File first: a reader of the tables who leaves early (`| head`) must not cost the page that was asked for.
    if markdown is not None:
        write_out(session, markdown, page_with(markdown, "evaluate", page(session, result, folder)))
    session.out.print(basis(session, result))
    for name, columns, rows in (recall_table(session, result), reliability_table(session, result)):
        table = grid(session, columns, session.say(f"title.{name}"))
        for row in rows:
            table.add_row(*row)
        session.out.print(table)


def basis(session: Session, result: "Evaluation") -> str:
    """What is compared."""
    return session.say(
        "evaluate.basis",
        cases=result.cases,
        infections=result.truth.infections,
        pairs=result.pairs,
        hidden=result.hidden,
        outside=result.truth.outside,
    )


def recall_table(session: Session, result: "Evaluation") -> tuple[str, tuple[str, ...], Rows]:
    """Recall, burden and AUC by channel mix: name, columns, rows."""
    rows: Rows = []
    for m in result.mixes:
        recall = f"{100 * m.found / result.pairs:.1f} %" if result.pairs else "-"
        per_case = f"{m.f1 / result.cases:.1f}" if result.cases else "-"
        score = "-" if m.auc is None else f"{m.auc:.3f}"
        rows.append((session.say(f"mix.{m.mix}"), str(result.pairs), str(m.found), recall, per_case, score))
    return "recall", ("channel_mix", "pairs", "found", "recall", "f1_per_case", "auc"), rows


def reliability_table(session: Session, result: "Evaluation") -> tuple[str, tuple[str, ...], Rows]:
    """Predicted against realised: name, columns, rows."""
    rows: Rows = [
        (
            f"{100 * b.low:g} - {100 * b.high:g} %",
            str(b.n),
            f"{100 * b.predicted:.3g} %",
            str(round(b.realised * b.n)),
            f"{100 * b.realised:.3g} %",
            f"{100 * b.realised_low:.2g} - {100 * b.realised_high:.2g} %",
        )
        for b in result.reliability
    ]
    return "reliability", ("bin", "n", "predicted", "infected_rows", "realised", "interval95"), rows


def page(session: Session, result: "Evaluation", folder: Path) -> str:
    """The comparison as a page of documentation."""
    about = folder / "city.json"
    plan = json.loads(about.read_text("utf-8"))["plan"] if about.exists() else {}
    described = ", ".join(f"{name} {value}" for name, value in plan.items())
    parts = [
        f"# {session.say('accuracy.title')}",
        session.say("accuracy.how", plan=described or folder.name),
        "    truyvet city --out var/city\n    truyvet evaluate var/city --markdown docs/accuracy.md",
        basis(session, result),
    ]
    for name, columns, rows in (recall_table(session, result), reliability_table(session, result)):
        head = [session.say(f"col.{column}") for column in columns]
        lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
        parts += [f"## {session.say(f'title.{name}')}", "\n".join(lines)]
    parts.append(session.say("accuracy.reading"))
    return "\n\n".join(parts) + "\n"
