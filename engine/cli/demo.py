"""The short road: a city, its events, one case, the map, the server."""

import json
import shutil
import socket
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.data_commands import make_city, plan_of
from engine.cli.help import help_of
from engine.cli.ingest_report import report_of
from engine.cli.map_files import draw_map
from engine.cli.serve_command import become_server
from engine.cli.session import Session, holds_data, percent, progress, writing
from engine.cli.trace_commands import table_of
from engine.cli.usage import declare
from engine.errors import BadInputError

if TYPE_CHECKING:
    from engine.service.engine import Engine
    from engine.service.evaluate import Truth

FIRST_PORT, PORTS = 8080, 20
SHOWN_OF_LEVEL = 15
"""Rows of F1, and of F2, in the table: a case has far more of them than a screen has lines."""
MARK = "demo.json"
"""In the data folder: which city it holds, and how many batches (0: not all of it yet)."""


def register(app: typer.Typer) -> None:
    """Declare the command."""
    declare(app, "demo", demo)


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--dir", help=help_of("demo.dir"))] = Path("var"),
    serve: Annotated[bool, typer.Option("--serve", help=help_of("demo.serve"))] = False,
    port: Annotated[int, typer.Option("--port", help=help_of("port"), min=0, max=65_535)] = FIRST_PORT,
    people: Annotated[int, typer.Option("--people", help=help_of("people"))] = 5000,
    days: Annotated[int, typer.Option("--days", help=help_of("days"))] = 14,
    seed: Annotated[int, typer.Option("--seed", help=help_of("seed"))] = 1,
) -> None:
    """Make, take in, trace, draw, serve."""
    from engine.service.evaluate import read_truth

    session: Session = context.obj
    city, data = folder / "city", folder / "data"
    plan = plan_of(session, people, days, seed)
    wanted = json.loads(json.dumps(asdict(plan), default=str))
    state = _state(session, data, wanted)
    if _plan_of(session, city) != wanted:
        session.note("demo.making", path=city)
        make_city(session, plan, city)
    else:
        session.note("demo.made", path=city)
    engine = _filled(session, city, data, wanted, state)
    truth = read_truth(city)
    session.note("demo.tracing")
    case = most_instructive(engine, truth)
    if case is None:
        session.out.print(session.say("note.no_cases"))
    else:
        _show(session, engine, truth, case)
    draw_map(session, engine, engine.hexes(9), folder / "risk.png")
    engine.close()
    if serve:
        become_server(session, "127.0.0.1", free_port(port), data)
    session.note("demo.next", data=data, case=case or "CASE")


def _plan_of(session: Session, city: Path) -> object:
    about = city / "city.json"
    if about.exists():
        return json.loads(about.read_text("utf-8")).get("plan")
    if city.is_dir() and any(path.is_file() for path in city.iterdir()):
        raise BadInputError(session.say("error.not_demo", path=city))
    return None


def _state(session: Session, data: Path, plan: object) -> str:
    """Of the data folder: ``empty``, ``ready`` (this city is in it) or ``stale`` (another one, or half of one).

    Raises:
        BadInputError: it holds events that the demo did not put there, and they would have to be removed.
    """
    batches, mark = _batches(data), data / MARK
    if not batches:
        return "empty"
    about = json.loads(mark.read_text("utf-8")) if mark.exists() else None
    if about is not None and about.get("plan") == plan and about["batches"]:
        return "ready"
    if about is None or about.get("batches") not in (0, batches):
        raise BadInputError(session.say("error.not_demo", path=data))
    return "stale"


def _batches(data: Path) -> int:
    from engine.journal.journal import Journal

    if not holds_data(data):
        return 0
    journal = Journal.open(data)
    journal.close()
    return journal.seq


def _emptied(data: Path) -> None:
    for name in ("truyvet.db", "truyvet.db-wal", "truyvet.db-shm"):
        (data / name).unlink(missing_ok=True)
    shutil.rmtree(data / "checkpoints", ignore_errors=True)


def _filled(session: Session, city: Path, data: Path, plan: object, state: str) -> "Engine":
    """The engine of ``data``, with the city's events taken in once; another plan starts a new journal."""
    from engine.service.engine import Engine, Settings

    mark = data / MARK
    if state == "stale":
        _emptied(data)
    if state != "ready":
        with writing(session, mark, tell=False):
            mark.write_text(json.dumps({"plan": plan, "batches": 0}), "utf-8")
    with progress(session) as tell:
        engine = Engine.open(
            Settings(data=data, lang=session.lang),
            progress=lambda _, share: tell(session.say("progress.replay"), share),
        )
        if state == "ready":
            session.note("demo.ingested", path=data)
            return engine
        session.note("demo.ingesting", path=data)
        reports = engine.ingest_paths(
            [city], progress=lambda name, share: tell(session.say("progress.ingest", name=name), share)
        )
    report_of(session, reports)
    mark.write_text(json.dumps({"plan": plan, "batches": engine.as_of}), "utf-8")
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
    rows_of_level = [[row for row in report.rows if row.level == k][:SHOWN_OF_LEVEL] for k in (1, 2)]
    table_of(session, report, [row for rows in rows_of_level for row in rows])
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
    _over_all(session, engine, truth)


def _over_all(session: Session, engine: "Engine", truth: "Truth") -> None:
    """The same share over every case: the one shown is the one with most to find."""
    by_case: dict[str, set[str]] = {}
    known = {row.person for row in engine.cases()}
    for infector, infected in truth.pairs:
        if infector in known:
            by_case.setdefault(infector, set()).add(infected)
    total = sum(len(true) for true in by_case.values())
    direct = engine.direct_contacts(list(by_case))
    found = sum(len(true & f1.keys()) for true, f1 in zip(by_case.values(), direct, strict=True))
    if total:
        session.out.print(session.say("demo.share_all", found=found, total=total, share=percent(found / total)))


def free_port(first: int) -> int:
    """The first port from ``first`` on that nobody listens on."""
    for port in range(first, first + PORTS):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    return first
