"""What the OpenAPI document says of each route: an example of the reply, and the problems it can answer."""

import json
from typing import Any

from api.examples.events import EVENTS
from api.examples.replies import EXPOSURE
from api.negotiate import MEDIA
from api.problems import MEDIA_TYPE, STATUS
from engine.service.present.csv_text import COLUMNS, csv_bytes
from engine.texts import say

Responses = dict[int | str, dict[str, Any]]
_CSV = csv_bytes(COLUMNS, [EXPOSURE]).decode()
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(STATUS)},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "share": {"type": "number", "description": "of `not_ready`: how much of the journal is replayed, 0 to 1"},
        "accepted": {"type": "integer", "description": "rows of this body that were taken in before the fault"},
        "duplicates": {"type": "integer"},
        "rejected": {"type": "integer"},
        "as_of": {"type": "integer"},
    },
}


def answers(example: dict[str, Any], *codes: str, formats: tuple[str, ...] = ()) -> Responses:
    """The ``responses`` of a route: 200 with ``example`` (and other formats), and the problems by code."""
    content: dict[str, Any] = {"application/json": {"example": example, "schema": schema_of(example)}}
    for form in formats:
        if form == "csv":
            content[MEDIA[form]] = {"schema": {"type": "string"}, "example": _CSV}
        elif form != "json":
            content[MEDIA[form]] = {"schema": {"type": "string", "format": "binary"}}
    return _with_problems({200: {"description": "OK", "content": content}}, codes)


def text_answer(media: str, example: str, *codes: str) -> Responses:
    """The ``responses`` of a route that answers text of type ``media``, and the problems by code."""
    content = {media: {"example": example, "schema": {"type": "string"}}}
    return _with_problems({200: {"description": "OK", "content": content}}, codes)


def _with_problems(found: Responses, codes: tuple[str, ...]) -> Responses:
    for code in codes:
        entry = found.setdefault(STATUS[code], {"description": "", "content": {MEDIA_TYPE: {"examples": {}}}})
        entry["description"] = ", ".join(filter(None, [entry["description"], f"`{code}`"]))
        entry["content"][MEDIA_TYPE]["schema"] = PROBLEM_SCHEMA
        entry["content"][MEDIA_TYPE]["examples"][code] = {"value": _problem(code)}
    return found


def events_body() -> dict[str, Any]:
    """The request body of ``POST /v1/events/{kind}``: three media types, an example of every kind."""
    lists = {kind: {"summary": kind, "value": {"events": [event]}} for kind, event in EVENTS.items()}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["events"],
                        "properties": {"events": {"type": "array", "items": {"type": "object"}}},
                    },
                    "examples": lists,
                },
                "application/x-ndjson": {
                    "schema": {"type": "string"},
                    "example": json.dumps(EVENTS["bluetooth"]) + "\n",
                },
                MEDIA["arrow"]: {"schema": {"type": "string", "format": "binary"}},
            },
        }
    }


def schema_of(value: Any) -> dict[str, Any]:
    """A JSON schema with the shape of an example. Null stands for a text that may be missing."""
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "integer"}
    if isinstance(value, float):
        return {"type": "number"}
    if isinstance(value, list):
        return {"type": "array", "items": schema_of(value[0]) if value else {}}
    if isinstance(value, dict):
        return {"type": "object", "properties": {name: schema_of(v) for name, v in value.items()}}
    return {"type": ["string", "null"] if value is None else "string"}


def _problem(code: str) -> dict[str, Any]:
    title = say(f"error.{code}", "en")
    return {
        "type": f"urn:truyvet:problem:{code}",
        "title": title,
        "status": STATUS[code],
        "code": code,
        "detail": "what was wrong with this request, and what to do about it",
    }
