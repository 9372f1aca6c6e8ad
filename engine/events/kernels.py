"""Compiled loops of the event checks: arrays in, arrays out."""

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.kernels.memory import word

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

GOOD, BLANK, BAD = 0, 1, 2
_MONTH_END = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365], np.int64)
_BAD_SECONDS = -(2**62)
_BEYOND_ASCII = np.uint64(0x8080808080808080)
# A moment in UTC as most write it, 2021-07-11T02:03:04Z, as the three words at 0, 8 and 12: which of their bytes are
# digits, and what the others are.
_DATE_DIGITS, _DATE_MARKS = np.uint64(0x00FFFF00FFFFFFFF), np.uint64(0x2D00002D00000000)
_HOUR_DIGITS, _HOUR_MARKS = np.uint64(0xFFFF00FFFF00FFFF), np.uint64(0x00003A0000540000)
_REST_DIGITS, _REST_MARKS = np.uint64(0x00FFFF00FFFF00FF), np.uint64(0x5A00003A00003A00)
_ZEROS, _TO_TEN = np.uint64(0x3030303030303030), np.uint64(0x7676767676767676)


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
def plain_texts(data: U8, offsets: I32, least: int, most: int) -> bool:
    """Whether the texts data[offsets[i]:offsets[i + 1]] are ASCII of ``least`` to ``most`` bytes, inside ``data``."""
    rows = len(offsets) - 1
    if offsets[0] < 0 or offsets[rows] > len(data):
        return False
    odd = np.int64(0)
    for i in range(rows):
        size = np.int64(offsets[i + 1]) - np.int64(offsets[i])
        odd |= (size - least) | (most - size)  # negative where either is
    if odd < 0:
        return False
    bits, at, end = np.uint64(0), np.int64(offsets[0]), np.int64(offsets[rows])
    while at + 8 <= end:
        bits |= word(data, at)
        at += 8
    while at < end:
        bits |= np.uint64(data[at])
        at += 1
    return bool(bits & _BEYOND_ASCII == 0)


@njit(cache=True, nogil=True)
def any_alike(data: U8, offsets: I32, others: U8, places: I32) -> bool:
    """Whether any text ``i`` of ``data`` is text ``i`` of ``others``; both columns lie inside their bytes."""
    for i in range(len(offsets) - 1):
        start, size = offsets[i], offsets[i + 1] - offsets[i]
        if size == places[i + 1] - places[i]:
            at = size - 1  # keys of one maker mostly differ in the end
            while at >= 0 and data[start + at] == others[places[i] + at]:
                at -= 1
            if at < 0:
                return True
    return False


@njit(cache=True, nogil=True)
def _is_like(text: np.uint64, digits: np.uint64, marks: np.uint64) -> bool:
    """Whether a word has digits in the bytes of ``digits``, and ``marks`` in the others."""
    values = (text ^ _ZEROS) & digits
    return bool((text & ~digits) == marks and ((values | (values + (_TO_TEN & digits))) & _BEYOND_ASCII) == 0)


@njit(cache=True, nogil=True)
def _two(text: np.uint64, byte: int) -> int:
    """The number of the two digits from ``byte`` on."""
    pair = text >> np.uint64(8 * byte)
    return int(pair & np.uint64(15)) * 10 + int((pair >> np.uint64(8)) & np.uint64(15))


@njit(cache=True, nogil=True)
def parse_moments(data: U8, offsets: I32, seconds: I64, state: U8) -> None:
    """RFC 3339 texts to UTC seconds. Text ``i`` is data[offsets[i]:offsets[i + 1]]; blanks around are cut.

    Fills ``seconds`` (n,) and ``state`` (n,): GOOD, BLANK (nothing but blanks) or BAD.
    Cost: 5 ns a moment like 2021-07-11T02:03:04Z, 25 ns any other.
    """
    date, day_of_month, midnight = np.uint64(0), np.uint64(0), np.int64(_BAD_SECONDS)
    for i in range(len(seconds)):
        start, end = offsets[i], offsets[i + 1]
        if end - start == 20:
            first, second, rest = word(data, start), word(data, start + 8), word(data, start + 12)
            plain = _is_like(second, _HOUR_DIGITS, _HOUR_MARKS) and _is_like(rest, _REST_DIGITS, _REST_MARKS)
            if plain and (first != date or second & np.uint64(0xFFFF) != day_of_month):
                plain = _is_like(first, _DATE_DIGITS, _DATE_MARKS)
                if plain:
                    date, day_of_month = first, second & np.uint64(0xFFFF)
                    year = _two(first, 0) * 100 + _two(first, 2)
                    midnight = np.int64(_day_number(year, _two(first, 5), _two(second, 0)))
                    midnight = midnight * 86_400 if midnight != _BAD_SECONDS else midnight
            hour, minute, sixtieth = _two(second, 3), _two(second, 6), _two(rest, 5)
            if plain and midnight != _BAD_SECONDS and hour < 24 and minute < 60 and sixtieth < 60:
                seconds[i] = midnight + hour * 3600 + minute * 60 + sixtieth
                state[i] = GOOD
                continue
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
