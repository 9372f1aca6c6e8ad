"""Memory of a presence and of an encounter, as growth of a fresh process; names of people and places apart."""

import pytest

from benchmarks.beside import sized
from benchmarks.growth import alone

N = sized(10_000_000)
KINDS = {"check_in": "a stay", "location": "a fix", "bluetooth": "an encounter"}


@pytest.mark.parametrize("kind", KINDS)
def test_bytes(beside, kind):
    job = f"memory of {KINDS[kind]}: growth of a process by {N:,}, 14 days, in batches of 500,000"
    beside.figure(
        f"memory-{kind}", job, lambda: alone(N, {kind: 1.0}, 0)["growth_bytes"] / N, "bytes", 24, True, lock=False
    )
