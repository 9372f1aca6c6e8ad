"""No request waits for a kernel: a server compiles and loads them before it is ready."""

import subprocess
import sys

import orjson
import pytest

from engine.service import rehearsal
from engine.service.engine import Engine, Settings
from tests.api.kernels_loaded import ASKED


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a server in a process of its own, where nothing has been called yet, had to load for requests."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.api.kernels_loaded", str(tmp_path_factory.mktemp("data"))]
    return orjson.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=600).stdout)


def test_no_request_compiles_or_loads_a_kernel(found):
    assert found["ready"] > 20
    assert found["new"] == []


def test_every_route_with_an_answer_of_its_own_has_answered(found):
    assert {route for route in ASKED if 200 not in found["statuses"][route]} == set()


def test_a_rehearsal_that_fails_is_told_and_hinders_nothing(monkeypatch, caplog):
    monkeypatch.setattr(rehearsal, "_done", False)

    def broken():
        raise RuntimeError("no such town")

    rehearsal.rehearse(broken)
    assert "rehearsal failed" in caplog.text
    rehearsal.rehearse(lambda: pytest.fail("it is rehearsed once a process"))


def test_every_question_of_the_rehearsal_has_an_answer():
    engine = Engine.open(Settings(), clock=lambda: rehearsal.END)
    steps = len(list(rehearsal.take_in(engine)))
    case = engine.cases()[0].person
    assert {row.level for row in engine.exposures(case, 3).rows} >= {1, 2}
    assert {row.level for row in engine.board().rows} == {0, 1, 2}
    assert len(engine.hexes().h3) > 0
    steps += len(list(rehearsal.ask(engine)))
    assert steps == rehearsal.STEPS
    assert engine.release(rehearsal.END) is not None
