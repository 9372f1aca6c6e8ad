"""Pieces of the texts that rows are written in, into a buffer that is large enough; each returns where it ended."""

import numpy as np
from numba import njit

_DAY = 86_400
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
PERSON = np.frombuffer(b'{"person":"', np.uint8)
LEVEL = np.frombuffer(b'","level":', np.uint8)
CHANNELS = np.frombuffer(b',"channels":[', np.uint8)
NULL, TRUE, FALSE = (np.frombuffer(word, np.uint8) for word in (b"null", b"true", b"false"))


@njit(cache=True, nogil=True)
def copy(out, n, text):
    """The bytes of a text."""
    for i in range(len(text)):
        out[n + i] = text[i]
    return n + len(text)


@njit(cache=True, nogil=True)
def key(out, n, held, starts, code):
    """A key inside the quotes of a JSON string; every byte may take six."""
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
def quoted(out, n, held, starts, code):
    """A key as a JSON string; null where the code is below 0."""
    if code < 0:
        return copy(out, n, NULL)
    out[n] = 34
    n = key(out, n + 1, held, starts, code)
    out[n] = 34
    return n + 1


@njit(cache=True, nogil=True)
def digits(out, n, value, width):
    """The last ``width`` digits of a whole number not below 0."""
    for i in range(width - 1, -1, -1):
        out[n + i] = 48 + value % 10
        value //= 10
    return n + width


@njit(cache=True, nogil=True)
def whole(out, n, value):
    """A whole number not below 0."""
    width, rest = 1, value // 10
    while rest > 0:
        width += 1
        rest //= 10
    return digits(out, n, value, width)


@njit(cache=True, nogil=True)
def decimal(out, n, value, decimals, power):
    """``value`` (not below 0, less than 9e18 / power) to so many decimals, without trailing zeros but the first."""
    scaled = np.int64(np.rint(value * power))
    n = whole(out, n, scaled // power)
    out[n] = 46
    n = digits(out, n + 1, scaled % power, decimals)
    while out[n - 1] == 48 and out[n - 2] != 46:
        n -= 1
    return n


@njit(cache=True, nogil=True)
def moment(out, n, t):
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
    n = digits(out, n, year, 4)
    out[n] = 45
    n = digits(out, n + 1, month, 2)
    out[n] = 45
    n = digits(out, n + 1, day, 2)
    out[n] = 84
    n = digits(out, n + 1, second // 3600, 2)
    out[n] = 58
    n = digits(out, n + 1, second // 60 % 60, 2)
    out[n] = 58
    n = digits(out, n + 1, second % 60, 2)
    out[n] = 90
    return n + 1


@njit(cache=True, nogil=True)
def bit_names(out, n, bits, names, name_starts):
    """The names of the bits that are set, in quotes and between commas."""
    some = False
    for bit in range(len(name_starts) - 1):
        if bits >> bit & 1:
            if some:
                out[n] = 44
                n += 1
            some = True
            n = quoted(out, n, names, name_starts, bit)
    return n
