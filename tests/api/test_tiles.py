"""Vector tiles over HTTP."""

import pytest

from api.negotiate import MEDIA
from engine.service.tiles import RESOLUTION_FROM_ZOOM
from tests.api.fake_engine import FakeRelease
from tests.geo.test_tiles import tile_of
from tests.oracles.tiles import decode


def path_of(z):
    """The tile of the fake engine's first cell."""
    import h3.api.basic_int as h3

    x, y = tile_of(*h3.cell_to_latlng(0x8965B56628FFFFF), z)
    return f"/v1/risk/tiles/{z}/{x}/{y}.mvt"


def test_a_tile_has_the_columns_of_the_map(call):
    reply = call.get(path_of(12))
    assert reply.headers["content-type"] == MEDIA["mvt"]
    (layer,) = decode(reply.content)
    assert layer["name"] == "hexes"
    assert next(properties for properties, _ in layer["features"]) == {
        "h3": "8965b56628fffff",
        "score": 89.9,
        "band": 2,
        "low": 74,
        "high": 98,
        "reliability": 2,
    }


@pytest.mark.parametrize(("zoom", "resolution"), RESOLUTION_FROM_ZOOM.items())
def test_the_resolution_follows_the_zoom(call, engine, zoom, resolution):
    call.get(path_of(max(zoom, 4)))
    assert engine.asked["hexes"] == (resolution, None, None)


def test_empty_tiles_are_204_and_wrong_ones_404(call):
    for _ in range(2):
        empty = call.get("/v1/risk/tiles/12/0/0.mvt")
        assert (empty.status_code, empty.content) == (204, b"")
        assert empty.headers["etag"]
    for wrong in ("3/8/0", "3/0/8", "23/0/0", "-1/0/0", "3/-1/0"):
        assert call.get(f"/v1/risk/tiles/{wrong}.mvt").status_code == 404
    assert call.get("/v1/risk/tiles/a/0/0.mvt").status_code == 400


def test_an_unchanged_tile_is_304_and_made_once(call, engine):
    tag = call.get(path_of(12)).headers["etag"]
    engine.asked.clear()
    assert call.get(path_of(12), headers={"If-None-Match": tag}).status_code == 304
    assert call.get(path_of(12)).status_code == 200
    assert engine.asked == {}
    engine.as_of += 1
    assert call.get(path_of(12), headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("role", ["map", "admin"])
def test_others_get_tiles_of_the_release(call, engine, role):
    reply = call.get(path_of(12), role=role)
    features = {p["h3"]: p for p, _ in decode(reply.content)[0]["features"]}
    assert features == {"8865b56629fffff": {"h3": "8865b56629fffff", "score": 55, "band": 1}}
    assert reply.headers["cache-control"].startswith("public, max-age=")
    assert "hexes" not in engine.asked
    engine.released = [FakeRelease(at=engine.released[0].at + 1)]
    assert call.get(path_of(12), role=role).headers["etag"] != reply.headers["etag"]
    engine.released = []
    assert call.get(path_of(12), role=role).status_code == 204


def test_tilejson_points_at_the_tiles(call):
    body = call.get("/v1/risk/tiles.json").json()
    assert body["tiles"] == ["http://testserver/v1/risk/tiles/{z}/{x}/{y}.mvt"]
    assert (body["tilejson"], body["minzoom"], body["maxzoom"]) == ("3.0.0", 4, 14)
    (layer,) = body["vector_layers"]
    shown = decode(call.get(path_of(12)).content)[0]["features"][0][0]
    assert layer["id"] == "hexes"
    assert set(shown) == set(layer["fields"])
    told = call.get("/v1/risk/tiles.json", headers={"Accept-Language": "vi"}).json()["vector_layers"][0]["fields"]
    assert (layer["fields"]["h3"], told["h3"]) == ("H3 cell", "ô H3")
