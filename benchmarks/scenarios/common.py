"""What all models of ``make bench-scenarios`` share. Standard library and numpy only: the peers' venv runs it too."""

import fcntl
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

SCALE = float(os.environ.get("BENCH_SCALE", "1"))
"""Below 1 the epidemics are only tried out, on fewer people."""
PEOPLE, DEGREE, DAYS, INFECTED = max(5_000, round(100_000 * SCALE)), 10, 100, 100
ATTACK = 0.40
"""The attack rate that all are tuned to."""
CLOSE = 0.02
"""A run that comes so near to it ends the tuning."""
AGREE = 0.05
"""How far the mean of a model may be from ours."""
LATENT_D, INFECTIOUS_D = 4.5, 9.0
"""Means: from infection to infecting, and how long that lasts."""
TRACED, TRACE_DELAY_D, HELD_D, SENSITIVITY = 0.5, 1, 14, 0.9
TUNING_SEED = 1000
MOST_TRIES = 10
Edges = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Free:
    """An epidemic without measures whose final size is known: see ``final_size.py``."""

    people: int = 20_000
    degree: int = 10
    infected: int = 200
    days: int = 800
    """Until it is over."""
    risk: float = 0.02
    """Daily, of a contact: small, as epiworldpy lets one neighbour at most infect somebody on a day."""
    stay: float = 0.8732
    """Chance of one more day of infecting, after each."""
    replicates: int = 60


@dataclass(frozen=True)
class Run:
    """One replicate. What a model does not know is None."""

    infected: list[float]
    """Infected so far, share of the people, on days 0 to DAYS."""
    quarantine_days: float
    """Person-days in quarantine."""
    tests: float | None
    detected: float | None
    """Infected people found by a test or, where the model has no tests, detected."""

    @property
    def attack(self) -> float:
        """Share infected by the last day."""
        return self.infected[-1]


class Model(Protocol):
    """A model that ran on the network it was built with."""

    version: str
    first_rate: float
    """Where tuning begins."""

    def build(self, edges: Edges, people: int) -> None:
        """Takes in the network; not counted."""

    def ready(self, rate: float, seed: int) -> None:
        """Whatever is done before the days begin; not counted."""

    def run(self) -> None:
        """The days of one replicate: what is counted."""

    def result(self) -> Run:
        """Of the last run."""


def random_network(people: int, degree: float, seed: int) -> Edges:
    """A random network (Erdos-Renyi) of ``people * degree / 2`` pairs, each once; shape (2, pairs)."""
    rng = np.random.default_rng(seed)
    pairs = int(people * degree / 2)
    ends = rng.integers(0, people, (2, int(pairs * 1.05)))
    low, high = ends.min(axis=0), ends.max(axis=0)
    keys = np.unique(low[low != high] * people + high[low != high])
    keys = np.sort(rng.permutation(keys)[:pairs])
    return np.stack([keys // people, keys % people]).astype(np.int32)


def ring(people: int) -> Edges:
    """Everybody knows the next one: something small to warm up on."""
    return np.stack([np.arange(people - 1), np.arange(1, people)]).astype(np.int32)


def tuned(model: Model) -> float:
    """The rate whose run comes within ``CLOSE`` of ``ATTACK``: by bisection, once there is a run on either side."""
    low = high = None
    rate = model.first_rate
    for _ in range(MOST_TRIES):
        model.ready(rate, TUNING_SEED)
        model.run()
        attack = model.result().attack
        if abs(attack - ATTACK) <= CLOSE:
            break
        low, high = (rate, high) if attack < ATTACK else (low, rate)
        if low is not None and high is not None:
            rate = (low * high) ** 0.5
        else:
            rate = rate * 1.15 if attack < ATTACK else rate / 1.15
    return rate


@contextmanager
def alone(lock: str | None) -> Iterator[None]:
    """Holds a lock file while something is timed, on machines where others wait for it too."""
    if lock is None:
        yield
        return
    with Path(lock).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def timed(model: Model, rate: float, replicates: int, lock: str | None) -> tuple[list[Run], list[float]]:
    """Replicates 1, 2, ... and the CPU-seconds (of all threads of the process) that the days of each took."""
    runs, seconds = [], []
    for seed in range(1, replicates + 1):
        model.ready(rate, seed)
        with alone(lock):
            start = time.process_time()
            model.run()
            seconds.append(time.process_time() - start)
        runs.append(model.result())
    return runs, seconds


def memory_growth(model: Model, edges: Edges, people: int, rate: float) -> float:
    """MiB by which the peak of the process grows when the model takes in the network and runs once.

    Libraries, compiled code and the list of edges are there before. The system's mark of the peak is set back first
    where that can be done (Linux); elsewhere the peak before is taken off, which may hide a part.
    """
    before = _peak_mib(set_back=True)
    model.build(edges, people)
    model.ready(rate, 1)
    model.run()
    return _peak_mib() - before


def _peak_mib(set_back: bool = False) -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
            1 << 20 if os.uname().sysname == "Darwin" else 1024
        )
    if set_back:
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return int(lines["VmHWM"].split()[0]) / 1024
