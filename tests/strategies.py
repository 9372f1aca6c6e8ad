"""Shared hypothesis generators of small worlds: few people, few places, four days, many meetings."""

from typing import Any

from hypothesis import strategies as st

from tests.oracles.state import KEYS, Event
from tests.worlds import World

T0 = 1_625_011_200
"""2021-06-30T00:00:00Z."""
DAY = 86_400
DAYS = 4
PEOPLE = tuple(f"p{i}" for i in range(6))
PLACES = ("home-1", "market-1", "karaoke-1", "nowhere")
"""The last one has no reference data."""
REFERENCE: World = [
    ("place", {"place": "home-1", "name": "Nhà 1", "kind": "home", "lat": 10.77, "lng": 106.69}),
    ("place", {"place": "market-1", "name": "Chợ 1", "kind": "market", "area_m2": 500.0}),
    ("place", {"place": "karaoke-1", "kind": "karaoke", "area_m2": 30.0, "indoor": True}),
]
METRE_LAT = 1 / 111_195
METRE_LNG = METRE_LAT / 0.9824


def moments(days: int = DAYS, step: int = 60) -> st.SearchStrategy[int]:
    """Moments on a grid, thick round a few hours of the day (and midnight), so that meetings overlap."""
    hour = st.sampled_from((0, 9, 9, 10, 23))
    return st.builds(
        lambda d, h, m: T0 + d * DAY + h * 3600 + m * step,
        st.integers(0, days - 1),
        hour,
        st.integers(0, 3599 // step),
    )


def sightings(people: tuple[str, ...] = PEOPLE) -> st.SearchStrategy[tuple[str, Event]]:
    """Bluetooth: near, far and beyond every policy; some without duration."""

    def build(a: int, b: int, at: int, duration: int | None, attenuation: float) -> tuple[str, Event]:
        n = len(people)
        peer = people[(a + 1 + b % (n - 1)) % n]
        event: Event = {"person": people[a], "peer": peer, "at": at, "attenuation_db": attenuation}
        return ("bluetooth", event if duration is None else {**event, "duration_s": duration})

    return st.builds(
        build,
        st.integers(0, len(people) - 1),
        st.integers(0, len(people) - 2),
        moments(),
        st.sampled_from((None, 60, 300, 900, 1500)),
        st.sampled_from((45.0, 55.0, 61.5, 67.0, 70.0, 74.0, 80.0, 96.0)),
    )


def check_ins(people: tuple[str, ...] = PEOPLE) -> st.SearchStrategy[tuple[str, Event]]:
    """Check-ins, many of them without a departure."""

    def build(person: str, place: str, entered: int, stay: int | None) -> tuple[str, Event]:
        event: Event = {"person": person, "place": place, "entered_at": entered}
        return ("check_in", event if stay is None else {**event, "left_at": entered + stay})

    return st.builds(
        build,
        st.sampled_from(people),
        st.sampled_from(PLACES),
        moments(),
        st.sampled_from((None, None, 0, 600, 1800, 5400, 30_000)),
    )


def fixes(people: tuple[str, ...] = PEOPLE) -> st.SearchStrategy[tuple[str, Event]]:
    """Location fixes within some metres of one point, in one morning hour or round one midnight (UTC)."""

    def build(person: str, at: int, east: int, north: int, accuracy: float | None) -> tuple[str, Event]:
        event: Event = {
            "person": person,
            "at": at,
            "lat": round(10.7769 + north * METRE_LAT, 7),
            "lng": round(106.7009 + east * METRE_LNG, 7),
        }
        return ("location", event if accuracy is None else {**event, "accuracy_m": accuracy})

    return st.builds(
        build,
        st.sampled_from(people),
        st.builds(lambda start, n: start + n * 90, st.sampled_from((T0 + 32_400, T0 + DAY - 1800)), st.integers(0, 39)),
        st.sampled_from((0, 1, 2, 3, 5, 40)),
        st.sampled_from((0, 1, 4, 12)),
        st.sampled_from((1.0, 2.5, 4.0, 12.0, None)),
    )


def cases(person: str) -> st.SearchStrategy[tuple[str, Event]]:
    """A declared F0 with at least one date."""

    def build(onset: int | None, sampled: int | None, confirmed: int, isolated: int | None) -> tuple[str, Event]:
        event: Event = {"person": person, "onset_at": onset, "sampled_at": sampled, "isolated_at": isolated}
        if onset is None or confirmed % 2 == 0:
            event["confirmed_at"] = T0 + confirmed * 21_600
        return ("case", {k: v for k, v in event.items() if v is not None})

    moment = st.builds(lambda n: T0 + n * 10_800, st.integers(10, 8 * DAYS))
    return st.builds(
        build,
        st.none() | moment,
        st.none() | moment,
        st.integers(4, 4 * DAYS),
        st.none() | st.builds(lambda n: T0 + n * 10_800 + 1800, st.integers(20, 8 * DAYS)),
    )


def quarantines(people: tuple[str, ...] = PEOPLE) -> st.SearchStrategy[tuple[str, Event]]:
    """Orders that separate somebody, on a grid that cuts meetings in two."""
    return st.builds(
        lambda person, n: ("quarantine", {"person": person, "started_at": T0 + n * 1800, "mode": "home"}),
        st.sampled_from(people),
        st.integers(40, 48 * DAYS),
    )


def lab_results(people: tuple[str, ...]) -> st.SearchStrategy[tuple[str, Event]]:
    """Tests; only a positive PCR makes an F0."""

    def build(person: str, n: int, method: str, result: str, wait: int | None) -> tuple[str, Event]:
        sampled = T0 + n * 7200
        event: Event = {"person": person, "sampled_at": sampled, "method": method, "result": result}
        return ("test_result", event if wait is None else {**event, "resulted_at": sampled + wait})

    return st.builds(
        build,
        st.sampled_from(people),
        st.integers(6, 12 * DAYS),
        st.sampled_from(("pcr", "pcr", "antigen")),
        st.sampled_from(("positive", "positive", "negative", "inconclusive")),
        st.sampled_from((None, 14_400, DAY)),
    )


@st.composite
def worlds(draw: st.DrawFn, changes: bool = True, most: int = 22, f0_count: int = 2) -> World:
    """Every channel, ``f0_count`` F0s (the first people), and (if asked) retractions and repeats."""
    world: World = list(REFERENCE)
    world += draw(st.lists(sightings(), min_size=most // 3, max_size=most))
    world += draw(st.lists(check_ins(), min_size=most // 3, max_size=most * 2 // 3))
    world += draw(st.one_of(st.just([]), st.lists(fixes(), min_size=most // 2, max_size=most)))
    world += draw(st.lists(quarantines(PEOPLE[1:]), max_size=2))
    if f0_count:
        world += draw(st.lists(lab_results(PEOPLE[f0_count:]), max_size=2))
    world += [draw(cases(person)) for person in PEOPLE[:f0_count]]
    if changes:
        world += draw(_changes(world))
    return world


@st.composite
def long_worlds(draw: st.DrawFn) -> World:
    """Bluetooth alone, between neighbours on a ring of nine, so that answers reach deep levels."""
    ring = tuple(f"r{i}" for i in range(9))
    meeting = st.builds(
        lambda a, n, long: {
            "person": ring[a],
            "peer": ring[(a + 1) % len(ring)],
            "at": T0 + DAY + n * 600,
            "duration_s": 1500 if long else 300,
            "attenuation_db": 50.0,
        },
        st.integers(0, len(ring) - 1),
        st.integers(0, 200),
        st.booleans(),
    )
    world: World = [("bluetooth", e) for e in draw(st.lists(meeting, min_size=20, max_size=45))]
    world += draw(st.lists(quarantines(ring[1:]), max_size=2))
    return [*world, ("case", {"person": ring[0], "onset_at": T0 + 2 * DAY})]


@st.composite
def _changes(draw: st.DrawFn, world: World) -> World:
    """Repeats, retractions, corrections and revivals of some events of the world (never of a case)."""
    free = [e for e in world if e[0] not in ("case", "place")]
    if not free:
        return []
    extra: World = []
    picked = draw(st.lists(st.tuples(st.integers(0, len(free) - 1), st.integers(0, 4)), max_size=6))
    for index, what in picked:
        kind, event = free[index]
        key = {name: event[name] for name in KEYS[kind]}
        if what == 0:
            extra.append((kind, dict(event)))
        elif what == 1:
            extra.append((kind, {**key, "retract": True}))
        elif what == 2:
            extra.append((kind, {**_varied(kind, event), "revision": 0}))
        elif what == 3:
            extra.append((kind, {**_varied(kind, event), "revision": 2}))
        else:
            extra.append((kind, {**key, "retract": True, "revision": 1}))
    return extra


def _varied(kind: str, event: Event) -> Event:
    """The same natural key with another payload."""
    changed: dict[str, dict[str, Any]] = {
        "bluetooth": {"duration_s": 600, "attenuation_db": 58.0},
        "check_in": {"left_at": event.get("entered_at", 0) + 3600},
        "location": {"accuracy_m": 3.0},
        "test_result": {"ct": 25.0},
        "quarantine": {"ended_at": event.get("started_at", 0) + 7 * DAY},
    }
    return {**event, **changed[kind]}


def until_moments() -> st.SearchStrategy[int]:
    """A moment to end a query at: inside the world or after it."""
    return st.builds(lambda n: T0 + n * 7200 + 300, st.integers(30, 12 * DAYS + 24))
