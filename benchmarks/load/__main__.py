"""``make load``: mixed events at a steady rate together with questions and stream subscribers, on this machine.

python -m benchmarks.load --seconds 60 --rate 20000 --queries 50 --subscribers 200
python -m benchmarks.load --long                      (10 minutes)
python -m benchmarks.load --step-up --arrow           (the highest rate that is sustained)
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.crash import database
from benchmarks.load.bodies import Form
from benchmarks.load.city import prepare
from benchmarks.load.steps import Rig
from tests.crash.server import Server

LONG_S, STEP_S, FINEST = 600, 10, 1.1
SETTLE_S = 8
"""After a step that was too much, so that what it left behind does not spoil the next."""


def main() -> int:
    """Run and print; 1 when anything that must hold does not."""
    asked = _parser().parse_args()
    seconds = LONG_S if asked.long else asked.seconds
    wanted: dict[Form, bool] = {"json": asked.json, "arrow": asked.arrow}
    forms = [form for form, is_wanted in wanted.items() if is_wanted] or ["json"]
    failed = False
    for form in forms:
        with _rig(asked, form) as rig:
            if asked.step_up:
                print(f"-- highest sustained rate, {form}", flush=True)
                failed |= step_up(rig, asked.rate, asked.step_seconds) == 0
            else:
                print(f"-- {form} bodies of {asked.rows} events, {asked.database}", flush=True)
                step = rig.step(asked.rate, seconds)
                failures = step.failures() + rig.end()
                print(step.told())
                print("FAILED: " + "; ".join(failures) if failures else "all holds", flush=True)
                failed |= bool(failures)
    return int(failed)


def step_up(rig: Rig, first: float, seconds: float) -> float:
    """Raise the rate by half until it is not sustained, then halve the gap; the highest sustained, 0 for none."""
    good, bad, rate = 0.0, float("inf"), first
    while bad / max(good, 1) > FINEST and rate >= 1_000:
        step = rig.step(rate, seconds)
        failures = step.failures()
        print(f"{rate:>10,.0f}/s: {'; '.join(failures) or 'sustained'}", flush=True)
        if failures:
            time.sleep(SETTLE_S)
        good, bad = (rate, bad) if not failures else (good, rate)
        rate = good * 1.5 if bad == float("inf") else (good + bad) / 2
    print(f"highest sustained: {good:,.0f} events/s", flush=True)
    return good


@contextlib.contextmanager
def _rig(asked: argparse.Namespace, form: Form) -> Iterator[Rig]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="truyvet-load-")))
        url = stack.enter_context(database(asked.database))
        server = stack.enter_context(Server(folder / "data", url)).start()
        print(f"city of {prepare(server, asked.base):,} events", flush=True)
        rig = Rig(server, form, asked.rows, asked.connections, asked.subscribers, asked.queries)
        yield stack.enter_context(rig)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--long", action="store_true", help="10 minutes")
    parser.add_argument("--rate", type=float, default=20_000, help="events/s; with --step-up the first step")
    parser.add_argument("--rows", type=int, default=1_000, help="events a body")
    parser.add_argument("--queries", type=float, default=50, help="questions/s")
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--connections", type=int, default=16, help="of the generator")
    parser.add_argument("--base", type=int, default=1_000_000, help="events of the base day")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--arrow", action="store_true")
    parser.add_argument("--database", default="sqlite", help="sqlite, postgres, or a postgresql:// address")
    parser.add_argument("--step-up", action="store_true")
    parser.add_argument("--step-seconds", type=float, default=STEP_S)
    return parser


if __name__ == "__main__":
    sys.exit(main())
