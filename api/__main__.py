"""``python -m api --data DIR``: open the engine, show the tokens, serve.

``truyvet serve`` becomes this process.
"""

import argparse
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

from api.bodies import MAX_BODY
from api.server import run_server
from engine.errors import TruyvetError
from engine.service.access import curl_line, load_or_make_tokens, make_tokens
from engine.service.engine import Engine, Settings
from engine.texts import Lang, say


def main(arguments: list[str] | None = None) -> int:
    """Run the server; the exit status."""
    asked = _parser().parse_args(arguments)
    lang: Lang = asked.lang
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        tokens = load_or_make_tokens(asked.data) if asked.data is not None else make_tokens()
        engine = Engine.open(Settings(data=asked.data, lang=lang))
    except TruyvetError as error:
        sys.stderr.write(f"{say(f'error.{error.code}', lang)}: {error}\n")
        return 2
    _greet(asked.host, asked.port, tokens, lang)
    run_server(engine, tokens, asked.host, asked.port, lang, asked.max_body_mb * 2**20)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the truyvet HTTP API.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="data folder; without it nothing is stored")
    parser.add_argument("--lang", choices=("vi", "en"), default="en", help="language of texts")
    parser.add_argument(
        "--max-body-mb",
        type=int,
        default=MAX_BODY // 2**20,
        help="largest request body after gzip, MiB (default: %(default)s)",
    )
    return parser


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
