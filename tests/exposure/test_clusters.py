"""Shared places of F0s, against looking at every second minute."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exposure.clusters import Gathering, clusters
from engine.graph.view import GraphView
from tests.graph.small import DAY, HOUR, T0, Told, stay
from tests.worlds import load

MINUTE = 60
MINUTES = 600


def known(world: list[Told]) -> tuple[GraphView, dict[str, int], dict[str, int]]:
    state = load(world).snapshot()
    people = {e["person"]: state.person(e["person"]) for _, e in world}
    places = {e["place"]: state.place_keys.add(e["place"]) for _, e in world}
    return state.graph, people, places


def slow(stays: list[tuple[str, str, int, int]], windows: dict[str, tuple[int, int]]) -> set[tuple]:
    """(place, start, end, people, minutes) of every unbroken time with an F0 there, if two or more took part."""
    found = set()
    for place in {p for _, p, _, _ in stays}:
        there: dict[int, set[str]] = {}
        joins: set[int] = set()
        for who, where, s, e in stays:
            lo, hi = max(s, windows[who][0]), min(e, windows[who][1])
            if where == place:
                joins |= set(range(lo + 1, hi))
                for m in range(lo, hi):
                    there.setdefault(m, set()).add(who)
        group: list[int] = []
        for m in [*sorted(there), MINUTES * 9]:
            if group and (m != group[-1] + 1 or m not in joins):
                people = frozenset().union(*(there[g] for g in group))
                if len(people) > 1:
                    found.add((place, group[0], group[-1] + 1, people, sum(len(there[g]) for g in group)))
                group = []
            group.append(m)
    return found


stays = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("pq"), st.integers(0, MINUTES), st.integers(1, 120)),
    min_size=1,
    max_size=10,
    unique_by=lambda r: r[:3],
)
window = st.tuples(st.integers(0, MINUTES), st.integers(0, MINUTES))


@settings(max_examples=60, deadline=None)
@given(stays, st.fixed_dictionaries(dict.fromkeys("abc", window)), window)
def test_clusters_equal_looking_at_every_minute(
    rows: list[tuple[str, str, int, int]], windows: dict[str, tuple[int, int]], asked: tuple[int, int]
) -> None:
    visits = [(who, place, s, s + length) for who, place, s, length in rows]
    world = [stay(who, place, T0 + s * MINUTE, T0 + e * MINUTE) for who, place, s, e in visits]
    view, people, places = known(world)
    told = [(people[w], T0 + a * MINUTE, T0 + b * MINUTE) for w, (a, b) in windows.items() if w in people]
    found = clusters(view, told, T0 + asked[0] * MINUTE, T0 + asked[1] * MINUTE)
    who_is, where_is = {c: k for k, c in people.items()}, {c: k for k, c in places.items()}
    clipped = {w: (max(a, asked[0]), min(b, asked[1])) for w, (a, b) in windows.items()}
    assert {
        (
            where_is[g.place],
            (g.start - T0) // MINUTE,
            (g.end - T0) // MINUTE,
            frozenset(who_is[p] for p in g.people),
            g.person_seconds // MINUTE,
        )
        for g in found
    } == slow(visits, clipped)


def gatherings(world: list[Told], windows: list[tuple[str, int, int]], start: int, end: int) -> list[Gathering]:
    view, people, _ = known(world)
    return clusters(view, [(people[w], a, b) for w, a, b in windows], start, end)


def test_stays_that_only_touch_are_no_cluster() -> None:
    world = [stay("a", "p", T0, T0 + HOUR), stay("b", "p", T0 + HOUR, T0 + 2 * HOUR)]
    assert gatherings(world, [("a", T0, T0 + DAY), ("b", T0, T0 + DAY)], T0, T0 + DAY) == []


def test_an_empty_window_within_a_long_stay_is_no_visit() -> None:
    world = [stay("a", "p", T0, T0 + 2 * DAY), stay("b", "p", T0, T0 + 2 * DAY)]
    assert gatherings(world, [("a", T0, T0 + 2 * DAY), ("b", T0 + DAY, T0 + DAY)], T0, T0 + 2 * DAY) == []


def test_overlapping_check_ins_of_one_person_count_once() -> None:
    world = [stay("a", "p", T0, T0 + HOUR), stay("a", "p", T0 + 60, T0 + HOUR), stay("b", "p", T0, T0 + HOUR)]
    (found,) = gatherings(world, [("a", T0, T0 + DAY), ("b", T0, T0 + DAY)], T0, T0 + DAY)
    assert found.person_seconds == 2 * HOUR


def test_no_f0_no_cluster() -> None:
    assert gatherings([stay("a", "p", T0, T0 + HOUR)], [], T0, T0 + DAY) == []
