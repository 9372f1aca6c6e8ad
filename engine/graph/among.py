"""A view of few people: their stays and fixes of some time, copied out, for looking whom of them others met."""

from dataclasses import replace

import numpy as np

from engine.geo.cells import cells_of
from engine.graph.presences import Codes, Presences, Queries, fixes_of, stays_of
from engine.graph.segments import Segment, build_segment
from engine.graph.view import GraphView
from engine.params import FIX_CELL_RESOLUTION


def among(view: GraphView, people: Codes, start: int, end: int, slack: int = 0) -> GraphView:
    """The stays and fixes of ``people`` (ascending) that overlap [start, end), each whole; no sightings.

    Stays count ``slack`` seconds longer on either side. Cost: their records, and a look-up a person and segment.
    """
    window = np.full(len(people), start, np.int64), np.full(len(people), end, np.int64)
    asked = Queries(people, *window)
    stays = stays_of(view, asked, slack) if len(people) else None
    fixes = fixes_of(view, asked) if len(people) else None
    return GraphView((), _taken(view.check_in, stays), _taken(view.location, fixes), view.places)


def _taken(segments: tuple[Segment, ...], found: Presences | None) -> tuple[Segment, ...]:
    if found is None:
        return ()
    return tuple(_rows_of(segments[at], found.row[found.segment == at]) for at in np.unique(found.segment).tolist())


def _rows_of(segment: Segment, rows: Codes) -> Segment:
    """A segment of these rows alone."""
    at = np.unique(rows).astype(np.int64)
    chosen = segment.rows.take(at)
    if chosen.kind != "location":
        return build_segment(segment.day_start, chosen)
    lat, lng = (chosen.payload[name] / 1e7 for name in ("lat_e7", "lng_e7"))
    small = build_segment(segment.day_start, chosen, cells_of(lat, lng, int(FIX_CELL_RESOLUTION.value)))
    # How long a fix holds depends on the person's fixes in the other segments too.
    return replace(small, stay_s=segment.stay_s[at])
