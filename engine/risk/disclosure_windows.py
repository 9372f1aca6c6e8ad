"""When something is published, and about which days: windows that never overlap."""

from dataclasses import dataclass

from engine.clock import DAY, HOUR, VIET_NAM_S

HOURS = (8, 13, 20)
"""Hours of the day in Viet Nam at which something may be published."""
SHOWN_D = 14
"""A release is shown until this many days after the last of its days, never longer."""


@dataclass(frozen=True)
class Window:
    """Whole days in Viet Nam, [start, end) in UTC s."""

    start: int
    end: int


def midnight(t: int) -> int:
    """The last midnight in Viet Nam at or before ``t``."""
    return (t + VIET_NAM_S) // DAY * DAY - VIET_NAM_S


def slot(now: int) -> int:
    """The last publishing time at or before ``now``."""
    day = midnight(now)
    times = [day - DAY + HOURS[-1] * HOUR, *(day + hour * HOUR for hour in HOURS)]
    return max(t for t in times if t <= now)


def next_slot(now: int) -> int:
    """The first publishing time after ``now``."""
    day = midnight(now)
    return min(t for t in (day + hour * HOUR for hour in (*HOURS, 24 + HOURS[0])) if t > now)


def window_due(now: int, latest: int, published: int | None, days: int, settle_days: int) -> Window | None:
    """The days that the next release is about, or None while there is none to be made.

    Args:
        now: UTC s; only the publishing time before it counts.
        latest: up to here there are events, UTC s.
        published: end of the newest window that was published; None: nothing was.
        days: length of a window; longer, up to 14 days, when a release was left out, so that no day is lost.
        settle_days: days left out at the end, for cases in them to become known.

    Returns:
        A window that begins no earlier than ``published``.
    """
    end = midnight(min(slot(now), latest)) - settle_days * DAY
    start = end - days * DAY
    if published is None:
        return Window(start, end)
    if start < published:
        return None
    return Window(published if end - published <= SHOWN_D * DAY else start, end)
