"""Rows of a trace as JSON text, without an object a row."""

import numpy as np
from numba import njit

_DAY = 86_400
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_PERSON = np.frombuffer(b'{"person":"', np.uint8)
_LEVEL = np.frombuffer(b'","level":', np.uint8)
_FIRST = np.frombuffer(b',"first_exposed_at":"', np.uint8)
_LAST = np.frombuffer(b'","last_exposed_at":"', np.uint8)
_MINUTES = np.frombuffer(b'","minutes":', np.uint8)
_PROBABILITY = np.frombuffer(b',"probability":', np.uint8)
_DOSE = np.frombuffer(b',"dose":', np.uint8)
_IS_CASE = np.frombuffer(b',"is_case":', np.uint8)
_TRUE, _FALSE = np.frombuffer(b"true", np.uint8), np.frombuffer(b"false", np.uint8)
_CHANNELS = np.frombuffer(b',"channels":[', np.uint8)
_VIA = np.frombuffer(b'],"via":"', np.uint8)
_PLACES = np.frombuffer(b'","places":[', np.uint8)
_END = np.frombuffer(b"]}", np.uint8)
FIXED = 400
"""Bytes a row takes at most beside its keys, of which every byte may take six."""


@njit(cache=True, nogil=True)
def _copy(out, n, text):
    for i in range(len(text)):
        out[n + i] = text[i]
    return n + len(text)


@njit(cache=True, nogil=True)
def _key(out, n, held, starts, code):
    for i in range(starts[code], starts[code + 1]):
        c = held[i]
        if c == 34 or c == 92:
            out[n] = 92
            out[n + 1] = c
            n += 2
        elif c < 32:
            out[n], out[n + 1], out[n + 2], out[n + 3] = 92, 117, 48, 48
            out[n + 4], out[n + 5] = _HEX[c >> 4], _HEX[c & 15]
            n += 6
        else:
            out[n] = c
            n += 1
    return n


@njit(cache=True, nogil=True)
def _digits(out, n, value, width):
    for i in range(width - 1, -1, -1):
        out[n + i] = 48 + value % 10
        value //= 10
    return n + width


@njit(cache=True, nogil=True)
def _whole(out, n, value):
    width, rest = 1, value // 10
    while rest > 0:
        width += 1
        rest //= 10
    return _digits(out, n, value, width)


@njit(cache=True, nogil=True)
def _decimal(out, n, value, decimals, power):
    """``value`` (not below 0, less than 9e18 / power) to so many decimals, without trailing zeros but the first."""
    scaled = np.int64(np.rint(value * power))
    n = _whole(out, n, scaled // power)
    out[n] = 46
    n = _digits(out, n + 1, scaled % power, decimals)
    while out[n - 1] == 48 and out[n - 2] != 46:
        n -= 1
    return n


@njit(cache=True, nogil=True)
def _moment(out, n, t):
    """RFC 3339 in UTC. Days to a civil date as in Hinnant, chrono-compatible low-level date algorithms."""
    days, second = t // _DAY, t % _DAY
    z = days + 719_468
    era = z // 146_097
    doe = z - era * 146_097
    yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    day = doy - (153 * mp + 2) // 5 + 1
    month = mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (1 if month <= 2 else 0)
    n = _digits(out, n, year, 4)
    out[n] = 45
    n = _digits(out, n + 1, month, 2)
    out[n] = 45
    n = _digits(out, n + 1, day, 2)
    out[n] = 84
    n = _digits(out, n + 1, second // 3600, 2)
    out[n] = 58
    n = _digits(out, n + 1, second // 60 % 60, 2)
    out[n] = 58
    n = _digits(out, n + 1, second % 60, 2)
    out[n] = 90
    return n + 1


@njit(cache=True, nogil=True)
def _channels(out, n, bits, names, name_starts):
    """The names of the bits that are set, in quotes and between commas."""
    some = False
    for bit in range(len(name_starts) - 1):
        if bits >> bit & 1:
            if some:
                out[n] = 44
                n += 1
            some = True
            out[n] = 34
            n = _key(out, n + 1, names, name_starts, bit)
            out[n] = 34
            n += 1
    return n


@njit(cache=True, nogil=True)
def rows_json(
    person, level, first, last, seconds, probability, dose, is_case, channels, via, place_start, place,
    held, starts, place_held, place_starts, names, name_starts, out,
):  # fmt: skip
    """The rows, separated by commas, into ``out`` (large enough: see ``FIXED``); returns the bytes written.

    Columns of one length, codes of people and places with their tables of bytes; places of row r are
    ``place[place_start[r]:place_start[r + 1]]``; ``names`` with ``name_starts``: what each bit of ``channels`` is
    called. Minutes have four decimals, probability and dose nine.
    """
    n = 0
    for r in range(len(person)):
        if r:
            out[n] = 44
            n += 1
        n = _key(out, _copy(out, n, _PERSON), held, starts, person[r])
        n = _whole(out, _copy(out, n, _LEVEL), np.int64(level[r]))
        n = _moment(out, _copy(out, n, _FIRST), first[r])
        n = _moment(out, _copy(out, n, _LAST), last[r])
        n = _decimal(out, _copy(out, n, _MINUTES), seconds[r] / 60, 4, 10_000)
        n = _decimal(out, _copy(out, n, _PROBABILITY), probability[r], 9, 1_000_000_000)
        n = _decimal(out, _copy(out, n, _DOSE), dose[r], 9, 1_000_000_000)
        n = _copy(out, _copy(out, n, _IS_CASE), _TRUE if is_case[r] else _FALSE)
        n = _channels(out, _copy(out, n, _CHANNELS), channels[r], names, name_starts)
        n = _key(out, _copy(out, n, _VIA), held, starts, via[r])
        n = _copy(out, n, _PLACES)
        for i in range(place_start[r], place_start[r + 1]):
            if i > place_start[r]:
                out[n] = 44
                n += 1
            out[n] = 34
            n = _key(out, n + 1, place_held, place_starts, place[i])
            out[n] = 34
            n += 1
        n = _copy(out, n, _END)
    return n
