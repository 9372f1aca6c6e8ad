"""Evidence of contact, found at query time on all three channels: the heart of every answer.

Nothing here is stored. For each query (a person and a window) the scans walk the person's sightings, stays and
fixes in the segments the window touches, and the rows of other people that overlap them.
"""

from dataclasses import dataclass
from math import ceil, log
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.geo.cells import cells_of, disk
from engine.graph.eligibility import BLUETOOTH, CHECK_IN, LOCATION, Eligibility
from engine.graph.kernels.fixes import proximity_scan
from engine.graph.kernels.sightings import bluetooth_scan
from engine.graph.kernels.stays import copresence_scan
from engine.graph.presences import Presences, Queries, fix_columns, fixes_of, stays_of
from engine.graph.scanning import Scan, touched
from engine.graph.segments import Segment
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

SMALLEST_CELL_EDGE_M = 18.0
"""No H3 cell of resolution 11 has a shorter edge (the mean is 25 m): a bound for the search, not science."""


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
    own_segment: Codes
    own_row: Codes
    """Row of the person asked about: number of the segment in the view and index in it (bluetooth: of the sighting)."""
    other_segment: Codes
    other_row: Codes

    def __len__(self) -> int:
        return len(self.query)

    def take(self, index: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> "Evidence":
        """The rows at ``index`` (or where a mask is true), in that order."""
        return Evidence(**{name: column[index] for name, column in vars(self).items()})


def gather(view: GraphView, queries: Queries, eligibility: Eligibility, others: GraphView | None = None) -> Evidence:
    """All eligible evidence of all queries. Cost: proportional to the records examined, never to the graph.

    The people asked about are looked up in ``view``; those who stayed or were near, in ``others`` when it is given
    (:func:`engine.graph.among.among`). Sightings name both, so they are ``view``'s.
    """
    others = others or view
    parts: list[Evidence] = []
    if len(queries.person):
        if "bluetooth" in eligibility.channels and view.bluetooth:
            parts.append(_sightings(view, queries, eligibility))
        if "check_in" in eligibility.channels and eligibility.same_place and others.check_in:
            parts.append(_shared_stays(view, queries, eligibility, others))
        if "location" in eligibility.channels and others.location:
            parts.append(_near_fixes(view, queries, eligibility, others))
    parts = [part for part in parts if len(part)] or parts[:1] or [_nothing()]
    if len(parts) == 1:
        return parts[0]
    return Evidence(**{name: np.concatenate([vars(p)[name] for p in parts]) for name in vars(parts[0])})


def _nothing() -> Evidence:
    none, never, real = np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0)
    return Evidence(none, none, never, never, real, np.empty(0, np.int8), real, none, none, none, none, none)


def _sightings(view: GraphView, q: Queries, eligibility: Eligibility) -> Evidence:
    most = round(min(300.0, eligibility.max_attenuation_db) * 100)
    scan = Scan(np.int32, np.int32, np.int64, np.int64, np.float64, np.int32)
    for at, s in touched(view.bluetooth, int(q.start.min()), int(q.end.max()), 0):
        scan.run(
            at, bluetooth_scan,
            s.rows.k1, s.rows.k2, s.rows.payload["duration_s"], s.rows.payload["attenuation_cdb"],
            s.groups, s.group_start, s.by_group, s.day_start, s.longest_s, q.person, q.start, q.end, most,
        )  # fmt: skip
    query, other, start, end, centi_db, row, segment = scan.columns()
    db = centi_db / 100
    none = np.full(scan.rows, -1, np.int32)
    channel = np.full(scan.rows, BLUETOOTH, np.int8)
    return Evidence(query, other, start, end, sighting_weight(db), channel, db, none, none, none, segment, row)


def sighting_weight(attenuation_db: Floats) -> Floats:
    """Weight by attenuation bucket: gaen-risk-scoring v2.0, Narrow v2 (bounds are inclusive)."""
    edges = (params.BLE_IMMEDIATE_DB.value, params.BLE_NEAR_DB.value, params.BLE_MEDIUM_DB.value)
    weights = np.array([
        params.BLE_IMMEDIATE_WEIGHT.value, params.BLE_NEAR_WEIGHT.value,
        params.BLE_MEDIUM_WEIGHT.value, params.BLE_FAR_WEIGHT.value,
    ])  # fmt: skip
    return np.asarray(weights[np.searchsorted(edges, attenuation_db, side="left")], np.float64)


def _shared_stays(view: GraphView, q: Queries, eligibility: Eligibility, others: GraphView) -> Evidence:
    slack = eligibility.slack_s
    own_slack, other_slack = (slack, 0) if q.infector else (0, slack)
    own = stays_of(view, q, slack)
    if len(own.query) == 0:
        return _nothing()
    person, low, high = q.person[own.query], q.start[own.query], q.end[own.query]
    usual = view.places.longest_stay_s
    scan = Scan(np.int32, np.int32, np.int64, np.int64, np.int32)
    for at, s in touched(others.check_in, int(own.start.min()) - slack, int(own.end.max()) + slack, usual):
        scan.run(
            at, copresence_scan,
            s.rows.k1, s.rows.k2, s.rows.payload["left_at"], s.majors, s.major_longest, s.day_start,
            view.places.stay_s, person, own.place, own.start, own.end, low, high, own_slack, other_slack,
        )  # fmt: skip
    index, other, start, end, row, segment = scan.columns()
    place = own.place[index]
    weight = view.places.weight[place]
    return _found(CHECK_IN, own, index, other, start, end, weight, np.zeros(scan.rows), segment, row)


def _found(
    channel: int,
    own: Presences,
    index: Array,
    other: Array,
    start: Array,
    end: Array,
    weight: Array,
    measure: Array,
    segment: Array,
    row: Array,
) -> Evidence:
    """Evidence of a presence of one's own (``index`` into ``own``) and one of somebody else."""
    channels = np.full(len(index), channel, np.int8)
    mine = (own.place[index], own.segment[index], own.row[index])
    return Evidence(own.query[index], other, start, end, weight, channels, measure, *mine, segment, row)


def _near_fixes(view: GraphView, q: Queries, eligibility: Eligibility, others: GraphView) -> Evidence:
    limit = eligibility.max_distance_m
    floor, sigmas = params.FIX_WEIGHT_FLOOR.value, params.FIX_SEARCH_SIGMAS.value
    cap, per_sigma = params.FIX_SEARCH_CAP_M.value, params.ACCURACY_SIGMAS.value
    gap = int(params.FIX_MAX_GAP_S.value)
    # Two fixes on the same spot have chance 1 - exp(-limit^2 / 2 sigma^2): vaguer ones can never reach the floor.
    most_sigma = limit / (-2 * log(1 - floor)) ** 0.5 if 0 < floor < 1 else 1e6
    own = fixes_of(view, q, min(65_535, ceil(most_sigma * per_sigma * 10)))
    if len(own.query) == 0:
        return _nothing()
    lat, lng, accuracy = fix_columns(view, own, "lat_e7", "lng_e7", "accuracy_dm")
    near = list(touched(others.location, int(own.start.min()), int(own.end.max()), gap))
    vaguest = max((_vaguest_m(s) for _, s in near), default=0.0)
    sigma = np.minimum(np.hypot(accuracy / 10, vaguest) / per_sigma, most_sigma)
    own_cell, cell_start, reached = _cells_in_reach(lat, lng, np.minimum(cap, limit + sigmas * sigma))
    person, low, high = q.person[own.query], q.start[own.query], q.end[own.query]
    scan = Scan(np.int32, np.int32, np.int64, np.int64, np.float64, np.float64, np.int32)
    for at, s in near:
        p = s.rows.payload
        scan.run(
            at, proximity_scan,
            s.rows.k1, s.stay_s, p["lat_e7"], p["lng_e7"], p["accuracy_dm"],
            s.groups, s.group_start, s.by_group, s.day_start, gap,
            person, lat, lng, accuracy, own.start, own.end, low, high, own_cell, cell_start, reached,
            limit, sigmas, cap, per_sigma, floor, params.EARTH_RADIUS_M.value,
        )  # fmt: skip
    index, other, start, end, weight, metres, row, segment = scan.columns()
    return _found(LOCATION, own, index, other, start, end, weight, metres, segment, row)


def _vaguest_m(segment: Segment) -> float:
    """Worst accuracy among the fixes of a segment, m; remembered."""
    if "vaguest" not in segment.memory:
        segment.memory["vaguest"] = segment.rows.payload["accuracy_dm"].max(initial=0) / 10
    found: float = segment.memory["vaguest"]
    return found


def _cells_in_reach(lat: Array, lng: Array, reach_m: Floats) -> tuple[Array, Ints, npt.NDArray[np.uint64]]:
    """Cells that may hold a fix within ``reach_m`` of each fix: (number of its cells, starts by number, cells)."""
    cells = cells_of(lat / 1e7, lng / 1e7, int(params.FIX_CELL_RESOLUTION.value))
    # k rings reach at least 1.5 k - 0.5 edges beyond a cell's own border.
    rings = np.maximum(1, np.ceil((reach_m / SMALLEST_CELL_EDGE_M + 0.5) / 1.5)).astype(np.int64)
    number = np.empty(len(cells), np.int64)
    starts, reached, before = [np.zeros(1, np.int64)], [], 0
    for k in np.unique(rings).tolist():
        mine = np.flatnonzero(rings == k)
        distinct, inverse = np.unique(cells[mine], return_inverse=True)
        first, found, _ = disk(distinct, k)
        number[mine] = inverse + before
        starts.append(first[1:] + starts[-1][-1])
        reached.append(found)
        before += len(distinct)
    return number, np.concatenate(starts), np.concatenate(reached)
