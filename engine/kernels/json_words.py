"""Kernels for the words of JSON: positions in bytes, in and out; ODD stands for anything out of the ordinary."""

import numpy as np

from engine.kernels.memory import inner, part, trailing, word

ODD = -1
"""No position: not for these kernels."""
LONGEST_NUMBER = 64
"""Bytes; longer ones are out of the ordinary."""

_TENS = np.array([float(10**k) for k in range(23)])
"""The powers of ten that a double holds exactly."""
_EXACT = 2**53


_EACH, _TOPS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_QUOTES, _SLASHES, _BLANKS = _EACH * np.uint64(34), _EACH * np.uint64(92), _EACH * np.uint64(32)


@part
def plain_end(data, at):
    """The first position from ``at`` on that is no plain letter: a quote, a backslash, control or beyond ASCII."""
    while at + 8 <= len(data):
        text = word(data, at)
        quote, slash = text ^ _QUOTES, text ^ _SLASHES
        # The lowest byte marked is one of them; those above may be marked by a borrow.
        marks = ((quote - _EACH) & ~quote) | ((slash - _EACH) & ~slash) | ((text - _BLANKS) & ~text) | text
        if marks & _TOPS:
            return at + np.int64(trailing(marks & _TOPS) >> np.uint64(3))
        at += 8
    while at < len(data) and data[at] != 34 and data[at] != 92 and 32 <= data[at] < 128:
        at += 1
    return at


@part
def skip(data, at, lines):
    """The first position from ``at`` on without white space; a line's end is none where lines are rows."""
    while at < len(data) and (data[at] == 32 or data[at] == 9 or data[at] == 13 or (data[at] == 10 and not lines)):
        at += 1
    return at


@inner
def is_at(data, at, word):
    """Whether ``word`` stands at ``at``."""
    if at + len(word) > len(data):
        return False
    for k in range(len(word)):  # noqa: SIM110 - numba knows no generators
        if data[at + k] != word[k]:
            return False
    return True


@inner
def letters(data, at):
    """Bytes of the UTF-8 sequence that begins at ``at`` with a byte beyond ASCII; 0 if it is none."""
    lead = data[at]
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if lead < 0xC2 or lead > 0xF4 or at + size > len(data):
        return 0
    for k in range(1, size):
        if data[at + k] & 0xC0 != 0x80:
            return 0
    second = data[at + 1]
    # Longer than need be, half of a surrogate pair, beyond U+10FFFF.
    if (lead == 0xE0 and second < 0xA0) or (lead == 0xED and second > 0x9F):
        return 0
    if (lead == 0xF0 and second < 0x90) or (lead == 0xF4 and second > 0x8F):
        return 0
    return size


@inner
def _four(data, at):
    """The number of four hexadecimal digits at ``at``, or ODD."""
    if at + 4 > len(data):
        return ODD
    value = np.int64(0)
    for k in range(at, at + 4):
        c = np.int64(data[k])
        if 48 <= c <= 57:
            value = value * 16 + c - 48
        elif 65 <= c <= 70:
            value = value * 16 + c - 55
        elif 97 <= c <= 102:
            value = value * 16 + c - 87
        else:
            return ODD
    return value


@inner
def escape(data, at):
    """(character, position behind it) of the escape whose backslash stands at ``at``; the character ODD if bad."""
    c = np.int64(data[at + 1]) if at + 1 < len(data) else ODD
    if c == 34 or c == 47 or c == 92:
        return c, at + 2
    if c == 98:
        return 8, at + 2
    if c == 102:
        return 12, at + 2
    if c == 110:
        return 10, at + 2
    if c == 114:
        return 13, at + 2
    if c == 116:
        return 9, at + 2
    unit = _four(data, at + 2) if c == 117 else ODD
    if unit < 0xD800 or unit > 0xDFFF:
        return unit, at + 6
    if unit > 0xDBFF or at + 8 > len(data) or data[at + 6] != 92 or data[at + 7] != 117:
        return ODD, at
    low = _four(data, at + 8)
    if low < 0xDC00 or low > 0xDFFF:
        return ODD, at
    return 0x10000 + ((unit - 0xD800) << 10) + low - 0xDC00, at + 12


@inner
def string(data, at):
    """(position of the closing quote, whether there are escapes) of the string whose first byte is at ``at``."""
    escaped = False
    while at < len(data):
        c = data[at]
        if c == 34:
            return at, escaped
        if c == 92:
            escaped = True
            character, at = escape(data, at)
            if character == ODD:
                return ODD, escaped
        elif c < 32:
            return ODD, escaped
        elif c < 128:
            at += 1
        else:
            size = letters(data, at)
            if size == 0:
                return ODD, escaped
            at += size
    return ODD, escaped


@part
def digits(data, at, mantissa):
    """(position behind the digits at ``at``, ``mantissa`` with them appended), -1 once that has too many."""
    while at < len(data) and 48 <= data[at] <= 57:
        mantissa = -1 if mantissa < 0 or mantissa >= 10**17 else mantissa * 10 + np.int64(data[at]) - 48
        at += 1
    return at, mantissa


@part
def number(data, at):
    """(position behind the number at ``at`` or ODD, whether it is hard, else its value).

    A hard number is one that a single operation on two exact doubles does not give.
    """
    begin, end = at, len(data)
    negative = data[at] == 45
    if negative:
        at += 1
    first = at
    at, mantissa = digits(data, first, np.int64(0))
    if at == first or (data[first] == 48 and at > first + 1):
        return ODD, False, 0.0
    power = 0
    if at < end and data[at] == 46:
        point = at + 1
        at, mantissa = digits(data, point, mantissa)
        power = point - at
        if power == 0:
            return ODD, False, 0.0
    if at < end and (data[at] == 69 or data[at] == 101):
        at += 1
        down = at < end and data[at] == 45
        if at < end and (data[at] == 43 or data[at] == 45):
            at += 1
        mark = at
        at, size = digits(data, mark, np.int64(0))
        if at == mark or size < 0 or size > 9_999:
            return ODD, False, 0.0
        power += -size if down else size
    # Whether -0 is an integer (0) or a real (-0.0), and what overflows or vanishes, is the full parser's affair.
    if at - begin > LONGEST_NUMBER or (negative and mantissa == 0) or power < -200 or power > 200:
        return ODD, False, 0.0
    if mantissa < 0 or mantissa > _EXACT or power < -22 or power > 22:
        return at, True, 0.0
    # Both are exact, so the one rounding gives the nearest double, as a full parser does.
    value = float(mantissa) / _TENS[-power] if power < 0 else float(mantissa) * _TENS[power]
    return at, False, -value if negative else value
