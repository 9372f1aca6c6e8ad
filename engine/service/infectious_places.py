"""Places where F0s spent infectious time: for whoever decides what to disinfect, close, or warn visitors of."""

from dataclasses import dataclass

import numpy as np

from engine.clock import DAY
from engine.exposure.labels import Labelled
from engine.graph.presences import Queries, stays_of
from engine.graph.view import NOWHERE
from engine.params import HEX_CUT_D
from engine.risk.infectious import f0s_of
from engine.risk.integral import decayed_seconds
from engine.service.snapshot import Snapshot

HOUR_S = 3_600


@dataclass(frozen=True)
class InfectiousPlace:
    """A place with known position, and the time that F0s were there while infectious."""

    place: str
    name: str | None
    kind: str | None
    lat: float
    lng: float
    infectious_h: float
    """Person-hours at the peak of infectiousness, decayed as in the hex score."""
    cases: int
    """Distinct F0s."""
    first_at: int
    last_at: int
    """From the first such moment to the last, UTC s."""


def infectious_places(labels: Labelled, names: Snapshot, at: int) -> tuple[InfectiousPlace, ...]:
    """The places of check-ins of F0s in their infectious windows, in the 14 days before ``at``, ordered by key.

    ``names``: a snapshot no older than the state of ``labels``. Cost: a few microseconds a stay of an F0.
    """
    f0s = f0s_of(labels, at)
    if len(f0s) == 0:
        return ()
    cut = at - round(HEX_CUT_D.value * DAY)
    view = labels.state.view
    stays = stays_of(view, Queries(f0s.person, np.maximum(f0s.start, cut), np.minimum(f0s.end, at)))
    start = np.maximum(stays.start, np.maximum(f0s.start, cut)[stays.query])
    end = np.minimum(stays.end, np.minimum(f0s.end, at)[stays.query])
    seconds = decayed_seconds(start, end, f0s.origin[stays.query], f0s.factor[stays.query], at)
    kept = np.flatnonzero((seconds > 0) & (view.places.lat_e7[stays.place] != NOWHERE))
    order = kept[np.argsort(stays.place[kept], kind="stable")]
    out = []
    for rows in np.split(order, np.flatnonzero(np.diff(stays.place[order])) + 1) if len(order) else []:
        code = int(stays.place[rows[0]])
        key = names.place_keys.key(code)
        data = names.place_data.get(key, {})
        out.append(
            InfectiousPlace(
                place=key,
                name=data.get("name"),
                kind=data.get("kind"),
                lat=float(view.places.lat_e7[code]) / 1e7,
                lng=float(view.places.lng_e7[code]) / 1e7,
                infectious_h=float(seconds[rows].sum()) / HOUR_S,
                cases=len(np.unique(stays.query[rows])),
                first_at=int(start[rows].min()),
                last_at=int(end[rows].max()),
            )
        )
    return tuple(sorted(out, key=lambda place: place.place))
