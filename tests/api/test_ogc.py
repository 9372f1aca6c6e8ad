"""OGC API - Features: what the standard asks of the core, and what GDAL reads from a running server."""

import json
import os
import re
import subprocess
import sys
import threading
from contextlib import suppress
from types import SimpleNamespace
from urllib.parse import parse_qs

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.ogc_query import MAX_LIMIT, Span, bbox_of, limit_of, span_of
from api.problems import ProblemError
from engine.clock import from_rfc3339
from engine.service.results import HexColumns
from tests.api.conftest import TOKENS, serving
from tests.api.fake_engine import FakeEngine, T
from tests.api.test_areas import Levels

ROOT = "/v1/ogc"
HEXES, AREAS, PLACES = (f"{ROOT}/collections/{name}" for name in ("risk-hexes", "risk-areas", "exposure-places"))
GEOJSON = "application/geo+json"


def rels(body):
    return {link["rel"]: link for link in body["links"]}


def ids(body):
    return [feature["id"] for feature in body["features"]]


# -- core -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [ROOT, f"{ROOT}/"])
def test_the_landing_page_leads_everywhere(call, path):
    links = rels(call.get(path).json())
    assert {"self", "service-desc", "conformance", "data"} <= set(links)
    for rel in ("service-desc", "conformance", "data"):
        reply = call.get(links[rel]["href"])
        assert reply.status_code == 200
        assert reply.headers["content-type"] == links[rel]["type"]


@pytest.mark.parametrize(("lang", "word"), [("vi", "Cấp độ dịch"), ("en", "Official level")])
def test_browsers_get_a_page(call, lang, word):
    reply = call.get(ROOT, headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": lang})
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert word in reply.text
    assert "exposure-places" in reply.text
    assert "exposure-places" not in call.get(f"{ROOT}?f=html", role="map").text
    assert call.get(f"{ROOT}?f=json", headers={"Accept": "text/html"}).json()["title"]


def test_conformance_says_core_geojson_and_openapi_3_0(call):
    classes = call.get(f"{ROOT}/conformance").json()["conformsTo"]
    assert {c.rpartition("/")[2] for c in classes} == {"core", "geojson", "oas30"}


def test_the_definition_declares_what_is_there(call):
    body = call.get(f"{ROOT}/api").json()
    assert body["openapi"].startswith("3.0")
    assert body["servers"][0]["url"].endswith(ROOT)
    for path, item in body["paths"].items():
        name = "h3" if "hexes" in path else "market"
        known = {"h3": "8965b56628fffff", "market": "market"}[name]
        reply = call.get(ROOT + path.replace("{featureId}", known).rstrip("/"))
        assert reply.status_code == (404 if "risk-areas/items/" in path else 200), path
        for parameter in item["get"]["parameters"]:
            assert {"name", "in", "schema"} <= set(parameter)
    limit = next(p for p in body["paths"]["/collections/risk-hexes/items"]["get"]["parameters"] if p["name"] == "limit")
    assert limit["schema"]["maximum"] == MAX_LIMIT


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("officer", {"risk-hexes", "risk-areas", "exposure-places"}),
        ("epidemiologist", {"risk-hexes", "risk-areas"}),
        ("map", {"risk-hexes", "risk-areas"}),
        ("admin", {"risk-hexes", "risk-areas"}),
    ],
)
def test_collections_are_those_of_the_role(call, role, seen):
    body = call.get(f"{ROOT}/collections", role=role).json()
    assert {c["id"] for c in body["collections"]} == seen
    for c in body["collections"]:
        assert call.get(rels(c)["self"]["href"], role=role).json() == c
        assert call.get(rels(c)["items"]["href"], role=role).headers["content-type"] == GEOJSON
    definition = call.get(f"{ROOT}/api", role=role).text
    for hidden in {"risk-hexes", "risk-areas", "exposure-places"} - seen:
        assert hidden not in definition
        for path in ("", "/items", "/items/market"):
            assert call.get(f"{ROOT}/collections/{hidden}{path}", role=role).status_code == 404


def test_cells_are_features(call):
    body = call.get(f"{HEXES}/items").json()
    assert (body["type"], body["numberMatched"], body["numberReturned"]) == ("FeatureCollection", 2, 2)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["timeStamp"])
    first = body["features"][0]
    assert first["id"] == "8965b56628fffff"
    assert first["properties"] == {
        "h3": "8965b56628fffff",
        "score": 89.9,
        "band": 2,
        "low": 74,
        "high": 98,
        "reliability": 2,
        "at": "2021-07-10T02:30:00Z",
    }
    (ring,) = first["geometry"]["coordinates"]
    assert ring[0] == ring[-1]
    assert len(ring) == 7
    assert shapely.LinearRing(ring).is_ccw
    alone = call.get(f"{HEXES}/items/8965b56628fffff").json()
    assert {k: alone[k] for k in first} == first
    assert {"self", "collection"} <= set(rels(alone))
    assert call.get(rels(alone)["self"]["href"]).json() == alone


def test_unknown_features_and_collections_are_404(call):
    for path in (f"{HEXES}/items/8965b56628bffff", f"{HEXES}/items/x", f"{ROOT}/collections/nothing"):
        assert call.get(path).status_code == 404


def test_others_get_the_released_cells(call, engine):
    body = call.get(f"{HEXES}/items", role="map").json()
    assert ids(body) == ["8865b56629fffff", "8965b566223ffff"]
    assert set(body["features"][0]["properties"]) == {"h3", "score", "band", "since", "at"}
    assert "hexes" not in engine.asked
    engine.released.clear()
    assert call.get(f"{HEXES}/items?limit=5", role="map").json()["numberMatched"] == 0


def test_places_of_f0s_are_points(call):
    body = call.get(f"{PLACES}/items").json()
    assert body["features"][0] == {
        "type": "Feature",
        "id": "market",
        "geometry": {"type": "Point", "coordinates": [106.5, 10.5]},
        "properties": {
            "place": "market",
            "name": "Chợ",
            "kind": "market",
            "infectious_h": 1.5,
            "cases": 2,
            "first_at": "2021-07-09T00:30:00Z",
            "last_at": "2021-07-09T01:30:00Z",
        },
    }


# -- questions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bbox", "found"),
    [
        ("106,10,107,11", ["market", "school"]),
        ("106.55,10,107,11", ["school"]),
        ("106.5,10.5,106.5,10.5", ["market"]),
        ("106,10,-5,106.55,11,900", ["market"]),
        ("170,-90,106.55,90", ["market"]),
        ("170,-90,-170,90", []),
    ],
)
def test_a_box_cuts_points(call, bbox, found):
    body = call.get(f"{PLACES}/items?bbox={bbox}").json()
    assert ids(body) == found
    assert body["numberMatched"] == len(found)


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("2021-07-09T01:00:00Z", ["market"]),
        ("2021-07-09T08:00:00%2B07:00", ["market"]),
        ("2021-07-09T02:30:30Z/..", ["school"]),
        ("../2021-07-09T02:00:00Z", ["market"]),
        ("/2021-07-09T02:00:00Z", ["market"]),
        ("2021-07-09T01:30:00Z/2021-07-09T02:30:00Z", ["market", "school"]),
        ("../..", ["market", "school"]),
        ("2022-01-01T00:00:00Z", []),
    ],
)
def test_a_moment_or_an_interval_chooses(call, when, found):
    assert ids(call.get(f"{PLACES}/items?datetime={when}").json()) == found


@pytest.mark.parametrize(
    ("when", "asked"),
    [
        ("2021-07-09T02:30:00Z", (9, None, T)),
        ("2021-07-01T00:00:00Z/2021-07-09T02:30:00Z", (9, None, T)),
        ("2021-07-01T00:00:00Z/..", (9, None, None)),
        ("2021-07-01T00:00:00Z/2022-07-09T02:30:00Z", (9, None, None)),
    ],
)
def test_the_map_is_that_of_the_moment(call, engine, when, asked):
    assert call.get(f"{HEXES}/items?datetime={when}").json()["numberMatched"] == 2
    assert engine.asked["hexes"] == asked


def test_there_is_no_map_of_the_future(call):
    assert call.get(f"{HEXES}/items?datetime=2022-07-09T02:30:00Z").json()["features"] == []


@pytest.mark.parametrize(
    "query",
    [
        "nothing=1",
        "limit=0",
        "limit=-1",
        "limit=x",
        "bbox=1,2,3",
        "bbox=1,2,3,x",
        "bbox=0,10,1,9",
        "bbox=0,0,200,1",
        "bbox=0,0,1,nan",
        "datetime=yesterday",
        "datetime=2021-07-09",
        "datetime=2021-07-09T00:00:00Z/2021-07-08T00:00:00Z",
        "datetime=a/b/c",
        "resolution=6",
        "f=xml",
    ],
)
def test_what_was_not_declared_is_400(call, query):
    reply = call.get(f"{HEXES}/items?{query}")
    assert reply.status_code == 400
    assert reply.json()["detail"]


def test_a_resolution_is_of_cells_alone(call, engine):
    assert call.get(f"{HEXES}/items?resolution=8").status_code == 200
    assert engine.asked["hexes"][0] == 8
    assert call.get(f"{PLACES}/items?resolution=8").status_code == 400


def test_limits_are_cut_not_refused():
    assert limit_of("999999") == MAX_LIMIT
    assert limit_of(None) == 1_000


@given(st.integers(0, 2_000_000_000), st.integers(0, 2_000_000_000))
def test_a_span_meets_what_it_overlaps(a, b):
    first, last = sorted((a, b))
    assert Span(None, None).meets(first, last)
    assert Span(first, last).meets(last, last)
    assert not Span(last + 1, None).meets(first, last)
    assert not Span(None, first - 1).meets(first, last)


@given(st.text(max_size=30))
def test_any_text_is_understood_or_refused(text):
    for read in (bbox_of, span_of, limit_of):
        with suppress(ProblemError):
            read(text)


def test_pages_hold_every_feature_once(call):
    seen, path = [], f"{PLACES}/items?limit=1&bbox=106,10,107,11"
    while path:
        body = call.get(path).json()
        assert (body["numberMatched"], body["numberReturned"]) == (2, 1)
        seen += ids(body)
        path = rels(body).get("next", {}).get("href")
    assert seen == ["market", "school"]


def test_pages_go_on_though_the_map_has_changed(call, engine):
    following = rels(call.get(f"{PLACES}/items?limit=1").json())["next"]["href"]
    engine.as_of += 1
    engine.infectious_places = lambda at=None: FakeEngine().infectious_places()[1:]
    assert ids(call.get(following).json()) == ["school"]


def test_an_unchanged_page_is_304(call):
    tag = call.get(f"{HEXES}/items").headers["etag"]
    assert call.get(f"{HEXES}/items", headers={"If-None-Match": tag}).status_code == 304
    assert call.get(f"{HEXES}/items?limit=1", headers={"If-None-Match": tag}).status_code == 200


def test_content_is_negotiated(call):
    for accept in (GEOJSON, "application/json", "*/*", f"{GEOJSON}, application/json"):
        assert call.get(f"{HEXES}/items", headers={"Accept": accept}).headers["content-type"] == GEOJSON
    assert call.get(f"{HEXES}/items?f=json", headers={"Accept": "text/html"}).status_code == 200
    assert call.get(f"{HEXES}/items", headers={"Accept": "text/csv"}).status_code == 406


def test_without_areas_the_collection_is_empty(call):
    assert call.get(f"{AREAS}/items").json()["numberMatched"] == 0
    assert "areas load" in call.get(AREAS, headers={"Accept-Language": "en"}).json()["description"]


@pytest.fixture
def levels(engine):
    """An engine that knows the levels of two provinces."""
    engine.areas = lambda: SimpleNamespace(polygon=lambda code, day: None)
    engine.area_levels = engine.published_levels = Levels(engine)
    return engine.area_levels


@pytest.mark.parametrize("role", ["map", "officer"])
@pytest.mark.parametrize("path", [f"{AREAS}/items", f"{AREAS}/items/province-79"])
def test_levels_change_without_the_map(call, levels, role, path):
    first = call.get(path, role=role)
    assert (first.json().get("as_of") is None) == (role == "map" or path != f"{AREAS}/items")
    assert ("as-of" in first.headers) == (role == "officer")
    assert first.headers["cache-control"] == "private, no-cache"
    tag = {"If-None-Match": first.headers["etag"]}
    assert call.get(path, role=role, headers=tag).status_code == 304
    levels.people = 1_000  # as after loading areas, or at the next publishing time: the map is the same
    again = call.get(path, role=role, headers=tag)
    assert again.status_code == 200
    assert again.json() != first.json()


@pytest.mark.parametrize(
    ("when", "asked", "found"),
    [
        ("2021-07-01T00:00:00Z/2030-01-01T00:00:00Z", None, 2),
        ("2021-07-01T00:00:00Z/2021-07-09T02:30:00Z", T, 2),
        ("2021-07-09T02:30:00Z", T, 2),
        ("2030-01-01T00:00:00Z", None, 0),
    ],
)
def test_there_are_no_levels_of_the_future(call, levels, when, asked, found):
    assert call.get(f"{AREAS}/items?datetime={when}").json()["numberMatched"] == found
    assert levels.asked[2] == asked


def test_an_interval_with_the_newest_release_in_it_is_answered_with_it(call, engine):
    def shown(when):
        call.get(f"{HEXES}/items?datetime={when}", role="map")
        return engine.asked["release"]

    end = from_rfc3339("2021-07-09T00:00:00Z")
    assert shown("2021-07-01T00:00:00Z/2030-01-01T00:00:00Z") is None
    assert shown("2021-07-01T00:00:00Z/2021-07-09T00:00:00Z") == end
    assert shown("2030-01-01T00:00:00Z") == from_rfc3339("2030-01-01T00:00:00Z")


# -- GDAL -----------------------------------------------------------------------------------------------


class City(FakeEngine):
    """Cells round the middle of a city."""

    def __init__(self, n=2_500):
        super().__init__()
        self.cells = np.array(sorted(h3.grid_disk(h3.latlng_to_cell(10.77, 106.69, 9), 28))[:n], np.uint64)

    def hexes(self, resolution=9, bbox=None, at=None):
        n = len(self.cells)
        score, real = np.linspace(0, 99, n), np.zeros(n)
        band = np.digitize(score, [50, 70, 90]).astype(np.int8)
        return HexColumns(
            resolution, at or self.data_time, self.as_of, self.cells, score, band, score, score, band, real, real, real,
            np.zeros(n, np.int64),
        )  # fmt: skip


class Asked:
    """ASGI around the application: which paths and queries came."""

    def __init__(self, app):
        self.app, self.seen, self.lock = app, [], threading.Lock()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            with self.lock:
                self.seen.append((scope["path"], scope["query_string"].decode()))
        await self.app(scope, receive, send)


BOX = (106.68, 10.76, 106.70, 10.78)
READER = """
import json, sys
import numpy, pyogrio
source, box = sys.argv[1], tuple(map(float, sys.argv[2].split(",")))
def read(layer, **how):
    about, _, shapes, columns = pyogrio.raw.read(source, layer=layer, **how)
    plain = [c.tolist() if c.dtype.kind in "fiuO" else c.astype(str).tolist() for c in columns]
    return {"crs": about["crs"], "wkb": [bytes(s).hex() for s in shapes], **dict(zip(about["fields"].tolist(), plain))}
print(json.dumps({
    "layers": pyogrio.list_layers(source)[:, 0].tolist(),
    "box": read("risk-hexes", bbox=box),
    "hexes": read("risk-hexes"),
    "places": read("exposure-places"),
    "areas": pyogrio.read_info(source, layer="risk-areas")["features"],
}))
"""
"""Run in a process of its own: GDAL holds the interpreter while it waits for the server."""


@pytest.fixture(scope="module")
def gdal(tmp_path_factory):
    """(engine, what GDAL read, the paths and queries that came)"""
    engine = City()
    header = tmp_path_factory.mktemp("gdal") / "header.txt"
    header.write_text(f"Authorization: Bearer {TOKENS['officer']}\n")
    with serving(engine) as (server, port):
        asked = Asked(server.config.loaded_app)
        server.config.loaded_app = asked
        done = subprocess.run(
            [sys.executable, "-c", READER, f"OAPIF:http://127.0.0.1:{port}{ROOT}", ",".join(map(str, BOX))],
            env={**os.environ, "GDAL_HTTP_HEADER_FILE": str(header)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return engine, json.loads(done.stdout), asked.seen


def shapes_of(read):
    return shapely.from_wkb([bytes.fromhex(text) for text in read["wkb"]])


def test_gdal_lists_the_collections(gdal):
    _, read, _ = gdal
    assert set(read["layers"]) == {"risk-hexes", "risk-areas", "exposure-places"}
    assert read["areas"] == 0


def test_gdal_follows_every_page(gdal):
    engine, read, asked = gdal
    assert read["hexes"]["h3"] == [f"{c:x}" for c in engine.cells.tolist()]
    assert read["hexes"]["score"][-1] == 99.0
    assert "84" in read["hexes"]["crs"] or "4326" in read["hexes"]["crs"]
    outline = shapely.Polygon([(g, a) for a, g in h3.cell_to_boundary(int(engine.cells[0]))])
    assert shapes_of(read["hexes"])[0].hausdorff_distance(outline) < 1e-6
    pages = [query for path, query in asked if path == f"{HEXES}/items" and "cursor=" in query]
    assert len(pages) >= 2


def test_gdal_sends_the_box(gdal):
    _, read, asked = gdal
    meets = shapely.intersects(shapes_of(read["hexes"]), shapely.box(*BOX))
    assert read["box"]["h3"] == [c for c, keep in zip(read["hexes"]["h3"], meets, strict=True) if keep]
    assert 0 < len(read["box"]["h3"]) < len(read["hexes"]["h3"]) / 4
    queries = [parse_qs(query) for path, query in asked if path == f"{HEXES}/items"]
    boxes = [list(map(float, query["bbox"][0].split(","))) for query in queries if "bbox" in query]
    assert any(box == pytest.approx(BOX) for box in boxes), queries


def test_gdal_reads_places(gdal):
    _, read, _ = gdal
    assert read["places"]["place"] == ["market", "school"]
    assert read["places"]["cases"] == [2, 1]
    assert [(p.x, p.y) for p in shapes_of(read["places"])] == [(106.5, 10.5), (106.6, 10.6)]
