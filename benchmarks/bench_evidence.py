"""F1 and F2 with evidence over presence: a million people, 30 million stays, no pair stored. ns a record examined."""

from time import perf_counter

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
COURSES = {case: Course(START + 4 * DAY, KNOWN, 1.0) for case in range(CASES)}
"""Of every case, whichever is asked about."""
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
    return Question(seeds, 2, UNTIL, PRESETS["vn-2021-07"], COURSES, np.empty(0, np.int64))


def traced(view, people, case):
    return trace(view, people, question(case)).reached


def one_by_one(view, people):
    return [traced(view, people, case) for case in range(CASES)]


def told(parts):
    """Whom each case reached, at which level, with which dose and chance."""
    columns = []
    for case, part in enumerate(parts):
        seeds = getattr(part, "seed", np.full(len(part.person), case))
        columns.append((seeds, part.person, part.level, part.first, part.dose, part.probability))
    whole = [np.concatenate(column) for column in zip(*columns, strict=True)]
    order = np.lexsort(whole[2::-1])
    return [column[order] for column in whole]


def record_rows(beside, world, name, how):
    """Rows of traces one by one, and of all in one call; ns a record examined."""
    view, people = world
    alone, asked = told(one_by_one(view, people)), question(*range(CASES))
    assert all(map(np.array_equal, alone, told([trace_each(view, people, asked)])))
    before = records_examined()
    one_by_one(view, people)
    records = records_examined() - before
    spent: list[float] = []

    def run():
        spent[:] = [cpu_seconds(lambda case=case: traced(view, people, case))[0] for case in range(CASES)]
        return sum(spent) / records * 1e9

    job = f"{JOB}; {how}; {records:,} records examined, {len(alone[0]):,} people reached"
    beside.figure(name, f"{job}; one by one, CPU time", run, "ns", 15, True, rounds=5)
    ms = np.array(spent) * 1e3
    beside.more(
        f"{name.removesuffix('-record')}-median", f"{JOB}; {how}", [float(np.median(ms))], "ms", note="median case"
    )
    beside.more(
        f"{name.removesuffix('-record')}-p99",
        f"{JOB}; {how}",
        [float(np.percentile(ms, 99))],
        "ms",
        note="99 % of cases",
    )
    each, wall = in_one_call(lambda: trace_each(view, people, asked), records)
    job += "; all in one call"
    beside.more(f"{name}-each", f"{job}, CPU time of both cores", each, "ns", goal=15, at_most=True)
    beside.more(f"{name}-each-wall", f"{job}, time on the wall, both cores", wall, "ns")
    return alone


def in_one_call(call, records, rounds=5):
    """CPU time of all threads and time on the wall, ns a record, round by round."""
    each, wall = [], []
    for _ in range(rounds):
        begun = perf_counter()
        each.append(cpu_seconds(call)[0] / records * 1e9)
        wall.append((perf_counter() - begun) / records * 1e9)
    return each, wall


@pytest.fixture
def unlisted(world, monkeypatch):
    """Without lists, as a view is that was just published."""
    monkeypatch.setattr("engine.exposure.trace.lists_if_they_pay", lambda *_: None)
    world[0].memory.pop("lists", None)
    return world


def test_ns_a_record(beside, unlisted):
    record_rows(beside, unlisted, "evidence-record", "no lists")


def test_ns_a_record_out_of_lists(beside, unlisted):
    """Lists over all days are made beforehand; what they take is in a row of its own."""
    view, people = unlisted
    found = told(one_by_one(view, people))
    lists_of(view)
    assert all(map(np.array_equal, found, record_rows(beside, unlisted, "evidence-listed", "lists made beforehand")))


def test_levels_alone(beside, world):
    """Levels and moments out of lists: the same people, without dose, chance and witness."""
    view, people = world
    asked = question(*range(CASES))
    view.memory.pop("lists", None)
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
    wall = in_one_call(lambda: reach_each(view, people, asked), records)[1]
    beside.more("reach-record-wall", f"{job}; levels and moments, time on the wall, both cores", wall, "ns")
    beside.more("reach-case", JOB, [row.median * records / CASES / 1e3], "us", note="a case")
