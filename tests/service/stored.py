"""Engines with a data folder and a clock that the test moves."""

from pathlib import Path
from typing import Any

from engine.service.engine import Engine, Settings
from tests.worlds import NOW


class Hand:
    """A clock set by hand."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def opened(folder: Path, clock: Any = None, **settings: Any) -> Engine:
    return Engine.open(Settings(data=folder, **settings), clock or Hand())
