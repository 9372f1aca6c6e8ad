"""Data folders to break: filled once, copied for each test."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from tests.crash.clients import Ledger
from tests.crash.inside import Inside
from tests.crash.server import Server, command
from tests.crash.world import World

WORLD = World(11)
WRITTEN = 12
"""Batches of each of two writers."""


def fill(server: Server | Inside) -> Ledger:
    """Send a small world; every batch must be acknowledged."""
    ledger = Ledger()
    for batch in [*WORLD.start(), *(WORLD.batch(w, n) for n in range(WRITTEN) for w in range(2))]:
        ledger.sends(batch)
        assert ledger.answered(batch, *server.post(batch.kind, batch.json())), ledger.statuses
    return ledger


def flip_a_bit(path: Path) -> None:
    """The lowest bit of the byte in the middle of a file."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def tear(path: Path) -> None:
    """Only the first half of a file is left, as after a power cut."""
    os.truncate(path, path.stat().st_size // 2)


def checkpoint_files(data: Path) -> list[Path]:
    """Every file of every checkpoint, largest first."""
    found = [p for p in (data / "checkpoints").rglob("*") if p.is_file() and p.stat().st_size]  # the lock is empty
    return sorted(found, key=lambda p: -p.stat().st_size)


def kill_while_running(rng: random.Random, after: tuple[float, float], *words: object) -> bool:
    """Run ``truyvet WORDS`` and kill it at a random moment of ``after`` (s); whether it was still at work."""
    process = subprocess.Popen(
        [*command(), *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(rng.uniform(*after))
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return running
