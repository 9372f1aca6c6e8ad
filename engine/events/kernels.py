"""Compiled loops of the event checks: arrays in, arrays out."""

import numpy as np
import numpy.typing as npt
from numba import njit

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

GOOD, BLANK, BAD = 0, 1, 2
_MONTH_END = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365], np.int64)
_BAD_SECONDS = -(2**62)


@njit(cache=True, nogil=True)
def _number(data: U8, start: int, digits: int) -> int:
    """The decimal number of ``digits`` digits at ``start``, or -1."""
    value = 0
    for k in range(start, start + digits):
        digit = int(data[k]) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@njit(cache=True, nogil=True)
def _day_number(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the Gregorian calendar; far negative when there is no such date."""
    if year < 1 or month < 1 or month > 12 or day < 1:
        return _BAD_SECONDS
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    in_month = _MONTH_END[month] - _MONTH_END[month - 1] + (1 if leap and month == 2 else 0)
    if day > in_month:
        return _BAD_SECONDS
    before = year - 1
    days: int = 365 * before + before // 4 - before // 100 + before // 400 + _MONTH_END[month - 1] + day - 1
    return days + (1 if leap and month > 2 else 0) - 719_162


@njit(cache=True, nogil=True)
def _offset(data: U8, start: int, end: int) -> int:
    """Seconds east of UTC written in data[start:end] as Z or +hh:mm, or ``_BAD_SECONDS``."""
    if end - start == 1:
        return 0 if data[start] == 90 or data[start] == 122 else _BAD_SECONDS
    if end - start != 6 or data[start + 3] != 58:
        return _BAD_SECONDS
    hours, minutes = _number(data, start + 1, 2), _number(data, start + 4, 2)
    if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:
        return _BAD_SECONDS
    seconds = hours * 3600 + minutes * 60
    if data[start] == 43:
        return seconds
    return -seconds if data[start] == 45 else _BAD_SECONDS


@njit(cache=True, nogil=True)
def _moment(data: U8, start: int, end: int) -> int:
    """UTC seconds of the RFC 3339 moment in data[start:end], fraction dropped, or ``_BAD_SECONDS``."""
    if end - start < 20 or data[start + 4] != 45 or data[start + 7] != 45:
        return _BAD_SECONDS
    between = data[start + 10]
    if (between != 84 and between != 116 and between != 32) or data[start + 13] != 58 or data[start + 16] != 58:
        return _BAD_SECONDS
    day = _day_number(_number(data, start, 4), _number(data, start + 5, 2), _number(data, start + 8, 2))
    hour, minute = _number(data, start + 11, 2), _number(data, start + 14, 2)
    second = _number(data, start + 17, 2)
    if day == _BAD_SECONDS or hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 60:
        return _BAD_SECONDS
    at = start + 19
    if data[at] == 46:
        at += 1
        first = at
        while at < end and data[at] >= 48 and data[at] <= 57:
            at += 1
        if at == first:
            return _BAD_SECONDS
    offset = _offset(data, at, end)
    if offset == _BAD_SECONDS:
        return _BAD_SECONDS
    seconds = day * 86_400 + hour * 3600 + minute * 60 + second - offset
    # A leap second exists only as the last second of a UTC day; it is counted as the next day's first.
    if second == 60 and seconds % 86_400 != 0:
        return _BAD_SECONDS
    return seconds


@njit(cache=True, nogil=True)
def parse_moments(data: U8, offsets: I32, seconds: I64, state: U8) -> None:
    """RFC 3339 texts to UTC seconds. Text ``i`` is data[offsets[i]:offsets[i + 1]]; blanks around are cut.

    Fills ``seconds`` (n,) and ``state`` (n,): GOOD, BLANK (nothing but blanks) or BAD.
    """
    for i in range(len(seconds)):
        start, end = offsets[i], offsets[i + 1]
        while start < end and (data[start] == 32 or data[start] == 9):
            start += 1
        while end > start and (data[end - 1] == 32 or data[end - 1] == 9):
            end -= 1
        seconds[i] = 0
        if start == end:
            state[i] = BLANK
            continue
        value = _moment(data, start, end)
        if value == _BAD_SECONDS:
            state[i] = BAD
        else:
            seconds[i] = value
            state[i] = GOOD
