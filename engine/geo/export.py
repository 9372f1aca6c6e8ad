"""Cells as files for GIS programs and notebooks: GeoParquet and GeoPackage.

Both hold a polygon a cell (longitude, latitude, WGS 84), the columns as they are given, and about what and which
moment they are.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from engine.clock import to_rfc3339
from engine.errors import BadParameterError
from engine.geo.cells import Cells, boundaries, to_text

CRS84 = "OGC:CRS84"
WGS84 = "EPSG:4326"
LAYER = "hexes"
KEY = b"truyvet"
"""Name of our metadata in a GeoParquet file."""


def cells_frame(cells: Cells, columns: Mapping[str, npt.NDArray[Any]]) -> gpd.GeoDataFrame:
    """Polygons of cells with their columns: ``h3`` (text), the columns, ``geometry``; in the given order.

    Raises:
        BadParameterError: a column of another length, or one with a name that is taken.

    A cell across 180 degrees of longitude keeps its shape: its western corners are given beyond 180.
    """
    for name, column in columns.items():
        if len(column) != len(cells):
            raise BadParameterError(f"column {name!r} has {len(column)} rows, not {len(cells)}")
        if name in ("h3", "geometry"):
            raise BadParameterError(f"column {name!r} is written by itself: give it another name")
    rings = boundaries(cells)
    for ring in rings:
        if np.ptp(ring[:, 0]) > 180:
            ring[:, 0] += np.where(ring[:, 0] < 0, 360.0, 0.0)
    sizes = [len(ring) for ring in rings]
    corners = np.concatenate(rings) if rings else np.empty((0, 2))
    shapes = shapely.polygons(shapely.linearrings(corners, indices=np.repeat(np.arange(len(rings)), sizes)))
    texts = np.array(to_text(cells), np.object_)
    return gpd.GeoDataFrame({"h3": texts, **columns}, geometry=list(shapes), crs=CRS84)


def write_geoparquet(
    path: Path,
    cells: Cells,
    columns: Mapping[str, npt.NDArray[Any]],
    meanings: Mapping[str, str],
    about: Mapping[str, str | int],
) -> None:
    """Write cells as GeoParquet 1.0 (polygons as WKB).

    Args:
        path: the file; replaced as a whole.
        cells: valid cells, shape (n,).
        columns: as of :func:`cells_frame`.
        meanings: unit and meaning by column; kept as metadata ``description`` of the field.
        about: what the map is; kept as JSON under ``truyvet`` in the metadata of the file.

    Raises:
        BadParameterError: as :func:`cells_frame`.
        OSError: the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        cells_frame(cells, columns).to_parquet(part, index=False, compression="zstd")
        table = pq.read_table(part)
        fields = [f.with_metadata({"description": meanings[f.name]}) if f.name in meanings else f for f in table.schema]
        schema = pa.schema(fields, metadata={**(table.schema.metadata or {}), KEY: _json(about)})
        pq.write_table(table.cast(schema), part, compression="zstd")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_geopackage(
    path: Path,
    cells: Cells,
    columns: Mapping[str, npt.NDArray[Any]],
    meanings: Mapping[str, str],
    about: Mapping[str, str | int],
    at: int,
) -> None:
    """Write cells as one layer ``hexes`` of a GeoPackage; arguments and errors as of :func:`write_geoparquet`.

    ``at`` (UTC s) stands as the layer's last change, so that equal maps are equal files. ``meanings`` and ``about``
    are metadata of the layer.
    """
    part = path.with_name(f".{path.stem}.part.gpkg")  # GDAL warns of any other ending
    noted = {**{k: str(v) for k, v in about.items()}, **{f"column {k}": v for k, v in meanings.items()}}
    try:
        part.unlink(missing_ok=True)
        with _gdal_option("OGR_CURRENT_DATE", to_rfc3339(at)):
            # A GeoPackage stores longitude first whatever the system says; every program knows this code.
            frame = cells_frame(cells, columns).set_crs(WGS84, allow_override=True)
            pyogrio.write_dataframe(
                frame, part, layer=LAYER, driver="GPKG", geometry_type="Polygon", layer_metadata=noted
            )
        os.replace(part, path)
    except pyogrio.errors.DataSourceError as error:
        raise OSError(str(error)) from None
    finally:
        part.unlink(missing_ok=True)


def _json(about: Mapping[str, str | int]) -> bytes:
    return json.dumps(about, ensure_ascii=False, sort_keys=True).encode()


@contextmanager
def _gdal_option(name: str, value: str) -> Iterator[None]:
    before = pyogrio.get_gdal_config_option(name)
    pyogrio.set_gdal_config_options({name: value})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({name: before})
