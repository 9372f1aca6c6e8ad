"""Memory of a presence and of an encounter, as growth of a fresh process; names of people and places apart."""

import pytest

from benchmarks.beside import sized
from benchmarks.growth import DAYS, IN_A_CITY, RECORDS_A_PERSON, alone

N = sized(10_000_000)
KINDS = {"check_in": "a stay", "location": "a fix", "bluetooth": "an encounter"}
PEOPLE = {"": IN_A_CITY, "-sparse": RECORDS_A_PERSON}
"""Records of a person: as in a city, and where most people are seen twice a day."""


@pytest.mark.parametrize("density", PEOPLE)
@pytest.mark.parametrize("kind", KINDS)
def test_bytes(beside, kind, density):
    each = PEOPLE[density]
    job = (
        f"memory of {KINDS[kind]}: growth of a process by {N:,}, {each / DAYS:.2g} a person and day, {DAYS} days, in "
        "batches of 500,000"
    )
    measure = lambda: alone(N, {kind: 1.0}, 0, each)["growth_bytes"] / N
    beside.figure(f"memory-{kind}{density}", job, measure, "bytes", 24, True, lock=False)
