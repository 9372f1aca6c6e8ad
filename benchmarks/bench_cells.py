"""H3 cells of coordinates: our kernel beside a loop over the h3 library, on the same points."""

import h3.api.basic_int as h3
import numpy as np
import pytest

from engine.geo.cells import cells_of

N = 300_000
RESOLUTION = 11


def by_library(lat, lng):
    cell = h3.latlng_to_cell
    return np.array([cell(a, b, RESOLUTION) for a, b in zip(lat.tolist(), lng.tolist(), strict=True)], np.uint64)


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(1)
    lat, lng = rng.uniform(8.5, 23.4, N), rng.uniform(102.1, 109.5, N)
    assert np.array_equal(cells_of(lat, lng, RESOLUTION), by_library(lat, lng))
    return lat, lng


@pytest.mark.benchmark(group="cells of 300,000 points")
def test_own_kernel(benchmark, points):
    benchmark(cells_of, *points, RESOLUTION)


@pytest.mark.benchmark(group="cells of 300,000 points")
def test_h3_loop(benchmark, points):
    benchmark.pedantic(by_library, points, rounds=3)
