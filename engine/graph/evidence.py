"""Evidence of contact, found at query time on all three channels: the heart of every answer.

Nothing here is stored. For each query (a person and a window) the scans walk the person's sightings, stays and
fixes in the days the window touches, and the rows of other people that overlap them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.geo.cells import cells_of, disk
from engine.graph.eligibility import BLUETOOTH, CHECK_IN, LOCATION, Eligibility
from engine.graph.kernels.fixes import fixes_of_people, proximity_scan
from engine.graph.kernels.sightings import bluetooth_scan
from engine.graph.kernels.stays import copresence_scan, stays_of_people
from engine.graph.segments import Segment
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

SMALLEST_CELL_EDGE_M = 18.0
"""No H3 cell of resolution 11 has a shorter edge (the mean is 25 m): a bound for the search, not science."""


@dataclass(frozen=True)
class Queries:
    """Whose contacts, in which half-open window. All columns have shape (queries,)."""

    person: Codes
    start: Ints
    end: Ints
    infector: bool = True
    """True: the person asked about is the infectious one; False: the exposed one (matters for slack)."""


@dataclass(frozen=True)
class Evidence:
    """Eligible intervals, one row each, clipped to the window of their query. No order is promised."""

    query: Codes
    other: Codes
    start: Ints
    end: Ints
    weight: Floats
    channel: npt.NDArray[np.int8]
    measure: Floats
    """Attenuation in dB (bluetooth), distance in m (location), 0 (check_in)."""
    place: Codes
    """Place of a check-in, else -1."""
    own_day: Codes
    own_row: Codes
    """Row of the person asked about: day and index in the segment (bluetooth: of the sighting)."""
    other_day: Codes
    other_row: Codes

    def __len__(self) -> int:
        return len(self.query)

    def take(self, index: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> "Evidence":
        """The rows at ``index`` (or where a mask is true), in that order."""
        return Evidence(**{name: column[index] for name, column in vars(self).items()})


def gather(view: GraphView, queries: Queries, eligibility: Eligibility) -> Evidence:
    """All eligible evidence of all queries. Cost: proportional to the records examined, never to the graph."""
    parts: list[Evidence] = []
    if len(queries.person):
        if "bluetooth" in eligibility.channels:
            parts += _sightings(view, queries, eligibility)
        if "check_in" in eligibility.channels and eligibility.same_place:
            parts += _shared_stays(view, queries, eligibility)
        if "location" in eligibility.channels:
            parts += _near_fixes(view, queries, eligibility)
    if not parts:
        parts = [_evidence(BLUETOOTH, *(np.empty(0, np.int64) for _ in range(4)), weight=np.empty(0))]
    return Evidence(**{name: np.concatenate([vars(p)[name] for p in parts]) for name in vars(parts[0])})


def _evidence(
    channel: int,
    query: Array,
    other: Array,
    start: Array,
    end: Array,
    *,
    weight: Floats,
    measure: Array | None = None,
    place: Array | None = None,
    own: tuple[Array, Array] | None = None,
    row: tuple[int, Array] | None = None,
) -> Evidence:
    n = len(query)
    none = np.full(n, -1, np.int32)
    own_day, own_row = own if own is not None else (none, none)
    other_day, other_row = (np.full(n, row[0], np.int32), row[1]) if row is not None else (none, none)
    return Evidence(
        query.astype(np.int32),
        other.astype(np.int32),
        start.astype(np.int64),
        end.astype(np.int64),
        weight,
        np.full(n, channel, np.int8),
        np.zeros(n) if measure is None else measure.astype(np.float64),
        none if place is None else place.astype(np.int32),
        own_day.astype(np.int32),
        own_row.astype(np.int32),
        other_day,
        other_row.astype(np.int32),
    )


def _filled(kernel: Callable[..., int], dtypes: tuple[type[np.generic], ...], *args: object) -> list[Array]:
    """Run a scan with buffers large enough for all it wants to write."""
    capacity = 16_384
    while True:
        buffers: list[Array] = [np.empty(capacity, t) for t in dtypes]
        wanted = kernel(*args, *buffers)
        if wanted <= capacity:
            return [b[:wanted] for b in buffers]
        capacity = wanted


def _touched(segments: dict[int, Segment], low: int, high: int, reach: int) -> Iterator[tuple[int, Segment]]:
    """Days with rows that begin before ``high`` and may last (``reach`` beyond their own longest) past ``low``."""
    for day, segment in segments.items():
        if segment.day_start < high and segment.day_start + DAY + max(segment.longest_s, reach) > low:
            yield day, segment


def _sightings(view: GraphView, q: Queries, eligibility: Eligibility) -> Iterator[Evidence]:
    most = round(min(300.0, eligibility.max_attenuation_db) * 100)
    kinds = (np.int32, np.int32, np.int64, np.int64, np.float64, np.int32)
    for day, s in _touched(view.bluetooth, int(q.start.min()), int(q.end.max()), 0):
        query, other, start, end, centi_db, row = _filled(
            bluetooth_scan, kinds,
            s.rows.k1, s.rows.k2, s.rows.payload["duration_s"], s.rows.payload["attenuation_cdb"],
            s.groups, s.group_start, s.by_group, s.day_start, s.longest_s, q.person, q.start, q.end, most,
        )  # fmt: skip
        db = centi_db.astype(np.float64) / 100
        yield _evidence(BLUETOOTH, query, other, start, end, weight=sighting_weight(db), measure=db, row=(day, row))


def sighting_weight(attenuation_db: Floats) -> Floats:
    """Weight by attenuation bucket: gaen-risk-scoring v2.0, Narrow v2 (bounds are inclusive)."""
    edges = (params.BLE_IMMEDIATE_DB.value, params.BLE_NEAR_DB.value, params.BLE_MEDIUM_DB.value)
    weights = np.array([
        params.BLE_IMMEDIATE_WEIGHT.value, params.BLE_NEAR_WEIGHT.value,
        params.BLE_MEDIUM_WEIGHT.value, params.BLE_FAR_WEIGHT.value,
    ])  # fmt: skip
    return np.asarray(weights[np.searchsorted(edges, attenuation_db, side="left")], np.float64)


def _shared_stays(view: GraphView, q: Queries, eligibility: Eligibility) -> Iterator[Evidence]:
    stay = view.places.stay_s
    usual = view.places.longest_stay_s
    slack = eligibility.slack_s
    own_slack, other_slack = (slack, 0) if q.infector else (0, slack)
    own = stays_of(view, q, slack)
    if len(own.query) == 0:
        return
    low, high = q.start[own.query], q.end[own.query]
    kinds = (np.int32, np.int32, np.int64, np.int64, np.int32)
    first, last = int(own.start.min()) - slack, int(own.end.max()) + slack
    for day, s in _touched(view.check_in, first, last, usual):
        reach = max(s.longest_s, usual)
        some = np.flatnonzero((own.end + slack > s.day_start) & (own.start - slack - reach < s.day_start + DAY))
        if len(some) == 0:
            continue
        index, other, start, end, row = _filled(
            copresence_scan, kinds,
            s.rows.k1, s.rows.k2, s.rows.payload["left_at"], s.majors, s.major_longest, s.day_start, stay,
            q.person[own.query[some]], own.place[some], own.start[some], own.end[some], low[some], high[some],
            own_slack, other_slack,
        )  # fmt: skip
        at = some[index]
        place = own.place[at]
        yield _evidence(
            CHECK_IN, own.query[at], other, start, end,
            weight=view.places.weight[place], place=place, own=(own.day[at], own.row[at]), row=(day, row),
        )  # fmt: skip


@dataclass(frozen=True)
class Presences:
    """Own presences of queries, one row each, not clipped; ``place`` is -1 for fixes."""

    query: Codes
    place: Codes
    start: Ints
    end: Ints
    day: Codes
    row: Codes


def stays_of(view: GraphView, q: Queries, slack: int = 0) -> Presences:
    """Check-in presences that overlap the window of their query, widened by ``slack`` seconds."""
    kinds = (np.int32, np.int32, np.int64, np.int64, np.int32)
    start, end = q.start - slack, q.end + slack
    parts = []
    for day, s in _touched(view.check_in, int(start.min()), int(end.max()), view.places.longest_stay_s):
        found = _filled(
            stays_of_people, kinds, s.rows.k1, s.rows.payload["left_at"], s.groups, s.group_start,
            s.by_group, s.day_start, view.places.stay_s, q.person, start, end,
        )  # fmt: skip
        parts.append((*found, np.full(len(found[0]), day, np.int32)))
    return _presences(parts)


def _presences(parts: Sequence[tuple[Array, ...]]) -> Presences:
    if not parts:
        none, never = np.empty(0, np.int32), np.empty(0, np.int64)
        return Presences(none, none, never, never, none, none)
    query, place, start, end, row, day = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Presences(query, place, start, end, day, row)


def fixes_of(view: GraphView, q: Queries, worst_accuracy_dm: int = 65_535) -> Presences:
    """Presences of location fixes, no vaguer than given, that overlap the window of their query."""
    gap = int(params.FIX_MAX_GAP_S.value)
    kinds = (np.int32, np.int64, np.int64, np.int32)
    parts = []
    for day, s in _touched(view.location, int(q.start.min()), int(q.end.max()), gap):
        query, start, end, row = _filled(
            fixes_of_people, kinds, s.rows.k1, _next_day(view, day), s.rows.payload["accuracy_dm"],
            s.day_start, s.day_start + DAY, gap, worst_accuracy_dm, q.person, q.start, q.end,
        )  # fmt: skip
        nowhere = np.full(len(query), -1, np.int32)
        parts.append((query, nowhere, start, end, row, np.full(len(query), day, np.int32)))
    return _presences(parts)


def _next_day(view: GraphView, day: int) -> Ints:
    following = view.location.get(day + 1)
    return following.rows.k1 if following is not None else np.empty(0, np.int64)


def fix_columns(view: GraphView, own: Presences, *names: str) -> list[Array]:
    """Payload columns of own fixes, in the order of ``own``."""
    out: list[Array] = []
    for name in names:
        column: Array | None = None
        for day in np.unique(own.day).tolist():
            here = own.day == day
            values = view.location[day].rows.payload[name]
            if column is None:
                column = np.empty(len(own.day), values.dtype)
            column[here] = values[own.row[here]]
        out.append(column if column is not None else np.empty(0, np.int32))
    return out


def _near_fixes(view: GraphView, q: Queries, eligibility: Eligibility) -> Iterator[Evidence]:
    limit = eligibility.max_distance_m
    floor, sigmas = params.FIX_WEIGHT_FLOOR.value, params.FIX_SEARCH_SIGMAS.value
    cap, per_sigma = params.FIX_SEARCH_CAP_M.value, params.ACCURACY_SIGMAS.value
    gap = int(params.FIX_MAX_GAP_S.value)
    # Two fixes on the same spot have chance 1 - exp(-limit^2 / 2 sigma^2): vaguer ones can never reach the floor.
    most_sigma = limit / (-2 * log(1 - floor)) ** 0.5 if 0 < floor < 1 else 1e6
    own = fixes_of(view, q, min(65_535, ceil(most_sigma * per_sigma * 10)))
    if len(own.query) == 0:
        return
    lat, lng, accuracy = fix_columns(view, own, "lat_e7", "lng_e7", "accuracy_dm")
    reach_m = min(cap, limit + sigmas * most_sigma)
    rings = max(1, ceil((reach_m / SMALLEST_CELL_EDGE_M + 0.5) / 1.5))
    resolution = int(params.FIX_CELL_RESOLUTION.value)
    cells, own_cell = np.unique(
        cells_of(lat.astype(np.float64) / 1e7, lng.astype(np.float64) / 1e7, resolution), return_inverse=True
    )
    cell_start, reached, _ = disk(cells, rings)
    low, high = q.start[own.query], q.end[own.query]
    person = q.person[own.query]
    kinds = (np.int32, np.int32, np.int64, np.int64, np.float64, np.float64, np.int32)
    for day, s in _touched(view.location, int(own.start.min()), int(own.end.max()), gap):
        some = np.flatnonzero((own.end > s.day_start) & (own.start - gap < s.day_start + DAY))
        if len(some) == 0:
            continue
        p = s.rows.payload
        index, other, start, end, weight, metres, row = _filled(
            proximity_scan, kinds,
            s.rows.k1, _next_day(view, day), p["lat_e7"], p["lng_e7"], p["accuracy_dm"],
            s.groups, s.group_start, s.by_group, s.day_start, s.day_start + DAY, gap,
            person[some], lat[some], lng[some], accuracy[some], own.start[some], own.end[some],
            low[some], high[some], own_cell[some], cell_start, reached,
            limit, sigmas, cap, per_sigma, floor, params.EARTH_RADIUS_M.value,
        )  # fmt: skip
        at = some[index]
        yield _evidence(
            LOCATION, own.query[at], other, start, end, weight=weight.astype(np.float64), measure=metres,
            own=(own.day[at], own.row[at]), row=(day, row),
        )  # fmt: skip
