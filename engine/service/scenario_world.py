"""From what the engine knows to the world a scenario runs in: contacts, places, homes and known cases."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.errors import BadInputError
from engine.exposure.policies import policy_named
from engine.exposure.windows import course_of
from engine.geo.cells import cells_of
from engine.geo.units import TIERS, Units
from engine.graph.segments import major
from engine.graph.view import NOWHERE
from engine.people.timelines import F0
from engine.scenarios.contacts_observed import (
    Observation,
    day_starts_at,
    local_day,
    observed_contacts,
    observed_days,
    order_of_days,
)
from engine.scenarios.contacts_table import sorted_keys, world_of_table
from engine.scenarios.model import Observed, Population
from engine.scenarios.people_columns import people_columns
from engine.scenarios.world import NOBODY, Codes, PlaceColumns, World
from engine.service.scenario_homes import CELL_RESOLUTION, PlaceFacts, chain_of, homes_by_units, homes_of
from engine.service.snapshot import Snapshot

LONGEST_D = 28
"""Observed days that are taken when nothing else is said: the last four weeks."""
DUTY = frozenset(("workplace", "factory", "school"))
"""Kinds of places that say little of where those who go there live."""
Progress = Callable[[int, int], None]


def world_for(
    state: Snapshot,
    units: Units,
    population: Population,
    start: date | None = None,
    base: Path = Path(),
    progress: Progress | None = None,
    workers: int = 2,
) -> tuple[World, tuple[str, ...]]:
    """The world of a population, and the names of its people by code.

    Args:
        state: what is known; for ``observed.as_of`` the state as of then.
        units: administrative units that were loaded; may be empty.
        population: observed, or a table (then ``state`` plays no part).
        start: local day on which the run starts; by default the one after the last observed day, and, unless
            ``observed.last`` is given, after the day of the last case.
        base: folder from which the paths of files count.
        progress: told observed days done, and all of them.

    Returns:
        People are those whom a live event names, sorted by name (numbers by value and first), places likewise: the
        same events give the same world in whatever order they came. Observed day 0 has the weekday of ``start`` when a
        week or more was observed. Areas are the units of places and homes: those loaded, else the places' own area
        codes. Cases are those counted (confirmed, else by onset or sample) before ``start``, their onset or, without
        one, the moment that stands for it.

    Raises:
        BadInputError: nothing was observed on those days, or a file of the population cannot be used.
        UnknownPolicyError: no such policy.
    """
    if population.observed is None:
        return world_of_table(population, base)
    return _observed_world(state, units, population, population.observed, start, base, progress, workers)


def _observed_world(
    state: Snapshot,
    units: Units,
    population: Population,
    spec: Observed,
    start: date | None,
    base: Path,
    progress: Progress | None,
    workers: int,
) -> tuple[World, tuple[str, ...]]:
    first, last = _span(state, spec)
    start = start or _day_after(state, last, spec)
    people, keys = _people(state)
    places, kind = _places(state)
    observation = _observation(state, spec, people, places)
    days = order_of_days(first, last, start)
    contacts, visitors = observed_contacts(observation, days, progress, workers)
    facts, codes = _place_facts(state, units, last)
    end = day_starts_at(last) + DAY
    homes = homes_of(state, people, facts, end)
    area, areas = _home_areas(state, units, people, homes.area, codes, end)
    columns = people_columns(population, base, keys)
    person, onset = _cases(state, observation.person, start)
    world = World(
        people=len(people),
        contacts=contacts,
        places=PlaceColumns(kind, facts.area[places], facts.cell[places], visitors),
        areas=areas,
        parents=tuple(chain_of(units, code, last) for code in areas),
        area=area,
        cell=homes.cell,
        household=columns.household if population.households is not None else homes.household,
        group=columns.group,
        groups=columns.groups,
        case_person=person,
        case_onset=onset,
    )
    return world, keys


def _span(state: Snapshot, spec: Observed) -> tuple[date, date]:
    """First and last day that are taken, both included."""
    seen, until = observed_days(state.graph)
    last = min(until, spec.last or until)
    first = max(seen, spec.first or (last - timedelta(days=LONGEST_D - 1)))
    if first > last:
        raise BadInputError(
            f"population.observed: nothing was observed from {spec.first or seen} to {spec.last or until}; there are "
            f"events from {seen} to {until}"
        )
    return first, last


def _day_after(state: Snapshot, last: date, spec: Observed) -> date:
    """The day after everything that is known."""
    counted = [local_day(_counted_at(f0)) for f0 in state.people.cases.values()] if spec.last is None else []
    return max([last, *counted]) + timedelta(days=1)


def _observation(state: Snapshot, spec: Observed, people: Codes, places: Codes) -> Observation:
    limits = policy_named(spec.policy).eligibility(frozenset(spec.channels))
    person, place = _inverse(people, len(state.person_keys)), _inverse(places, len(state.place_keys))
    return Observation(state.graph, person, place, len(people), len(places), limits, spec.crowd)


def _inverse(codes: Codes, count: int) -> Codes:
    out = np.full(count, NOBODY, np.int32)
    out[codes] = np.arange(len(codes), dtype=np.int32)
    return out


def _people(state: Snapshot) -> tuple[Codes, tuple[str, ...]]:
    """Codes of the people whom live events name, in the order of their names, and the names."""
    graph, named = state.graph, state.people.named
    found = [np.fromiter(named, np.int64, len(named))]
    found += [np.unique(major(s.rows.k1)).astype(np.int64) for s in (*graph.bluetooth, *graph.location)]
    found += [s.groups.astype(np.int64) for s in (*graph.bluetooth, *graph.check_in)]
    codes = np.unique(np.concatenate(found)).astype(np.int32)
    keys = state.person_keys.keys(codes.tolist())
    order = sorted_keys(keys)
    return codes[order], tuple(keys[n] for n in order)


def _places(state: Snapshot) -> tuple[Codes, npt.NDArray[np.int16]]:
    """Codes of the places that reference data or check-ins name, in the order of their names, and their kinds."""
    told = (state.place_keys.find(key) for key in state.place_data)
    found = [np.array([code for code in told if code is not None], np.int64)]
    found += [s.majors.astype(np.int64) for s in state.graph.check_in]
    codes = np.unique(np.concatenate(found)).astype(np.int32)
    keys = state.place_keys.keys(codes.tolist())
    order = sorted_keys(keys)
    number = {name: n for n, name in enumerate(params.PLACE_KINDS)}
    kinds = [state.place_data.get(keys[n], {}).get("kind") for n in order]
    return codes[order], np.array([number.get(kind or "other", number["other"]) for kind in kinds], np.int16)


def _place_facts(state: Snapshot, units: Units, day: date) -> tuple[PlaceFacts, tuple[str, ...]]:
    """Home, area and cell of every place of the graph, and the codes of the areas, ascending.

    The area is the narrowest unit that holds its coordinates, where it lies in the unit of the place's own code or the
    place has none; else the place's own code.
    """
    count = len(state.graph.places.lat_e7)
    lat, lng = state.graph.places.lat_e7, state.graph.places.lng_e7
    mapped = np.flatnonzero(lat != NOWHERE)
    cell = np.zeros(count, np.uint64)
    cell[mapped] = cells_of(lat[mapped] / 1e7, lng[mapped] / 1e7, CELL_RESOLUTION)
    told: list[str | None] = [None] * count
    home, duty = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for key, data in state.place_data.items():
        code = state.place_keys.find(key)
        if code is not None and code < count:
            told[code], kind = data.get("area_code"), data.get("kind")
            home[code], duty[code] = kind == "home", kind in DUTY
    for tier in TIERS[:0:-1]:  # from the narrowest to the widest
        if not units.codes(tier, day):
            continue
        held = units.area_of(lat[mapped] / 1e7, lng[mapped] / 1e7, tier, day)
        for n, found in zip(mapped.tolist(), held, strict=True):
            if found is not None and (told[n] is None or told[n] in chain_of(units, found, day)[1:]):
                told[n] = found
    codes = tuple(sorted({code for code in told if code is not None}))
    index = {code: n for n, code in enumerate(codes)}
    area = np.array([NOBODY if code is None else index[code] for code in told], np.int32)
    return PlaceFacts(home, duty, area, cell), codes


def _home_areas(
    state: Snapshot, units: Units, people: Codes, area: Codes, codes: tuple[str, ...], end: int
) -> tuple[Codes, tuple[str, ...]]:
    """Home area of each person, and all areas: the places' in front, so that their numbers stay.

    Of whom the places do not tell, the units are asked.
    """
    lost = people[area < 0]
    if len(units) == 0 or len(lost) == 0:
        return area, codes
    lives = homes_by_units(state, units, lost, end)
    areas = (*codes, *sorted(set(lives.values()) - set(codes)))
    index = {code: n for n, code in enumerate(areas)}
    told = np.array([index[lives[p]] if p in lives else NOBODY for p in people.tolist()], np.int32)
    return np.where(area >= 0, area, told).astype(np.int32), areas


def _cases(state: Snapshot, code: Codes, start: date) -> tuple[Codes, npt.NDArray[np.float64]]:
    """Cases known at the start: (person, onset in days from the start), by person."""
    begin = day_starts_at(start)
    known = [f0 for f0 in state.people.cases.values() if _counted_at(f0) < begin]
    known.sort(key=lambda f0: int(code[f0.person]))
    onset = np.array([(course_of(f0).origin - begin) / DAY for f0 in known], np.float64)
    return np.array([code[f0.person] for f0 in known], np.int32), onset


def _counted_at(f0: F0) -> int:
    return f0.confirmed_at if f0.confirmed_at is not None else f0.reference
