"""Epidemics: agent-days a CPU-second beside epiworldpy and two versions of covasim; final sizes and attack rates agree.

The runs of ``make bench-scenarios``, which tells more of them.
"""

from pathlib import Path
from statistics import mean

import pytest

from benchmarks.beside import Row, keep
from benchmarks.scenarios import common
from benchmarks.scenarios.__main__ import PEERS, TWO_CORES, Bench, sides, speed

JOB = (
    f"epidemic among {common.PEOPLE:,} people, {common.DEGREE} contacts a day, {common.DAYS} days, tests and tracing "
    "on: agent-days a CPU-second, one thread"
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    if not (PEERS / "bin" / "python").exists():
        pytest.skip(f"no peers in {PEERS}: make bench-peers installs them")
    return Bench(Path(tmp_path_factory.mktemp("scenarios")), None)


@pytest.fixture(scope="module")
def ours(bench):
    sizes, failed = bench.final_sizes(sides(PEERS))
    assert not failed, sizes
    return speed_of(bench, sides(PEERS)[0])


def speed_of(bench, side):
    return bench.task(side, "speed", replicates=side.replicates)


def attack(answer) -> float:
    return mean(run["infected"][-1] for run in answer["runs"])


@pytest.mark.beside
@pytest.mark.parametrize("number", [1, 2, 3], ids=["epiworldpy", "covasim-4", "covasim-3"])
def test_beside(benchmark, bench, ours, number):
    side = sides(PEERS)[number]
    answers = []
    benchmark.pedantic(lambda: answers.append(speed_of(bench, side)), rounds=1)
    theirs = answers[0]
    assert abs(attack(theirs) - attack(ours)) <= common.AGREE
    own = common.PEOPLE * common.DAYS / speed(ours)
    row = Row(
        f"scenarios-{side.title.replace(' ', '-')}", JOB, f"{side.model} {theirs['version']}",
        [seconds / own for seconds in theirs["seconds"]], goal=side.goal,
        note=f"attack rates {attack(ours):.3f} and {attack(theirs):.3f}; {speed(ours):.2g} and {speed(theirs):.2g}",
    )  # fmt: skip
    row.ours_s, row.peer_s = own, common.PEOPLE * common.DAYS / speed(theirs)
    keep(row)


def test_two_cores(beside, bench, ours):
    def gain():
        spread = bench.threads(sides(PEERS)[0], ours["rate"])
        assert len(set(spread["hashes"].values())) == 1
        return spread["seconds"]["1"] / spread["seconds"]["2"]

    job = "replicates of that epidemic on two threads: times the speed of one; identical results of 1, 2 and 3"
    beside.figure("scenarios-two-cores", job, gain, "x", TWO_CORES)
