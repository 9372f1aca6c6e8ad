"""Do our cells equal the h3 library's on every point? ``python -m benchmarks.cells_check --points 50000000``.

Points are even over the globe. A tenth as many again are where grids are awkward: near pentagons, poles, the
antimeridian, on edges of the icosahedron, and on and next to borders and corners of cells.
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

import h3.api.basic_int as h3
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.geo.cells import cells_of

BATCH = 100_000
AWKWARD = 10
"""After so many batches of even points comes an awkward one."""
Points = tuple[np.ndarray, np.ndarray]


@dataclass
class Checked:
    """What a run has found."""

    even: int = 0
    awkward: int = 0
    ours_s: float = 0.0
    """CPU time for the even points; so is ``h3_s``."""
    h3_s: float = 0.0
    wrong: list[tuple[float, float, int, int]] = field(default_factory=list)
    """Points (lat, lng) with our cell and the library's: the first ones."""
    differ: int = 0

    def add(self, other: "Checked") -> None:
        """Count another run's points too."""
        self.even += other.even
        self.awkward += other.awkward
        self.ours_s += other.ours_s
        self.h3_s += other.h3_s
        self.differ += other.differ
        self.wrong = (self.wrong + other.wrong)[:10]


def degrees(at: np.ndarray) -> Points:
    """Latitudes and longitudes of vectors (n, 3) of any length."""
    lat = np.degrees(np.arctan2(at[:, 2], np.hypot(at[:, 0], at[:, 1])))
    return lat, np.degrees(np.arctan2(at[:, 1], at[:, 0]))


def even(n: int, rng: np.random.Generator) -> Points:
    """Even over the globe."""
    return np.degrees(np.arcsin(rng.uniform(-1, 1, n))), rng.uniform(-180, 180, n)


def near(places: np.ndarray, n: int, rng: np.random.Generator) -> Points:
    """About places (lat, lng), from a nanodegree to ten degrees off."""
    home = places[rng.integers(0, len(places), n)]
    lat, lng = (home + rng.normal(0, 1, (n, 2)) * 10.0 ** rng.uniform(-9, 1, (n, 1))).T
    return np.clip(lat, -90, 90), (lng + 180) % 360 - 180


def pentagons() -> np.ndarray:
    """Their centres: the vertices of the icosahedron."""
    return np.array([h3.cell_to_latlng(p) for p in h3.get_pentagons(0)])


def on_faces_edges(n: int, rng: np.random.Generator) -> Points:
    """On and next to edges and centres of the icosahedron's faces."""
    lat, lng = np.radians(pentagons()).T
    vertex = np.stack([np.cos(lat) * np.cos(lng), np.cos(lat) * np.sin(lng), np.sin(lat)], -1)
    beside = vertex @ vertex.T > 0.4
    edges = np.argwhere(np.triu(beside, 1))
    faces = np.array([t for t in combinations(range(12), 3) if all(beside[a, b] for a, b in combinations(t, 2))])
    share = rng.random((n, 1))
    some = edges[rng.integers(0, len(edges), n)]
    at = vertex[some[:, 0]] * share + vertex[some[:, 1]] * (1 - share)
    central = rng.random(n) < 0.2
    at[central] = vertex[faces[rng.integers(0, len(faces), central.sum())]].mean(1)
    return degrees(at + rng.normal(0, 1, at.shape) * 10.0 ** rng.uniform(-16, -2, (n, 1)))


def on_borders(lat: np.ndarray, lng: np.ndarray, resolution: int, rng: np.random.Generator) -> Points:
    """A point on the border of the cell of each point or next to it, corners among them."""
    out = np.empty((len(lat), 2))
    for n, (a, b) in enumerate(zip(lat.tolist(), lng.tolist(), strict=True)):
        outline = np.array(h3.cell_to_boundary(h3.latlng_to_cell(a, b, resolution)))
        corner = rng.integers(0, len(outline))
        one, other = outline[corner - 1], outline[corner]
        if abs(one[1] - other[1]) < 180:
            one = one + (other - one) * rng.choice([0.0, 0.5, rng.random()])
        out[n] = one
    size = 10.0 / np.sqrt(7.0) ** resolution
    off = rng.normal(0, 1, out.shape) * size * 10.0 ** rng.uniform(-12, -2, (len(out), 1))
    out += off * (rng.random((len(out), 1)) < 0.8)
    return np.clip(out[:, 0], -90, 90), np.clip(out[:, 1], -180, 180)


def awkward(n: int, resolution: int, rng: np.random.Generator) -> Points:
    """Near pentagons, poles and the antimeridian, on edges of faces, on borders of cells: a fifth each."""
    k = n // 5
    rim = [(89.9999, 0.0), (-89.9999, 0.0), (90.0, 0.0), (-90.0, 0.0)]
    line = np.stack([rng.uniform(-90, 90, 100), rng.choice([-180.0, 180.0, 179.999999, -179.999999], 100)], -1)
    parts = [
        near(pentagons(), k, rng), near(np.array(rim), k, rng), near(line, k, rng), on_faces_edges(k, rng),
        on_borders(*even(n - 4 * k, rng), resolution, rng),
    ]  # fmt: skip
    lat, lng = (np.concatenate(side) for side in zip(*parts, strict=True))
    return lat, lng


def differing(lat: np.ndarray, lng: np.ndarray, cells: np.ndarray, resolution: int) -> np.ndarray:
    """Where ``cells`` are not the library's."""
    cell = h3.latlng_to_cell
    theirs = [cell(a, b, resolution) for a, b in zip(lat.tolist(), lng.tolist(), strict=True)]
    return np.flatnonzero(cells != np.array(theirs, np.uint64))


@dataclass(frozen=True)
class Batch:
    """Points to check; the same ones whenever it is asked."""

    size: int
    resolution: int
    seed: int
    number: int
    awkward: bool

    def check(self) -> Checked:
        """Compare with the library."""
        rng = np.random.default_rng([self.seed, self.number, self.awkward])
        lat, lng = awkward(self.size, self.resolution, rng) if self.awkward else even(self.size, rng)
        began = time.process_time()
        ours = cells_of(lat, lng, self.resolution)
        between = time.process_time()
        wrong = differing(lat, lng, ours, self.resolution)
        done = Checked(differ=len(wrong))
        if self.awkward:
            done.awkward = self.size
        else:
            done.even, done.ours_s, done.h3_s = self.size, between - began, time.process_time() - between
        for at in wrong[:10].tolist():
            a, b = float(lat[at]), float(lng[at])
            done.wrong.append((a, b, int(ours[at]), h3.latlng_to_cell(a, b, self.resolution)))
        return done


def warm() -> None:
    """Compile, and make the tables."""
    cells_of(np.zeros(1), np.zeros(1), 11)


def _each(work: list[Batch], processes: int) -> Iterator[Checked]:
    warm()
    if processes == 1:
        yield from map(Batch.check, work)
        return
    with multiprocessing.get_context("spawn").Pool(processes, initializer=warm) as pool:
        yield from pool.imap_unordered(Batch.check, work)


def check(
    points: int, resolution: int, seed: int, processes: int = 1, tell: Callable[[int], None] = lambda n: None
) -> Checked:
    """Check so many even points and the awkward ones among them; ``tell`` hears of each batch's even points."""
    size = min(BATCH, max(1, points // AWKWARD))
    work: list[Batch] = []
    for number, first in enumerate(range(0, points, size)):
        work.append(Batch(min(size, points - first), resolution, seed, number, False))
        if number % AWKWARD == AWKWARD - 1:
            work.append(Batch(size, resolution, seed, number, True))
    all_of_it = Checked()
    for done in _each(work, processes):
        all_of_it.add(done)
        tell(done.even)
    return all_of_it


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=50_000_000)
    parser.add_argument("--resolution", type=int, default=11)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns) as bar:
        task = bar.add_task(f"points, resolution {asked.resolution}", total=asked.points)
        done = check(asked.points, asked.resolution, asked.seed, asked.processes, lambda n: bar.advance(task, n))
    for lat, lng, ours, theirs in done.wrong:
        print(f"differs: lat {lat!r}, lng {lng!r}: ours {ours:x}, h3 {theirs:x}")
    print(f"resolution {asked.resolution}, seed {asked.seed}: {done.even:,} points even over the globe and "
          f"{done.awkward:,} awkward ones; {done.differ:,} differ from h3")  # fmt: skip
    print(f"CPU time of an even point: ours {1e9 * done.ours_s / done.even:.1f} ns, a loop over h3 "
          f"{1e9 * done.h3_s / done.even:.0f} ns")  # fmt: skip
    return 1 if done.differ else 0


if __name__ == "__main__":
    raise SystemExit(main())
