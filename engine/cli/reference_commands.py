"""Commands to look things up: policies and parameters."""

import typer
from rich.table import Table

from engine.cli.help import help_of
from engine.cli.session import Session


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    app.command("policies", help=help_of("policies"))(policies)
    app.command("params", help=help_of("params"))(params)


def policies(context: typer.Context) -> None:
    """The contact policies."""
    from engine.exposure.policies import PRESETS

    session: Session = context.obj
    table = Table(title=session.say("title.policies"))
    for name in ("name", "date", "meaning", "min_minutes", "window", "source"):
        table.add_column(session.say(f"col.{name}"), overflow="fold")
    for p in sorted(PRESETS.values(), key=lambda p: (p.since, p.name)):
        title = p.title_vi if session.lang == "vi" else p.title_en
        least = f"{p.min_minutes:g} ({p.accumulate})" if p.min_minutes else "-"
        window = f"-{p.days_before_onset:g} d / -{p.days_before_sample:g} d"
        table.add_row(p.name, p.since, title, least, window, p.source)
    session.out.print(table)


def params(context: typer.Context) -> None:
    """Every number of science."""
    from engine.params import REGISTRY

    session: Session = context.obj
    table = Table(title=session.say("title.params"))
    for name in ("name", "value", "unit", "bounds", "meaning", "source", "mark"):
        table.add_column(session.say(f"col.{name}"), overflow="fold")
    for p in REGISTRY.values():
        table.add_row(p.name, f"{p.value:g}", p.unit, f"{p.low:g}..{p.high:g}", p.meaning, p.source, p.mark)
    session.out.print(table)
