"""Areas on the real units of Viet Nam: python -m benchmarks.bench_areas FOLDER.

FOLDER: files of areas that hold Ho Chi Minh City. Prints how long it takes to load the folder, to share 50,000 cells
among the districts (first and again), to find a million points, and to find all neighbours.
"""

import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

from engine.geo.cells import parents
from engine.geo.unit_files import read_units

DAY = date(2021, 7, 1)
CITY = "79"


def timed(what, work, *given):
    began = time.perf_counter()
    result = work(*given)
    print(f"{what:<60}{time.perf_counter() - began:8.3f} s")
    return result


def main(folder: Path) -> None:
    timed("load the folder, libraries included", read_units, folder)
    units = timed("load the folder again", read_units, folder)
    cells = timed("cells of the city at resolution 10", units.cells_of, CITY, 10)
    rng = np.random.default_rng(7)
    some = np.sort(rng.choice(cells, 50_000, replace=False))
    for resolution in (8, 9, 10):
        asked = np.unique(parents(some, resolution))
        timed(f"share {len(asked):,} cells of resolution {resolution}", units.overlay, asked, "district", DAY)
        timed("  again", units.overlay, asked, "district", DAY)
    lat, lng = rng.uniform(10.4, 11.1, 1_000_000), rng.uniform(106.4, 107.0, 1_000_000)
    timed("find a million points in districts", units.index_of, lat, lng, "district", DAY)
    for tier in ("province", "district"):
        pairs = timed(f"neighbours of the tier {tier}", units.adjacency, tier, DAY)
        print(f"  {len(pairs):,} pairs")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
