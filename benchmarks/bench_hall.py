"""A hall with 100,000 visitors in a day: F1 of one of them, and how memory grows with the visits."""

import json
import subprocess
import sys

import numpy as np

from benchmarks.beside import seconds, sized
from benchmarks.towns import START, check_ins, keys_of
from engine.clock import DAY, HOUR
from engine.exposure.infectiousness import KNOWN, Course
from engine.exposure.policies import PRESETS
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace
from engine.graph.graph import ContactGraph

VISITORS = sized(100_000)


def hall(visitors):
    (people, p_names), (places, l_names) = keys_of("P", visitors), keys_of("L", 1)
    graph = ContactGraph(people, places)
    rng = np.random.default_rng(6)
    came = START + 8 * HOUR + rng.integers(0, 12 * HOUR, visitors)
    left = came + rng.integers(1_800, 7_200, visitors)
    check_ins(graph, (p_names, l_names), rng.permutation(visitors), np.zeros(visitors, np.int64), came, left)
    return graph, people


def f1_of(view, people, case):
    seed = Seed(case, START, START + DAY)
    courses = {case: Course(START + DAY, KNOWN, 1.0)}
    question = Question((seed,), 1, START + DAY, PRESETS["vn-2021-07"], courses, np.empty(0, np.int64))
    return trace(view, people, question).reached


def expected(view, case):
    """Who else was there meanwhile, from the columns."""
    rows = view.check_in[0].rows
    came, left = rows.k1 & ((1 << 17) - 1), rows.payload["left_at"]
    mine = np.flatnonzero(rows.k2 == case)[0]
    there = (came < left[mine]) & (left > came[mine]) & (rows.k2 != case)
    return np.sort(rows.k2[there])


def test_f1_of_a_visitor(beside):
    graph, people = hall(VISITORS)
    view = graph.publish()
    found = [f1_of(view, people, case) for case in range(9)]
    for case, reached in enumerate(found):
        assert np.array_equal(np.sort(reached.person), expected(view, case))
    job = f"a hall with {VISITORS:,} visitors in a day: F1 of one ({len(found[0].person):,} people)"
    cases = iter(np.random.default_rng(1).integers(0, VISITORS, 99).tolist())
    beside.figure(
        "hall-f1", job, lambda: 1e3 * seconds(lambda: f1_of(view, people, next(cases))), "ms", 20, True, rounds=15
    )


def grown(visitors):
    """Growth of a fresh process by so many visits, names apart (bytes)."""
    program = f"from benchmarks.growth import hall_bytes; print(hall_bytes({visitors}))"
    return json.loads(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout)


def test_memory_is_linear(beside):
    sizes = [sized(n) for n in (250_000, 500_000, 1_000_000, 2_000_000)]
    slope = lambda: float(np.polyfit(np.log(sizes), np.log([grown(n) for n in sizes]), 1)[0])
    job = f"memory of {sizes[0]:,} to {sizes[-1]:,} visits to one hall in a day: slope on a log-log line"
    beside.figure("hall-memory", job, slope, "slope", 1.1, True, lock=False)
