"""Files of administrative units: polygons (GeoJSON, GeoPackage, Shapefile) and tables (CSV, Parquet, JSON)."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import shapely

from engine.errors import BadInputError, BadParameterError, TruyvetError, UnreadableFileError
from engine.geo.unit_columns import Record, find_columns, records_of, text_of
from engine.geo.unit_merge import Merged, merge
from engine.geo.units import TIERS, Units

WGS84 = "EPSG:4326"
LISTED = 30
"""Columns that a message names."""
SHAPES = frozenset([".geojson", ".gpkg", ".shp"])
TABLES = frozenset([".csv", ".parquet", ".json"])
_BESIDE = frozenset([".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qmd"])
"""Parts of a Shapefile and notes of GIS programs."""
_CODES = frozenset(["province_code", "district_code", "commune_code"])


@dataclass
class FileRead:
    """What was found in a file, or why it could not be used (``problem``)."""

    path: Path
    rows: int = 0
    polygons: int = 0
    repaired: int = 0
    """Polygons that crossed themselves."""
    padded: int = 0
    """Codes that lacked leading zeros."""
    nameless: int = 0
    """Rows with neither code nor name: left out."""
    problem: str | None = None
    unmatched: list[str] = field(default_factory=list)
    """Rows without a code whose name fits no unit, or several."""


@dataclass(frozen=True)
class Sheet:
    """Rows that share their columns, with a geometry each or without any."""

    columns: list[str]
    rows: list[dict[str, Any]]
    shapes: Any = None


def read_units(path: Path) -> Units:
    """The units of a file or of every file of a folder.

    Raises:
        UnreadableFileError: a file is missing, torn or not understood (in a folder: none of them could be used).
        BadInputError: the files contradict each other.
    """
    return load_units([path])[0]


def load_units(
    paths: Sequence[Path],
    base: Units | None = None,
    chosen: Mapping[str, str] | None = None,
    tier: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> tuple[Units, list[FileRead], Merged]:
    """Units of files and folders, put on top of ``base``: what comes later says more.

    Args:
        paths: files in this order; a folder stands for its files in the order of their names.
        base: units known before.
        chosen: field -> column, where a file does not use a usual name (:data:`engine.geo.unit_columns.USUAL`).
        tier: of every row, where the files do not tell.
        progress: told the file and the share done.

    Raises:
        UnreadableFileError: a file that was named cannot be used, or none of a folder can. In a folder the others
            are used and the reason is in the report.
        BadParameterError: no such field or tier, or no file has a chosen column.
        BadInputError: the files contradict each other.
    """
    if tier is not None and tier not in TIERS:
        raise BadParameterError(f"{tier!r} is no tier; tiers are {', '.join(TIERS)}")
    files = _files_of(paths)
    records: list[Record] = []
    reports: list[FileRead] = []
    left = dict(chosen or {})
    for n, (path, named) in enumerate(files):
        report = FileRead(path)
        try:
            for sheet in _sheets(path):
                left = {f: c for f, c in left.items() if c not in sheet.columns}
                records += _read(sheet, report, chosen or {}, tier)
        except TruyvetError as error:
            if named or isinstance(error, BadParameterError):
                raise
            report.problem = str(error)
        reports.append(report)
        if progress is not None:
            progress(path.name, (n + 1) / (len(files) + 1))
    if left:
        raise BadParameterError(f"no file has a column {', '.join(map(repr, left.values()))}; check the names")
    if all(r.problem is not None for r in reports):
        raise UnreadableFileError("; ".join(r.problem or "" for r in reports) or "no file of areas was found")
    merged = merge(base or Units(), records)
    if not len(merged.units):
        raise UnreadableFileError(
            "the files hold no codes of areas; give a list with codes and names together with them"
        )
    for report in reports:
        report.unmatched = [name for file, name in merged.unmatched if file == report.path.name]
    return merged.units, reports, merged


def _files_of(paths: Sequence[Path]) -> list[tuple[Path, bool]]:
    """(file, whether it was named itself)."""
    found: list[tuple[Path, bool]] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in SHAPES | TABLES)
            if not inside:
                raise UnreadableFileError(f"{path} holds no file of areas; give {_forms()}")
            found += [(p, False) for p in inside]
        elif path.is_file():
            found.append((path, True))
        else:
            raise UnreadableFileError(f"{path} is not there")
    return found


def left_out(folder: Path) -> list[str]:
    """Names of the files of a folder that are of no known form."""
    known = SHAPES | TABLES | _BESIDE
    return sorted(p.name for p in folder.iterdir() if p.is_file() and p.suffix.lower() not in known)


def _forms() -> str:
    return ", ".join(sorted(SHAPES | TABLES))


def _read(sheet: Sheet, report: FileRead, chosen: Mapping[str, str], tier: str | None) -> list[Record]:
    """The records of a sheet; one record of a code has all its parts (islands may be rows of their own)."""
    columns = find_columns(sheet.columns, chosen)
    listed = ", ".join(sheet.columns[:LISTED]) + f" and {len(sheet.columns) - LISTED} more" * (
        len(sheet.columns) > LISTED
    )
    if not columns.understood:
        raise UnreadableFileError(
            f"{report.path.name}: no column holds a code or a name of areas; its columns are {listed or '(none)'}. "
            "Say which is which with --map, as in --map code=COLUMN"
        )
    records, padded = records_of(sheet.rows, columns, report.path.name, tier)
    report.padded += padded
    report.rows += len(sheet.rows)
    if sheet.shapes is not None:
        _lay_out([r for r in records if not r.aside], sheet.shapes, report)
    kept = [r for r in records if r.code is not None or r.name_vi is not None]
    report.nameless += len(records) - len(kept)
    untold = [r.code or r.name_vi or "" for r in kept if r.tier is None]
    if untold:
        raise UnreadableFileError(
            f"{report.path.name}: cannot tell the tier of {', '.join(untold[:3])}{' ...' * (len(untold) > 3)}; "
            f"say it with --tier, or --map tier=COLUMN. Its columns are {listed}"
        )
    if sheet.shapes is None and "population_at" not in columns.of:
        _check_repeats(kept, report.path.name, listed)
    return kept


def _check_repeats(records: list[Record], file: str, listed: str) -> None:
    """Refuse a table in which each area stands many times: counts by day, say, whose populations and names are none."""
    own = [(r.code or r.name_vi, r.since, r.until, tuple(r.inside.values())) for r in records if not r.aside]
    if len(own) > 2 * len(set(own)):
        raise UnreadableFileError(
            f"{file}: {len(own)} rows speak of {len(set(own))} areas, so it is no list of areas; "
            f"its columns are {listed}"
        )


def _lay_out(records: list[Record], shapes: Any, report: FileRead) -> None:
    """Give each record its polygon; parts of one unit are joined and all given to its first record."""
    shapes = shapely.force_2d(np.asarray(shapes, np.object_))
    broken = ~(shapely.is_valid(shapes) | shapely.is_missing(shapes))
    shapes[broken] = shapely.make_valid(shapes[broken])
    report.repaired += int(broken.sum())
    parts: dict[object, list[int]] = {}
    for i, record in enumerate(records):
        parts.setdefault((record.code, record.since) if record.code else i, []).append(i)
    for where in parts.values():
        pieces = [p for p in map(_polygonal, shapes[where]) if p is not None]
        if pieces:
            records[where[0]].polygon = pieces[0] if len(pieces) == 1 else shapely.union_all(pieces)
            report.polygons += 1


def _polygonal(shape: Any) -> Any:
    """The polygons of a geometry as one polygon or multipolygon; None where there are none."""
    parts = [p for p in _flat(shape) if p.geom_type == "Polygon" and not p.is_empty]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _flat(shape: Any) -> Iterator[Any]:
    for part in shapely.get_parts(shape) if shape is not None else ():
        yield from _flat(part) if part.geom_type.startswith(("Multi", "Geometry")) else (part,)


# -- forms of files ---------------------------------------------------------------------------------------


def _sheets(path: Path) -> list[Sheet]:
    form = path.suffix.lower()
    try:
        if form in SHAPES:
            return _shapes(path)
        if form == ".csv":
            return [_csv(path)]
        if form == ".parquet":
            return _parquet(path)
        if form == ".json":
            return _json(path)
    except TruyvetError:
        raise
    except (ValueError, OSError, RuntimeError, csv.Error, shapely.GEOSException) as error:
        raise UnreadableFileError(f"{path.name} cannot be read: {error}") from None
    raise UnreadableFileError(f"{path.name} is of no known form; give {_forms()}")


def _shapes(path: Path) -> list[Sheet]:
    import geopandas as gpd  # noqa: PLC0415 - takes a second to import, and most commands read no areas

    layers = gpd.list_layers(path)["name"].tolist() if path.suffix.lower() == ".gpkg" else [None]
    return [_sheet(gpd.read_file(path, layer=layer) if layer else gpd.read_file(path), path) for layer in layers]


def _sheet(frame: Any, path: Path) -> Sheet:
    if not hasattr(frame, "geometry"):
        return Sheet(list(frame.columns), frame.to_dict("records"))
    if frame.crs is None:
        west, south, east, north = frame.total_bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise BadInputError(f"{path.name} does not say its coordinate system, and it is not degrees: give it one")
    elif frame.crs != WGS84:
        frame = frame.to_crs(WGS84)
    plain = frame.drop(columns=frame.geometry.name)
    return Sheet(list(plain.columns), plain.to_dict("records"), frame.geometry.to_numpy())


def _csv(path: Path) -> Sheet:
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        lines = csv.DictReader(file, delimiter=max(",;\t", key=first.count))
        return Sheet(list(lines.fieldnames or ()), list(lines))


def _parquet(path: Path) -> list[Sheet]:
    if b"geo" in (pq.read_schema(path).metadata or {}):
        import geopandas as gpd  # noqa: PLC0415 - takes a second to import, and most tables have no shapes

        return [_sheet(gpd.read_parquet(path), path)]
    table = pq.read_table(path)
    return [Sheet(table.column_names, table.to_pylist())]


def _json(path: Path) -> list[Sheet]:
    """A GeoJSON document, a list of records, or records that hold lists of records (units within units)."""
    document = orjson.loads(path.read_bytes())
    if isinstance(document, dict) and document.get("type") in ("FeatureCollection", "Feature", "Topology"):
        return _shapes(path)
    depths: list[list[dict[str, Any]]] = []
    _descend(document, {}, 0, depths)
    if not depths:
        raise UnreadableFileError(f"{path.name} holds no list of records")
    return [Sheet(list(dict.fromkeys(k for row in rows for k in row)), rows) for rows in depths if rows]


def _descend(node: Any, above: dict[str, Any], depth: int, depths: list[list[dict[str, Any]]]) -> None:
    """Collect the records of each depth; a record takes the codes of the one that holds it."""
    for item in node if isinstance(node, list) else [node]:
        if not isinstance(item, dict):
            continue
        lists = [v for v in item.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
        own = {k: v for k, v in item.items() if not isinstance(v, dict) and not any(v is x for x in lists)}
        handed: dict[str, Any] = {}
        at = depth
        if isinstance(node, list):
            while len(depths) <= depth:
                depths.append([])
            depths[depth].append({**above, **own})
            of = find_columns(own, {}).of
            handed = {**above, **{of[f]: own[of[f]] for f in _CODES & of.keys()}}
            handed.pop("parent", None)
            if "code" in of and text_of(own[of["code"]]) is not None:
                handed["parent"] = own[of["code"]]
            at = depth + 1
        for below in lists:
            _descend(below, handed, at, depths)
