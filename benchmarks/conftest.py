"""The ``beside`` fixture of all benchmarks, and the clock that tells what each file takes."""

import pytest

from benchmarks.beside import Beside
from benchmarks.budget import Clock, told

CLOCK = Clock()


@pytest.fixture
def beside(benchmark):
    return Beside(benchmark)


def pytest_runtest_logreport(report):
    CLOCK.add(report.nodeid, report.duration)


def pytest_terminal_summary(terminalreporter):
    if CLOCK.spent:
        CLOCK.keep()
        terminalreporter.section("seconds of each file")
        for line in told(CLOCK.spent):
            terminalreporter.write_line(line)
