"""The measures that act on contacts, as arrays: lockdowns, closures, limits, masks, vaccines, removals."""

from collections.abc import Iterable, Sequence

import h3.api.basic_int as h3
import numpy as np
import numpy.typing as npt

from engine import params
from engine.geo.cells import cell_named, parents, resolution_of
from engine.scenarios.kernels import arrays
from engine.scenarios.kernels.protection import Doses
from engine.scenarios.model import Lockdown, Simulation, Span
from engine.scenarios.world import World

KINDS = tuple(params.PLACE_KINDS)
Mask = npt.NDArray[np.bool_]


def ground(world: World, simulation: Simulation) -> arrays.Ground:
    """Homes, places, and the measures that act on contacts in this run."""
    locks = simulation.measures.lockdowns
    places = world.places
    order = np.argsort(world.household, kind="stable").astype(np.int32)
    order = order[world.household[order] >= 0]
    homes = np.arange(int(world.household.max(initial=-1)) + 2)
    return arrays.Ground(
        measures=_measures(simulation),
        household=arrays.plain(world.household, np.int32),
        house_first=np.searchsorted(world.household[order], homes).astype(np.int32),
        house_members=order,
        home_locks=_bits([inside(lock, world, world.area, world.cell) for lock in locks], world.people),
        place_locks=_bits([inside(lock, world, places.area, places.cell) for lock in locks], len(places.kind)),
        kind=arrays.plain(places.kind, np.int16),
        visitors=arrays.plain(places.visitors, np.int32),
    )


def _measures(simulation: Simulation) -> arrays.Records:
    measures = simulation.measures
    rows: list[dict[str, object]] = []
    for number, r in enumerate(simulation.population.remove):
        least = -np.inf if r.min_weight is None else arrays.single(r.min_weight)
        most = np.inf if r.max_weight is None else arrays.single(r.max_weight)
        rows.append({"what": arrays.REMOVAL, "share": r.share, "least": least, "most": most, "number": number})
    for number, lock in enumerate(measures.lockdowns):
        more = {"factor": lock.factor, "closed": lock.closed, "number": number}
        rows.append({"what": arrays.LOCKDOWN, **_span(lock), **more})
    for closure in measures.closures:
        kinds = _kinds(closure.kinds)
        rows.append({"what": arrays.CLOSURE, **_span(closure), "kinds": kinds, "factor": closure.factor})
    for limit in measures.capacity_limits:
        kinds = _kinds(limit.kinds or KINDS)
        rows.append({"what": arrays.LIMIT, **_span(limit), "kinds": kinds, "most": limit.max_people})
    for mask in measures.masks:
        left = {"factor": 1 - mask.source_efficacy, "wearer": 1 - mask.wearer_efficacy}
        rows.append({"what": arrays.MASK, **_span(mask), "kinds": _kinds(mask.kinds), "share": mask.coverage, **left})
    out = np.zeros(len(rows), arrays.MEASURE)
    for i, row in enumerate(rows):
        for name, value in row.items():
            out[i][name] = value
    return out


def inside(lock: Lockdown, world: World, area: npt.NDArray[np.int32], cell: npt.NDArray[np.uint64]) -> Mask:
    """Which of these homes or places a lockdown is about, in the order given."""
    wanted = set(lock.areas)
    named = np.array([bool(wanted.intersection(codes)) for codes in world.parents] + [False], np.bool_)
    within = named[area]
    known = cell != 0
    for name in lock.cells:
        chosen = cell_named(name)
        level = h3.get_resolution(chosen)
        fine = known & (resolution_of(cell) >= level)
        within[fine] |= parents(cell[fine], level) == chosen
    return np.asarray(within)


def doses(world: World, simulation: Simulation) -> Doses:
    """Who is vaccinated when, before the draws of a replicate."""
    vaccination = simulation.measures.vaccination
    if vaccination is None:
        return Doses(np.empty(0), np.empty(0, np.int64), 0, 0, simulation.days, 0.0)
    everyone = vaccination.coverage.get("all", 0.0)
    shares = np.array([*(vaccination.coverage.get(g, everyone) for g in world.groups), everyone], np.float64)
    turns = {g: i for i, g in enumerate(vaccination.order)}
    rest = turns.get("all", -1 if turns else 0)
    turn = np.array([*(turns.get(g, rest) for g in world.groups), rest], np.int64)
    return Doses(
        covered=shares[world.group],
        turn=turn[world.group],
        turns=max(len(turns), 1),
        per_day=vaccination.per_day,
        days=simulation.days,
        after=float(vaccination.protection_after_d),
    )


def _span(measure: Span) -> dict[str, object]:
    return {"start": measure.start, "end": measure.end}


def _kinds(names: Iterable[str]) -> int:
    return sum(1 << KINDS.index(name) for name in set(names))


def _bits(masks: Sequence[Mask], size: int) -> arrays.U8:
    out = np.zeros(size if masks else 0, np.uint64)
    for number, mask in enumerate(masks):
        out |= mask.astype(np.uint64) << np.uint64(number)
    return out
