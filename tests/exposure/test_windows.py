"""Windows and courses of an F0."""

from dataclasses import replace

import pytest

from engine.clock import DAY
from engine.exposure.infectiousness import KNOWN
from engine.exposure.policies import PRESETS, Policy
from engine.exposure.windows import course_of, infection_window, infectious_window
from engine.people.timelines import F0

VN, WHO = PRESETS["vn-2021-07"], PRESETS["who"]
ONSET = 100 * DAY
SICK = F0(0, ONSET + 3 * DAY, ONSET, ONSET + 2 * DAY, None, ("case",))
SILENT = replace(SICK, onset_at=None)
LATE = 200 * DAY


@pytest.mark.parametrize(
    ("f0", "policy", "days"),
    [
        (SICK, VN, (-3, 100)),
        (SILENT, VN, (2 - 14, 100)),
        (SICK, WHO, (-2, 13)),
        (SILENT, WHO, (0, 12)),
        (replace(SILENT, sampled_at=None), VN, (3 - 14, 100)),
        (replace(SICK, isolated_at=ONSET + DAY), VN, (-3, 1)),
        (replace(SICK, isolated_at=ONSET + 20 * DAY), WHO, (-2, 13)),
    ],
)
def test_a_window_opens_by_policy_and_closes_by_isolation(f0: F0, policy: Policy, days: tuple[int, int]) -> None:
    window = infectious_window(f0, policy, LATE)
    assert window == (ONSET + days[0] * DAY, ONSET + days[1] * DAY)


def test_until_closes_before_isolation() -> None:
    isolated = replace(SICK, isolated_at=ONSET + 5 * DAY)
    assert infectious_window(isolated, VN, ONSET + DAY)[1] == ONSET + DAY


@pytest.mark.parametrize(
    ("isolated_at", "until"), [(ONSET - 9 * DAY, LATE), (None, ONSET - 9 * DAY), (ONSET - 3 * DAY, LATE)]
)
def test_a_window_that_closes_before_it_opens_is_empty(isolated_at: int | None, until: int) -> None:
    start, end = infectious_window(replace(SICK, isolated_at=isolated_at), VN, until)
    assert start == end == ONSET - 3 * DAY


def test_infection_happened_in_the_two_weeks_before_onset() -> None:
    assert infection_window(SICK, LATE) == (ONSET - 14 * DAY, ONSET)


def test_without_onset_infection_happened_before_the_sample() -> None:
    assert infection_window(SILENT, LATE) == (ONSET - 12 * DAY, ONSET + 2 * DAY)


def test_until_ends_the_infection_window_too() -> None:
    assert infection_window(SICK, ONSET - 5 * DAY) == (ONSET - 14 * DAY, ONSET - 5 * DAY)
    assert infection_window(SICK, ONSET - 50 * DAY) == (ONSET - 14 * DAY, ONSET - 14 * DAY)


def test_a_course_is_counted_from_onset() -> None:
    assert course_of(SICK) == (ONSET, KNOWN, 1.0)


def test_without_symptoms_the_course_is_weaker_and_placed_by_the_sample() -> None:
    assert course_of(SILENT) == (ONSET + 2 * DAY, KNOWN, 0.4)
