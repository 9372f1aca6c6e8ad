"""What a run keeps of each person: a record of a cache line, a byte of flags, and the day it is looked at next."""

import numpy as np
import numpy.typing as npt

PERSON = np.dtype(
    [
        ("onset", np.float32),
        ("isolate_at", np.float32),
        ("quarantine_at", np.float32),
        ("release_at", np.float32),
        ("test_at", np.float32),  # of the isolated and quarantined
        ("sick_test_at", np.float32),
        ("positive_at", np.float32),
        ("end_at", np.float32),  # recovery or death
        ("point", np.float32),  # the susceptible: draw of the day's winning infector; the infected: see hit_on
        ("infector", np.int32),
        ("place", np.int32),
        ("infected_on", np.int16),
        ("hit_on", np.int16),  # next day with a point of transmission: ``point`` along the contacts, by weight
        ("found_on", np.int16),
        ("mark", np.int16),  # day and level at which tracing reached the person
        ("fill", np.uint8, 12),  # up to a cache line
    ]
)
"""Times are days of the run; one that is not set is infinite."""

SUSCEPTIBLE, ISOLATED, QUARANTINED, REMOVED = 1, 2, 4, 8
"""REMOVED: dead, or immune from the start. (Who has recovered shows in ``end_at``.)"""
SYMPTOMATIC, DETECTED, KNOWN, DIES = 16, 32, 64, 128
"""KNOWN: has been a case of the tracers. DIES: ``end_at`` is death."""
CONFINED = ISOLATED | QUARANTINED
REACHABLE = SUSCEPTIBLE | CONFINED
"""Of these, someone who can be infected has SUSCEPTIBLE alone."""
NEVER = np.float32(np.inf)
NOT_YET = np.int16(32_767)
"""``infected_on`` of someone who has not been infected."""
DONE, TO_PLAN = np.float32(-1), np.float32(-2)
"""``test_at`` of someone who has been tested, and who waits for a moment to be drawn (and stands in that list)."""


def fresh(people: int) -> npt.NDArray[np.void]:
    """Records of people to whom nothing has happened, each in a cache line of its own."""
    line = PERSON.itemsize
    memory = np.empty((people + 1) * line, np.uint8)
    start = -memory.ctypes.data % line
    mine = memory[start : start + people * line]
    one = np.zeros(1, PERSON)
    for name in PERSON.names or ():
        one[name] = np.inf if PERSON[name] == np.float32 else -1 if PERSON[name] != PERSON["fill"] else 0
    one["infected_on"] = NOT_YET
    mine.view(np.uint64).reshape(people, -1)[:] = one.view(np.uint64)  # numpy copies numbers faster than records
    return mine.view(PERSON)
