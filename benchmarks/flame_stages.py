"""A stage of ``make profile`` in a process of its own: ``python -m benchmarks.flame_stages STAGE SECONDS FILE``."""

import ctypes
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench_evidence import CASES, make_world, traced
from benchmarks.bench_hexmap import followed, full, make_city, new_case
from benchmarks.bench_ingest import batches, body
from engine.service.engine import Engine, Settings

RATE = 500
"""Samples a second."""
ANY_TRACER = ctypes.c_ulong(-1)
PR_SET_PTRACER = 0x59616D61


def ingest_arrow() -> Iterator[Callable[[], object]]:
    """Batches of Arrow tables, each on disk before the next."""
    yield from _ingest("arrow")


def ingest_json() -> Iterator[Callable[[], object]]:
    """Bodies as a feed posts them."""
    yield from _ingest("json")


def _ingest(form: str) -> Iterator[Callable[[], object]]:
    with tempfile.TemporaryDirectory(prefix="truyvet-profile-") as folder:
        engine = Engine.open(Settings(data=Path(folder) / "data", checkpoints=False))
        try:
            while True:
                tables = list(batches())
                if form == "arrow":
                    yield lambda tables=tables: [engine.ingest("bluetooth", table) for table in tables]
                else:
                    bodies = [body(table) for table in tables]
                    yield lambda bodies=bodies: [engine.ingest_json("bluetooth", each) for each in bodies]
        finally:
            engine.close()


def trace() -> Iterator[Callable[[], object]]:
    """Case after case."""
    view, people = make_world()
    while True:
        yield lambda: [traced(view, people, case) for case in range(CASES)]


def hexes() -> Iterator[Callable[[], object]]:
    """The map of the board, from nothing and after a case."""
    city = make_city()
    while True:
        yield lambda: full(city)
        new_case(city)
        yield lambda: followed(city)


STAGES = {"ingest-arrow": ingest_arrow, "ingest-json": ingest_json, "trace": trace, "hexes": hexes}


def work(part: Callable[[], object]) -> None:
    """What is looked at; what this module does elsewhere is not."""
    part()


def run(stage: str, seconds: float, to: Path) -> None:
    """Do the work of a stage while py-spy watches."""
    parts = STAGES[stage]()
    for part in itertools.islice(parts, 2):
        work(part)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANY_TRACER, 0, 0, 0)
    spy = [shutil.which("py-spy", path=str(Path(sys.executable).parent)) or "py-spy"]
    spy += ["record", "--pid", str(os.getpid()), "--rate", str(RATE), "--duration", str(round(seconds))]
    spy += ["--format", "raw", "--full-filenames", "--output", str(to)]
    with subprocess.Popen(spy, stdout=subprocess.DEVNULL) as watching:
        for part in parts:
            work(part)
            if watching.poll() is not None:
                break
    parts.close()
    if watching.returncode:
        sys.exit(f"py-spy ended with {watching.returncode}: it may need more rights (ptrace) on this machine")


if __name__ == "__main__":
    run(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))
