"""Ids in paths: any text, also with slashes and line ends, as long as the caller encodes it.

A server hands applications the path decoded, where ``%2F`` in an id looks like the end of a segment. Here such
slashes keep a form of their own until the route is found, so that the contacts of ``A`` and the person
``A/contacts`` are two things.
"""

import re
from urllib.parse import unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import ASGIApp, Receive, Scope, Send

_HELD = "\udc2f"
"""Stands for an encoded slash: no text that comes over the wire can hold it."""
_ENCODED = re.compile("%2f", re.IGNORECASE)


class IdConvertor(Convertor[str]):
    """``{person:id}``: the rest of the path, whatever it holds; bare slashes too, where no longer route fits."""

    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        """The id as its owner writes it."""
        return value.replace(_HELD, "/")

    def to_string(self, value: str) -> str:
        """The id as it stands in a path before encoding."""
        return value.replace("/", _HELD)


register_url_convertor("id", IdConvertor())


class EncodedSlashes:
    """Keeps ``%2F`` apart from ``/`` until an id is read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its path decoded segment by segment."""
        if scope["type"] == "http" and _ENCODED.search(raw := scope.get("raw_path", b"").decode("latin-1")):
            scope = {**scope, "path": _HELD.join(unquote(part) for part in _ENCODED.split(raw))}
        await self.app(scope, receive, send)
