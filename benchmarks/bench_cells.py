"""H3 cells of coordinates: our kernel beside the three libraries, on the same points, one core each."""

import h3.api.basic_int as h3
import numpy as np
import polars as pl
import polars_h3
import pytest
from h3ronpy.vector import coordinates_to_cells

from benchmarks.beside import sized
from engine.geo.cells import cells_of

N = sized(300_000)
RESOLUTION = 11
JOB = f"H3 cell of {N:,} points in and round Viet Nam, resolution {RESOLUTION}, one core"


def by_h3(lat, lng):
    cell = h3.latlng_to_cell
    return np.array([cell(a, b, RESOLUTION) for a, b in zip(lat.tolist(), lng.tolist(), strict=True)], np.uint64)


def by_h3ronpy(lat, lng):
    return np.asarray(coordinates_to_cells(lat, lng, RESOLUTION), np.uint64)


def by_polars(lat, lng):
    frame = pl.DataFrame({"lat": lat, "lng": lng})
    cell = polars_h3.latlng_to_cell("lat", "lng", RESOLUTION, return_dtype=pl.UInt64)
    return frame.select(cell=cell)["cell"].to_numpy()


PEERS = {"h3": ("a loop over h3", by_h3), "h3ronpy": ("h3ronpy", by_h3ronpy), "polars": ("polars-h3", by_polars)}


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(1)
    lat, lng = rng.uniform(8.5, 23.4, N), rng.uniform(102.1, 109.5, N)
    return lat, lng, cells_of(lat, lng, RESOLUTION)


@pytest.mark.beside
@pytest.mark.parametrize("peer", PEERS)
def test_cells(beside, points, peer):
    lat, lng, cells = points
    name, theirs = PEERS[peer]
    differ = np.flatnonzero(cells != theirs(lat, lng))
    # h3ronpy is another implementation (h3o): it may round a point on a border the other way.
    assert len(differ) <= (N / 1e4 if peer == "h3ronpy" else 0)
    note = f"{len(differ)} points elsewhere than h3" if len(differ) else ""
    beside.ratio(
        f"cells-{peer}", JOB, lambda: cells_of(lat, lng, RESOLUTION), name, lambda: theirs(lat, lng),
        goal=5, rounds=9, note=note,
    )  # fmt: skip
