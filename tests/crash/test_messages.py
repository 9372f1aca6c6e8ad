"""NATS killed and started again while messages are published and taken in."""

import asyncio
import time
from collections import Counter

from tests.crash.clients import Ledger
from tests.crash.server import Server
from tests.crash.stored import Audit
from tests.crash.world import Batch, World
from tests.nats import nats_server, publish  # noqa: F401 - a fixture
from tests.waiting import PATIENCE_S

MESSAGES = 120


def test_a_message_server_that_is_killed_and_comes_back(tmp_path, nats_server):  # noqa: F811 - the fixture that is imported
    world, ledger = World(41), Ledger()
    batches = [world.batch(0, n) for n in range(MESSAGES)]
    with Server(tmp_path / "data", options=["--nats", nats_server.url]) as server:
        server.start()
        published(nats_server.url, batches[: MESSAGES // 2], ledger)
        nats_server.stop(kill=True)
        time.sleep(0.5)
        nats_server.start()
        published(nats_server.url, batches[MESSAGES // 2 :], ledger)
        # Acknowledgements that were lost with the message server come again after a minute; the events need not.
        audit, end = Audit(server.data, None), time.monotonic() + PATIENCE_S
        while not (verdict := audit.check(ledger)).good and time.monotonic() < end:
            time.sleep(0.2)
        assert verdict.good, (verdict.told(), server.log_end())
        server.kill()
        verdict = Audit(server.data, None).check(ledger)
        assert verdict.good, verdict.told()


def published(url: str, batches: list[Batch], ledger: Ledger) -> None:
    """Publish, each again until the message server confirms it."""
    for batch in batches:
        with ledger.lock:
            ledger.batches[batch.name] = batch
            # A message may be delivered, and so stored, any number of times.
            ledger.tried[batch.name] = 1_000
    end = time.monotonic() + PATIENCE_S
    waiting = list(batches)
    while waiting:
        assert time.monotonic() < end, "the message server does not confirm"

        try:
            asyncio.run(publish(url, [(b.kind, b.json()) for b in waiting[:20]], {"Content-Type": "application/json"}))
        except Exception as error:
            time.sleep(0.2)
            ledger.statuses[type(error).__name__] += 1
            continue
        ledger.acknowledged += Counter(b.name for b in waiting[:20])
        del waiting[:20]
