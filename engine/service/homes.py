"""Where people live: the administrative unit that each F0 is counted in."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from engine.clock import DAY, FOREVER, in_viet_nam
from engine.exposure.policies import Policy
from engine.exposure.windows import infectious_window
from engine.geo.units import Units
from engine.graph.presences import Presences, Queries, fix_columns, fixes_of, stays_of
from engine.graph.view import NOWHERE
from engine.service.snapshot import Snapshot

Ints = npt.NDArray[np.int64]
LOOK_BACK = 14 * DAY
"""Where people lived is judged by so long a time before their window's end."""


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
    best = longest(asked[at_home], unit[at_home], spans[at_home], len(f0s))
    rest = np.flatnonzero(best < 0)
    if len(rest):
        query, there, span = _fixes(state, units, tier, day, queries, rest)
        others = np.isin(asked, rest) & (unit >= 0)
        query, there = np.append(query, asked[others]), np.append(there, unit[others])
        found = longest(query, there, np.append(span, spans[others]), len(f0s))
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


def longest(query: Ints, unit: Ints, seconds: Ints, count: int) -> Ints:
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
