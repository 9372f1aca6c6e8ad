"""``/v1/risk/tiles``: the hex map as vector tiles."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from api.access import Engine, MapRole, allow
from api.describe import answers
from api.examples.replies import TILEJSON
from api.language import reader_lang
from api.maps import MapReader
from api.negotiate import MEDIA
from api.parameters import At
from api.present.wire import json_reply
from api.problems import ProblemError
from api.routers.risk import NOT_MODIFIED
from engine.service.tiles import MAX_ZOOM, MIN_ZOOM, resolution_at
from engine.texts import say

router = APIRouter(prefix="/v1/risk", tags=["risk"], dependencies=[Depends(allow("hexes"))])
_PROBLEMS = ("bad_parameter", "unauthorized", "forbidden", "not_ready")
_DEEPEST_NEEDED = 14
"""Deeper tiles hold the same cells: clients enlarge those of this zoom."""
_TILE = {
    200: {
        "description": "the tile",
        "content": {MEDIA["mvt"]: {"schema": {"type": "string", "format": "binary"}, "example": "(protobuf)"}},
    }
}
_EMPTY = {204: {"description": "no cell in this tile"}}
_FIELDS = ("score", "band", "low", "high", "reliability")


@router.get(
    "/tiles/{z}/{x}/{y}.mvt",
    summary="A vector tile of the hex map",
    response_class=Response,
    responses=answers({}, *_PROBLEMS, "not_found") | _TILE | _EMPTY | NOT_MODIFIED,
)
def tile(
    request: Request,
    engine: Engine,
    role: MapRole,
    z: Annotated[int, Path(description="zoom")],
    x: Annotated[int, Path(description="from the west")],
    y: Annotated[int, Path(description="from the north")],
    at: At = None,
) -> Response:
    """Layer `hexes`: polygons with h3, score, band, low, high, reliability; resolution 7 to 10 as the zoom asks."""
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise ProblemError("not_found", "no_tile", most=MAX_ZOOM)
    reader = MapReader(request, engine, role)
    asked = ("tile", z, x, y, at)
    resolution = resolution_at(z)
    reader.shows(resolution, at)
    known = reader.unchanged(*asked)
    if known is not None:
        return known
    sheet = reader.sheet(resolution, None, at)
    columns = {name: column for name, column in sheet.columns.items() if name != "since"}
    body = reader.drawing.tile((reader.public, resolution), sheet.h3, columns, z, x, y)
    return reader.reply(body, "mvt", *asked)


@router.get("/tiles.json", summary="TileJSON of the hex map", responses=answers(TILEJSON, *_PROBLEMS))
def tilejson(request: Request, role: MapRole) -> Response:
    """TileJSON 3.0.0: where the tiles are, and what is in them (`low`, `high`, `reliability`: analytic map)."""
    lang = reader_lang(request)
    fields = {"h3": say("hexfile.h3", lang), **{name: say(f"hexfile.{name}", lang) for name in _FIELDS}}
    return json_reply(
        {
            "tilejson": "3.0.0",
            "name": "truyvet risk-hexes",
            "scheme": "xyz",
            "tiles": [f"{str(request.base_url).rstrip('/')}/v1/risk/tiles/{{z}}/{{x}}/{{y}}.mvt"],
            "minzoom": MIN_ZOOM,
            "maxzoom": _DEEPEST_NEEDED,
            "vector_layers": [{"id": "hexes", "fields": fields}],
        },
        {"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Authorization"},
    )
