"""``make bench-scenarios``: agent-days per CPU-second beside epiworldpy and covasim, equal answers first.

100,000 people on one random network of 10 contacts each, the same every day; 100 days; tests, tracing and quarantine
on; every model tuned until it infects the same share of the people. Each runs in a process of its own, on one thread.
Peers live in ``.venv-bench`` (``make bench-peers``), away from the engine; two versions of covasim are compared.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.scenarios import common
from benchmarks.scenarios.final_size import compared, percolation

PEERS = Path(".venv-bench")
TWO_CORES = 1.8
FEWEST_P = 0.001
"""Below such a p-value two sets of final sizes are called different."""
WIDTH = 132


@dataclass(frozen=True)
class Side:
    """A model that is compared."""

    title: str
    model: str
    python: str
    goal: float | None = None
    """How many times as fast as it we want to be."""
    replicates: int = 5
    path: str | None = None


def sides(peers: Path) -> list[Side]:
    """Ours first."""
    python = str(peers / "bin" / "python")
    return [
        Side("truyvet", "ours", sys.executable, None, 16),
        Side("epiworldpy", "epiworldpy", python, 4, 5),
        Side("covasim 4", "covasim", python, 20, 3),
        Side("covasim 3", "covasim", python, 50, 2, str(peers / "covasim-3")),
    ]


def main() -> int:
    """Run and print; 1 when answers differ or a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=PEERS, help="venv of the peers")
    parser.add_argument("--lock", help="file to lock while something is timed (machines that others use too)")
    parser.add_argument("--out", type=Path, help="write all figures there as JSON")
    asked = parser.parse_args()
    if not (asked.peers / "bin" / "python").exists():
        sys.exit(f"no peers in {asked.peers}: run make bench-peers first")
    console = Console(width=WIDTH)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), asked.lock)
        equal = bench.final_sizes(sides(asked.peers))
        console.print(equal[0])
        found = {side.title: bench.side(side) for side in sides(asked.peers)}
        spread = bench.threads(sides(asked.peers)[0], found["truyvet"]["rate"])
    failed = [*equal[1], *_shown(console, sides(asked.peers), found), *_threads_shown(console, spread)]
    console.print("MISSED: " + "; ".join(failed) if failed else "all goals reached")
    if asked.out:
        asked.out.write_text(json.dumps({"models": found, "threads": spread}, indent=1))
    return int(bool(failed))


class Bench:
    """The networks, and tasks in processes of their own."""

    def __init__(self, folder: Path, lock: str | None) -> None:
        self.lock = lock
        self.edges, self.small = folder / "edges.npy", folder / "small.npy"
        free = common.Free()
        np.save(self.edges, common.random_network(common.PEOPLE, common.DEGREE, 1))
        np.save(self.small, common.random_network(free.people, free.degree, 2))

    def task(self, side: Side, task: str, **options: object) -> Any:
        """The answer of a task."""
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        path = {"PYTHONPATH": side.path} if side.path else {}
        more = [f"--{name}={value}" for name, value in options.items() if value is not None]
        edges = self.small if task == "final-size" else self.edges
        command = [side.python, "-m", "benchmarks.scenarios.worker", side.model, task, str(edges), *more]
        done = subprocess.run(command, env={**os.environ, **one, **path}, stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    def side(self, side: Side) -> dict[str, Any]:
        """Speed and memory of one model."""
        answer = self.task(side, "speed", replicates=side.replicates, lock=self.lock)
        answer["mib"] = self.task(side, "memory", rate=answer["rate"])
        return answer

    def threads(self, ours: Side, rate: float) -> Mapping[str, Any]:
        """See ``ours.threads``."""
        return self.task(ours, "threads", rate=rate, lock=self.lock)

    def final_sizes(self, compared_with: list[Side]) -> tuple[Table, list[str]]:
        """Ours and epiworldpy's final sizes beside percolation's."""
        sizes = {side.title: self.task(side, "final-size") for side in compared_with[:2]}
        oracle = percolation(np.load(self.small), common.Free())
        table = _table(
            "Final size without measures, 20,000 people", "", "replicates", "mean", "sd", "from oracle", "KS p"
        )
        table.add_row("percolation (oracle)", str(len(oracle)), f"{oracle.mean():.4f}", f"{oracle.std():.4f}", "", "")
        failed = []
        for name, replicates in sizes.items():
            own = np.array(replicates)
            errors, p = compared(own, oracle)
            table.add_row(
                name,
                str(len(own)),
                f"{own.mean():.4f}",
                f"{own.std():.4f}",
                f"{errors:+.1f} standard errors",
                f"{p:.3f}",
            )
            if p < FEWEST_P:
                failed.append(f"final sizes of {name} are not those of percolation")
        return table, failed


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=box.SIMPLE, title_justify="left", title_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i else "left", no_wrap=True)
    return table


def speed(answer: Mapping[str, Any]) -> float:
    """Agent-days per CPU-second, of the replicate in the middle."""
    return common.PEOPLE * common.DAYS / median(answer["seconds"])


def _shown(console: Console, order: list[Side], found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    fast = _table(
        "100,000 people, 10 contacts, 100 days, tests and tracing on; one thread",
        "", "version", "replicates", "attack rate", "agent-days/CPU-s", "ours is", "wanted", "memory MiB",
    )  # fmt: skip
    shape = _table(
        "How alike the epidemics are",
        "", "rate", "day of half", "5 % to half, days", "quarantine days/infected", "tests/infected", "detected share",
    )  # fmt: skip
    failed = []
    attack = {name: mean(run["infected"][-1] for run in answer["runs"]) for name, answer in found.items()}
    for side in order:
        answer, runs = found[side.title], found[side.title]["runs"]
        ratio = speed(found["truyvet"]) / speed(answer)
        sd = stdev([run["infected"][-1] for run in runs])
        fast.add_row(
            side.title, answer["version"], str(len(runs)), f"{attack[side.title]:.3f} (sd {sd:.3f})",
            f"{speed(answer):.2e}", f"{ratio:.1f} x" if side.goal else "", f">= {side.goal:g} x" if side.goal else "",
            f"{answer['mib']:.0f}",
        )  # fmt: skip
        shape.add_row(side.title, f"{answer['rate']:.4f}", *_alike(runs))
        if side.goal and ratio < side.goal:
            failed.append(f"{ratio:.1f} x of {side.title}, wanted {side.goal:g}")
        if abs(attack[side.title] - attack["truyvet"]) > common.AGREE:
            failed.append(f"attack rate of {side.title} is {attack[side.title]:.3f}, ours {attack['truyvet']:.3f}")
    console.print(fast)
    console.print(shape)
    return failed


def _alike(runs: list[Mapping[str, Any]]) -> list[str]:
    """The shape of the curve and the burden, means over the runs."""
    curves = np.array([run["infected"] for run in runs])
    infected = curves[:, -1] * common.PEOPLE
    half = np.array([np.argmax(curve >= curve[-1] / 2) for curve in curves])
    early = np.array([np.argmax(curve >= curve[-1] * 0.05) for curve in curves])

    def each(name: str, form: str) -> str:
        if runs[0][name] is None:
            return "-"
        return format(float(np.mean([run[name] for run in runs] / infected)), form)

    return [
        f"{half.mean():.0f}", f"{(half - early).mean():.0f}", each("quarantine_days", ".1f"), each("tests", ".2f"),
        each("detected", ".2f"),
    ]  # fmt: skip


def _threads_shown(console: Console, spread: Mapping[str, Any]) -> list[str]:
    seconds, hashes = spread["seconds"], spread["hashes"]
    gain, same = seconds["1"] / seconds["2"], len(set(hashes.values())) == 1
    answers = "identical" if same else "DIFFERENT"
    console.print(
        f"{spread['replicates']} replicates: {seconds['1']:.2f} s on one thread, {seconds['2']:.2f} s on two: "
        f"{gain:.2f} x (wanted {TWO_CORES} x); results of 1, 2 and 3 threads {answers} ({', '.join(hashes.values())})\n"
    )
    failed = [] if same else ["results depend on the number of threads"]
    if gain < TWO_CORES:
        failed.append(f"{gain:.2f} x on two cores, wanted {TWO_CORES}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
