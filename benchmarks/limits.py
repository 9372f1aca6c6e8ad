"""What this machine can do at best: ``python -m benchmarks.limits``. Floors of docs/performance.md are made of these.

Read and copy in order, reads all over memory (one after the other, as when each tells where the next is, and many at
once), and fsync of a batch. Best of several rounds, on one core and on two.
"""

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numba import njit

BYTES = 2**29
READS, CHASED = 4_000_000, 500_000
ROUNDS, BATCH = 5, 250_000


@njit(cache=True, nogil=True)
def add_up(words):
    """Reads all of it; whole numbers, so that the compiler adds several at a time."""
    total = np.uint64(0)
    for word in words:
        total += word
    return total


@njit(cache=True, nogil=True)
def chase(following, steps):
    """Each read tells where the next one is."""
    at = following[0]
    for _ in range(steps):
        at = following[at]
    return at


@njit(cache=True, nogil=True)
def pick(words, where):
    """Reads that do not wait for each other."""
    total = np.uint64(0)
    for i in range(len(where)):
        total += words[where[i]]
    return total


def best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds of the fastest round."""
    work()
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def on_two(work: Callable[[int], object]) -> Callable[[], object]:
    """The work of part 0 and of part 1, each on a thread."""

    def both() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, (0, 1)))

    return both


def fsync_s(rows: int = 200) -> float:
    """Median seconds to append a batch to a file and have it on disk."""
    body, took = os.urandom(BATCH), []
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb", buffering=0) as file:
        for _ in range(rows):
            file.write(body)
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return float(np.median(took))


def main() -> None:
    words, to = np.ones(BYTES // 8, np.uint64), np.empty(BYTES // 8, np.uint64)
    half = len(words) // 2
    parts, into = (words[:half], words[half:]), (to[:half], to[half:])
    rng = np.random.default_rng(1)
    ring = rng.permutation(len(words) // 8).astype(np.int64)
    following = np.empty(len(ring), np.int64)
    following[ring] = np.roll(ring, 1)
    where = rng.integers(0, len(words), READS)
    gb = BYTES / 1e9
    told = {
        "read in order, one core": f"{gb / best(lambda: add_up(words)):.1f} GB/s",
        "read in order, two cores": f"{gb / best(on_two(lambda n: add_up(parts[n]))):.1f} GB/s",
        "copy, one core (read and written bytes)": f"{2 * gb / best(lambda: np.copyto(to, words)):.1f} GB/s",
        "copy, two cores": f"{2 * gb / best(on_two(lambda n: np.copyto(into[n], parts[n]))):.1f} GB/s",
        "reads all over 64 MiB, one after the other": f"{best(lambda: chase(following, CHASED)) / CHASED * 1e9:.0f} ns",
        "reads all over 512 MiB, many at once": f"{best(lambda: pick(words, where)) / READS * 1e9:.1f} ns",
        f"fsync of {BATCH:,} bytes appended": f"{fsync_s() * 1e3:.2f} ms",
    }
    for what, figure in told.items():
        print(f"{what:<48}{figure:>12}")


if __name__ == "__main__":
    main()
