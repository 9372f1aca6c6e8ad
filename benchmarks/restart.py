"""How long a restart takes, with and without a checkpoint: ``python -m benchmarks.restart --events 50000000``.

Random events of a million people over 21 days go through ``Engine.ingest`` in batches of up to 500,000, as a feed
would send them: 60 % fixes, 20 % sightings, 20 % check-ins, one day after the other, and 100 cases. Then fresh
processes open the folder: seconds until ``Engine.open`` returns, until all cases are listed with how many each
exposed, and the highest resident memory (which counts the mapped pages of a checkpoint as far as they were touched).
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, make_url, text

from benchmarks.crash import database as private
from engine.clock import DAY
from engine.service.engine import Engine, Settings

START, DAYS, PLACES, CASES = 1_624_838_400, 21, 20_000, 100
BATCH = 500_000
SHARES = {"location": 0.6, "bluetooth": 0.2, "check_in": 0.2}
MOMENT = pa.timestamp("s", tz="UTC")
MIB = 1 << 20
BUILT = "built.json"


# -- what is taken in ------------------------------------------------------------------------------------


def moments(at: np.ndarray, hidden: np.ndarray | None = None) -> pa.Array:
    return pa.array(at, mask=hidden).cast(MOMENT)


class Town:
    """Seeded batches of events; a batch depends on its day, kind and number alone."""

    def __init__(self, people: int) -> None:
        self.people = people
        self.person_keys = pa.array([f"P{i:07d}" for i in range(people)])
        self.place_keys = pa.array([f"L{i:05d}" for i in range(PLACES)])

    def cases(self) -> pa.Table:
        onset = START + DAY * (5 + np.arange(CASES) % 14)
        return pa.table({"person": self.person_keys[:CASES], "onset_at": moments(onset)})

    def batches(self, events: int) -> Iterator[tuple[str, pa.Table]]:
        for day in range(DAYS):
            for number, (kind, share) in enumerate(SHARES.items()):
                total = int(events * share * (day + 1) / DAYS) - int(events * share * day / DAYS)
                for first in range(0, total, BATCH):
                    rng = np.random.default_rng([11, day, number, first])
                    yield kind, getattr(self, kind)(rng, min(BATCH, total - first), START + day * DAY)

    def location(self, rng: np.random.Generator, n: int, since: int) -> pa.Table:
        person, at = self._who_and_when(rng, n, since)
        columns = {"person": self.person_keys.take(pa.array(person)), "at": moments(at)}
        columns["lat"] = 10.4 + (person % 1_000) * 0.0006 + rng.normal(0, 0.002, n)
        columns["lng"] = 106.3 + (person // 1_000) * 0.0006 + rng.normal(0, 0.002, n)
        return pa.table({**columns, "accuracy_m": rng.uniform(5, 60, n)})

    def bluetooth(self, rng: np.random.Generator, n: int, since: int) -> pa.Table:
        person, at = self._who_and_when(rng, n, since)
        peer = (person + rng.integers(1, 12, n)) % self.people
        columns = {"person": self.person_keys.take(pa.array(person)), "peer": self.person_keys.take(pa.array(peer))}
        columns |= {"at": moments(at), "duration_s": pa.array(np.full(n, 300, np.int32))}
        return pa.table({**columns, "attenuation_db": np.round(rng.normal(70, 9, n), 1)})

    def check_in(self, rng: np.random.Generator, n: int, since: int) -> pa.Table:
        person, at = self._who_and_when(rng, n, since)
        # Few places are visited much, many little.
        place = (PLACES * rng.random(n) ** 2).astype(np.int64)
        left = moments(at + rng.integers(300, 7_200, n), hidden=rng.random(n) < 0.8)
        columns = {"person": self.person_keys.take(pa.array(person)), "place": self.place_keys.take(pa.array(place))}
        return pa.table({**columns, "entered_at": moments(at), "left_at": left})

    def _who_and_when(self, rng: np.random.Generator, n: int, since: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.integers(0, self.people, n), since + np.sort(rng.integers(0, DAY, n))


# -- what is measured, each in a process of its own -----------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """What a process says of itself, in seconds and bytes."""

    ready_s: float
    answered_s: float
    peak_bytes: int
    as_of: int
    exposed: int


def build(settings: Settings, events: int, people: int) -> None:
    """Take everything in; closing writes the checkpoint."""
    engine, town = Engine.open(settings), Town(people)
    started, done = time.perf_counter(), 0
    engine.ingest("case", town.cases())
    for kind, table in town.batches(events):
        reply = engine.ingest(kind, table)
        done += reply.accepted + reply.duplicates
        seconds = time.perf_counter() - started
        print(f"\rtaken in: {done:,} of {events:,}, {done / seconds:,.0f} a second", end="", file=sys.stderr)
    taken = time.perf_counter()
    engine.close()
    print(f"; checkpoint and close: {time.perf_counter() - taken:.1f} s", file=sys.stderr)


def opened(settings: Settings) -> Measured:
    """Open, and ask for all cases with how many each exposed."""
    started = time.perf_counter()
    engine = Engine.open(settings)
    ready = time.perf_counter() - started
    exposed = sum(case.counts["F1"] for case in engine.cases())
    answered = time.perf_counter() - started
    return Measured(ready, answered, peak_bytes(), engine.as_of, exposed)


def peak_bytes() -> int:
    """Highest resident memory of this program; rusage would count what started it, too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024


def alone(role: str, data: Path, database: str | None, *more: str) -> str:
    """The same program in a fresh process, in another role."""
    command = [sys.executable, "-m", "benchmarks.restart", "--role", role, "--data", str(data), *more]
    command += ["--database", database] if database else []
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def without_checkpoints(data: Path) -> Iterator[None]:
    there, aside = data / "checkpoints", data.with_name(data.name + "-checkpoints")
    if not there.exists():
        raise SystemExit(f"no checkpoint was written to {there}")
    there.rename(aside)
    try:
        yield
    finally:
        shutil.rmtree(there, ignore_errors=True)
        aside.rename(there)


def forget(data: Path) -> None:
    """Ask the system to drop what it holds of these files in memory."""
    for path in (p for p in data.rglob("*") if p.is_file()):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def measure(data: Path, database: str | None, cold: bool, *more: str) -> Measured:
    if cold:
        forget(data)
    return Measured(**json.loads(alone("open", data, database, *more)))


# -- what is shown ---------------------------------------------------------------------------------------


def journal_bytes(data: Path, database: str | None) -> int:
    if database is None:
        return sum(path.stat().st_size for path in data.glob("truyvet.db*"))
    server = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    with server.connect() as connection:
        return connection.execute(text("select pg_database_size(current_database())")).scalar_one()


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def shown(events: int, data: Path, database: str | None, rows: dict[str, Measured]) -> Table:
    sizes = journal_bytes(data, database) // MIB, folder_bytes(data / "checkpoints") // MIB
    title = f"Restart, {events:,} events: journal {sizes[0]:,} MiB, checkpoint {sizes[1]:,} MiB"
    table = Table(title=title, box=box.SIMPLE, title_justify="left", title_style="bold")
    for name in ("", "ready s", "first answer s", "peak RSS MiB", "as_of", "F1"):
        table.add_column(name, justify="right" if name else "left")
    for name, it in rows.items():
        figures = f"{it.ready_s:.2f}", f"{it.answered_s:.2f}", f"{it.peak_bytes // MIB:,}", str(it.as_of)
        table.add_row(name, *figures, str(it.exposed))
    return table


def compare(data: Path, database: str | None, events: int, people: int, cold: bool) -> None:
    """Build the folder unless it is there, then open it both ways. Both must answer alike."""
    size = {"events": events, "people": people, "database": database is not None}
    built = data / BUILT
    if not built.exists():
        alone("build", data, database, "--events", str(events), "--people", str(people))
        built.write_text(json.dumps(size))
    elif json.loads(built.read_text()) != size:
        raise typer.BadParameter(f"{data} was built of something else: {built.read_text()}")
    rows = {"with checkpoint": measure(data, database, cold)}
    with without_checkpoints(data):
        rows["without (replay)"] = measure(data, database, cold, "--no-checkpoints")
    Console(width=110).print(shown(events, data, database, rows))
    if len({(it.as_of, it.exposed) for it in rows.values()}) > 1:
        raise SystemExit("the two restarts do not answer alike")


def main(
    events: Annotated[int, typer.Option(help="How many events the journal holds.")] = 50_000_000,
    people: Annotated[int, typer.Option(help="How many people they are of.")] = 1_000_000,
    database: Annotated[
        str | None,
        typer.Option(help="URL of an empty PostgreSQL database, or postgres for one of its own; SQLite without."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder to build in, and to use again; else a temporary one.")
    ] = None,
    cold: Annotated[bool, typer.Option(help="Drop the files from the system's memory before each start.")] = False,
    checkpoints: Annotated[bool, typer.Option(hidden=True)] = True,
    role: Annotated[str, typer.Option(hidden=True)] = "compare",
) -> None:
    """Seconds from start to ready, with and without a checkpoint."""
    if role == "compare":
        with tempfile.TemporaryDirectory() as folder, private(database or "sqlite") as url:
            compare(data or Path(folder) / "data", url, events, people, cold)
        return
    settings = Settings(data=data, database=database, queue_rows=2 * BATCH, checkpoints=checkpoints)
    if role == "build":
        build(settings, events, people)
    else:
        print(json.dumps(asdict(opened(settings))), flush=True)
        # Not closed, so that opening without a checkpoint does not leave one.
        os._exit(0)


if __name__ == "__main__":
    typer.run(main)
