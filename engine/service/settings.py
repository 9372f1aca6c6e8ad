"""How an engine is opened. The two entry points read the environment; nothing else does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import BadParameterError
from engine.params import PUBLIC_MIN_CASES, PUBLIC_MIN_PEOPLE, RETENTION_D

DATABASE, NATS = "TRUYVET_DATABASE", "TRUYVET_NATS"
"""Environment variables with URLs that may hold a password: unlike arguments, no list of processes shows them."""


@dataclass(frozen=True)
class Settings:
    """How to open an engine. Without ``data`` and ``database`` it lives in memory only.

    Raises:
        BadParameterError: the retention is out of its bounds.
    """

    data: Path | None = None
    """Folder of the SQLite database (unless ``database`` is given), the checkpoints and the tokens."""
    database: str | None = None
    """URL of a database, such as postgresql://user@host/name; None: SQLite in ``data``."""
    default_policy: str = "vn-2021-07"
    lang: Literal["vi", "en"] = "en"
    retention_days: int | None = None
    """How long raw events tied to no case are kept; None: what the journal was last told, else the default."""
    queue_rows: int = 2_000_000
    """Rows that may wait to be stored; more are refused (over HTTP) or have to wait (files)."""
    checkpoints: bool = True
    publish_people: int = int(PUBLIC_MIN_PEOPLE.value)
    """Distinct people behind everything that is published, at least; it can only be raised."""
    publish_cases: int = int(PUBLIC_MIN_CASES.value)
    """Distinct cases behind everything that is published, at least; it can only be raised."""
    publish_days: int | None = None
    """How many days a release is about, 1 to 14; None: the declared number."""

    def __post_init__(self) -> None:
        low, high = int(RETENTION_D.low), int(RETENTION_D.high)
        if self.retention_days is not None and not low <= self.retention_days <= high:
            raise BadParameterError(f"the retention is {low} to {high} days, not {self.retention_days}")
