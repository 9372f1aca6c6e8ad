"""The command that becomes the server."""

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.help import help_of
from engine.cli.session import DEFAULT_DATA, Session, data_folder, database_url
from engine.cli.usage import declare
from engine.errors import BadParameterError
from engine.params import PUBLIC_MIN_CASES, PUBLIC_MIN_PEOPLE, PUBLIC_WINDOW_D, RETENTION_D, Param
from engine.service.settings import DATABASE, NATS

LOGS = ("json", "text")


def register(app: typer.Typer) -> None:
    """Declare the command."""
    declare(app, "serve", serve)


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help=help_of("host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=help_of("port"), min=0, max=65_535)] = 8080,
    data: Annotated[Path | None, typer.Option("--data", help=help_of("data"), show_default=False)] = None,
    database: Annotated[str | None, typer.Option("--database", help=help_of("database"), show_default=False)] = None,
    retention: Annotated[
        int | None, typer.Option("--retention-days", help=help_of("serve.retention"), show_default=False)
    ] = None,
    publish_days: Annotated[
        int | None, typer.Option("--publish-days", help=help_of("serve.publish_days"), show_default=False)
    ] = None,
    publish_people: Annotated[
        int | None, typer.Option("--publish-people", help=help_of("serve.publish_people"), show_default=False)
    ] = None,
    publish_cases: Annotated[
        int | None, typer.Option("--publish-cases", help=help_of("serve.publish_cases"), show_default=False)
    ] = None,
    watch: Annotated[Path | None, typer.Option("--watch", help=help_of("serve.watch"), show_default=False)] = None,
    nats: Annotated[str | None, typer.Option("--nats", help=help_of("serve.nats"), show_default=False)] = None,
    max_rows: Annotated[
        int | None, typer.Option("--max-rows", help=help_of("serve.max_rows"), show_default=False)
    ] = None,
    log: Annotated[str | None, typer.Option("--log", help=help_of("serve.log"), show_default=False)] = None,
) -> None:
    """Become the API server."""
    session: Session = context.obj
    _within(session, "--retention-days", retention, RETENTION_D)
    _within(session, "--publish-days", publish_days, PUBLIC_WINDOW_D)
    if log is not None and log not in LOGS:
        raise BadParameterError(session.say("error.bad_option", option="--log", text=log, names=", ".join(LOGS)))
    numbers = {"--publish-people": publish_people, "--publish-cases": publish_cases, "--max-rows": max_rows}
    least = {
        "--publish-people": int(PUBLIC_MIN_PEOPLE.low),
        "--publish-cases": int(PUBLIC_MIN_CASES.low),
        "--max-rows": 1,
    }
    for option, value in numbers.items():
        if value is not None and value < least[option]:
            raise BadParameterError(session.say("error.at_least", option=option, value=value, low=least[option]))
    days = {"--retention-days": retention, "--publish-days": publish_days}
    given = {**days, **numbers, "--watch": watch, "--log": log}
    more = [word for name, value in given.items() if value is not None for word in (name, str(value))]
    urls = {DATABASE: database_url(database), NATS: nats or os.environ.get(NATS) or None}
    become_server(session, host, port, data_folder(data) or DEFAULT_DATA, urls, more)


def _within(session: Session, option: str, value: int | None, bounds: Param) -> None:
    low, high = int(bounds.low), int(bounds.high)
    if value is not None and not low <= value <= high:
        raise BadParameterError(session.say("error.bounds", option=option, value=value, low=low, high=high))


def become_server(
    session: Session,
    host: str,
    port: int,
    data: Path,
    urls: Mapping[str, str | None] | None = None,
    more: Sequence[str] = (),
) -> None:
    """Replace this process by the server (the API stands above the command line in the house).

    ``urls`` of the database and of NATS go by the environment, under these names: they may hold passwords, and
    arguments are shown to everybody.
    """
    sys.stdout.flush()
    if port == 0:
        # Chosen here, so that the addresses the server prints are the ones it listens on.
        with socket.socket() as probe:
            probe.bind((host, 0))
            port = probe.getsockname()[1]
    arguments = ["--host", host, "--port", str(port), "--data", str(data), "--lang", session.lang, *more]
    environment = {name: value for name, value in os.environ.items() if name not in (DATABASE, NATS)}
    environment |= {name: url for name, url in (urls or {}).items() if url is not None}
    os.execve(sys.executable, [sys.executable, "-m", "api", *arguments], environment)  # noqa: S606 - no shell sees it
