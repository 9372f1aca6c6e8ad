"""Work on several cores: order, failures, work within work."""

import os
import subprocess
import sys
from threading import Barrier, get_ident

import pytest

from engine.cores import VARIABLE, in_parallel, threads
from tests.waiting import PATIENCE_S


@pytest.fixture(params=["1", "2", "5"], autouse=True)
def _threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, request.param)


@pytest.mark.parametrize("parts", [0, 1, 2, 3, 100])
def test_results_come_in_the_order_of_the_parts(parts: int) -> None:
    assert in_parallel(lambda n: n * n, iter(range(parts))) == [n * n for n in range(parts)]


def test_the_first_failure_in_order_is_told() -> None:
    def work(n: int) -> int:
        if n >= 3:
            raise ValueError(n)
        return n

    with pytest.raises(ValueError, match="3"):
        in_parallel(work, range(8))
    assert in_parallel(lambda n: n, range(3)) == [0, 1, 2]


def test_work_may_ask_for_work() -> None:
    rows = in_parallel(lambda n: sum(in_parallel(lambda m: n * m, range(20))), range(20))
    assert rows == [n * 190 for n in range(20)]


def test_so_many_threads_work_at_once() -> None:
    most = threads()
    meet = Barrier(most, timeout=PATIENCE_S)

    def work(_: int) -> int:
        meet.wait()
        return get_ident()

    assert len(set(in_parallel(work, range(most)))) == most


@pytest.mark.parametrize("text", ["", "zero", "-2", "0"])
def test_there_is_always_one(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert threads() >= 1


FORKED = """
import os, signal
from threading import Event, Thread
from engine.cores import Turn, in_parallel
turn, begun, over = Turn(), Event(), Event()
def hold():
    with turn:
        begun.set()
        over.wait()
Thread(target=hold).start()
begun.wait()
in_parallel(lambda n: n, range(9))
child = os.fork()
if child == 0:
    signal.alarm(%d)
    with turn:
        os._exit(0 if in_parallel(lambda n: n, range(9)) == list(range(9)) else 1)
over.set()
raise SystemExit(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_waits_for_no_thread_of_its_parent() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED % int(PATIENCE_S)]
    assert subprocess.run(command, check=False, timeout=2 * PATIENCE_S).returncode == 0
