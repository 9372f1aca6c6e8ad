"""From which day vaccination protects each person of a replicate."""

from typing import NamedTuple

import numpy as np
from numba import njit

from engine.kernels.hashing import fold, unit
from engine.scenarios.kernels.arrays import F4, F8, I8


class Doses(NamedTuple):
    """Who is vaccinated when."""

    covered: F8
    """For each person the share of its group vaccinated before the run; empty: there is no vaccination."""
    turn: I8
    """Turn of each person's group in the daily doses; -1: it gets none."""
    turns: int
    per_day: int
    days: int
    after: float
    """From dose to protection."""


def since(key: np.uint64, doses: Doses) -> F4:
    """First day of protection of each person, infinite without; empty when there is no vaccination."""
    return np.asarray(_since(np.uint64(key), doses), np.float32)


@njit(cache=True, nogil=True)
def _since(key, doses):
    people = len(doses.covered)
    out = np.full(people, np.inf, np.float32)
    draw = np.empty(people)
    for p in range(people):
        draw[p] = unit(fold(key, p))
        if draw[p] < doses.covered[p]:
            out[p] = 0.0
    if doses.per_day <= 0:
        return out
    order = np.argsort(draw)
    given = 0
    for turn in range(doses.turns):
        for i in range(people):
            p = order[i]
            if doses.turn[p] == turn and out[p] > 0.0:
                day = 1 + given // doses.per_day
                if day >= doses.days:
                    return out
                out[p] = day + doses.after
                given += 1
    return out
