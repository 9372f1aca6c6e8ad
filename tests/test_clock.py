"""Moments as text and as seconds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import DAY, day_of, from_rfc3339, in_viet_nam, system_clock, to_rfc3339
from engine.errors import BadParameterError


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 4_102_444_800))
def test_text_and_back(t: int) -> None:
    assert from_rfc3339(to_rfc3339(t)) == t


@pytest.mark.parametrize(
    "text",
    [
        "2021-07-11T02:30:00Z", "2021-07-11T09:30:00+07:00", "2021-07-10T22:00:00-04:30",
        "2021-07-11T09:30:00 07:00", " 2021-07-11T02:30:00Z ",
    ],
)  # fmt: skip
def test_offsets_are_taken_into_account(text: str) -> None:
    assert from_rfc3339(text) == 1_625_970_600


@pytest.mark.parametrize(("text", "t"), [("1970-01-01T00:00:01.999Z", 1), ("1969-12-31T23:59:59.5Z", -1)])
def test_fractions_are_dropped_downwards(text: str, t: int) -> None:
    assert from_rfc3339(text) == t


@pytest.mark.parametrize("text", ["2021-07-11T09:30:00", "2021-07-11", "yesterday", "", "2021-02-30T00:00:00Z"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadParameterError):
        from_rfc3339(text)


@pytest.mark.parametrize(("t", "day"), [(0, 0), (DAY - 1, 0), (DAY, 1), (-1, -1)])
def test_days_begin_at_midnight_utc(t: int, day: int) -> None:
    assert day_of(t) == day


def test_the_clock_gives_whole_seconds() -> None:
    assert isinstance(system_clock(), int)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-07:00"])
def test_moments_that_utc_cannot_write_are_refused(text: str) -> None:
    with pytest.raises(BadParameterError):
        from_rfc3339(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "0033-04-03T15:00:00Z", "9999-12-31T23:59:59Z"])
def test_every_year_has_four_digits(text: str) -> None:
    assert to_rfc3339(from_rfc3339(text)) == text


def test_moments_that_no_text_can_hold_are_written_as_the_nearest() -> None:
    first, last = from_rfc3339("0001-01-01T00:00:00Z"), from_rfc3339("9999-12-31T23:59:59Z")
    assert to_rfc3339(first - DAY) == to_rfc3339(first)
    assert to_rfc3339(last + DAY) == to_rfc3339(last)


@pytest.mark.parametrize(
    ("t", "shown"),
    [(0, "1970-01-01 07:00"), (-(2**50), "0001-01-01 07:00"), (2**50, "9999-12-31 23:59")],
)
def test_viet_nams_clock_is_seven_hours_ahead_and_never_leaves_the_calendar(t: int, shown: str) -> None:
    assert f"{in_viet_nam(t):%H:%M}" == shown[-5:]
    assert in_viet_nam(t).isoformat(" ", "minutes") == shown
