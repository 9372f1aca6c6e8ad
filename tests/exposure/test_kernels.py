"""Evidence of a pair becomes one contact: the kernel, against counting second by second."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exposure.infectiousness import CONSTANT, EXPECTED, FIRST_DAY, KNOWN, STEP_S, tables
from engine.exposure.kernels.contacts import cumulative, most_in_a_day, summarise, union_lengths

DAY = 86_400
Row = tuple[int, int, int, float, int]
rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 300),
        st.integers(1, 90),
        st.sampled_from((0.05, 0.33, 1.0, 1.75)),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=14,
).map(lambda many: sorted(many, key=lambda r: r[:2]))
courses = st.tuples(st.sampled_from((KNOWN, EXPECTED, CONSTANT)), st.integers(-9, 9), st.sampled_from((0.4, 1.0)))


def run(evidence: list[Row], course: tuple[int, int, float]) -> list[dict[str, Any]]:
    """The kernel's summary of each group, with its pieces."""
    groups = sorted({r[0] for r in evidence})
    heads = [next(i for i, r in enumerate(evidence) if r[0] == g) for g in groups]
    start = np.array([r[1] for r in evidence], np.int64)
    end = start + np.array([r[2] for r in evidence], np.int64)
    n, g = len(evidence), len(groups)
    ints = [np.empty(g, np.int64) for _ in range(5)]
    dose, channels = np.empty(g), np.empty(g, np.int64)
    pieces = [np.empty(n, np.int64) for _ in range(3)]
    count = summarise(
        start, end, np.array([r[3] for r in evidence]), np.array([r[4] for r in evidence], np.int8),
        np.array([*heads, n], np.int64), np.full(g, course[0], np.int64), np.full(g, course[1] * DAY, np.int64),
        np.full(g, course[2]), tables(), FIRST_DAY * DAY, STEP_S, *ints, dose, channels, *pieces,
    )  # fmt: skip
    names = ("first", "last", "union", "day", "single")
    found: list[dict[str, Any]] = [{k: int(c[i]) for k, c in zip(names, ints, strict=True)} for i in range(g)]
    for i, one in enumerate(found):
        one |= {"dose": float(dose[i]), "channels": int(channels[i])}
        mine = pieces[0][:count] == i
        one["pieces"] = list(zip(pieces[1][:count][mine].tolist(), pieces[2][:count][mine].tolist(), strict=True))
    return found


def slow(evidence: list[Row], course: tuple[int, int, float]) -> list[dict[str, Any]]:
    """The same, one second at a time."""
    found = []
    for g in sorted({r[0] for r in evidence}):
        best: dict[int, float] = {}
        channels = 0
        for _, s, length, weight, channel in (r for r in evidence if r[0] == g):
            channels |= 1 << channel
            for t in range(s, s + length):
                best[t] = max(weight, best.get(t, 0.0))
        seconds = sorted(best)
        pieces = [[seconds[0], seconds[0] + 1]]
        for t in seconds[1:]:
            if t == pieces[-1][1]:
                pieces[-1][1] = t + 1
            else:
                pieces.append([t, t + 1])
        hours = [_hours(course, t + 1) - _hours(course, t) for t in seconds]
        found.append({
            "first": seconds[0], "last": seconds[-1] + 1, "union": len(seconds), "day": len(seconds),
            "single": max(e - s for s, e in pieces), "channels": channels,
            "dose": pytest.approx(course[2] * sum(h * best[t] for h, t in zip(hours, seconds, strict=True)), abs=1e-9),
            "pieces": [tuple(p) for p in pieces],
        })  # fmt: skip
    return found


def _hours(course: tuple[int, int, float], t: int) -> float:
    return float(cumulative(tables(), course[0], FIRST_DAY * DAY, STEP_S, t - course[1] * DAY))


@settings(max_examples=60, deadline=None)
@given(rows, courses)
def test_summary_equals_counting_second_by_second(evidence: list[Row], course: tuple[int, int, float]) -> None:
    assert run(evidence, course) == slow(evidence, course)


@settings(max_examples=60, deadline=None)
@given(rows, courses)
def test_telling_evidence_twice_adds_nothing(evidence: list[Row], course: tuple[int, int, float]) -> None:
    twice = sorted([*evidence, *evidence], key=lambda r: r[:2])
    assert run(twice, course) == [{**one, "dose": pytest.approx(one["dose"])} for one in run(evidence, course)]


def test_touching_intervals_are_one_unbroken_piece() -> None:
    (one,) = run([(0, 0, 10, 1.0, 0), (0, 10, 5, 1.0, 1), (0, 16, 4, 1.0, 1)], (CONSTANT, 0, 1.0))
    assert (one["pieces"], one["single"], one["union"]) == ([(0, 15), (16, 20)], 15, 19)


def test_no_evidence_gives_no_contact() -> None:
    none, real = np.empty(0, np.int64), np.empty(0)
    count = summarise(
        none, none, real, none.astype(np.int8), np.zeros(1, np.int64), none, none, real, tables(), FIRST_DAY * DAY,
        STEP_S, none, none, none, none, none, real, none, none, none, none,
    )  # fmt: skip
    assert count == 0


pieces = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 12)), min_size=1, max_size=8)


@settings(max_examples=80, deadline=None)
@given(pieces)
def test_most_in_a_day_equals_sliding_the_day(gaps: list[tuple[int, int]]) -> None:
    """In hours: pieces given as (pause before, length); every hour is tried as the beginning of the day."""
    start, end, t = [], [], 0
    for pause, length in gaps:
        start.append(t + pause)
        t += pause + length
        end.append(t)
    inside = [h for s, e in zip(start, end, strict=True) for h in range(s, e)]
    expected = max(sum(a <= h < a + 24 for h in inside) for a in range(-24, t + 1))
    s, e = (np.array(c, np.int64) * 3600 for c in (start, end))
    assert most_in_a_day(s, e, 0, len(s)) == expected * 3600


def test_a_piece_longer_than_a_day_holds_a_day() -> None:
    assert most_in_a_day(np.array([5]), np.array([5 + 3 * DAY]), 0, 1) == DAY


@settings(max_examples=60, deadline=None)
@given(rows)
def test_union_lengths_count_each_second_once(evidence: list[Row]) -> None:
    group, start = (np.array([r[i] for r in evidence], np.int64) for i in (0, 1))
    end = start + np.array([r[2] for r in evidence], np.int64)
    expected = [len({t for r in evidence if r[0] == g for t in range(r[1], r[1] + r[2])}) for g in range(4)]
    assert union_lengths(group, start, end, 4).tolist() == expected
