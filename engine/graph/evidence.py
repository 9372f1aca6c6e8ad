"""Evidence of contact, found at query time on all three channels: the heart of every answer.

Nothing here is stored. For each query (a person and a window) the scans walk the person's sightings, stays and
fixes in the segments the window touches, and the rows of other people that overlap them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.geo.cells import cells_of, disk
from engine.graph.atlas import atlas_of
from engine.graph.eligibility import Eligibility
from engine.graph.kernels import found
from engine.graph.kernels.fixes import ACCURACY, FROM, LAT, LNG, TO
from engine.graph.kernels.near import near_fixes
from engine.graph.kernels.sightings import sightings_of
from engine.graph.kernels.stays import shared_stays
from engine.graph.presences import Queries, fix_lines
from engine.graph.proximity import Proximity, vaguest_dm
from engine.graph.rooms import room
from engine.graph.scanning import touched
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

SMALLEST_CELL_EDGE_M = 18.0
"""No H3 cell of resolution 11 has a shorter edge (the mean is 25 m): a bound for the search, not science."""

_COLUMNS = (
    np.int32, np.int32, np.int64, np.int64, np.float64, np.int8, np.float64, np.int32,
    np.int32, np.int32, np.int32, np.int32,
)  # fmt: skip
"""Types of the columns of evidence, in their order."""


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
    if len(queries.person) == 0:
        return _unpacked(np.empty((0, found.INTEGERS), np.int64), np.empty((0, 2)), np.zeros(4, np.int64))
    scans = (
        lambda n, whole, parts: _sightings(view, queries, eligibility, n, whole, parts),
        lambda n, whole, parts: _shared_stays(view, queries, eligibility, others or view, n, whole, parts),
        _near_fixes(view, queries, eligibility, others or view),
    )
    bounds = np.zeros(len(scans) + 1, np.int64)
    with room() as here:
        whole, parts = here.ints("evidence", 0, found.INTEGERS), here.reals("fractions", 0, found.FRACTIONS)
        for channel, scan in enumerate(scans):
            while (n := scan(int(bounds[channel]), whole, parts)) > len(whole):
                whole, parts = here.ints("evidence", n, found.INTEGERS), here.reals("fractions", n, found.FRACTIONS)
            bounds[channel + 1] = n
        return _unpacked(whole, parts, bounds)


def near_lines(view: GraphView, queries: Queries, eligibility: Eligibility) -> tuple[Ints, Floats]:
    """The evidence of the location channel alone, as lines of :mod:`engine.graph.kernels.found`, ordered by query."""
    scan = _near_fixes(view, queries, eligibility, view)
    with room() as here:
        whole, parts = here.ints("evidence", 0, found.INTEGERS), here.reals("fractions", 0, found.FRACTIONS)
        while (n := scan(0, whole, parts)) > len(whole):
            whole, parts = here.ints("evidence", n, found.INTEGERS), here.reals("fractions", n, found.FRACTIONS)
        return whole[:n].copy(), parts[:n].copy()


def _unpacked(whole: Ints, parts: Floats, bounds: Ints) -> Evidence:
    n = int(bounds[-1])
    columns: list[Array] = [np.empty(n, dtype) for dtype in _COLUMNS]
    found.unpacked(whole, parts, bounds, *columns)
    return Evidence(*columns)


TALLY = np.zeros(1, np.int64)
"""Records looked at by all queries: of use to somebody who measures, alone."""


def records_examined() -> int:
    """How many records all queries since the start have looked at, roughly when several run at once."""
    return int(TALLY[0])


def _sightings(view: GraphView, q: Queries, eligibility: Eligibility, n: int, whole: Ints, parts: Floats) -> int:
    if "bluetooth" not in eligibility.channels or not view.bluetooth:
        return n
    most = round(min(300.0, eligibility.max_attenuation_db) * 100)
    return int(
        sightings_of(
            atlas_of(view), *q.columns(), 0, len(q.person), most, buckets(), n, whole, parts, TALLY, _scratch()
        )
    )


def _scratch() -> Ints:
    return np.empty((found.SCRATCH, 8), np.int64)


def buckets() -> Floats:
    """Edges of attenuation (dB, inclusive), then weights up to each and beyond: gaen-risk-scoring v2.0, Narrow v2."""
    return np.array([
        params.BLE_IMMEDIATE_DB.value, params.BLE_NEAR_DB.value, params.BLE_MEDIUM_DB.value,
        params.BLE_IMMEDIATE_WEIGHT.value, params.BLE_NEAR_WEIGHT.value,
        params.BLE_MEDIUM_WEIGHT.value, params.BLE_FAR_WEIGHT.value,
    ])  # fmt: skip


def sighting_weight(attenuation_db: Floats) -> Floats:
    """Weight by attenuation bucket, any shape; the same shape back."""
    edges, weights = np.split(buckets(), [3])
    return np.asarray(weights[np.searchsorted(edges, attenuation_db, side="left")], np.float64)


def _shared_stays(
    view: GraphView, q: Queries, eligibility: Eligibility, others: GraphView, n: int, whole: Ints, parts: Floats
) -> int:
    if "check_in" not in eligibility.channels or not eligibility.same_place:
        return n
    if not view.check_in or not others.check_in:
        return n
    slack = eligibility.slack_s
    own_slack, other_slack = (slack, 0) if q.infector else (0, slack)
    atlases = atlas_of(view), atlas_of(others), others is view
    asked = (*q.columns(), 0, len(q.person), own_slack, other_slack)
    return int(shared_stays(*atlases, *asked, n, whole, parts, TALLY, _scratch()))


def _near_fixes(
    view: GraphView, q: Queries, eligibility: Eligibility, others: GraphView
) -> Callable[[int, Ints, Floats], int]:
    """The scan of fixes, with the cells in reach of each of one's own."""
    if "location" not in eligibility.channels or not view.location or not others.location:
        return lambda n, whole, parts: n
    exact = Proximity.of(eligibility)
    own = fix_lines(view, q, exact.worst_dm)
    if len(own) == 0:
        return lambda n, whole, parts: n
    gap = int(params.FIX_MAX_GAP_S.value)
    near = list(touched(others.location, int(own[:, FROM].min()), int(own[:, TO].max()), gap))
    vaguest = max((vaguest_dm(s) for _, s in near), default=0)
    cells = _cells_in_reach(own[:, LAT], own[:, LNG], exact.radius_m(own[:, ACCURACY], vaguest))
    atlas, asked = atlas_of(others), q.columns()

    def scan(n: int, whole: Ints, parts: Floats) -> int:
        return int(near_fixes(atlas, *asked, own, *cells, exact.limits, n, whole, parts, TALLY, _scratch()))

    return scan


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
        first, near, _ = disk(distinct, k)
        number[mine] = inverse + before
        starts.append(first[1:] + starts[-1][-1])
        reached.append(near)
        before += len(distinct)
    return number, np.concatenate(starts), np.concatenate(reached)
