"""Time as the engine keeps it: whole UTC seconds, half-open intervals, the clock as an argument."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from engine.errors import BadParameterError

DAY = 86_400
HOUR = 3_600
MINUTE = 60
VIET_NAM_S = 7 * HOUR
"""Viet Nam keeps UTC+07:00 all year."""
FOREVER = 2**62
"""A moment after every other: the close of a window that nothing closes."""
EARLIEST, LATEST = -62_135_596_800, 253_402_300_799
"""0001-01-01 and the end of 9999 in UTC seconds: what RFC 3339 and the standard library can write."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")

Clock = Callable[[], int]


def system_clock() -> int:
    """UTC seconds now. The only place that reads the machine's clock."""
    return int(time.time())


def day_of(t: int) -> int:
    """Number of the UTC day (days since 1970-01-01) that holds second ``t``."""
    return t // DAY


@lru_cache(1 << 16)
def to_rfc3339(t: int) -> str:
    """``t`` in UTC seconds as ``2021-07-11T02:03:04Z``; before the year 1 and after 9999 the nearest that is in."""
    # A window may open before the first moment that an event can have. strftime would write the year 33 as "33".
    return datetime.fromtimestamp(min(max(t, EARLIEST), LATEST), UTC).replace(tzinfo=None).isoformat() + "Z"


def in_viet_nam(t: int) -> datetime:
    """``t`` on a clock in Viet Nam (UTC+07:00 all year), without zone; clamped as :func:`to_rfc3339`."""
    near = min(max(t, EARLIEST), LATEST - VIET_NAM_S)
    return datetime.fromtimestamp(near, UTC).replace(tzinfo=None) + timedelta(seconds=VIET_NAM_S)


def from_rfc3339(text: str) -> int:
    """UTC seconds of an RFC 3339 moment; the offset is required, fractions are dropped.

    Raises:
        BadParameterError: not a moment, without offset, or outside the years 1 to 9999 of UTC.
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
    seconds = int(moment.timestamp() // 1)
    if not EARLIEST <= seconds <= LATEST:
        raise BadParameterError(f"{text!r} lies outside the years 1 to 9999 of UTC")
    return seconds
