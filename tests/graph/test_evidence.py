"""Evidence at query time: half-open borders, midnight, long stays, slack, the day border of fixes."""

from dataclasses import replace

import numpy as np
import pytest

from engine import params
from engine.graph.evidence import gather
from engine.graph.presences import Queries
from tests.graph.small import DAY, HOUR, LIMITS, T0, evidence, fix, saw, stay
from tests.worlds import load

MIDNIGHT = T0 + DAY


@pytest.mark.parametrize("person", ["a", "b"])
def test_a_sighting_counts_for_both_phones(person: str) -> None:
    other = {"a": "b", "b": "a"}[person]
    assert evidence([saw("a", "b", T0)], person, T0, T0 + DAY) == [(other, "bluetooth", T0, T0 + 300)]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (T0 + 300, T0 + 999, []),
        (T0 + 299, T0 + 999, [(T0 + 299, T0 + 300)]),
        (T0 - 9, T0, []),
        (T0 - 9, T0 + 1, [(T0, T0 + 1)]),
        (T0 + 10, T0 + 20, [(T0 + 10, T0 + 20)]),
    ],
)
@pytest.mark.parametrize("who", ["a", "b"])
@pytest.mark.parametrize("event", [saw("a", "b", T0), saw("b", "a", T0)])
def test_windows_of_sightings_are_half_open(
    event: tuple[str, dict], who: str, start: int, end: int, found: list[tuple[int, int]]
) -> None:
    other = {"a": "b", "b": "a"}[who]
    assert evidence([event], who, start, end) == [(other, "bluetooth", s, e) for s, e in found]


@pytest.mark.parametrize(("attenuation_db", "count"), [(69.99, 1), (70.0, 1), (70.01, 0)])
def test_the_limit_of_attenuation_is_inclusive(attenuation_db: float, count: int) -> None:
    assert len(evidence([saw("a", "b", T0, 300, attenuation_db)], "a", T0, T0 + DAY)) == count


@pytest.mark.parametrize(("attenuation_db", "weight"), [(55, 1.75), (55.01, 1.0), (67, 1.0), (75, 0.33), (75.01, 0.05)])
def test_buckets_of_attenuation_include_their_upper_edge(attenuation_db: float, weight: float) -> None:
    state = load([saw("a", "b", T0, 300, attenuation_db)]).snapshot()
    asked = Queries(np.array([state.person("a")], np.int32), np.array([T0]), np.array([T0 + DAY]))
    ev = gather(state.graph, asked, replace(LIMITS, max_attenuation_db=90.0))
    assert (ev.weight.tolist(), ev.measure.tolist()) == ([weight], [attenuation_db])


@pytest.mark.parametrize("who", ["a", "b"])
def test_a_sighting_goes_on_after_midnight(who: str) -> None:
    world = [saw("a", "b", MIDNIGHT - 100), saw("a", "c", MIDNIGHT + HOUR)]
    other = {"a": "b", "b": "a"}[who]
    found = evidence(world, who, MIDNIGHT, MIDNIGHT + HOUR)
    assert found == [(other, "bluetooth", MIDNIGHT, MIDNIGHT + 200)]


def test_stays_that_only_touch_do_not_meet() -> None:
    world = [stay("a", "p", T0, T0 + HOUR), stay("b", "p", T0 + HOUR, T0 + 2 * HOUR)]
    assert evidence(world, "a", T0, T0 + DAY) == []


def test_stays_meet_while_they_overlap() -> None:
    world = [stay("a", "p", T0, T0 + HOUR), stay("b", "p", T0 + HOUR - 1, T0 + 2 * HOUR)]
    assert evidence(world, "a", T0, T0 + DAY) == [("b", "check_in", T0 + HOUR - 1, T0 + HOUR)]


def test_other_places_do_not_meet() -> None:
    assert evidence([stay("a", "p", T0, T0 + HOUR), stay("b", "q", T0, T0 + HOUR)], "a", T0, T0 + DAY) == []


def test_without_departure_the_usual_stay_of_the_kind_is_assumed() -> None:
    karaoke = ("place", {"place": "p", "kind": "karaoke"})
    world = [karaoke, stay("a", "p", T0), stay("b", "p", T0, T0 + DAY)]
    usual = params.PLACE_KINDS["karaoke"].default_stay_s
    assert evidence(world, "a", T0, T0 + DAY) == [("b", "check_in", T0, T0 + usual)]


@pytest.mark.parametrize("who", ["long", "short"])
def test_a_stay_of_many_days_meets_somebody_on_a_late_day(who: str) -> None:
    other = {"long": "short", "short": "long"}[who]
    day5 = T0 + 5 * DAY
    world = [stay("long", "p", T0 + HOUR, T0 + 20 * DAY), stay("short", "p", day5, day5 + HOUR)]
    assert evidence(world, who, T0 + 3 * DAY, T0 + 9 * DAY) == [(other, "check_in", day5, day5 + HOUR)]


def test_a_stay_without_departure_goes_on_after_midnight() -> None:
    world = [stay("a", "p", MIDNIGHT - HOUR), stay("b", "p", MIDNIGHT + HOUR // 2)]
    usual = params.PLACE_KINDS["other"].default_stay_s
    expected = [("b", "check_in", MIDNIGHT + HOUR // 2, MIDNIGHT - HOUR + usual)]
    assert evidence(world, "a", T0, T0 + 3 * DAY) == expected


def test_ones_own_other_check_in_is_no_contact() -> None:
    world = [stay("a", "p", T0, T0 + HOUR), stay("a", "p", T0 + 60, T0 + HOUR)]
    assert evidence(world, "a", T0, T0 + DAY) == []


@pytest.mark.parametrize(
    ("infector", "found"),
    [
        (True, [("b", "check_in", T0 + 2 * HOUR - 600, T0 + 2 * HOUR)]),
        (False, [("b", "check_in", T0 + HOUR - 600, T0 + HOUR)]),
    ],
)
def test_slack_widens_the_infectious_persons_stay(infector: bool, found: list) -> None:
    # a 0:00-1:00, b 1:50-3:00; an hour of slack either side of whoever is infectious.
    world = [stay("a", "p", T0, T0 + HOUR), stay("b", "p", T0 + 2 * HOUR - 600, T0 + 3 * HOUR)]
    limits = replace(LIMITS, slack_s=HOUR)
    assert evidence(world, "a", T0 - DAY, T0 + DAY, limits, infector) == found


@pytest.mark.parametrize("infector", [True, False])
@pytest.mark.parametrize("who", ["a", "b"])
def test_whoever_left_as_they_came_was_not_there(who: str, infector: bool) -> None:
    # However wide the slack: a stay without a length neither infects nor is infected.
    ends = {"a": T0 + HOUR, "b": T0 + HOUR} | {who: T0}
    world = [stay("a", "p", T0, ends["a"]), stay("b", "p", T0, ends["b"])]
    limits = replace(LIMITS, slack_s=HOUR)
    assert evidence(world, "a", T0 - DAY, T0 + DAY, limits, infector) == []


def test_slack_reaches_over_midnight() -> None:
    world = [
        stay("a", "p", MIDNIGHT - 2 * HOUR, MIDNIGHT - 600),
        stay("b", "p", MIDNIGHT + 600, MIDNIGHT + HOUR),
    ]
    limits = replace(LIMITS, slack_s=HOUR)
    expected = [("b", "check_in", MIDNIGHT + 600, MIDNIGHT + HOUR - 600)]
    assert evidence(world, "a", T0, T0 + 3 * DAY, limits) == expected


def test_slack_never_leaves_the_window() -> None:
    world = [stay("a", "p", T0, T0 + HOUR), stay("b", "p", T0 + HOUR, T0 + 3 * HOUR)]
    limits = replace(LIMITS, slack_s=HOUR)
    assert evidence(world, "a", T0, T0 + HOUR, limits) == []


def test_near_fixes_meet_until_either_moves_on() -> None:
    world = [fix("a", T0), fix("a", T0 + 400, 500), fix("b", T0 + 100, 1)]
    assert evidence(world, "a", T0, T0 + DAY) == [("b", "location", T0 + 100, T0 + 400)]


def test_a_fix_counts_at_most_the_declared_gap() -> None:
    gap = int(params.FIX_MAX_GAP_S.value)
    world = [fix("a", T0), fix("b", T0 + gap - 1, 1), fix("c", T0 + gap, 1)]
    assert evidence(world, "a", T0, T0 + DAY) == [("b", "location", T0 + gap - 1, T0 + gap)]


def test_the_next_fix_ends_a_presence_on_the_next_day_too() -> None:
    world = [fix("a", MIDNIGHT - 100), fix("a", MIDNIGHT + 50, 500), fix("b", MIDNIGHT - 20, 1)]
    assert evidence(world, "a", T0, T0 + 3 * DAY) == [("b", "location", MIDNIGHT - 20, MIDNIGHT + 50)]


@pytest.mark.parametrize("who", ["a", "b"])
def test_fixes_of_two_days_meet_at_the_day_border(who: str) -> None:
    other = {"a": "b", "b": "a"}[who]
    world = [fix("a", MIDNIGHT - 100), fix("b", MIDNIGHT + 100, 1)]
    found = evidence(world, who, MIDNIGHT, MIDNIGHT + DAY)
    assert found == [(other, "location", MIDNIGHT + 100, MIDNIGHT + 800)]


def test_far_fixes_do_not_meet() -> None:
    assert evidence([fix("a", T0), fix("b", T0, 60)], "a", T0, T0 + DAY) == []


def test_a_vague_fix_is_no_evidence() -> None:
    assert evidence([fix("a", T0), fix("b", T0, 0, 500)], "a", T0, T0 + DAY) == []


@pytest.mark.parametrize("channel", ["bluetooth", "check_in", "location"])
def test_channels_narrow_what_counts(channel: str) -> None:
    world = [
        saw("a", "b", T0), fix("a", T0), fix("b", T0), stay("a", "p", T0, T0 + 60), stay("b", "p", T0, T0 + 60),
    ]  # fmt: skip
    found = evidence(world, "a", T0, T0 + DAY, replace(LIMITS, channels=frozenset({channel})))
    assert {c for _, c, _, _ in found} == {channel}


def test_without_same_place_stays_are_no_evidence() -> None:
    world = [stay("a", "p", T0, T0 + 60), stay("b", "p", T0, T0 + 60)]
    assert evidence(world, "a", T0, T0 + DAY, replace(LIMITS, same_place=False)) == []


def test_more_evidence_than_the_first_buffer_holds_is_all_found() -> None:
    crowd = 17_000
    world = [stay("a", "p", T0, T0 + HOUR), *(stay(f"c{i}", "p", T0, T0 + HOUR) for i in range(crowd))]
    assert len(evidence(world, "a", T0, T0 + DAY)) == crowd
