"""F1 and F2 with evidence over presence: a million people, 30 million stays, no pair stored. ns a record examined."""

import numpy as np
import pytest

from benchmarks.beside import seconds, sized
from benchmarks.towns import START, check_ins, keys_of
from engine.clock import DAY
from engine.exposure.infectiousness import KNOWN, Course
from engine.exposure.policies import PRESETS
from engine.exposure.reached import Question, Seed
from engine.exposure.trace import trace
from engine.graph import evidence, presences
from engine.graph.graph import ContactGraph
from engine.graph.layout import SECOND_BITS, SECOND_MASK

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


def traced(view, people, case):
    seed = Seed(case, START, UNTIL)
    courses = {case: Course(START + 4 * DAY, KNOWN, 1.0)}
    question = Question((seed,), 2, UNTIL, PRESETS["vn-2021-07"], courses, np.empty(0, np.int64))
    return trace(view, people, question).reached


def examined(view, people, cases) -> int:
    """Records that the scans of these traces look at: own stays, and the rows of a place within reach of each."""
    seen = 0
    own_scan, shared_scan = presences.stays_of_people, evidence.copresence_scan

    def own(*args):
        nonlocal seen
        groups, first, person = args[2], args[3], args[7]
        at = np.minimum(np.searchsorted(groups, person), len(groups) - 1)
        there = groups[at] == person
        if len(args[10]):
            seen += int((first[at + 1] - first[at])[there].sum())
        return own_scan(*args)

    def shared(*args):
        nonlocal seen
        k1, majors, longest, day, stay, place, start, end, low, high = (
            args[n] for n in (0, 3, 4, 5, 6, 8, 9, 10, 11, 12)
        )
        since, to = np.maximum(start, low), np.minimum(end, high)
        at = np.minimum(np.searchsorted(majors, place), len(majors) - 1)
        there = (majors[at] == place) & (to > day)
        most = np.maximum(longest[at], stay[place])
        key = place.astype(np.int64) << SECOND_BITS
        a = np.searchsorted(k1, key | np.clip(since - most - day, 0, SECOND_MASK))
        b = np.searchsorted(k1, key | np.clip(to - day, 0, SECOND_MASK))
        seen += int(np.maximum(b - a, 0)[there].sum())
        return shared_scan(*args)

    presences.stays_of_people, evidence.copresence_scan = own, shared
    try:
        for case in cases:
            traced(view, people, case)
    finally:
        presences.stays_of_people, evidence.copresence_scan = own_scan, shared_scan
    return seen


def test_ns_a_record(beside, world):
    view, people = world
    cases = range(CASES)
    records = examined(view, people, cases)
    spent: list[float] = []

    def run():
        spent[:] = [seconds(lambda case=case: traced(view, people, case)) for case in cases]
        return sum(spent) / records * 1e9

    row = beside.figure("evidence-record", f"{JOB}; {records:,} records examined", run, "ns", 15, True, rounds=5)
    ms = np.array(spent) * 1e3
    beside.more("evidence-median", JOB, [float(np.median(ms))], "ms", note="median case")
    beside.more("evidence-p99", JOB, [float(np.percentile(ms, 99))], "ms", note="99 % of cases")
    assert row.median > 0
