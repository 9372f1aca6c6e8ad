"""What is wanted of the estimates, and the tables that R is estimated of."""

from dataclasses import dataclass
from datetime import date

from engine.scenarios.estimates.cases import Doubt, Flags, Floats

WHAT = ("rt", "serial", "offspring", "delays", "settings")


@dataclass(frozen=True)
class Options:
    """What is wanted."""

    what: tuple[str, ...] = WHAT
    areas: tuple[str, ...] = ()
    """Only these areas; empty: all together, and nothing by area unless ``by_area``."""
    by_area: bool = False
    by_period: str = ""
    """Delays also by ``week`` or ``month`` of the start; empty: over the whole time."""
    first: date | None = None
    last: date | None = None
    window: int | None = None
    serial: tuple[float, float] | None = None
    """Mean and sd, days; None: from the pairs, else the declared ones."""
    at: str = ""
    """Date by which cases are counted for R: ``onset`` or ``confirmed``; empty: onset where most have one."""
    threshold: float = 0.5
    """Least share of a candidate to be taken as the infector."""
    attribution: str = "best"
    """``best``: one infector a case; ``drawn``: trees drawn by the chances, pooled."""
    recent_days: float | None = None
    """Offspring of cases of so many last days are not counted yet; None: mean + 2 sd of the serial interval."""
    seed: int = 1
    resamples: int = 1000


@dataclass(frozen=True)
class CountTable:
    """Cases by day: every area has the same days. ``filled``: the number was not in the table, or was not believed."""

    first: date
    areas: tuple[str, ...]
    cases: Floats
    """(areas, days)"""
    imported: Floats | None
    filled: Flags
    doubts: tuple[Doubt, ...] = ()
