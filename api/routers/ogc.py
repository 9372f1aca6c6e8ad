"""``/v1/ogc``: OGC API - Features, part 1, for QGIS, GDAL and whatever else reads it."""

from bisect import bisect_right
from typing import Annotated

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.access import Engine, MapRole, allow, sees_analysis
from api.describe import answers
from api.examples.replies import OGC_COLLECTION, OGC_COLLECTIONS, OGC_CONFORMANCE, OGC_FEATURE, OGC_ITEMS, OGC_LANDING
from api.language import reader_lang
from api.maps import MapReader
from api.negotiate import chosen_format
from api.ogc_features import RESOLUTION, Collection, collection_named, collections_of
from api.ogc_query import Span, bbox_of, limit_of, only, span_of
from api.parameters import MAX_TEXT
from api.present import ogc
from api.present.wire import moment
from api.problems import ProblemError
from api.routers.risk import NOT_MODIFIED
from engine.clock import system_clock, to_rfc3339
from engine.service.features import Features

router = APIRouter(prefix="/v1/ogc", tags=["features"], dependencies=[Depends(allow("hexes"))])
_PROBLEMS = ("bad_parameter", "unauthorized", "forbidden", "not_acceptable", "not_ready")
_ITEMS = ("limit", "cursor", "bbox", "datetime")
_RESOLUTIONS = ("7", "8", "9", "10")
Format = Annotated[str | None, Query(max_length=MAX_TEXT, description="`json` (or `html`, of the landing page)")]
Named = Annotated[str, Path(max_length=MAX_TEXT, description="id of a collection")]
Asked = Annotated[str | None, Query(max_length=MAX_TEXT)]


@router.get("", summary="OGC API: landing page", responses=answers(OGC_LANDING, *_PROBLEMS))
def landing(request: Request, role: MapRole, f: Format = None) -> Response:
    """Where everything is, as JSON or as a page for people."""
    lang = reader_lang(request)
    if chosen_format(request, f, ("json", "html")) == "html":
        page = ogc.landing_html(_root(request), collections_of(role), lang)
        return Response(page, headers=_VARY, media_type="text/html; charset=utf-8")
    return _json(ogc.landing(_root(request), lang))


@router.get("/", include_in_schema=False)
def landing_with_slash(request: Request, role: MapRole, f: Format = None) -> Response:
    """The same: clients that join addresses end it with a slash."""
    return landing(request, role, f)


@router.get("/conformance", summary="OGC API: what is kept to", responses=answers(OGC_CONFORMANCE, *_PROBLEMS))
def conformance(request: Request, f: Format = None) -> Response:
    """Conformance classes."""
    _check(request, f)
    return _json({"conformsTo": ogc.CLASSES})


@router.get("/api", summary="OGC API: definition (OpenAPI 3.0)", responses=answers({"openapi": "3.0.3"}, *_PROBLEMS))
def definition(request: Request, role: MapRole, f: Format = None) -> Response:
    """What is below `/v1/ogc`, for programs that read OpenAPI 3.0."""
    _check(request, f, any_accepted=True)
    return _json(ogc.definition(_root(request), collections_of(role), request.app.version), ogc.OPENAPI)


@router.get("/collections", summary="OGC API: collections", responses=answers(OGC_COLLECTIONS, *_PROBLEMS))
def collections(request: Request, engine: Engine, role: MapRole, f: Format = None) -> Response:
    """Those that the role may see."""
    _check(request, f)
    return _json(ogc.listed([_about(request, engine, c, role) for c in collections_of(role)], _root(request)))


@router.get(
    "/collections/{collection}",
    summary="OGC API: a collection",
    responses=answers(OGC_COLLECTION, *_PROBLEMS, "not_found"),
)
def collection(request: Request, engine: Engine, role: MapRole, collection: Named, f: Format = None) -> Response:
    """What it holds."""
    _check(request, f)
    return _json(_about(request, engine, collection_named(collection, role), role))


@router.get(
    "/collections/{collection}/items",
    summary="OGC API: features",
    responses=answers(OGC_ITEMS, *_PROBLEMS, "not_found") | NOT_MODIFIED,
)
def items(
    request: Request,
    engine: Engine,
    role: MapRole,
    collection: Named,
    limit: Asked = None,
    cursor: Asked = None,
    bbox: Asked = None,
    datetime: Asked = None,
    resolution: Asked = None,
    f: Format = None,
) -> Response:
    """A page of features, ordered by id; `next` links to the rest. `bbox`: what has a point in common with it."""
    chosen = collection_named(collection, role)
    only(request, *_ITEMS, *chosen.parameters)
    _geojson(request, f)
    rows_asked, box, span, fine = limit_of(limit), bbox_of(bbox), span_of(datetime), _resolution(resolution)
    reader = MapReader(request, engine, role)
    here = f"{_root(request)}/collections/{chosen.id}/items"
    asked = ("items", here, str(request.query_params))
    features = _loaded(reader, chosen, span, fine, asked)
    if isinstance(features, Response):
        return features
    rows = np.arange(len(features.ids)) if box is None else np.flatnonzero(features.meeting(box))
    first = 0 if cursor is None else bisect_right(rows, cursor, key=lambda n: features.ids[n])
    shown = rows[first : first + rows_asked].tolist()
    more = first + len(shown) < len(rows)
    body = ogc.page(features, shown, len(rows), more, here, dict(request.query_params), to_rfc3339(system_clock()))
    return reader.reply(body, "geojson", *asked)


@router.get(
    "/collections/{collection}/items/{feature}",
    summary="OGC API: a feature",
    responses=answers(OGC_FEATURE, *_PROBLEMS, "not_found") | NOT_MODIFIED,
)
def item(
    request: Request,
    engine: Engine,
    role: MapRole,
    collection: Named,
    feature: Annotated[str, Path(max_length=MAX_TEXT, description="its id")],
    resolution: Asked = None,
    f: Format = None,
) -> Response:
    """One feature by its id, as it is now."""
    chosen = collection_named(collection, role)
    only(request, *chosen.parameters)
    _geojson(request, f)
    reader = MapReader(request, engine, role)
    here = f"{_root(request)}/collections/{chosen.id}/items"
    asked = ("item", here, feature, resolution)
    features = _loaded(reader, chosen, None, _finer(feature, _resolution(resolution)), asked)
    if isinstance(features, Response):
        return features
    row = _row(features, feature)
    return reader.reply(ogc.single(features, row, here), "geojson", *asked)


_VARY = {"Cache-Control": "private, no-cache", "Vary": "Accept, Accept-Language, Authorization"}


def _json(body: ogc.Document, media: str = "application/json") -> Response:
    return Response(orjson.dumps(body), headers=_VARY, media_type=media)


def _root(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/v1/ogc"


def _check(request: Request, f: str | None, any_accepted: bool = False) -> None:
    if f is not None or not any_accepted:
        chosen_format(request, f, ("json",))


def _geojson(request: Request, f: str | None) -> None:
    chosen_format(request, "geojson" if f is not None and f.lower() == "json" else f, ("geojson", "json"))


def _resolution(given: str | None) -> int:
    if given is None:
        return RESOLUTION
    if given not in _RESOLUTIONS:
        raise ProblemError("bad_parameter", "bad_query", offered=f"resolution={'|'.join(_RESOLUTIONS)}")
    return int(given)


def _finer(feature: str, resolution: int) -> int:
    """A cell tells its resolution itself."""
    cell = int(feature, 16) >> 52 & 15 if len(feature) == _CELL and _is_hex(feature) else resolution
    return cell if str(cell) in _RESOLUTIONS else resolution


_CELL = 15


def _is_hex(text: str) -> bool:
    return all(c in "0123456789abcdef" for c in text)


def _loaded(
    reader: MapReader, chosen: Collection, span: Span | None, resolution: int, asked: tuple[object, ...]
) -> Features | Response:
    """The features, or 304; what changes with more than the map has to be looked at before that can be said."""
    known = reader.unchanged(*asked) if chosen.of_the_map else None
    if known is not None:
        return known
    features = chosen.load(reader, span, resolution)
    known = None if chosen.of_the_map else reader.unchanged(*asked)
    return features if known is None else known


def _row(features: Features, ident: str) -> int:
    try:
        return list(features.ids).index(ident)
    except ValueError:
        raise ProblemError("not_found", "no_feature") from None


def _about(request: Request, engine: Engine, chosen: Collection, role: str) -> ogc.Document:
    release = None if sees_analysis(role) else engine.release()
    at = engine.data_time if sees_analysis(role) else None if release is None else release.at
    return ogc.described(chosen, _root(request), reader_lang(request), moment(at))
