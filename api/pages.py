"""Pages of lists: ``limit``, ``cursor`` and ``next``.

A cursor remembers where the page ended and which row was the last of it. If events arrived in between and the
row moved, the next page goes on after that row; if it is gone, after its old position.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

import orjson
from fastapi import Request

from api.problems import ProblemError

DEFAULT_LIMIT = 1_000
MAX_LIMIT = 100_000
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of one page, and the cursor of the next (None at the end)."""

    rows: Sequence[Row]
    next: str | None


def page_of(rows: Sequence[Row], limit: int, cursor: str | None, identity: Callable[[Row], Hashable]) -> Page[Row]:
    """At most ``limit`` of ``rows`` after ``cursor``; ``identity`` tells rows apart.

    Cost: one slice; only when the state changed under a cursor, a look at every row.

    Raises:
        ProblemError: the cursor is not one of ours.
    """
    start = 0 if cursor is None else _after(rows, *_unpack(cursor), identity)
    end = min(start + limit, len(rows))
    following = _pack(end, _mark(identity(rows[end - 1]))) if 0 < end < len(rows) else None
    return Page(rows[start:end], following)


def next_link(request: Request, cursor: str | None) -> dict[str, str]:
    """The ``Link`` header (RFC 8288) of the next page, for formats whose body cannot carry ``next``."""
    if cursor is None:
        return {}
    asked = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
    return {"Link": f'<?{urlencode([*asked, ("cursor", cursor)])}>; rel="next"'}


def _after(rows: Sequence[Row], offset: int, mark: str, identity: Callable[[Row], Hashable]) -> int:
    if 0 < offset <= len(rows) and _mark(identity(rows[offset - 1])) == mark:
        return offset
    moved = (i + 1 for i, row in enumerate(rows) if _mark(identity(row)) == mark)
    return min(next(moved, offset), len(rows))


def _mark(identity: Hashable) -> str:
    """Few bytes that tell rows apart without naming anybody in a URL."""
    return hashlib.blake2b(repr(identity).encode(), digest_size=9).hexdigest()


def _pack(offset: int, mark: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([offset, mark])).decode().rstrip("=")


def _unpack(cursor: str) -> tuple[int, str]:
    try:
        offset, mark = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error):
        raise ProblemError("bad_parameter", "bad_cursor") from None
    if not (type(offset) is int and type(mark) is str and offset >= 0):
        raise ProblemError("bad_parameter", "bad_cursor")
    return offset, mark
