"""Contacts of an observed graph equal a comparison of everything with everything; crowds are cut evenly."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadInputError
from engine.exposure.policies import policy_named
from engine.geo.units import Units
from engine.graph.scanning import Scan
from engine.scenarios import contacts_observed, crowds
from engine.scenarios.contacts_observed import EPOCH, observed_days, order_of_days
from engine.scenarios.crowds import Stays
from engine.scenarios.fingerprint import fingerprint
from engine.scenarios.model import Population
from engine.scenarios.world import BLUETOOTH, CHECK_IN, LOCATION, World
from engine.service.scenario_world import world_for
from tests.graph.small import saw, stay
from tests.oracles.contact_days import contact_days, visitors
from tests.oracles.state import fold
from tests.strategies import worlds
from tests.worlds import World as Events
from tests.worlds import load, load_sorted, read_folder

BITS = {"bluetooth": BLUETOOTH, "check_in": CHECK_IN, "location": LOCATION}
TINY = Path(__file__).parents[2] / "data" / "samples" / "tiny"
T0 = 1_625_011_200
"""2021-06-30T00:00:00Z, 07:00 in Viet Nam."""
HOUR = 3600


def observed(**settings_: Any) -> Population:
    return Population.model_validate({"observed": settings_})


def made(events: Events, population: Population, start: date | None = None, engine: Any = None) -> Any:
    state = (engine or load_sorted(events)).snapshot()
    return world_for(state, Units(), population, start)


def rows(world: World, keys: tuple[str, ...]) -> dict[tuple[int, str, str], tuple[float, float, int, int]]:
    """(minutes, weight, place, channel bits) by (row of the day, person, other)."""
    c, found = world.contacts, {}
    for d in range(c.days):
        for p in range(world.people):
            for i in range(c.first[d, p], c.first[d, p + 1]):
                row = float(c.minutes[i]), float(c.weight[i]), int(c.place[i]), int(c.channel[i])
                found[d, keys[p], keys[c.other[i]]] = row
    return found


def check(events: Events, population: Population) -> None:
    """The world holds what the oracle finds, on the days it says."""
    spec = population.observed
    assert spec is not None
    engine = load_sorted(events)
    state = engine.snapshot()
    first, last = observed_days(state.graph)
    start = last + timedelta(days=1)
    world, keys = made(events, population, start, engine)
    days = order_of_days(first, last, start)
    number = {(d - EPOCH).days: n for n, d in enumerate(days)}
    span = range(min(number), max(number) + 1)
    told = fold(events)
    policy = replace(policy_named(spec.policy), slack_s=0)
    want = contact_days(told, policy, frozenset(spec.channels), span)
    got = rows(world, keys)
    places = sorted({e["place"] for e in told.of("place")} | {e["place"] for e in told.of("check_in")})
    assert {(number[d], x, y) for d, x, y in want} == set(got)
    for (d, x, y), met in want.items():
        minutes, weight, place, channel = got[number[d], x, y]
        assert minutes == pytest.approx(met.minutes, rel=1e-5)
        assert weight == pytest.approx(met.weight, rel=1e-5)
        assert (None if place < 0 else places[place]) == met.place
        assert channel == sum(BITS[name] for name in met.channels)
    counted = visitors(told, span)
    for d, n in number.items():
        assert world.places.visitors[n].tolist() == [counted.get((d, place), 0) for place in places]


@settings(max_examples=20, deadline=None)
@given(worlds(most=30))
def test_contacts_are_those_of_everything_with_everything(events: Events) -> None:
    check(events, observed())


@settings(max_examples=10, deadline=None)
@given(worlds(most=24))
def test_channels_and_other_limits(events: Events) -> None:
    check(events, observed(policy="who", channels=("check_in", "location")))
    check(events, observed(policy="pc-covid", channels=("bluetooth",)))


@settings(max_examples=8, deadline=None)
@given(worlds(most=24))
def test_parts_and_order_of_arrival_change_nothing(events: Events) -> None:
    whole, keys = made(events, observed())
    other, other_keys = world_for(load(list(reversed(events))).snapshot(), Units(), observed())
    assert (keys, fingerprint(whole)) == (other_keys, fingerprint(other))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contacts_observed, "PART_ROWS", 7)
        assert fingerprint(made(events, observed())[0]) == fingerprint(whole)


def test_the_tiny_case() -> None:
    events = read_folder(TINY)
    check(events, observed())
    world, keys = made(events, observed())
    assert [keys[p] for p in world.case_person] == ["nga", "son"]
    begin = (date(2021, 7, 11) - EPOCH).days * 86_400 - 7 * HOUR  # the last case was confirmed on the 10th
    onset = 1_625_446_800  # 2021-07-05T08:00:00+07:00
    assert world.case_onset[1] == pytest.approx((onset - begin) / 86_400)
    early = made(events, observed(), start=date(2021, 7, 9))[0]
    assert [keys[p] for p in early.case_person] == ["son"]  # nga was confirmed on the 10th


def test_days_and_limits_of_the_span() -> None:
    events = [saw("a", "b", T0 + n * 86_400) for n in range(30)]
    first, last = date(2021, 6, 30), date(2021, 7, 29)
    assert observed_days(load_sorted(events).snapshot().graph) == (first, last)
    world, _ = made(events, observed())
    assert world.contacts.days == 28
    assert world.contacts.start == date(2021, 7, 2)
    world, _ = made(events, observed(first=date(2021, 7, 1), last=date(2021, 7, 3)))
    assert (world.contacts.days, world.contacts.start) == (3, date(2021, 7, 1))
    with pytest.raises(BadInputError, match="there are events from 2021-06-30 to 2021-07-29"):
        made(events, observed(first=date(2022, 1, 1)))
    with pytest.raises(BadInputError, match="nothing was observed"):
        made([("case", {"person": "a", "onset_at": T0})], observed())


@pytest.mark.parametrize("count", [1, 3, 7, 10, 14, 17])
@pytest.mark.parametrize("shift", range(-4, 25, 3))
def test_a_run_meets_every_weekday_on_its_weekday(count: int, shift: int) -> None:
    first = date(2021, 7, 5)
    last, start = first + timedelta(days=count - 1), first + timedelta(days=shift)
    days = order_of_days(first, last, start)
    assert all(first <= d <= last for d in days)
    if count < 7:
        assert sorted(days) == [first + timedelta(days=n) for n in range(count)]
    else:
        assert len(days) >= 7
        assert [d.weekday() for d in days] == [(start + timedelta(days=n)).weekday() for n in range(len(days))]
    if first <= start <= last:
        assert days[: (last - start).days + 1] == [start + timedelta(days=n) for n in range((last - start).days + 1)]


def test_a_contact_over_midnight_is_cut_there_and_counted_once() -> None:
    """23:30 to 00:45 in Viet Nam at a cafe, phones seeing each other in the midst; midnight of UTC is at 07:00."""
    midnight = T0 + 17 * HOUR
    together = [stay(who, "cafe-1", midnight - HOUR // 2, midnight + 3 * HOUR // 4) for who in "ab"]
    phones = [saw(x, y, midnight - 600, 1200) for x, y in ("ab", "ba")]
    utc = [saw("a", "b", T0 + 24 * HOUR - 300, 600)]
    world, keys = made([*together, *phones, *utc], observed())
    found = rows(world, keys)
    assert {key: row[0] for key, row in found.items()} == {
        (0, "a", "b"): 30, (0, "b", "a"): 30, (1, "a", "b"): 55, (1, "b", "a"): 55
    }  # fmt: skip
    assert {row[2:] for row in found.values()} == {(0, BLUETOOTH | CHECK_IN)}
    assert world.places.visitors.tolist() == [[2], [2]]


def test_a_crowd_meets_the_same_people_from_both_ends() -> None:
    crowd, people = 10, 61
    events: Events = [stay(f"p{n:02}", "market-1", T0, T0 + HOUR) for n in range(people)]
    events += [stay(f"p{n:02}", "market-1", T0 + 86_400, T0 + 86_400 + HOUR) for n in range(people)]
    events += [stay(f"p{n:02}", "shop-1", T0 + 5 * HOUR, T0 + 6 * HOUR) for n in range(crowd + 1)]
    world, _ = made(events, observed(crowd=crowd))
    c = world.contacts
    market = [
        {(p, int(o)) for p in range(people) for o, w in zip(*own(c, d, p), strict=True) if w == 0} for d in range(2)
    ]
    for met in market:
        assert met == {(y, x) for x, y in met}
        assert np.bincount([x for x, _ in met], minlength=people).tolist() == [crowd] * people
    assert market[0] != market[1]
    shop = {(p, int(o)) for p in range(people) for o, w in zip(*own(c, 0, p), strict=True) if w == 1}
    both = {pair for pair in market[0] if max(pair) <= crowd}
    assert len(shop | both) == (crowd + 1) * crowd  # a shop that is not crowded: everybody meets everybody
    assert world.places.visitors.tolist() == [[people, crowd + 1], [people, 0]]


def own(contacts: Any, day: int, person: int) -> tuple[Any, Any]:
    at = slice(contacts.first[day, person], contacts.first[day, person + 1])
    return contacts.other[at], contacts.place[at]


def stays_in_turn(people: int, shifts: int) -> Events:
    """Everybody at one market for an hour, in shifts."""
    came = [T0 + n % shifts * 2 * HOUR for n in range(people)]
    return [stay(f"p{n:03}", "market-1", at, at + HOUR) for n, at in enumerate(came)]


def test_only_visitors_at_the_same_time_meet_in_a_crowd() -> None:
    people, shifts, crowd = 120, 4, 10
    world, _ = made(stays_in_turn(people, shifts), observed(crowd=crowd))
    met = [own(world.contacts, 0, p)[0] for p in range(people)]
    assert {int(o) % shifts - p % shifts for p, others in enumerate(met) for o in others} == {0}
    assert np.mean([len(others) for others in met]) == pytest.approx(crowd, rel=0.2)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60), st.integers(1, 40)), min_size=12, max_size=60),
    st.integers(2, 8),
)
def test_both_ways_through_a_crowd_meet_the_same(stays: list[tuple[int, int, int]], crowd: int) -> None:
    person, start, length = (np.array(c, np.int32) for c in zip(*stays, strict=True))
    found = []
    for pairs in (0, 1 << 40):  # so few overlaps that they are gone through, so many that the ring is
        day = Stays.of(np.zeros_like(person), person, start, start + length, 1, crowd, True)
        scan = Scan(*(np.int32,) * 4, np.int64)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(crowds, "_steps", lambda crowd, visitors, _: min((visitors - 1) // 2, crowd // 2))
            there = replace(day, crowded=np.array([True]), pairs=np.array([pairs]))
            crowds.crowd_overlaps(scan, there, 3, crowd, 0, 1)
        found.append(sorted(zip(*(c.tolist() for c in scan.columns()[:4]), strict=True)))
    assert found[0] == found[1]


def test_many_visitors_one_after_the_other_are_no_crowd() -> None:
    """Of 120 visitors 29 others are there at a time: fewer than one can meet, so everybody meets them all."""
    people, shifts = 120, 4
    world, _ = made(stays_in_turn(people, shifts), observed(crowd=30))
    assert [len(own(world.contacts, 0, p)[0]) for p in range(people)] == [people // shifts - 1] * people


def test_scans_of_one_person_over_and_over_make_no_crowd() -> None:
    events = [stay(who, "market-1", T0 + n, T0 + HOUR) for who in ("a", "b", "c") for n in range(20)]
    world, _ = made(events, observed(crowd=2))
    assert [len(own(world.contacts, 0, p)[0]) for p in range(3)] == [2, 2, 2]
