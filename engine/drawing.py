"""Drawing with matplotlib, whose settings belong to the process: one thread at a time, whatever it draws."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import matplotlib as mpl

from engine.errors import BadParameterError

FONT = "DejaVu Sans"
"""Has all Vietnamese letters and comes with matplotlib."""
SUFFIXES = (".png", ".svg")
_COMMON: dict[Any, Any] = {"font.family": FONT, "svg.fonttype": "none", "svg.hashsalt": "truyvet"}
_turn = RLock()


@contextmanager
def styled(settings: Mapping[Any, Any] | None = None) -> Iterator[None]:
    """The font and reproducible SVG, and these ``settings`` of matplotlib; its own come back afterwards.

    Other threads that want to draw wait.
    """
    with _turn, mpl.rc_context({**_COMMON, **(settings or {})}):
        yield


def picture_suffix(path: Path) -> str:
    """The ending of a picture's file, in small letters.

    Raises:
        BadParameterError: another one than .png or .svg.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise BadParameterError(f"{path.name}: a picture can be drawn as .png or .svg")
    return suffix


def undated(suffix: str) -> dict[str, str | None] | None:
    """What keeps the moment of drawing out of a file, for matplotlib's ``metadata``: equal input, equal picture."""
    return {"Date": None} if suffix == ".svg" else None
