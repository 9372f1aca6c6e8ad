"""How a row of the table of goals is measured, kept and told.

A ratio is taken pair by pair: the peer, then ours, on the same data in the same process, over and over, each on one
thread. It is one of CPU times: what else the machine does hits those least, and both alike.
"""

import fcntl
import gc
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

from engine.cores import VARIABLE

Found, Other = TypeVar("Found"), TypeVar("Other")
RESULTS = Path(os.environ.get("BENCH_RESULTS", "var/bench/results.json"))
"""What was measured last, row by row; a run of some rows leaves the others."""
SCALE = float(os.environ.get("BENCH_SCALE", "1"))
"""Below 1: smaller data, to try a benchmark out. Its figures are marked as such and are never recorded."""
PATIENCE_S = 60
LARGE = bool(os.environ.get("BENCH_LARGE"))
"""The runs of 30 and 100 million."""


def sized(n: int) -> int:
    """So many, or fewer when only tried out."""
    return max(1, round(n * SCALE))


@dataclass
class Row:
    """One line of the results."""

    name: str
    """What it is recorded under; never changes."""
    job: str
    peer: str
    """Empty: an absolute figure, not a ratio."""
    values: list[float]
    """Ratios (peer's time over ours), or figures in ``unit``, one a round."""
    unit: str = "x"
    goal: float | None = None
    at_most: bool = False
    """Whether the goal is a bound from above."""
    ours_s: float | None = None
    peer_s: float | None = None
    note: str = ""
    scale: float = SCALE
    large: bool = LARGE
    at: float = field(default_factory=time.time)

    @property
    def median(self) -> float:
        """Middle of the rounds."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool:
        """Whether the goal is reached; true where there is none."""
        return self.goal is None or (self.median <= self.goal if self.at_most else self.median >= self.goal)

    def verdict(self) -> str:
        """Met or not, and by how much."""
        if self.goal is None:
            return "no goal"
        share = self.median / self.goal if self.at_most else self.goal / max(self.median, 1e-12)
        wanted = f"{'at most' if self.at_most else 'at least'} {told(self.goal)} {self.unit}"
        return f"{wanted}: met" if self.met else f"{wanted}: **missed by a factor of {told(share)}**"


def told(value: float) -> str:
    """A figure with three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g} M"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def keep(row: Row) -> None:
    """Put a row among the results, and show it."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known[row.name] = asdict(row)
    RESULTS.write_text(json.dumps(known, indent=1))
    low, high = min(row.values), max(row.values)
    spread = f" ({told(low)} to {told(high)}, {len(row.values)} rounds)" if len(row.values) > 1 else ""
    beside = f" beside {row.peer}" if row.peer else ""
    print(f"\n{row.name}{beside}: {told(row.median)} {row.unit}{spread}; {row.verdict()}", flush=True)


def rows() -> list[Row]:
    """Everything measured so far."""
    return [Row(**row) for row in json.loads(RESULTS.read_text()).values()] if RESULTS.exists() else []


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def cpu_seconds(work: Callable[[], Found]) -> tuple[float, Found]:
    """CPU time that it takes, of all threads of this process, and what it gives."""
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def cpu_of(pid: int) -> float:
    """Seconds of CPU that another process has used so far, to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def frozen() -> Iterator[None]:
    """What there is already is no garbage: a graph of a million dictionaries is not gone through again and again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def cores(number: int) -> Iterator[None]:
    """The engine works with so many threads."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(number)
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


@contextmanager
def quiet() -> Iterator[None]:
    """Alone among the benchmarks of this machine, where ``BENCH_LOCK`` names a file that they share.

    Who has waited for a minute measures all the same: ratios bear company.
    """
    name = os.environ.get("BENCH_LOCK")
    if name is None:
        yield
        return
    with Path(name).open("a") as lock:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.1)
        yield


class Beside:
    """What the ``beside`` fixture gives: measures with pytest-benchmark, keeps a row."""

    def __init__(self, benchmark: object) -> None:
        self._benchmark = benchmark

    def ratio(
        self,
        name: str,
        job: str,
        ours: Callable[[], Found],
        peer: str,
        theirs: Callable[[], Other],
        goal: float | None = None,
        rounds: int = 5,
        note: str = "",
        agree: Callable[[Found, Other], bool] | None = None,
    ) -> Row:
        """Peer and ours in turn, ``rounds`` times, on one thread each; CPU times.

        ``agree`` is asked of both answers in the first round, before any ratio is told; without it the caller has
        compared them.
        """
        mine: list[float] = []
        other: list[float] = []
        answers: list[Other] = []

        def peer_first() -> None:
            gc.collect()
            spent, found = cpu_seconds(theirs)
            other.append(spent)
            answers[:] = [found]

        def timed() -> None:
            spent, found = cpu_seconds(ours)
            mine.append(spent)
            assert agree is None or len(mine) > 1 or agree(found, answers[0]), "answers differ"
            answers.clear()

        with quiet(), cores(1), frozen():
            ours()
            self._benchmark.pedantic(timed, setup=peer_first, rounds=rounds)
        return _ratios(Row(name, job, peer, [], goal=goal, note=note), mine, other)

    def told(
        self,
        name: str,
        job: str,
        ours: Callable[[], float],
        peer: str,
        theirs: Callable[[], float],
        rounds: int,
        note: str = "",
    ) -> Row:
        """As :meth:`ratio` of two who tell their seconds themselves: processes of their own."""
        mine: list[float] = []
        other: list[float] = []
        with quiet():
            self._benchmark.pedantic(lambda: mine.append(ours()), setup=lambda: other.append(theirs()), rounds=rounds)
        return _ratios(Row(name, job, peer, [], note=note), mine, other)

    def figure(
        self,
        name: str,
        job: str,
        measure: Callable[[], float | Sequence[float]],
        unit: str,
        goal: float | None = None,
        at_most: bool = False,
        rounds: int = 1,
        note: str = "",
        peer: str = "",
        lock: bool = True,
    ) -> Row:
        """An absolute figure: whatever ``measure`` returns, each of ``rounds`` times.

        Without ``lock`` others may measure meanwhile: for memory, and for what takes the lock itself.
        """
        found: list[float] = []

        def measured() -> None:
            value = measure()
            found.extend(value if isinstance(value, Sequence) else [value])

        with quiet() if lock else nullcontext():
            self._benchmark.pedantic(measured, rounds=rounds)
        row = Row(name, job, peer, found, unit=unit, goal=goal, at_most=at_most, note=note)
        keep(row)
        return row

    def more(self, name: str, job: str, values: list[float], unit: str, **rest: object) -> None:
        """Another figure of what was just measured."""
        keep(Row(name, job, "", values, unit=unit, **rest))


def _ratios(row: Row, mine: list[float], other: list[float]) -> Row:
    """Keep what both took, round by round."""
    row.values = [theirs / ours for ours, theirs in zip(mine, other, strict=True)]
    row.ours_s, row.peer_s = statistics.median(mine), statistics.median(other)
    keep(row)
    return row
