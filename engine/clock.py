"""Time as the engine keeps it: whole UTC seconds, half-open intervals, the clock as an argument."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from engine.errors import BadParameterError

DAY = 86_400
HOUR = 3_600
MINUTE = 60
FOREVER = 2**62
"""A moment after every other: the close of a window that nothing closes."""

Clock = Callable[[], int]


def system_clock() -> int:
    """UTC seconds now. The only place that reads the machine's clock."""
    return int(time.time())


def day_of(t: int) -> int:
    """Number of the UTC day (days since 1970-01-01) that holds second ``t``."""
    return t // DAY


def to_rfc3339(t: int) -> str:
    """``t`` in UTC seconds as ``2021-07-11T02:03:04Z``."""
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_rfc3339(text: str) -> int:
    """UTC seconds of an RFC 3339 moment; the offset is required, fractions are dropped.

    Raises:
        BadParameterError: not a moment, or without offset.
    """
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
    except ValueError:
        raise BadParameterError(f"{text!r} is not a moment; write it like 2021-07-11T09:30:00+07:00") from None
    if moment.tzinfo is None:
        raise BadParameterError(f"{text!r} has no time zone; add Z or an offset such as +07:00")
    return int(moment.timestamp() // 1)
