"""A stand-in for the compiled model: a made-up epidemic that is a function of (seed, replicate), quick and plain."""

import random
import time
from collections.abc import Callable

import numpy as np

from engine.scenarios.outcome import DAILY, Infections, Outcome
from engine.scenarios.records import LATE_DAYS

PEOPLE = 200


def outcome(replicate: int, days: int = 30, seed: int = 1, chains: bool = False, people: int = PEOPLE) -> Outcome:
    """Day 0 has two infected; each infects 0 to 2 others some days later, until the run is over; some from outside."""
    draw = random.Random(f"{seed} {replicate}")
    person, infector, day, onset = [0, 1], [-1, -1], [0, 0], [draw.randint(0, 9), draw.randint(0, 9)]
    at = 0
    while at < len(person):
        for _ in range(draw.randint(0, 2) if day[at] else 2):
            when = day[at] + draw.randint(1, 8)
            if when < days and len(person) < people:
                person.append(len(person))
                infector.append(at if draw.random() < 0.9 else -1)
                day.append(when)
                onset.append(when + draw.randint(0, 12))
        at += 1
    daily = np.zeros((days, len(DAILY)), np.int32)
    for name in ("infectious", "isolated", "traced", "tests", "positives", "deaths"):
        daily[:, DAILY.index(name)] = [draw.randint(0, 9) for _ in range(days)]
    daily[:, DAILY.index("quarantined")] = [draw.randint(5, 20) for _ in range(days)]
    daily[:, DAILY.index("false_quarantined")] = [draw.randint(0, 5) for _ in range(days)]
    daily[:, DAILY.index("infections")] = np.bincount(day, minlength=days)
    outside = [d for d, by in zip(day, infector, strict=True) if by < 0 and d > 0]
    daily[:, DAILY.index("outside_infections")] = np.bincount(outside, minlength=days)
    onsets = np.bincount(onset, minlength=days + LATE_DAYS)
    daily[:, DAILY.index("onsets")] = onsets[:days]
    offspring = np.zeros(days, np.int32)
    for by in infector:
        if by >= 0:
            offspring[day[by]] += 1
    tree = None
    if chains:
        n = len(person)
        tree = Infections(
            np.array(person, np.int32), np.array(infector, np.int32), np.array(day, np.float32),
            np.array(onset, np.float32), np.ones(n, bool), np.full(n, -1, np.int32), np.zeros(n, bool),
        )  # fmt: skip
    late = onsets[days : days + LATE_DAYS].astype(np.int32)
    return Outcome(people, daily, late, np.bincount(day, minlength=days).astype(np.int32), offspring, tree)


def uneven(one: Callable[[int], Outcome]) -> Callable[[int], Outcome]:
    """The same, where replicates take different times: threads finish out of order."""

    def late(replicate: int) -> Outcome:
        time.sleep(replicate * 7919 % 5 / 2000)
        return one(replicate)

    return late
