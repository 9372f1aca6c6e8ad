"""JSON on the wire: bytes, moments as RFC 3339 in UTC, and the headers every reply of state carries."""

from collections.abc import Mapping

import orjson
from fastapi import Response

from engine.clock import to_rfc3339


def moment(t: int | None) -> str | None:
    """``t`` in UTC seconds as ``2021-07-11T02:03:04Z``; None stays None."""
    return None if t is None else to_rfc3339(t)


def detail(facts: Mapping[str, object]) -> dict[str, object]:
    """Free-form facts with their moments (``at``, ``..._at``, ``t_...``: whole seconds) as text."""
    return {
        name: to_rfc3339(value)
        if isinstance(value, int)
        and not isinstance(value, bool)
        and (name == "at" or name.endswith("_at") or name.startswith("t_"))
        else value
        for name, value in facts.items()
    }


def state_headers(as_of: int) -> dict[str, str]:
    """Headers of a reply about people: ``As-Of`` for formats without room for it; nobody keeps a copy."""
    return {"As-Of": str(as_of), "Cache-Control": "no-store"}


def json_reply(body: Mapping[str, object], headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """``body`` as a JSON response."""
    return Response(
        orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY), status, dict(headers or {}), "application/json"
    )
