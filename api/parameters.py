"""Query parameters: each declared once, with its bounds and what the documentation says of it.

The texts ``param.<name>`` of ``engine.texts`` tell the same to whoever gets one wrong.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BeforeValidator, WithJsonSchema

from api.pages import DEFAULT_LIMIT, MAX_LIMIT
from api.port import Box
from api.problems import ProblemError
from engine.clock import from_rfc3339
from engine.errors import BadParameterError

MAX_TEXT = 128


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return from_rfc3339(value)
    except (BadParameterError, OverflowError) as error:
        raise ValueError(str(error)) from None


Moment = Annotated[
    int,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "example": "2021-07-11T09:30:00+07:00"}),
]
"""A moment on the wire (RFC 3339 with offset), UTC seconds inside."""

Policy = Annotated[
    str | None,
    Query(max_length=MAX_TEXT, description="contact policy, see `/v1/policies`; default: the server's"),
]
Until = Annotated[Moment | None, Query(description="look no further than this moment; default: the data's latest")]
Since = Annotated[Moment | None, Query(description="look no further back than this moment")]
From = Annotated[Moment | None, Query(alias="from", description="from this moment on")]
To = Annotated[Moment | None, Query(alias="to", description="before this moment")]
At = Annotated[Moment | None, Query(description="the map at this moment; default: the data's latest")]
AsOf = Annotated[
    str | None,
    Query(max_length=MAX_TEXT, description="as was known then: a journal sequence number, or a moment (RFC 3339)"),
]
Changed = Annotated[
    str | None,
    Query(
        alias="since",
        max_length=MAX_TEXT,
        description="only rows changed after this journal sequence number or moment (RFC 3339)",
    ),
]
Levels = Annotated[
    list[str] | None,
    Query(alias="level", description="levels wanted, separated by commas: `0`, `1`, `2`; default: all"),
]
Area = Annotated[
    str | None, Query(max_length=MAX_TEXT, description="only who was there: the code of an area, or an H3 cell")
]
Heartbeat = Annotated[int | None, Query(ge=1, le=300, description="seconds of silence before a heartbeat; default 15")]
Depth = Annotated[int, Query(ge=1, le=6, description="levels to follow: 1 is F1 only, at most 6")]
MinProbability = Annotated[float, Query(ge=0, le=1, description="leave out rows less probable than this")]
Channels = Annotated[
    list[str] | None,
    Query(description="evidence to use, separated by commas: `bluetooth`, `check_in`, `location`; default: all"),
]
Case = Annotated[str | None, Query(max_length=MAX_TEXT, description="only chains from this case")]
Resolution = Annotated[int | None, Query(ge=7, le=10, description="H3 resolution; default 9, or as `zoom` asks")]
Zoom = Annotated[
    float | None,
    Query(ge=0, le=24, description="zoom of a web map: resolution 7 below 10, 8 from 10, 9 from 12, 10 from 14"),
]
Bbox = Annotated[str | None, Query(max_length=MAX_TEXT, description="west,south,east,north in degrees")]
TableFormat = Annotated[
    str | None, Query(description="`json`, `csv`, `xlsx` or `geojson`; goes before the `Accept` header")
]
MapFormat = Annotated[str | None, Query(description="`json` or `arrow`; goes before the `Accept` header")]


@dataclass(frozen=True)
class Paging:
    """``limit`` (None: the default of the format) and ``cursor``."""

    limit: int | None
    cursor: str | None

    def rows(self, otherwise: int = DEFAULT_LIMIT) -> int:
        """Rows of a page."""
        return otherwise if self.limit is None else self.limit


async def _paging(
    limit: Annotated[
        int | None,
        Query(ge=1, le=MAX_LIMIT, description=f"rows at most; default {DEFAULT_LIMIT}, for files {MAX_LIMIT}"),
    ] = None,
    cursor: Annotated[str | None, Query(max_length=256, description="`next` of the page before")] = None,
) -> Paging:
    return Paging(limit, cursor)


Page = Annotated[Paging, Depends(_paging)]


def channels_of(given: list[str] | None) -> frozenset[str] | None:
    """``channels=a,b`` or ``channels=a&channels=b`` as a set; None when not given."""
    if given is None:
        return None
    return frozenset(word.strip() for text in given for word in text.split(",") if word.strip()) or None


def levels_of(given: list[str] | None) -> frozenset[int] | None:
    """``level=1,2`` or ``level=1&level=2`` as a set; None when not given.

    Raises:
        ProblemError: a level that there is not.
    """
    words = {word.strip() for text in given or () for word in text.split(",") if word.strip()}
    if words - {"0", "1", "2"}:
        raise ProblemError("bad_parameter", "bad_level")
    return frozenset(map(int, words)) or None


def box_of(given: str | None) -> Box | None:
    """``w,s,e,n`` as numbers.

    Raises:
        ProblemError: not four numbers on the globe with west <= east and south <= north.
    """
    if given is None:
        return None
    try:
        west, south, east, north = (float(part) for part in given.split(","))
    except ValueError:
        raise ProblemError("bad_parameter", "bad_bbox") from None
    numbers = (west, south, east, north)
    on_globe = all(map(math.isfinite, numbers)) and -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    if not on_globe:
        raise ProblemError("bad_parameter", "bad_bbox")
    return numbers


def check_declared(request: Request) -> None:
    """Refuse parameters that the route does not have: one that is misspelt would be left out without a word.

    Raises:
        ProblemError: 400, naming those that there are.
    """
    given = request.query_params.keys()
    route = request.scope.get("route")
    if not given or not isinstance(route, APIRoute):
        return
    known = sorted(set(_names(route.dependant)))
    if not given <= set(known):
        raise ProblemError("bad_parameter", "bad_query" if known else "no_query", offered=", ".join(known))


def _names(dependant: Dependant) -> Iterator[str]:
    """The names of a route's query parameters, those of its dependencies among them."""
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _names(inner)
