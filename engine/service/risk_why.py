"""Why a cell of the hex map has its score: rings, levels, footfall, parent, and (if asked for) the people."""

import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError
from engine.exposure.labels import Labelled
from engine.geo.cells import Cells, cell_named, disk, parents, resolution_of
from engine.risk.hexes import HexSums
from engine.risk.infectious import LEVELS
from engine.risk.lattice import RINGS
from engine.risk.layers import PER_HOUR_D, PER_HOUR_N, Layer
from engine.risk.person_time import time_of_people
from engine.service.risk_results import HexPerson, HexRing, HexWhy

Real = npt.NDArray[np.float64]


def why(sums: HexSums, state: Labelled, cell: int, people: bool) -> HexWhy:
    """The account of a cell; of one that is not in the map all hours and the score are 0.

    Raises:
        BadParameterError: no H3 cell, or one of another resolution than 7 to 10.
    Cost: with ``people`` that of a full map.
    """
    if cell_named(f"{cell:015x}") is None:
        raise BadParameterError(f"{cell:x} is not an H3 cell")
    resolution = int(resolution_of(np.array([cell], np.uint64))[0])
    layer = sums.derive(resolution)
    settings = sums.settings
    _, near, ring = disk(np.array([cell], np.uint64), RINGS)
    weights = np.array(settings.ring_weights) / settings.ring_weights[0]
    slots = layer.lattice.find(near)
    rings = _rings(layer, slots, ring, weights)
    infectious = sum(r.weight * (r.f0_h + r.f1_h + r.f2_h) for r in rings)
    walked = sum(r.weight * r.footfall_h for r in rings)
    parent = int(parents(near[:1], resolution - 1)[0])
    above = sums.layers[resolution - 1]
    up = int(above.lattice.find(np.array([parent], np.uint64))[0])
    parent_n, parent_d = (above.total[up] / PER_HOUR_N, above.footfall[up] / PER_HOUR_D) if up >= 0 else (0.0, 0.0)
    parent_rate = _share(parent_n, parent_d + settings.prior_h)
    own = int(slots[0])
    score, low, high = layer.score[own].tolist() if own >= 0 else (0.0, 0.0, 0.0)
    band, reliability = layer.flags[own].tolist() if own >= 0 else (0, 0)
    return HexWhy(
        cell=cell,
        resolution=resolution,
        at=sums.at,
        as_of=state.state.as_of,
        score=score,
        band=band,
        low=low,
        high=high,
        reliability=reliability,
        persons=int(layer.persons[own]) if own >= 0 else 0,
        rate=_share(infectious + settings.prior_h * parent_rate, walked + settings.prior_h) if own >= 0 else 0.0,
        half_rate=settings.half_rate,
        infectious_h=infectious,
        footfall_h=walked,
        rings=tuple(rings),
        level_weights=settings.weights,
        parent=parent,
        parent_infectious_h=float(parent_n),
        parent_footfall_h=float(parent_d),
        parent_rate=parent_rate,
        prior_h=settings.prior_h,
        people=_people(sums, state, near, weights[ring]) if people else (),
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0


def _rings(layer: Layer, slots: npt.NDArray[np.int32], ring: npt.NDArray[np.int8], weights: Real) -> list[HexRing]:
    there = [slots[(ring == r) & (slots >= 0)] for r in range(RINGS + 1)]
    time = [layer.time[:, s].sum(1) / PER_HOUR_N for s in there]
    walked = [layer.footfall[s].sum() / PER_HOUR_D for s in there]
    all_time = sum(w * t.sum() for w, t in zip(weights, time, strict=True))
    all_walked = sum(w * d for w, d in zip(weights, walked, strict=True))
    members = set(layer.members().tolist())
    return [
        HexRing(
            ring=r,
            weight=float(weights[r]),
            cells=len(members.intersection(there[r].tolist())),
            f0_h=float(time[r][0]),
            f1_h=float(time[r][1]),
            f2_h=float(time[r][2]),
            footfall_h=float(walked[r]),
            infectious_share=_share(weights[r] * time[r].sum(), all_time),
            footfall_share=_share(weights[r] * walked[r], all_walked),
        )
        for r in range(RINGS + 1)
    ]


def _people(sums: HexSums, state: Labelled, near: Cells, weight: Real) -> tuple[HexPerson, ...]:
    """Whose time it is, greatest part first; ``near`` begins with the cell itself."""
    time = time_of_people(state.state.view, sums.place_cells, sums.people, sums.at, sums.settings)
    resolution = int(resolution_of(near[:1])[0])
    cell = parents(time.cell, resolution)
    order = np.argsort(near)
    at = np.minimum(np.searchsorted(near[order], cell), len(near) - 1)
    here = np.flatnonzero(near[order][at] == cell)
    person, where = np.unique(time.person[here], return_inverse=True)
    hours = time.units[here] / PER_HOUR_N
    of_cell = np.bincount(where, weights=hours * (cell[here] == near[0]), minlength=len(person))
    of_all = np.bincount(where, weights=hours * weight[order][at[here]], minlength=len(person))
    level = np.full(len(person), LEVELS, np.int8)
    np.minimum.at(level, where, time.level[here])
    keys = state.state.keys
    rows = [
        HexPerson(keys.key(int(p)), int(k), float(a), float(b))
        for p, k, a, b in zip(person, level, of_cell, of_all, strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.near_h, row.person)))
