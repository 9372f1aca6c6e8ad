"""The ``truyvet`` command: parses, asks the engine, shows. One family of commands a file."""

import os
import sys
from typing import Annotated

import typer

from engine.cli import (
    areas_command,
    backup_command,
    case_commands,
    chain_command,
    data_commands,
    demo,
    estimate_command,
    evaluate_command,
    evaluate_map_command,
    export_command,
    levels_command,
    map_commands,
    publish_command,
    purge_command,
    reference_commands,
    rejects_command,
    scenario_command,
    serve_command,
    trace_commands,
)
from engine.cli.help import help_of, startup_lang
from engine.cli.session import PipeClosed, Session
from engine.cli.usage import Group, is_usage_error, lang_first, mistake, speak
from engine.errors import BadParameterError, ScenarioError, TruyvetError, UnknownKindError, UnknownPolicyError
from engine.texts import LANGS, TEXTS, lang_of

CANNOT, WRONG_USAGE, INTERRUPTED = 1, 2, 130
"""Exit statuses; 3 is ``data_commands.NOTHING_ACCEPTED``. ``docs/cli.md`` explains them."""
_USAGE = (BadParameterError, ScenarioError, UnknownPolicyError, UnknownKindError)

app = typer.Typer(
    cls=Group,
    help=help_of("app"),
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    context: typer.Context,
    lang: Annotated[str, typer.Option("--lang", help=help_of("lang"))] = startup_lang(),
) -> None:
    """Options before the command."""
    session = Session(lang=lang_of(lang))
    if lang.lower().replace("_", "-").split("-")[0] not in LANGS:
        raise BadParameterError(session.say("error.bad_lang", text=lang))
    context.obj = session


for family in (
    demo,
    data_commands,
    serve_command,
    trace_commands,
    chain_command,
    case_commands,
    map_commands,
    levels_command,
    rejects_command,
    export_command,
    publish_command,
    purge_command,
    backup_command,
    areas_command,
    evaluate_command,
    evaluate_map_command,
    estimate_command,
    scenario_command,
    reference_commands,
):
    family.register(app)


def run(arguments: list[str] | None = None) -> None:
    """Entry point. A mistake of the user ends with a message and a status, never with a traceback.

    Raises:
        SystemExit: always; statuses are listed in ``docs/cli.md``.
    """
    given = sys.argv[1:] if arguments is None else arguments
    os.umask(0o077)  # whatever is written is read by its owner alone
    session = Session(lang=startup_lang(given))
    speak(session.lang)
    try:
        status = app(args=lang_first(given) or ["--help"], prog_name="truyvet", standalone_mode=False)
        sys.stdout.flush()
    except (PipeClosed, BrokenPipeError):
        # Nobody reads any more: what is left in the buffers goes nowhere, quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except Exception as error:
        status = explain(session, error)
    if status == INTERRUPTED:
        session.note("note.interrupted")
    sys.exit(status if isinstance(status, int) else 0)


def explain(session: Session, error: Exception) -> int:
    """Say what went wrong and what to do; the exit status. What nobody foresaw is raised again."""
    if is_usage_error(error):
        told, status, code = mistake(error, session.lang), WRONG_USAGE, "bad_parameter"
    elif isinstance(error, TruyvetError):
        told, status, code = str(error), WRONG_USAGE if isinstance(error, _USAGE) else CANNOT, error.code
    elif isinstance(error, OSError):
        told, status, code = f"{error.filename or ''}: {error.strerror or error}".lstrip(": "), CANNOT, "os"
    else:
        raise error
    key = f"error.{code}"
    title = session.say(key if key in TEXTS else "error.error")
    if isinstance(error, ScenarioError):
        told = f"\n{told}"  # a line each mistake
    session.err.print(f"{title}: {told}", style="bold red", soft_wrap=True)
    if f"hint.{code}" in TEXTS:
        session.note(f"hint.{code}")
    return status


if __name__ == "__main__":
    run()
