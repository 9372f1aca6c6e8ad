"""F1 and F2 with evidence over presence: a million people, 30 million stays, no pair stored. ns a record examined."""

from collections import Counter

import numpy as np
import pytest

from benchmarks.beside import cpu_seconds, sized
from benchmarks.towns import START, check_ins, keys_of
from engine.clock import DAY
from engine.exposure.infectiousness import KNOWN, Course
from engine.exposure.policies import PRESETS
from engine.exposure.reach import reach_each
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace, trace_each
from engine.graph.evidence import records_examined
from engine.graph.graph import ContactGraph
from engine.graph.lists import lists_of

N, PEOPLE, PLACES, DAYS, CASES = sized(30_000_000), sized(1_000_000), sized(100_000), 14, 200
UNTIL = START + DAYS * DAY
JOB = f"F1 and F2 with evidence of {CASES} cases over {N:,} stays of {PEOPLE:,} people at {PLACES:,} places"


def make_world():
    """(view, names of people), warmed up."""
    (people, p_names), (places, l_names) = keys_of("P", PEOPLE), keys_of("L", PLACES)
    graph = ContactGraph(people, places)
    rng = np.random.default_rng(5)
    for day in range(DAYS):
        n = N // DAYS
        person, place = rng.integers(0, PEOPLE, n), rng.integers(0, PLACES, n)
        came = START + day * DAY + np.sort(rng.integers(0, DAY - 7_200, n))
        check_ins(graph, (p_names, l_names), person, place, came, came + rng.integers(300, 7_200, n))
    view = graph.publish()
    traced(view, people, 0)
    return view, people


@pytest.fixture(scope="module")
def world():
    return make_world()


def question(*cases):
    seeds = tuple(Seed(case, START, UNTIL) for case in cases)
    courses = {case: Course(START + 4 * DAY, KNOWN, 1.0) for case in cases}
    return Question(seeds, 2, UNTIL, PRESETS["vn-2021-07"], courses, np.empty(0, np.int64))


def traced(view, people, case):
    return trace(view, people, question(case)).reached


def test_ns_a_record(beside, world):
    view, people = world
    before = records_examined()
    reached = [len(traced(view, people, case).person) for case in range(CASES)]
    records = records_examined() - before
    spent: list[float] = []

    def run():
        spent[:] = [cpu_seconds(lambda case=case: traced(view, people, case))[0] for case in range(CASES)]
        return sum(spent) / records * 1e9

    job = f"{JOB}; {records:,} records examined, {sum(reached):,} people reached"
    beside.figure("evidence-record", f"{job}; one by one, CPU time", run, "ns", 15, True, rounds=5)
    ms = np.array(spent) * 1e3
    beside.more("evidence-median", JOB, [float(np.median(ms))], "ms", note="median case")
    beside.more("evidence-p99", JOB, [float(np.percentile(ms, 99))], "ms", note="99 % of cases")
    alone = Counter(dict(enumerate(reached)))
    assert alone == Counter(trace_each(view, people, question(*range(CASES))).seed.tolist())
    each = [1e9 / records * cpu_seconds(lambda: trace_each(view, people, question(*range(CASES))))[0] for _ in range(5)]
    job += "; all in one call, CPU time of both cores"
    beside.more("evidence-record-each", job, each, "ns", goal=15, at_most=True)


def test_levels_alone(beside, world):
    """Levels and moments out of lists: the same people, without dose, chance and witness."""
    view, people = world
    asked = question(*range(CASES))
    spent, lists = cpu_seconds(lambda: lists_of(view))
    stays = f"lists of {N:,} stays over all days"
    beside.more("lists-stay", f"{stays}, CPU time a stay", [spent / N * 1e9], "ns")
    beside.more("lists-stay-bytes", stays, [lists.bytes / N], "bytes", note="a stay")
    reach_each(view, people, asked)
    before = records_examined()
    found = reach_each(view, people, asked)
    records = records_examined() - before
    each = trace_each(view, people, asked)
    rows = [(c.seed, c.person, c.level) for c in (found, each)]
    keys = [np.sort((seed.astype(np.int64) << 40) | (person.astype(np.int64) << 8) | k) for seed, person, k in rows]
    assert np.array_equal(*keys)

    def run():
        return cpu_seconds(lambda: reach_each(view, people, asked))[0] / records * 1e9

    job = f"{JOB.replace(' with evidence', '')}; {records:,} records examined, {len(found):,} people reached"
    row = beside.figure(
        "reach-record", f"{job}; levels and moments, CPU time of both cores", run, "ns", 15, True, rounds=9
    )
    beside.more("reach-case", JOB, [row.median * records / CASES / 1e3], "us", note="a case")
