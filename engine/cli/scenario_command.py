"""``truyvet scenario``: what would have happened under other rules; new, check, run, compare, report."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.help import help_of
from engine.cli.questions import DatabaseOption, DataOption, FromOption
from engine.cli.session import (
    Session,
    Tell,
    data_folder,
    database_url,
    holds_data,
    must_exist,
    open_engine,
    progress,
    writing,
)
from engine.cli.usage import Group, declare
from engine.errors import BadParameterError

if TYPE_CHECKING:
    from engine.service.scenario_given import Asked
    from engine.service.scenarios import Scenarios

Words = list[str] | None
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help=help_of("scenario.file"), show_default=False)]
VariantOption = Annotated[Words, typer.Option("--variant", help=help_of("scenario.variant"), show_default=False)]
GridOption = Annotated[
    str | None, typer.Option("--sensitivity", help=help_of("scenario.sensitivity"), show_default=False)
]
ReplicatesOption = Annotated[
    int | None,
    typer.Option("--replicates", help=help_of("scenario.replicates"), min=1, max=100_000, show_default=False),
]
SeedOption = Annotated[int | None, typer.Option("--seed", help=help_of("scenario.seed"), min=0, show_default=False)]
FoldersArgument = Annotated[
    list[Path], typer.Argument(metavar="DIR...", help=help_of("scenario.folders"), show_default=False)
]


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    group = typer.Typer(cls=Group, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
    commands: dict[str, Callable[..., None]] = {
        "new": new, "check": check, "run": run, "compare": compare, "report": report,
    }  # fmt: skip
    for name, function in commands.items():
        declare(group, name, function, f"scenario.{name}")
    app.add_typer(group, name="scenario", help=help_of("scenario"))


def new(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=help_of("scenario.new_file"), show_default=False)],
    kind: Annotated[str, typer.Option("--kind", help=help_of("scenario.kind"))] = "simulation",
    force: Annotated[bool, typer.Option("--force", help=help_of("scenario.new_force"))] = False,
) -> None:
    """A commented scenario to begin with."""
    from engine.scenarios.files import KINDS
    from engine.service.scenarios import template

    session: Session = context.obj
    if kind not in KINDS:
        raise BadParameterError(session.say("error.bad_kind_of_scenario", text=kind, names=", ".join(KINDS)))
    if file.exists() and not force:
        raise BadParameterError(session.say("error.scenario_there", path=file))
    text = template("table" if kind == "table" else "study" if kind == "study" else "simulation", session.lang)
    with writing(session, file):
        file.write_text(text, encoding="utf-8")
    session.note("scenario.next", path=file)


def check(
    context: typer.Context,
    file: FileArgument,
    variants: VariantOption = None,
    sensitivity: GridOption = None,
    replicates: ReplicatesOption = None,
    data: DataOption = None,
    folder: FromOption = None,
    database: DatabaseOption = None,
) -> None:
    """What a scenario would do; all its mistakes."""
    from engine.cli.scenario_tables import show_checked
    from engine.service.scenario_given import asked_for
    from engine.service.scenarios import Scenarios

    session: Session = context.obj
    must_exist(session, file)
    given = data is not None or folder is not None or database is not None
    stored = data_folder(None)
    there = database_url(None) is not None or (stored is not None and holds_data(stored))
    asked = asked_for(file, variants, replicates, None, sensitivity) if there and not given else None
    # Of what is stored, only the people of observed contacts are asked for.
    if not given and (asked is None or asked.scenario.simulation is None or not asked.observed):
        show_checked(session, Scenarios().check(file, variants, replicates, None, sensitivity))
        return
    with _opened(session, True, data, folder, database) as scenarios:
        show_checked(session, scenarios.check(file, variants, replicates, None, sensitivity))


def run(
    context: typer.Context,
    file: FileArgument,
    out: Annotated[Path, typer.Option("--out", help=help_of("scenario.out"), show_default=False)],
    variants: VariantOption = None,
    sensitivity: GridOption = None,
    replicates: ReplicatesOption = None,
    seed: SeedOption = None,
    workers: Annotated[int, typer.Option("--workers", help=help_of("scenario.workers"), min=1, max=256)] = 2,
    force: Annotated[bool, typer.Option("--force", help=help_of("scenario.force"))] = False,
    data: DataOption = None,
    folder: FromOption = None,
    database: DatabaseOption = None,
) -> None:
    """Run every variant; tables, reports, a headline."""
    from engine.cli.scenario_tables import show_headline
    from engine.scenarios.store import may_write
    from engine.service.scenario_given import asked_for

    session: Session = context.obj
    must_exist(session, file)
    asked = asked_for(file, variants, replicates, seed, sensitivity)
    if not asked.scenario.estimate:
        may_write(out, asked.hash, force)
    command = _command(file, out, asked, variants, sensitivity, replicates, seed, data, folder)
    with _opened(session, asked.observed or bool(asked.scenario.estimate), data, folder, database) as scenarios:
        try:
            with progress(session) as bar:
                results = scenarios.run(file, out, variants, replicates, seed, workers, _told(session, bar),
                                        sensitivity, force, command=command)  # fmt: skip
        except KeyboardInterrupt:
            session.note("scenario.go_on", command=command)
            raise
    session.note("note.wrote", path=out)
    for name in sorted(results.manifest["files"]):
        if name.startswith("report."):
            session.note("note.wrote", path=out / name)
    show_headline(session, results)


def compare(context: typer.Context, folders: FoldersArgument) -> None:
    """Runs of several folders side by side."""
    from engine.cli.scenario_tables import show_comparison
    from engine.service.scenario_compare import compare as side_by_side

    session: Session = context.obj
    show_comparison(session, side_by_side(folders))


def report(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help=help_of("scenario.folder"), show_default=False)],
) -> None:
    """Write the reports of a run again; where the one in your language is."""
    from engine.service.scenarios import Scenarios

    session: Session = context.obj
    session.out.print(str(Scenarios().report(folder, session.lang).resolve()), soft_wrap=True)


@contextmanager
def _opened(session: Session, needed: bool, data: Path | None, folder: Path | None,
            database: str | None) -> "Iterator[Scenarios]":  # fmt: skip
    """Scenarios over the data asked for; of a table of contacts none are opened."""
    from engine.service.scenarios import Scenarios

    if not needed:
        if data is not None or folder is not None or database is not None:
            session.note("scenario.no_data_needed")
        yield Scenarios()
        return
    engine = open_engine(session, data, folder, database)
    try:
        yield engine.scenarios
    finally:
        engine.close()


def _told(session: Session, bar: Tell) -> Tell:
    return lambda what, share: bar(session.say(f"progress.scenario_{what}"), share)


def _command(file: Path, out: Path, asked: "Asked", variants: Words, sensitivity: str | None, replicates: int | None,
             seed: int | None, data: Path | None, folder: Path | None) -> str:  # fmt: skip
    """The command line that does the same again, without the address of a database: it may hold a password."""
    words = ["truyvet", "scenario", "run", str(file), "--out", str(out)]
    for name in variants or ():
        words += ["--variant", name]
    for option, value in (("--sensitivity", sensitivity), ("--replicates", replicates), ("--seed", seed)):
        words += [] if value is None else [option, str(value)]
    if asked.observed:
        where = data if data is not None or database_url(None) is not None else data_folder(None)
        words += ["--from", str(folder)] if folder is not None else ["--data", str(where)] if where is not None else []
    return shlex.join(words)
