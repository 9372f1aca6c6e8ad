"""The short road: a city, its events, one case, the map, the server."""

import json
import socket
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.data_commands import become_server, make_city, report_of
from engine.cli.help import help_of
from engine.cli.map_commands import draw_map
from engine.cli.session import Session, percent, progress
from engine.cli.trace_commands import table_of

if TYPE_CHECKING:
    from engine.service.engine import Engine
    from engine.service.evaluate import Truth

FIRST_PORT, PORTS = 8080, 20


def register(app: typer.Typer) -> None:
    """Declare the command."""
    app.command("demo", help=help_of("demo"))(demo)


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--dir", help=help_of("demo.dir"))] = Path("var"),
    serve: Annotated[bool, typer.Option("--serve", help=help_of("demo.serve"))] = False,
    port: Annotated[int, typer.Option("--port", help=help_of("port"))] = FIRST_PORT,
    people: Annotated[int, typer.Option("--people", help=help_of("people"))] = 5000,
    days: Annotated[int, typer.Option("--days", help=help_of("days"))] = 14,
    seed: Annotated[int, typer.Option("--seed", help=help_of("seed"))] = 1,
) -> None:
    """Make, take in, trace, draw, serve."""
    from engine.city.build import CityPlan
    from engine.service.evaluate import read_truth

    session: Session = context.obj
    city, data = folder / "city", folder / "data"
    plan = CityPlan(people=people, days=days, seed=seed)
    wanted = json.loads(json.dumps(asdict(plan), default=str))
    if _plan_of(city) != wanted:
        session.note("demo.making", path=city)
        make_city(session, plan, city)
    else:
        session.note("demo.made", path=city)
    engine = _filled(session, city, data, wanted)
    truth = read_truth(city)
    case = most_instructive(engine, truth)
    if case is not None:
        _show(session, engine, truth, case)
    draw_map(session, engine.hexes(9), folder / "risk.png")
    engine.close()
    if serve:
        become_server(session, "127.0.0.1", free_port(port), data)


def _plan_of(city: Path) -> object:
    about = city / "city.json"
    return json.loads(about.read_text("utf-8")).get("plan") if about.exists() else None


def _filled(session: Session, city: Path, data: Path, plan: object) -> "Engine":
    """The engine of ``data``, with the city's events taken in once; another plan starts a new journal."""
    from engine.service.engine import Engine, Settings

    mark = data / "demo.json"
    done = mark.exists() and json.loads(mark.read_text("utf-8")) == plan
    if not done:
        for old in (data / "journal").glob("*"):
            old.unlink()
    with progress(session) as tell:
        engine = Engine.open(
            Settings(data=data, lang=session.lang),
            progress=lambda _, share: tell(session.say("progress.replay"), share),
        )
        if done:
            session.note("demo.ingested", path=data)
            return engine
        session.note("demo.ingesting", path=data)
        reports = engine.ingest_paths(
            [city], progress=lambda name, share: tell(session.say("progress.ingest", name=name), share)
        )
    report_of(session, reports)
    mark.write_text(json.dumps(plan), "utf-8")
    return engine


def most_instructive(engine: "Engine", truth: "Truth") -> str | None:
    """The detected case that truly infected most people; among equals the smallest id."""
    infected: dict[str, int] = {}
    for infector, _ in truth.pairs:
        infected[infector] = infected.get(infector, 0) + 1
    cases = [row.person for row in engine.cases()]
    return min(cases, key=lambda p: (-infected.get(p, 0), p), default=None)


def _show(session: Session, engine: "Engine", truth: "Truth", case: str) -> None:
    report = engine.exposures(case, depth=2)
    table_of(session, report, limit=25)
    level = {row.person: row.level for row in report.rows}
    true = {infected for infector, infected in truth.pairs if infector == case}
    direct = sum(level.get(p) == 1 for p in true)
    within = sum(p in level for p in true)
    total = len(true)
    if total:
        session.out.print(
            session.say("demo.share_f1", total=total, case=case, found=direct, share=percent(direct / total))
        )
        session.out.print(session.say("demo.share_f2", found=within, total=total, share=percent(within / total)))


def free_port(first: int) -> int:
    """The first port from ``first`` on that nobody listens on."""
    for port in range(first, first + PORTS):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    return first
