"""A trace as GeoJSON (RFC 7946): one Point for each exposed person and place of contact."""

from collections.abc import Iterator, Mapping, Sequence

import orjson

from engine.service.present.rows import exposure_row, report_head
from engine.service.results import ExposureReport, ExposureRow, PlaceInfo


def exposures_geojson(
    report: ExposureReport,
    rows: Sequence[ExposureRow],
    places: Mapping[str, PlaceInfo],
    next_cursor: str | None = None,
) -> bytes:
    """A FeatureCollection in the order of the rows; what was asked stands beside the features.

    A person without any place of known position is one feature with geometry null: a Bluetooth sighting says
    who, not where. ``next_cursor`` is where the next page of rows begins.
    """
    features = [feature for row in rows for feature in _features(row, places)]
    head = {"type": "FeatureCollection"} | report_head(report)
    return orjson.dumps(head | {"features": features, "next": next_cursor})


def _features(row: ExposureRow, places: Mapping[str, PlaceInfo]) -> Iterator[dict[str, object]]:
    properties = exposure_row(row)
    known = [p for p in (places.get(k) for k in row.places) if p is not None]
    placed = [p for p in known if p.lat is not None and p.lng is not None]
    for place in placed:
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [place.lng, place.lat]},
            "properties": properties | {"place": place.place, "place_name": place.name},
        }
    if not placed:
        yield {
            "type": "Feature",
            "geometry": None,
            "properties": properties | {"place": None, "place_name": None},
        }
