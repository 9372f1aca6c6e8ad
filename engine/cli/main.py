"""The ``truyvet`` command: parses, asks the engine, shows. One family of commands a file."""

import sys
from typing import Annotated

import typer

from engine.cli import data_commands, demo, evaluate_command, map_commands, reference_commands, trace_commands
from engine.cli.help import help_of, startup_lang
from engine.cli.session import Session
from engine.errors import TruyvetError
from engine.texts import TEXTS, lang_of

app = typer.Typer(
    help=help_of("app"),
    no_args_is_help=True,
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
    context.obj = Session(lang=lang_of(lang))


for family in (demo, data_commands, trace_commands, map_commands, evaluate_command, reference_commands):
    family.register(app)


def run() -> None:
    """Entry point. A mistake of the user ends with a message and status 1, never with a traceback."""
    session = Session()
    try:
        app()
    except TruyvetError as error:
        key = f"error.{error.code}"
        title = session.say(key if key in TEXTS else "error.error")
        session.err.print(f"{title}: {error}", style="bold red", markup=False, soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)
