"""The administrative units an engine knows: loaded from files, stored with its data; and who lives in which."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from threading import Lock
from time import monotonic, perf_counter

import numpy as np
import numpy.typing as npt

from engine.clock import DAY, FOREVER, in_viet_nam
from engine.errors import JournalError
from engine.exposure.policies import Policy
from engine.exposure.windows import infectious_window
from engine.geo.unit_files import FileRead, left_out, load_units
from engine.geo.unit_store import from_bytes, to_bytes
from engine.geo.units import TIERS, Units
from engine.graph.presences import Presences, Queries, fix_columns, fixes_of, stays_of
from engine.graph.view import NOWHERE
from engine.journal.journal import Journal
from engine.service.progress import Progress
from engine.service.snapshot import Snapshot

log = logging.getLogger("truyvet.areas")
Ints = npt.NDArray[np.int64]
KIND = "areas"
KEPT = 3
"""Stored tables that are kept: the one in use, and two to go back to by hand."""
LOOK_S = 2.0
"""How often the database is asked whether another process has loaded areas."""
LOOK_BACK = 14 * DAY
"""Where people lived is judged by so long a time before their window's end."""


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


# -- where people live ----------------------------------------------------------------------------------------


def home_areas(
    state: Snapshot, units: Units, tier: str, at: int, policy: Policy | None = None
) -> dict[int, str | None]:
    """The unit of ``tier`` that each F0 is counted in, by person code; None: not known, never guessed.

    It is where the person was longest in the 14 days before their window's end (isolation or ``at``; with a policy
    that of its infectious window): at places of kind ``home`` if there are any whose unit is known, else anywhere.
    A place is in the unit of its area code, where that is known (a unit that has ended stands for its only
    successor), else where its coordinates lie; a fix is where it lies. Units are those of the day of ``at`` in Viet
    Nam. Of units with equal time the one with the smaller code counts.

    Cost: the F0s' presences in 14 days; about 3 us a fix of those without a known home.
    """
    f0s = list(state.people.cases.values())
    day = in_viet_nam(at).date()
    homes: dict[int, str | None] = {f0.person: None for f0 in f0s}
    codes = units.codes(tier, day)
    if not f0s or not codes:
        return homes
    closes = [
        min(at, FOREVER if f0.isolated_at is None else f0.isolated_at)
        if policy is None
        else infectious_window(f0, policy, at)[1]
        for f0 in f0s
    ]
    end = np.array(closes, np.int64)
    queries = Queries(np.array([f0.person for f0 in f0s], np.int32), end - LOOK_BACK, end)
    stays = stays_of(state.graph, queries)
    place, where = np.unique(stays.place, return_inverse=True)
    unit = _units_of_places(state, units, tier, day, place)[where]
    home = np.array([_is_home(state, p) for p in place.tolist()], np.bool_)[where]
    spans = _clipped(stays, queries)
    at_home = home & (unit >= 0)
    asked = stays.query.astype(np.int64)
    best = _longest(asked[at_home], unit[at_home], spans[at_home], len(f0s))
    rest = np.flatnonzero(best < 0)
    if len(rest):
        query, there, span = _fixes(state, units, tier, day, queries, rest)
        others = np.isin(asked, rest) & (unit >= 0)
        query, there = np.append(query, asked[others]), np.append(there, unit[others])
        found = _longest(query, there, np.append(span, spans[others]), len(f0s))
        best[rest] = found[rest]
    for f0, index in zip(f0s, best.tolist(), strict=True):
        homes[f0.person] = None if index < 0 else codes[index]
    return homes


def _is_home(state: Snapshot, place: int) -> bool:
    return state.place_data.get(state.place_keys.key(place), {}).get("kind") == "home"


def _units_of_places(
    state: Snapshot, units: Units, tier: str, day: date, places: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64]:
    """Index of the unit of each place, -1 where it is not known."""
    index = {code: i for i, code in enumerate(units.codes(tier, day))}
    told = [state.place_data.get(state.place_keys.key(p), {}).get("area_code") for p in places.tolist()]
    known = {code: index.get(upto_now(units, code, tier, day) or "", -1) for code in set(told) if code is not None}
    out = np.array([-1 if code is None else known[code] for code in told], np.int64)
    lat, lng = state.graph.places.lat_e7[places], state.graph.places.lng_e7[places]
    ask = np.flatnonzero((out < 0) & (lat != NOWHERE))
    out[ask] = units.index_of(lat[ask] / 1e7, lng[ask] / 1e7, tier, day)
    return out


def _clipped(own: Presences, queries: Queries) -> Ints:
    """Seconds of each presence within the window of its query."""
    begin, end = queries.start[own.query], queries.end[own.query]
    spans: Ints = np.maximum(np.minimum(own.end, end) - np.maximum(own.start, begin), 0)
    return spans


def _fixes(state: Snapshot, units: Units, tier: str, day: date, queries: Queries, who: Ints) -> tuple[Ints, Ints, Ints]:
    """(query, index of the unit, seconds) of the fixes of some queries that lie in a unit."""
    some = Queries(queries.person[who], queries.start[who], queries.end[who])
    fixes = fixes_of(state.graph, some)
    lat, lng = fix_columns(state.graph, fixes, "lat_e7", "lng_e7")
    unit = units.index_of(lat / 1e7, lng / 1e7, tier, day)
    known = unit >= 0
    return who[fixes.query[known]], unit[known], _clipped(fixes, some)[known]


def _longest(query: Ints, unit: Ints, seconds: Ints, count: int) -> Ints:
    """The unit with the most seconds of each query (the first of equal ones), -1 where there is none: (count,)."""
    order = np.lexsort((unit, query))
    query, unit, seconds = query[order], unit[order], seconds[order]
    first = np.flatnonzero(np.diff(query, prepend=-1) | np.diff(unit, prepend=-1))
    best = np.full(count, -1, np.int64)
    if len(first):
        total = np.add.reduceat(seconds, first)
        query, unit = query[first], unit[first]
        ranked = np.lexsort((-unit, total, query))
        ranked = ranked[total[ranked] > 0]
        best[query[ranked]] = unit[ranked]  # of several for one query the last stays: the longest
    return best


def upto_now(units: Units, code: str, tier: str, day: date) -> str | None:
    """The unit of ``tier`` on ``day`` that an area code stands for, or None.

    A unit that has ended stands for its successor while it has exactly one; one of a wider tier tells nothing.
    """
    unit = units.get(code, day) or units.get(code)
    while unit is not None and not unit.in_force(day):
        eve = None if unit.until is None else unit.until - timedelta(days=1)
        after = units.successors(unit.code, eve)
        unit = after[0] if len(after) == 1 else None
    return None if unit is None else units.upto(unit.code, tier, day)
