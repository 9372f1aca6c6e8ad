"""Commands to look things up: policies and parameters."""

import typer

from engine.cli.session import Session
from engine.cli.tables import grid
from engine.cli.usage import declare


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    declare(app, "policies", policies)
    declare(app, "params", params)


def policies(context: typer.Context) -> None:
    """The contact policies."""
    from engine.exposure.policies import PRESETS

    session: Session = context.obj
    columns = ("name", "date", "meaning", "min_minutes", "before_onset", "before_sample", "source")
    table = grid(session, columns, session.say("title.policies"), whole=("name",))
    for p in sorted(PRESETS.values(), key=lambda p: (p.since, p.name)):
        title = p.title_vi if session.lang == "vi" else p.title_en
        least = session.say(f"accumulate.{p.accumulate}", n=f"{p.min_minutes:g}") if p.min_minutes else "-"
        days = (session.say("word.days", n=f"{n:g}") for n in (p.days_before_onset, p.days_before_sample))
        table.add_row(p.name, p.since, title, least, *days, p.source)
    session.out.print(table)
    session.out.print(session.say("note.policies"), style="dim")


def params(context: typer.Context) -> None:
    """Every number of science."""
    from engine.params import REGISTRY

    session: Session = context.obj
    columns = ("name", "value", "unit", "bounds", "meaning", "source", "mark")
    table = grid(session, columns, session.say("title.params"), whole=("name",))
    for p in REGISTRY.values():
        table.add_row(p.name, f"{p.value:g}", p.unit, f"{p.low:g}..{p.high:g}", p.meaning, p.source, p.mark)
    session.out.print(table)
    session.out.print(session.say("note.marks"), style="dim")
