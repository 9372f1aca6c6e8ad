"""``python -m engine.service.scenario_worker FOLDER``: run the scenario of one job, at low priority.

What it tells goes to standard output, a JSON document a line: ``{"done", "total"}``, at last ``{"state": "done"}`` or
``{"state": "failed", "code", "detail"}``. It ends when its standard input does: its server is gone then.
Killed at any moment, it goes on from its finished batches when it is started again.
"""

import fcntl
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from engine.errors import TruyvetError
from engine.scenarios.files import parse, runs_of
from engine.scenarios.model import Simulation
from engine.scenarios.running import Options, run_scenario
from engine.scenarios.world import World
from engine.service.scenario_job_files import LOCK, ORDER, RESULT, SCENARIO, WORLDS
from engine.service.scenario_world_file import read_world
from engine.service.scenarios import Scenarios, world_key, write_reports
from engine.service.settings import DATABASE

NICE = 10
"""How far it stands back behind others on the machine."""
WAIT_S, TELL_S = 60.0, 0.2


def main(arguments: list[str]) -> int:
    """Run the job of the folder; 0 also when the scenario failed and that was told."""
    folder = Path(arguments[0])
    os.umask(0o077)
    os.nice(NICE)
    threading.Thread(target=_end_with_server, daemon=True).start()
    try:
        with (folder / LOCK).open("w") as lock:
            _alone(lock.fileno())
            _work(folder)
    except TruyvetError as error:
        _tell({"state": "failed", "code": error.code, "detail": str(error)})
        return 0
    except MemoryError:
        _tell({"state": "failed", "code": "bad_scenario", "detail": "it needs more memory than there is"})
        return 0
    _tell({"state": "done"})
    return 0


def _work(folder: Path) -> None:
    order = json.loads((folder / ORDER).read_text("utf-8"))
    text = (folder / SCENARIO).read_text("utf-8")
    scenario = parse(text, SCENARIO)
    if scenario.simulation is None:
        _study(folder, order)
        return

    def world_of(simulation: Simulation) -> World:
        return read_world(folder / WORLDS / world_key(simulation))

    options = Options(workers=order["workers"], progress=_Progress(), text=text, report=write_reports,
                      about=order["about"])  # fmt: skip
    run_scenario(scenario, runs_of(scenario), world_of, folder / RESULT, options)


def _study(folder: Path, order: dict[str, Any]) -> None:
    """A policy study looks at the evidence itself: in an engine of this process, on what is stored."""
    from engine.service.engine import Engine, Settings  # noqa: PLC0415 - only studies need it

    data = None if order["data"] is None else Path(order["data"])
    engine = Engine.open(Settings(data=data, database=os.environ.get(DATABASE) or None))
    told = _Progress()
    try:
        Scenarios(engine).run(folder / SCENARIO, folder / RESULT, workers=order["workers"], force=True,
                              progress=lambda _, share: told(round(1_000 * share), 1_000))  # fmt: skip
    finally:
        engine.close()


class _Progress:
    """Tells how far it is, a few times a second at most."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done >= total or now - self._last > TELL_S:
            self._last = now
            _tell({"done": done, "total": total})


def _alone(handle: int) -> None:
    """Wait for a worker of a server that was killed just now: it is about to end, too.

    Raises:
        OSError: it does not.
    """
    end = time.monotonic() + WAIT_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _tell(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _end_with_server() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
