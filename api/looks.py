"""What the first bytes of a body look like, to tell a sender whose header says something else."""

import re

from api.problems import ProblemError

HEAD = 512
"""Bytes that are looked at."""
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xff\xff\xff\xff", "arrow"),
    (b"ARROW1", "arrow_file"),
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "zip"),
    (b"\xff\xfe", "utf16"),
    (b"\xfe\xff", "utf16"),
)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_DOCUMENT = re.compile(rb'\s*(\[|\{\s*("events"\s*:|$|\r?\n))')
_FITS: dict[str, frozenset[str]] = {
    "json": frozenset({"json", "lines"}),
    "ndjson": frozenset({"lines", "text", "empty"}),
    "arrow": frozenset({"arrow", "arrow_file"}),
}
"""Form -> looks that its reader may have a go at. Lines of text among NDJSON are refused row by row."""


def look_of(head: bytes) -> str:
    """A word for what ``head`` is the beginning of: gzip, arrow, json, lines (of JSON), markup, text, binary, ..."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        return "empty"
    if _BINARY.search(text):
        return "binary"
    if _DOCUMENT.match(text):
        return "json"
    if text.startswith(b"{"):
        return "lines"
    return "markup" if text.startswith(b"<") else "text"


def check_look(form: str, head: bytes) -> None:
    """Refuse at once what cannot be ``form`` (json, ndjson, arrow).

    Raises:
        ProblemError: 400, saying what the body looks like and what to send instead.
    """
    look = look_of(head)
    if look not in _FITS[form]:
        raise unlike(look)


def unlike(look: str) -> ProblemError:
    """The refusal of a body that looks like something else than its headers say."""
    return ProblemError("unreadable_file", f"looks_{look}", headers={"Connection": "close"})
