"""Who is an F0, and who is isolated when."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import FOREVER
from tests.graph.small import DAY, T0, Told, case
from tests.worlds import load


def swab(person: str, at: int, method: str = "pcr", result: str = "positive", resulted_at: int | None = None) -> Told:
    event = {"person": person, "sampled_at": at, "method": method, "result": result, "resulted_at": resulted_at}
    return "test_result", event


def order(person: str, started_at: int, ended_at: int | None = None) -> Told:
    return "quarantine", {"person": person, "started_at": started_at, "ended_at": ended_at}


def f0(world: list[Told], person: str = "a") -> Any:
    state = load(world).snapshot()
    return state.people.cases.get(state.person(person))


def isolation(world: list[Told], person: str = "a") -> int:
    state = load(world).snapshot()
    return int(state.people.isolation[state.person(person)])


def test_a_declared_case_is_an_f0() -> None:
    found = f0([case("a", onset_at=T0, confirmed_at=T0 + DAY)])
    assert (found.onset_at, found.confirmed_at, found.sources) == (T0, T0 + DAY, ("case",))


def test_a_positive_pcr_makes_an_f0() -> None:
    found = f0([swab("a", T0, resulted_at=T0 + DAY)])
    assert (found.sampled_at, found.confirmed_at, found.sources) == (T0, T0 + DAY, ("test_result",))


@pytest.mark.parametrize(("method", "result"), [("antigen", "positive"), ("pcr", "negative"), ("pcr", "inconclusive")])
def test_other_tests_make_no_f0(method: str, result: str) -> None:
    assert f0([swab("a", T0, method, result)]) is None


def test_the_earliest_positive_counts() -> None:
    world = [swab("a", T0 + DAY), swab("a", T0, result="negative"), swab("a", T0 + 2 * DAY)]
    assert f0(world).sampled_at == T0 + DAY


def test_a_case_keeps_its_own_dates_and_a_test_fills_the_rest() -> None:
    found = f0([case("a", confirmed_at=T0 + 9 * DAY), swab("a", T0, resulted_at=T0 + DAY)])
    assert (found.confirmed_at, found.sampled_at) == (T0 + 9 * DAY, T0)
    assert found.sources == ("case", "test_result")


@pytest.mark.parametrize(
    ("dates", "reference"),
    [
        ({"onset_at": T0, "sampled_at": T0 - DAY, "confirmed_at": T0 - DAY}, T0),
        ({"sampled_at": T0, "confirmed_at": T0 - DAY}, T0),
        ({"confirmed_at": T0}, T0),
    ],
)
def test_windows_are_counted_from_onset_else_sample_else_confirmation(dates: dict[str, int], reference: int) -> None:
    assert f0([case("a", **dates)]).reference == reference


def test_isolation_is_the_earliest_of_the_case_and_any_order() -> None:
    world = [case("a", onset_at=T0, isolated_at=T0 + 3 * DAY), order("a", T0 + 2 * DAY), order("a", T0 + 5 * DAY)]
    assert isolation(world) == f0(world).isolated_at == T0 + 2 * DAY


def test_nobody_else_is_isolated() -> None:
    assert isolation([case("a", onset_at=T0), order("b", T0)]) == FOREVER


def test_people_without_a_case_can_be_isolated() -> None:
    assert isolation([order("b", T0)], "b") == T0


@pytest.mark.parametrize("kind", ["case", "test_result", "quarantine"])
def test_a_retracted_event_leaves_no_trace(kind: str) -> None:
    world = [case("a", onset_at=T0, isolated_at=T0 + 9), swab("a", T0), order("a", T0)]
    key = {
        "case": ("person",),
        "test_result": ("person", "sampled_at", "method"),
        "quarantine": ("person", "started_at"),
    }
    (event,) = (e for k, e in world if k == kind)
    tomb = (kind, {n: event[n] for n in key[kind]} | {"retract": True})
    without = [e for e in world if e[0] != kind]
    assert f0([*world, tomb]) == f0(without)
    assert isolation([*world, tomb]) == isolation(without)


def test_views_cannot_be_written() -> None:
    assert not load([case("a", onset_at=T0)]).snapshot().people.isolation.flags.writeable


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999))
def test_the_order_of_arrival_changes_nothing(seed: int) -> None:
    world = [
        case("a", confirmed_at=T0), case("a", onset_at=T0 - DAY), swab("a", T0 - 9), swab("a", T0 - 99),
        swab("b", T0, result="negative"), swab("b", T0, "antigen"), order("b", T0), order("b", T0 + 5),
    ]  # fmt: skip
    shuffled = random.Random(seed).sample(world, len(world))
    one, other = load(world), load(shuffled)
    assert one.cases() == other.cases()
    for person in "ab":
        assert one.person(person).timeline == other.person(person).timeline
        assert isolation(world, person) == isolation(shuffled, person)
