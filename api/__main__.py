"""``python -m api --data DIR``: show the tokens, serve at once, load the engine meanwhile.

``truyvet serve`` becomes this process.
"""

import argparse
import gc
import os
import resource
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from api.limits import MIB, Limits
from api.server import run_server
from engine.errors import TruyvetError
from engine.service import logs
from engine.service.access import curl_line, load_or_make_tokens, make_tokens
from engine.service.engine import Engine, Settings
from engine.service.settings import DATABASE, NATS
from engine.texts import Lang, say

CANNOT = 2
_FILES = 65_536
_GARBAGE = (50_000, 20, 50)
"""Answers are lists of thousands of small objects that die young: look for cycles seldom."""


_SETTINGS = ("retention_days", "publish_days", "publish_people", "publish_cases")
"""Options that are settings of the engine by the same name."""


def main(arguments: list[str] | None = None) -> int:
    """Run the server; the exit status: 0 after SIGTERM or SIGINT, 2 when the engine cannot be opened."""
    asked = _parser().parse_args(arguments)
    lang: Lang = asked.lang
    os.umask(0o077)  # whatever is written is read by its owner alone
    logs.configure(asked.log)
    _many_files()
    gc.set_threshold(*_GARBAGE)
    database = asked.database or os.environ.get(DATABASE) or None
    nats = asked.nats or os.environ.get(NATS) or None
    limits = Limits(body=asked.max_body_mb * MIB, rows=asked.max_rows)
    try:
        settings = Settings(data=asked.data, lang=lang, database=database)
        given = {name: getattr(asked, name) for name in _SETTINGS if getattr(asked, name) is not None}
        settings = replace(settings, **given)
        tokens = load_or_make_tokens(asked.data) if asked.data is not None else make_tokens()
        engine = Engine.begin(settings)
        feeding = None
        if asked.watch is not None or nats is not None:
            from engine.service.feeding import start_sources  # noqa: PLC0415 - most servers are fed by HTTP alone

            feeding = start_sources(engine, asked.watch, nats)
    except TruyvetError as error:
        return _cannot(error, lang)
    _greet(asked.host, asked.port, tokens, lang)

    with ExitStack() as shown:
        if sys.stderr.isatty():
            shown.enter_context(_Bar(engine, lang))
        run_server(engine, tokens, asked.host, asked.port, lang, limits, feeding)
    return 0 if engine.failure is None else _cannot(engine.failure, lang)


def _many_files() -> None:
    """As many connections as the system lets us have, not as few as it begins with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _cannot(error: TruyvetError, lang: Lang) -> int:
    sys.stderr.write(f"{say(f'error.{error.code}', lang)}: {error}\n")
    return CANNOT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the truyvet HTTP API.")
    limits = Limits()
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8080, help="port to listen on (default: %(default)s)")
    add("--data", type=Path, help="data folder; without it nothing is stored")
    add("--database", help=f"URL of a PostgreSQL database for the events; with a password, set {DATABASE} instead")
    add("--retention-days", type=int, help="days after which events not tied to a case are purged (default: 21)")
    add("--publish-days", type=int, help="days that are new in a release of the public map (default: 1)")
    add("--publish-people", type=int, help="least people behind what is published, 10 or more (default: 10)")
    add("--publish-cases", type=int, help="least cases behind what is published, 5 or more (default: 5)")
    add("--watch", type=Path, help="folder whose event files are taken in as they come")
    add("--nats", help=f"URL of a NATS server whose stream TRUYVET is taken in; with a password, set {NATS} instead")
    add("--lang", choices=("vi", "en"), default="en", help="language of texts")
    add("--log", choices=("json", "text"), help="form of the log (default: text on a terminal, else json)")
    add(
        "--max-body-mb",
        type=int,
        default=limits.body // MIB,
        help="largest request body, unpacked, MiB (default: %(default)s)",
    )
    add("--max-rows", type=int, default=limits.rows, help="most rows of a request (default: %(default)s)")
    return parser


class _Bar:
    """A progress bar on the terminal while the engine loads, gets ready, and makes its board."""

    def __init__(self, engine: Engine, lang: Lang) -> None:
        keys = ("serve.loading", "serve.preparing", "serve.board")
        self._engine, self._texts = engine, [say(key, lang) for key in keys]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def __enter__(self) -> "_Bar":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _now(self) -> tuple[str, float | None]:
        """What is being done, and how much of it is; None: nobody knows."""
        if self._engine.share < 1.0:
            return self._texts[0], self._engine.share
        if not self._engine.ready:
            return self._texts[1], self._engine.rehearsed
        return self._texts[2], None

    def _show(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(self._texts[0], total=1.0)
            while not (self._stop.is_set() or self._engine.board_made or self._engine.failure is not None):
                text, share = self._now()
                if share is None:
                    progress.tasks[0].total = None
                progress.update(task, description=text, completed=share or 0.0)
                self._stop.wait(0.2)


def _greet(host: str, port: int, tokens: Mapping[str, str], lang: Lang) -> None:
    """Where the server is, its tokens, and a command to try it with."""
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{port}"
    lines = [say("demo.serving", lang, url=url), say("serve.tokens", lang)]
    lines += [f"  {role:<15}{token}" for role, token in tokens.items()]
    lines += [say("serve.try", lang), "  " + curl_line(url, "/v1/cases", tokens["officer"])]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
