"""Query parameters of OGC API - Features: what is asked for, and a refusal of what nobody declared."""

import math
from dataclasses import dataclass

from fastapi import Request

from api.port import Box
from api.problems import ProblemError
from engine.clock import from_rfc3339
from engine.errors import BadParameterError

DEFAULT_LIMIT = 1_000
MAX_LIMIT = 10_000
_FLAT, _SOLID = 4, 6


@dataclass(frozen=True)
class Span:
    """A closed interval of time, UTC s; None: open."""

    start: int | None
    end: int | None

    def meets(self, first: int, last: int) -> bool:
        """Whether it has a moment in common with [first, last]."""
        return (self.start is None or self.start <= last) and (self.end is None or self.end >= first)


def only(request: Request, *names: str) -> None:
    """Refuse parameters that are not of this collection, as the standard demands.

    Raises:
        ProblemError: 400, naming those there are.
    """
    if set(request.query_params) - {*names, "f"}:
        raise ProblemError("bad_parameter", "bad_query", offered=", ".join((*names, "f")))


def limit_of(given: str | None) -> int:
    """Features of a page; more than ``MAX_LIMIT`` means ``MAX_LIMIT``, as the standard has it.

    Raises:
        ProblemError: not a positive whole number.
    """
    if given is None:
        return DEFAULT_LIMIT
    if not (given.isascii() and given.isdigit() and len(given) < 10 and int(given) > 0):
        raise ProblemError("bad_parameter", "bad_limit", most=MAX_LIMIT)
    return min(int(given), MAX_LIMIT)


def bbox_of(given: str | None) -> Box | None:
    """Four numbers w,s,e,n or six with heights, which play no part; west > east: across 180 degrees.

    Raises:
        ProblemError: anything else.
    """
    if given is None:
        return None
    try:
        numbers = [float(part) for part in given.split(",")]
    except ValueError:
        raise ProblemError("bad_parameter", "bad_ogc_bbox") from None
    if len(numbers) == _SOLID:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != _FLAT or not all(map(math.isfinite, numbers)):
        raise ProblemError("bad_parameter", "bad_ogc_bbox")
    west, south, east, north = numbers
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise ProblemError("bad_parameter", "bad_ogc_bbox")
    return west, south, east, north


def span_of(given: str | None) -> Span | None:
    """A moment ``t``, or an interval ``a/b`` with ``..`` or nothing for an open end.

    Raises:
        ProblemError: anything else, or an interval that ends before it begins.
    """
    if given is None:
        return None
    parts = given.split("/")
    if len(parts) > 2 or parts == [""]:
        raise ProblemError("bad_parameter", "bad_datetime")
    if len(parts) == 1:
        at = _moment(parts[0])
        return Span(at, at)
    start, end = (None if part in ("", "..") else _moment(part) for part in parts)
    if start is not None and end is not None and start > end:
        raise ProblemError("bad_parameter", "bad_datetime")
    return Span(start, end)


def _moment(text: str) -> int:
    try:
        return from_rfc3339(text)
    except (BadParameterError, OverflowError):
        raise ProblemError("bad_parameter", "bad_datetime") from None
