"""Cells as GeoParquet and GeoPackage: what is read back is what was written, with its date, units and system."""

import json
import sqlite3

import geopandas as gpd
import h3.api.basic_int as h3
import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest

from engine.errors import BadParameterError
from engine.geo.cells import boundaries, to_text
from engine.geo.export import cells_frame, write_geopackage, write_geoparquet

AT = 1_625_961_600  # 2021-07-11T00:00:00Z
CELLS = np.array(sorted(h3.grid_disk(h3.latlng_to_cell(10.77, 106.69, 9), 2)), np.uint64)
COLUMNS = {"score": np.linspace(0, 100, 19), "band": np.arange(19, dtype=np.int8) % 4}
MEANINGS = {"score": "0..100", "band": "0 to 3"}
ABOUT = {"at": "2021-07-11T00:00:00Z", "resolution": 9}


@pytest.fixture(params=["parquet", "gpkg"])
def written(request, tmp_path):
    """Writes cells with columns and gives the path."""
    path = tmp_path / f"map.{request.param}"

    def write(cells=CELLS, columns=COLUMNS):
        if request.param == "parquet":
            write_geoparquet(path, cells, columns, MEANINGS, ABOUT)
        else:
            write_geopackage(path, cells, columns, MEANINGS, ABOUT, AT)
        return path

    return write


def read(path):
    return gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)


def test_cells_and_columns_come_back(written):
    frame = read(written())
    assert frame["h3"].tolist() == to_text(CELLS)
    assert frame["score"].tolist() == COLUMNS["score"].tolist()
    assert frame["band"].tolist() == COLUMNS["band"].tolist()
    assert frame.crs.equals("EPSG:4326", ignore_axis_order=True)
    for shape, ring in zip(frame.geometry, boundaries(CELLS), strict=True):
        assert np.allclose(np.array(shape.exterior.coords)[:-1], ring)


def test_equal_maps_are_equal_files_and_nothing_else_is_left(written):
    first = written().read_bytes()
    path = written()
    assert path.read_bytes() == first
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_an_empty_map_has_its_columns(written):
    frame = read(written(CELLS[:0], {name: column[:0] for name, column in COLUMNS.items()}))
    assert len(frame) == 0
    assert {"h3", "score", "band"} <= set(frame.columns)


def test_geoparquet_says_what_and_when(tmp_path):
    write_geoparquet(tmp_path / "m.parquet", CELLS, COLUMNS, MEANINGS, ABOUT)
    schema = pq.read_schema(tmp_path / "m.parquet")
    assert json.loads(schema.metadata[b"truyvet"]) == ABOUT
    assert schema.field("score").metadata[b"description"] == b"0..100"
    geo = json.loads(schema.metadata[b"geo"])
    assert geo["primary_column"] == "geometry"
    assert geo["columns"]["geometry"]["encoding"] == "WKB"
    assert geo["columns"]["geometry"]["crs"]["id"] == {"authority": "OGC", "code": "CRS84"}


def test_geopackage_says_what_and_when(tmp_path):
    path = tmp_path / "m.gpkg"
    write_geopackage(path, CELLS, COLUMNS, MEANINGS, ABOUT, AT)
    told = pyogrio.read_info(path, layer="hexes")["layer_metadata"]
    assert told["at"] == ABOUT["at"]
    assert told["column score"] == "0..100"
    with sqlite3.connect(path) as base:
        row = base.execute("SELECT table_name, last_change, srs_id FROM gpkg_contents").fetchone()
    assert row == ("hexes", "2021-07-11T00:00:00Z", 4326)


def test_a_cell_across_180_degrees_keeps_its_shape():
    cell = np.array([h3.latlng_to_cell(0.0, 180.0, 7)], np.uint64)
    west, _, east, _ = cells_frame(cell, {}).total_bounds
    assert east - west < 1


@pytest.mark.parametrize("columns", [{"score": np.zeros(3)}, {"h3": np.zeros(19)}, {"geometry": np.zeros(19)}])
def test_columns_that_do_not_fit_are_refused(columns):
    with pytest.raises(BadParameterError, match="column"):
        cells_frame(CELLS, columns)


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path):
    for write in (
        lambda p: write_geoparquet(p, CELLS, COLUMNS, MEANINGS, ABOUT),
        lambda p: write_geopackage(p, CELLS, COLUMNS, MEANINGS, ABOUT, AT),
    ):
        with pytest.raises(OSError, match="no"):
            write(tmp_path / "no" / "map.gpkg")
