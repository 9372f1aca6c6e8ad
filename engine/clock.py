"""Time as the engine keeps it: whole UTC seconds, half-open intervals, the clock as an argument."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

from engine.errors import BadParameterError

DAY = 86_400
HOUR = 3_600
MINUTE = 60
FOREVER = 2**62
"""A moment after every other: the close of a window that nothing closes."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")

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
    moment_text = text.strip()
    # A bare + in an address arrives as a blank.
    moment_text = moment_text[:11] + moment_text[11:].replace(" ", "+")
    if not _RFC3339.fullmatch(moment_text):
        raise BadParameterError(f"{text!r} is not a moment with a time zone; write it like 2021-07-11T09:30:00+07:00")
    try:
        moment = datetime.fromisoformat(moment_text.upper().replace(" ", "T"))
    except ValueError:
        raise BadParameterError(f"{text!r} is not a moment; write it like 2021-07-11T09:30:00+07:00") from None
    return int(moment.timestamp() // 1)
