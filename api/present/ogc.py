"""Documents of OGC API - Features: landing page, conformance, collections, pages of features, the API definition."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from api.ogc_features import Collection
from api.ogc_query import DEFAULT_LIMIT, MAX_LIMIT
from api.problems import MEDIA_TYPE
from engine.service.features import Features
from engine.texts import Lang, say

GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto}"
    "td,th{text-align:left;padding:.3rem 1rem .3rem 0}"
)
CLASSES = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "oas30", "geojson")
)
Document = dict[str, Any]


def link(rel: str, href: str, media: str = "application/json", title: str | None = None) -> Document:
    """One link."""
    return {"rel": rel, "href": href, "type": media} | ({} if title is None else {"title": title})


def landing(root: str, lang: Lang) -> Document:
    """The landing page; ``root``: address of ``/v1/ogc``."""
    return {
        "title": say("ogc.title", lang),
        "description": say("ogc.about", lang),
        "links": [
            link("self", root),
            link("alternate", f"{root}?f=html", "text/html"),
            link("service-desc", f"{root}/api", OPENAPI),
            link("conformance", f"{root}/conformance"),
            link("data", f"{root}/collections"),
        ],
    }


def landing_html(root: str, shown: Sequence[Collection], lang: Lang) -> str:
    """The landing page for people."""
    rows = "".join(
        f'<tr><td><a href="{escape(root)}/collections/{c.id}/items?limit=10"><code>{c.id}</code></a></td>'
        f"<td>{escape(say(f'ogc.{c.id}', lang))}</td><td>{escape(say(f'ogc.{c.id}.about', lang))}</td></tr>"
        for c in shown
    )
    heads = "".join(f"<th>{escape(say(f'ogc.{name}', lang))}</th>" for name in ("collection", "items", "content"))
    title = escape(say("ogc.title", lang))
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"</head><body><h1>{title}</h1><p>{escape(say('ogc.about', lang))}</p><table><tr>{heads}</tr>{rows}</table>"
        f'<p><a href="{escape(root)}/collections">collections</a> · <a href="{escape(root)}/conformance">'
        f'conformance</a> · <a href="{escape(root)}/api">api</a></p></body></html>'
    )


def described(collection: Collection, root: str, lang: Lang, until: str | None) -> Document:
    """One collection; ``until``: the last moment there are data of."""
    here = f"{root}/collections/{collection.id}"
    found: Document = {
        "id": collection.id,
        "title": say(f"ogc.{collection.id}", lang),
        "description": say(f"ogc.{collection.id}.about", lang),
        "itemType": "feature",
        "crs": [CRS84],
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]], "crs": CRS84}},
        "links": [link("self", here), link("items", f"{here}/items", GEOJSON)],
    }
    if until is not None:
        found["extent"]["temporal"] = {"interval": [[None, until]]}
    return found


def listed(collections: Sequence[Document], root: str) -> Document:
    """All collections."""
    return {"links": [link("self", f"{root}/collections")], "collections": list(collections)}


def page(
    features: Features, rows: Sequence[int], matched: int, more: bool, here: str, asked: Mapping[str, str], now: str
) -> bytes:
    """A page of features. ``here``: address of the items; ``asked``: the parameters; ``more``: there is a next page."""
    at = f"{here}?{urlencode(asked)}" if asked else here
    links = [link("self", at, GEOJSON), link("collection", here.removesuffix("/items"))]
    if more:
        following = {**asked, "cursor": features.ids[rows[-1]]}
        links.append(link("next", f"{here}?{urlencode(following)}", GEOJSON))
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "timeStamp": now,
            "numberMatched": matched,
            "numberReturned": len(rows),
            "as_of": features.as_of,
            "links": links,
            "features": _features(features, rows),
        }
    )


def single(features: Features, row: int, here: str) -> bytes:
    """One feature; ``here``: address of the items."""
    (feature,) = _features(features, [row])
    ident = quote(features.ids[row], safe="")
    links = [link("self", f"{here}/{ident}", GEOJSON), link("collection", here.removesuffix("/items"))]
    return orjson.dumps({**feature, "links": links})


def _features(features: Features, rows: Sequence[int]) -> list[Document]:
    columns = [(name, column) for name, column in features.properties.items()]
    return [
        {
            "type": "Feature",
            "id": features.ids[n],
            "geometry": shape,
            "properties": {name: column[n] for name, column in columns},
        }
        for n, shape in zip(rows, features.geometry(rows), strict=True)
    ]


def definition(root: str, shown: Sequence[Collection], version: str) -> Document:
    """The OpenAPI 3.0 definition of what is below ``root``."""
    paths: Document = {
        "/": _get("landing", "landing page"),
        "/conformance": _get("conformance", "conformance classes"),
        "/api": _get("api", "this document", OPENAPI),
        "/collections": _get("collections", "the collections"),
    }
    for collection in shown:
        base, name = f"/collections/{collection.id}", collection.id.replace("-", "_")
        extra = [_parameter(p, {"type": "integer", "minimum": 7, "maximum": 10}) for p in collection.parameters]
        paths[base] = _get(f"{name}_about", "about the collection")
        paths[f"{base}/items"] = _get(f"{name}_items", "features", GEOJSON, [*_ITEMS, *extra])
        paths[f"{base}/items/{{featureId}}"] = _get(
            f"{name}_item",
            "one feature",
            GEOJSON,
            [{**_parameter("featureId", {"type": "string"}, "path"), "required": True}, *extra],
        )
    scheme = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.0.3",
        "info": {"title": say("ogc.title", "en"), "version": version},
        "servers": [{"url": root}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"securitySchemes": scheme},
    }


def _parameter(name: str, schema: Document, where: str = "query") -> Document:
    return {
        "name": name,
        "in": where,
        "required": False,
        "schema": schema,
        "style": "simple" if where == "path" else "form",
    }


_NUMBERS = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
_ITEMS: tuple[Document, ...] = (
    _parameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
    {**_parameter("bbox", _NUMBERS), "explode": False},
    _parameter("datetime", {"type": "string"}),
    _parameter("cursor", {"type": "string"}),
)


def _get(ident: str, about: str, media: str = "application/json", parameters: Sequence[Document] = ()) -> Document:
    responses = {
        "200": {"description": about, "content": {media: {"schema": {"type": "object"}}}},
        "default": {"description": "a problem", "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}},
    }
    return {"get": {"operationId": ident, "summary": about, "parameters": list(parameters), "responses": responses}}
