"""``make crash``: kill -9 at random instants during concurrent ingest, many times; nothing lost, nothing twice.

python -m benchmarks.crash --kills 200
python -m benchmarks.crash --kills 50 --database postgres      (a private PostgreSQL, started for this)
python -m benchmarks.crash --kills 50 --database postgresql://...   (an empty database of yours)
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.crash.harness import KillLoop
from tests.postgres import Postgres


def main() -> int:
    """Run the loop and print what it saw; 1 when anything was lost, doubled or answered otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--writers", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="sqlite", help="sqlite, postgres, or a postgresql:// address")
    parser.add_argument("--folder", type=Path, help="where to work; kept (default: a folder that is removed)")
    asked = parser.parse_args()
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = asked.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="truyvet-crash-")))
        url = stack.enter_context(database(asked.database))
        found = KillLoop(folder, url, asked.seed, asked.writers).run(asked.kills, tell=_tell)
    print(f"database: {asked.database}; {time.monotonic() - began:.0f} s\n{found.told()}")
    print("all good" if found.good else "FAILED")
    return 0 if found.good else 1


@contextlib.contextmanager
def database(name: str) -> Iterator[str | None]:
    """The address of the database to use; a PostgreSQL of our own for ``postgres``."""
    if name == "sqlite":
        yield None
    elif name == "postgres":
        server = Postgres()
        try:
            yield server.create()
        finally:
            server.remove()
    else:
        yield name


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
