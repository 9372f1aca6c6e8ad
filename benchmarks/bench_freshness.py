"""From an accepted event to its alert at a subscriber: 20,000 events/s with questions and 200 subscribers.

The load of ``make load``, for a short while; ten minutes with BENCH_LARGE.
"""

import re
import subprocess
import sys

from benchmarks.beside import LARGE, SCALE

SECONDS = 600 if LARGE else max(10, round(45 * SCALE))
FRESH = re.compile(r"freshness\s+p50 ([\d.]+) ms, p99 ([\d.]+) ms")


def test_freshness(beside):
    said = []

    def p99():
        command = [sys.executable, "-m", "benchmarks.load", "--seconds", str(SECONDS)]
        said[:] = [subprocess.run(command, capture_output=True, text=True, check=False).stdout]
        found = FRESH.search(said[0])
        assert found, said[0][-2_000:]
        return float(found[2]) / 1e3

    job = f"event sent -> alert at a subscriber, 99 %, 20,000 events/s for {SECONDS} s, 50 questions/s, 200 subscribers"
    beside.figure("freshness-p99", job, p99, "s", 1.0, True)
    rate = re.search(r"rate\s+([\d,]+) events/s", said[0])
    if rate:
        value = float(rate[1].replace(",", ""))
        beside.more("freshness-rate", "events/s sustained meanwhile", [value], "events/s", goal=19_600)
