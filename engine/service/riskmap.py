"""The hex map of a snapshot: where its F0s were while infectious, scored."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine import params
from engine.clock import DAY
from engine.errors import BadParameterError
from engine.exposure.policies import Policy
from engine.exposure.windows import infectious_window
from engine.geo.cells import Cells, Degrees, cells_of, centres, parents
from engine.graph.presences import Queries, fix_columns, fixes_of, stays_of
from engine.graph.segments import Segment, second
from engine.graph.view import NOWHERE
from engine.risk.hexes import F0Presence, HexScores, hex_map
from engine.service.results import HexColumns
from engine.service.snapshot import Snapshot

RESOLUTIONS = range(7, 11)


@dataclass(frozen=True)
class HexMap:
    """The whole hex map of a moment."""

    scores: HexScores
    as_of: int

    @cached_property
    def centres(self) -> tuple[Degrees, Degrees]:
        """Latitude and longitude of every cell's centre."""
        return centres(self.scores.h3)

    def within(self, bbox: tuple[float, float, float, float] | None) -> HexColumns:
        """The cells whose centre lies in west, south, east, north (degrees; west > east: across 180).

        Raises:
            BadParameterError: not such a box.
        """
        scores = self.scores
        keep = np.ones(len(scores.h3), np.bool_)
        if bbox is not None:
            west, south, east, north = bbox
            if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
                raise BadParameterError("bbox must be west,south,east,north in degrees, with south <= north")
            lat, lng = self.centres
            across = (lng >= west) & (lng <= east) if west <= east else (lng >= west) | (lng <= east)
            keep = (lat >= south) & (lat <= north) & across
        return HexColumns(
            resolution=scores.resolution,
            at=scores.at,
            as_of=self.as_of,
            h3=scores.h3[keep],
            score=scores.score[keep],
            band=scores.band[keep],
            low=scores.low[keep],
            high=scores.high[keep],
            infectious_h=scores.infectious_h[keep],
        )


def hex_map_of(state: Snapshot, resolution: int, at: int, policy: Policy) -> HexMap:
    """Scores of every cell with footfall or infectious time; remembered.

    Raises:
        BadParameterError: resolution out of bounds.
    """
    if resolution not in RESOLUTIONS:
        raise BadParameterError(f"resolution is {resolution}; it must be 7 to 10")

    def make() -> HexMap:
        presence = presence_of(state, at, policy)
        return HexMap(hex_map(presence, at, resolution, footfall(state, at, resolution)), state.as_of)

    # Only the newest moment is asked for again and again; maps of any number of others would fill the memory.
    return state.remember(("hexes", resolution, policy), make) if at == state.latest else make()


def presence_of(state: Snapshot, at: int, policy: Policy) -> F0Presence:
    """Stays of F0s at places with known position, and their fixes, within their infectious windows up to ``at``.

    Where a fix and a stay overlap both count; people rarely give both for the same time.
    """
    f0s = list(state.people.cases.values())
    windows = [infectious_window(f0, policy, at) for f0 in f0s]
    queries = Queries(
        np.array([f0.person for f0 in f0s], np.int32),
        np.array([w[0] for w in windows], np.int64),
        np.array([w[1] for w in windows], np.int64),
    )
    stays, fixes = _presences(state, queries)
    courses = [state.courses[f0.person] for f0 in f0s]
    origin = np.array([c.origin for c in courses], np.int64)
    factor = np.array([c.factor for c in courses], np.float64)
    query = np.concatenate([stays[0], fixes[0]])
    return F0Presence(
        person=queries.person[query],
        lat_e7=np.concatenate([stays[1], fixes[1]]).astype(np.int32),
        lng_e7=np.concatenate([stays[2], fixes[2]]).astype(np.int32),
        start=np.maximum(np.concatenate([stays[3], fixes[3]]), queries.start[query]),
        end=np.minimum(np.concatenate([stays[4], fixes[4]]), queries.end[query]),
        peak=origin[query],
        factor=factor[query],
    )


def _presences(state: Snapshot, queries: Queries) -> list[tuple[np.ndarray, ...]]:
    """(query, lat, lng, start, end) of stays and of fixes."""
    none = np.empty(0, np.int64)
    if len(queries.person) == 0:
        return [(none,) * 5, (none,) * 5]
    places = state.graph.places
    stays = stays_of(state.graph, queries)
    known = places.lat_e7[stays.place] != NOWHERE
    place = stays.place[known]
    fixes = fixes_of(state.graph, queries)
    lat, lng = fix_columns(state.graph, fixes, "lat_e7", "lng_e7")
    return [
        (
            stays.query[known],
            places.lat_e7[place],
            places.lng_e7[place],
            stays.start[known],
            stays.end[known],
        ),
        (fixes.query, lat, lng, fixes.start, fixes.end),
    ]


def footfall(state: Snapshot, at: int, resolution: int) -> Cells:
    """Cells where anybody was in the days the map looks back on, and of every place with known position; ascending."""
    since = at - round(params.HEX_CUT_D.value * DAY)
    days = [s for s in state.graph.location if since - DAY < s.day_start < at]
    places = state.graph.places
    known = places.lat_e7 != NOWHERE
    lat, lng = places.lat_e7[known] / 1e7, places.lng_e7[known] / 1e7
    return np.unique(
        np.concatenate([*(_visited(s, since, at, resolution) for s in days), cells_of(lat, lng, resolution)])
    )


def _visited(segment: Segment, since: int, at: int, resolution: int) -> Cells:
    """Cells with a fix in [since, at), ascending; those of a segment that lies wholly inside are remembered."""
    cells = segment.groups.astype(np.uint64)
    if since <= segment.day_start and segment.last_end < at:
        name = f"cells at {resolution}"
        if name not in segment.memory:
            segment.memory[name] = _distinct(parents(cells, resolution))
        found: Cells = segment.memory[name]
        return found
    moment = segment.day_start + second(segment.rows.k1)[segment.by_group].astype(np.int64)
    inside = (moment >= since) & (moment < at)
    groups = np.repeat(np.arange(len(cells)), np.diff(segment.group_start))[inside]
    return _distinct(parents(cells[np.unique(groups)], resolution))


def _distinct(ascending: Cells) -> Cells:
    """Parents of ascending cells are ascending too."""
    new = np.ones(len(ascending), np.bool_)
    new[1:] = ascending[1:] != ascending[:-1]
    return ascending[new]
