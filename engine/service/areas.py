"""The administrative units an engine knows: loaded from files, stored with its data."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic, perf_counter

from engine.errors import JournalError
from engine.geo.unit_files import FileRead, left_out, load_units
from engine.geo.unit_store import from_bytes, to_bytes
from engine.geo.units import TIERS, Units
from engine.journal.journal import Journal
from engine.service.progress import Progress

log = logging.getLogger("truyvet.areas")
KIND = "areas"
KEPT = 3
"""Stored tables that are kept: the one in use, and two to go back to by hand."""
LOOK_S = 2.0
"""How often the database is asked whether another process has loaded areas."""


@dataclass(frozen=True)
class TierCount:
    """One tier of the areas: how many units, how many with a polygon or with a population; who has no polygon."""

    units: int
    polygons: int
    populations: int
    without_polygon: tuple[str, ...]


@dataclass(frozen=True)
class AreasReport:
    """What became of files of areas. Counts are of everything known now, on the newest day."""

    files: tuple[FileRead, ...]
    tiers: dict[str, TierCount]
    replaced: int
    """Polygons of which a later file gave another."""
    left_out: tuple[str, ...]
    """Files of a folder that are of no known form."""
    seconds: float


class Areas:
    """The units in use. Thread-safe; without a journal they live in memory."""

    def __init__(self, journal: Journal | None, clock: Callable[[], int]) -> None:
        self._journal = journal
        self._documents = None if journal is None else journal.documents
        self._clock = clock
        self._units = Units()
        self._ident = 0
        self._looked = -math.inf
        self._lock = Lock()
        self._loading = Lock()

    def units(self) -> Units:
        """Everything that was loaded, also by other processes up to two seconds ago.

        While the database is away they are what it held.

        Raises:
            JournalError: what is stored is damaged, or the database is away and was never read.
        """
        with self._lock:
            if self._looked + LOOK_S > monotonic():
                return self._units
            try:
                return self._current()
            except JournalError as error:
                if self._looked < 0:
                    raise
                log.warning("areas are those of before: %s", error)
                self._looked = monotonic()
                return self._units

    def _current(self) -> Units:
        if self._documents is not None:
            newest = max((h.id for h in self._documents.all(KIND)), default=0)
            if newest != self._ident:
                self._units = from_bytes(self._documents.read(newest).payload) if newest else Units()
                self._ident = newest
        self._looked = monotonic()
        return self._units

    def load(
        self,
        paths: Sequence[Path],
        columns: Mapping[str, str] | None,
        tier: str | None,
        replace: bool,
        progress: Progress | None,
    ) -> AreasReport:
        """See :meth:`engine.service.engine.Engine.load_areas`."""
        began = perf_counter()
        with self._loading:  # one load at a time; who asks meanwhile gets the units of before
            with self._lock:
                base = Units() if replace else self._current()
            units, files, merged = load_units(paths, base, columns, tier, progress)
            ident = 0
            if self._journal is not None and self._documents is not None:
                name = ", ".join(f.path.name for f in files)[:200]
                ident = self._documents.add(KIND, name, self._clock(), to_bytes(units))
                self._documents.remove(sorted(h.id for h in self._documents.all(KIND))[:-KEPT])
                self._journal.audit("local", "areas", name, f"{len(units)} units", self._clock())
            with self._lock:
                self._units, self._ident = units, ident
        if progress is not None:
            progress("", 1.0)
        aside = [n for p in paths if p.is_dir() for n in left_out(p)]
        return AreasReport(tuple(files), counts(units), merged.replaced, tuple(aside), perf_counter() - began)


def counts(units: Units) -> dict[str, TierCount]:
    """What there is of each tier, of units that have not ended."""
    out = {}
    for tier in TIERS:
        rows = [u for u in units if u.tier == tier and u.until is None]
        if rows:
            bare = tuple(u.code for u in rows if units.polygon(u.code) is None)
            people = sum(1 for u in rows if u.population)
            out[tier] = TierCount(len(rows), len(rows) - len(bare), people, bare)
    return out
