"""A reply of each route, for the documentation; a test compares their fields with real replies."""

from typing import Any

Example = dict[str, Any]

_WINDOW: Example = {"start": "2021-07-06T23:00:00Z", "end": "2021-07-11T09:00:00Z"}
EXPOSURE: Example = {
    "person": "P-2077",
    "level": 1,
    "first_exposed_at": "2021-07-09T02:30:00Z",
    "last_exposed_at": "2021-07-09T02:35:00Z",
    "minutes": 5.0,
    "probability": 0.0214,
    "dose": 0.0433,
    "is_case": True,
    "channels": ["bluetooth", "check_in"],
    "via": "P-1042",
    "places": ["market-ben-thanh"],
}
_CONTACT: Example = {
    "person": "P-1042",
    "other": "P-2077",
    "t_start": "2021-07-09T02:30:00Z",
    "t_end": "2021-07-09T02:35:00Z",
    "seconds": 300,
    "channel": "bluetooth",
    "place": None,
    "cell": None,
    "attenuation_db": 52.5,
    "distance_m": None,
    "weight": 1.0,
    "evidence": [{"kind": "bluetooth", "person": "P-1042", "peer": "P-2077", "at": "2021-07-09T02:30:00Z"}],
}
POSTED: Example = {
    "accepted": 9998,
    "duplicates": 1,
    "rejected": [{"row": 17, "code": "bad_time", "detail": "at: write it like 2021-07-11T09:30:00+07:00"}],
    "as_of": 42,
}
CASES: Example = {
    "cases": [
        {
            "person": "P-1042",
            "confirmed_at": "2021-07-11T08:00:00Z",
            "onset_at": "2021-07-09T23:00:00Z",
            "sampled_at": "2021-07-11T01:00:00Z",
            "isolated_at": "2021-07-11T09:00:00Z",
            "window": _WINDOW,
            "policy": "vn-2021-07",
            "sources": ["case"],
            "counts": {"F1": 14, "F2": 96},
        }
    ],
    "as_of": 42,
    "next": None,
}
EXPOSURES: Example = {
    "case": "P-1042",
    "policy": "vn-2021-07",
    "direction": "forward",
    "as_of": 42,
    "window": _WINDOW,
    "until": "2021-07-12T14:00:00Z",
    "depth": 2,
    "exposures": [EXPOSURE],
    "next": None,
}
SOURCES: Example = EXPOSURES | {"direction": "backward", "depth": 1}
PERSON: Example = {
    "person": "P-2077",
    "as_of": 42,
    "level": 1,
    "is_case": False,
    "isolated_at": "2021-07-12T14:00:00Z",
    "because": {"case": "P-1042"} | EXPOSURE,
    "timeline": [{"at": "2021-07-12T14:00:00Z", "what": "quarantined", "detail": {"mode": "central"}}],
}
CONTACTS: Example = {"person": "P-1042", "as_of": 42, "contacts": [_CONTACT], "next": None}
CHAINS: Example = {
    "person": "P-2077",
    "as_of": 42,
    "chains": [
        {
            "case": "P-1042",
            "person": "P-2077",
            "level": 1,
            "probability": 0.0214,
            "links": [
                {
                    "source": "P-1042",
                    "person": "P-2077",
                    "level": 1,
                    "first_exposed_at": "2021-07-09T02:30:00Z",
                    "minutes": 5.0,
                    "probability": 0.0214,
                    "contacts": [_CONTACT],
                }
            ],
        }
    ],
    "next": None,
}
CLUSTERS: Example = {
    "as_of": 42,
    "clusters": [
        {
            "place": "market-ben-thanh",
            "name": "Chợ Bến Thành",
            "kind": "market",
            "lat": 10.7725,
            "lng": 106.698,
            "t_start": "2021-07-09T01:05:00Z",
            "t_end": "2021-07-09T01:50:00Z",
            "case_count": 2,
            "person_seconds": 5400,
            "cases": ["P-1042", "P-2077"],
        }
    ],
    "next": None,
}
HEXES: Example = {
    "resolution": 9,
    "at": "2021-07-11T12:00:00Z",
    "as_of": 42,
    "h3": ["8965b56628fffff", "8965b5662b7ffff"],
    "score": [91.2, 48.7],
    "band": [3, 0],
    "low": [74, 20],
    "high": [98, 72],
    "reliability": [2, 1],
}
HEX_DAYS: Example = {
    "resolution": 9,
    "as_of": 42,
    "days": ["2021-07-10", "2021-07-11"],
    "at": ["2021-07-10T17:00:00Z", "2021-07-11T17:00:00Z"],
    "h3": ["8965b56628fffff", "8965b5662b7ffff"],
    "score": [[88.4, None], [91.2, 48.7]],
}
HEX_WHY: Example = {
    "h3": "8965b56628fffff",
    "resolution": 9,
    "at": "2021-07-11T12:00:00Z",
    "as_of": 42,
    "score": 91.2,
    "band": 3,
    "low": 74.1,
    "high": 97.9,
    "reliability": 2,
    "persons": 3,
    "rate": 0.0105,
    "half_rate": 0.003,
    "infectious_h": 2.1,
    "footfall_h": 180.4,
    "rings": [
        {
            "ring": 0,
            "weight": 1.0,
            "cells": 1,
            "f0_h": 1.8,
            "f1_h": 0.3,
            "f2_h": 0.0,
            "footfall_h": 120.0,
            "infectious_share": 0.92,
            "footfall_share": 0.67,
        }
    ],
    "level_weights": [1.0, 0.183, 0.033],
    "parent": "8865b56629fffff",
    "parent_infectious_h": 5.2,
    "parent_footfall_h": 611.0,
    "parent_rate": 0.0078,
    "prior_h": 50.0,
    "people": [{"person": "P-1042", "level": 0, "cell_h": 1.8, "near_h": 1.8}],
}
TILEJSON: Example = {
    "tilejson": "3.0.0",
    "name": "truyvet risk-hexes",
    "scheme": "xyz",
    "tiles": ["http://127.0.0.1:8080/v1/risk/tiles/{z}/{x}/{y}.mvt"],
    "minzoom": 4,
    "maxzoom": 14,
    "vector_layers": [{"id": "hexes", "fields": {"h3": "H3 cell", "score": "0 to 100"}}],
}
_OGC = "http://127.0.0.1:8080/v1/ogc"
_LINKS: list[Example] = [{"rel": "self", "href": _OGC, "type": "application/json"}]
OGC_LANDING: Example = {"title": "truyvet: risk map", "description": "...", "links": _LINKS}
OGC_CONFORMANCE: Example = {"conformsTo": ["http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"]}
OGC_COLLECTION: Example = {
    "id": "risk-hexes",
    "title": "Risk score by H3 cell",
    "description": "...",
    "itemType": "feature",
    "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
    "extent": {"temporal": {"interval": [[None, "2021-07-11T12:00:00Z"]]}},
    "links": _LINKS,
}
OGC_COLLECTIONS: Example = {"links": _LINKS, "collections": [OGC_COLLECTION]}
_FEATURE: Example = {
    "type": "Feature",
    "id": "8965b56628fffff",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[106.7, 10.78], [106.69, 10.78], [106.69, 10.77], [106.7, 10.78]]],
    },
    "properties": {"h3": "8965b56628fffff", "score": 91.2, "band": 3},
}
OGC_FEATURE: Example = _FEATURE | {"links": _LINKS}
OGC_ITEMS: Example = {
    "type": "FeatureCollection",
    "timeStamp": "2021-07-11T12:00:00Z",
    "numberMatched": 1,
    "numberReturned": 1,
    "as_of": 42,
    "links": _LINKS,
    "features": [_FEATURE],
}
POLICIES: Example = {
    "policies": [
        {
            "name": "vn-2021-07",
            "since": "2021-07-30",
            "title_en": "Viet Nam, Decision 3638, July 2021: 2 m, regardless of how long",
            "title_vi": "Việt Nam, Quyết định 3638, tháng 7/2021: trong 2 m, không kể thời gian",
            "source": "3638/QĐ-BYT of 30/7/2021",
            "max_distance_m": 2.0,
            "max_attenuation_db": 75.1,
            "days_before_onset": 3.0,
            "days_before_sample": 14.0,
            "same_place": True,
            "slack_s": 0,
            "min_minutes": 0.0,
            "accumulate": "window",
            "max_days_after_onset": None,
            "max_days_after_sample": None,
            "latent_hours": 0.0,
            "note": "",
        }
    ],
    "as_of": 42,
    "next": None,
}
HEALTH: Example = {"status": "ok"}
READY: Example = {"ready": True, "as_of": 42}
ROOT: Example = {"name": "truyvet", "docs": "/docs", "openapi": "/openapi.json"}
BOARD: Example = {
    "board": [
        {
            "person": "P-2077",
            "level": 1,
            "since": "2021-07-09T02:30:00Z",
            "via": "P-1042",
            "case": "P-1042",
            "channels": ["bluetooth", "check_in"],
            "changed_as_of": 41,
        }
    ],
    "as_of": 42,
    "next": None,
}
STREAM = """retry: 2000

id: 5f2a9c01-17
event: alert
data: {"person":"P-2077","from_level":null,"to_level":1,"because":{"via":"P-1042","case":"P-1042",\
"first_exposed_at":"2021-07-09T02:30:00Z","channels":["bluetooth"]},"as_of":42,"at":"2021-07-11T12:00:00Z"}

id: 5f2a9c01-17
event: heartbeat
data: {"as_of":42}

"""
METRICS = """# HELP truyvet_queue_rows Rows that wait to be stored
# TYPE truyvet_queue_rows gauge
truyvet_queue_rows 0.0
truyvet_events_accepted_total{kind="location"} 120000.0
"""
AREAS: Example = {
    "tier": "province",
    "rules": "2686",
    "instrument": "2686/QĐ-BCĐQG",
    "day": "2021-07-11",
    "at": "2021-07-11T12:00:00Z",
    "as_of": 42,
    "versions": [""],
    "levels": [{"level": 1, "name": "New normal", "colour": "#0FA57F"}],
    "notes": ["The counts hold all new cases."],
    "areas": [
        {
            "code": "79",
            "name": "Ho Chi Minh City",
            "level": 4,
            "level_name": "Very high risk",
            "at_least": 4,
            "at_most": 4,
            "known": True,
            "met": [
                {
                    "id": "province.4.districts_high",
                    "level": 4,
                    "text": "50 % or more of the districts at high risk or worse",
                    "value": "91 %",
                    "verified": True,
                }
            ],
            "not_met": [],
            "undecided": [],
            "unverified": [],
        }
    ],
    "next": None,
}
