"""Random small cities for disclosure control, two publishers of them, and what an attacker gets from each."""

from dataclasses import dataclass
from itertools import combinations

import h3.api.basic_int as h3
import numpy as np

from engine.risk.disclosure import Behind, Partition, partition
from engine.risk.disclosure_remainders import Chain
from engine.risk.disclosure_views import RESOLUTIONS, Records, merged
from tests.oracles.disclosure import Atom, Knowledge

CENTRE = h3.latlng_to_cell(10.77, 106.70, 7)
DAYS = 12


@dataclass(frozen=True)
class City:
    """Who was where on which day, and who was infectious then."""

    rows: dict[Atom, tuple[int, int]]
    """(infectious time, time present) of a person in a cell on a day"""
    chains: dict[int, tuple[str, ...]]

    @property
    def cases(self) -> set[Atom]:
        return {atom for atom, (infectious, _) in self.rows.items() if infectious}

    @property
    def areas(self) -> list[Chain]:
        return [Chain(cell, codes) for cell, codes in self.chains.items()]


def city(seed: int) -> City:
    """Few to many people, few to many cases, in one to seven cells of resolution 7, homes in clusters."""
    rng = np.random.default_rng(seed)
    sevens = sorted(h3.grid_disk(CENTRE, 1))[: int(rng.integers(1, 8))]
    nines = np.array([c for s in sevens for c in h3.cell_to_children(s, 9)], np.uint64)
    used = rng.choice(nines, size=int(rng.integers(1, min(len(nines), 60) + 1)), replace=False).tolist()
    people, share = int(rng.integers(8, 220)), float(rng.choice([0.05, 0.2, 0.5, 0.9]))
    popular = rng.dirichlet(np.full(len(used), float(rng.choice([0.2, 1.0, 5.0]))))
    rows: dict[Atom, tuple[int, int]] = {}
    for person in range(people):
        sick_from = int(rng.integers(-4, DAYS)) if rng.random() < share else DAYS
        for day in range(DAYS):
            if rng.random() < 0.4:
                cell = int(used[rng.choice(len(used), p=popular)])
                time = int(rng.integers(1, 1 << 20))
                rows[day, cell, person] = (time if sick_from <= day < sick_from + 5 else 0, time)
    return City(rows, _chains(rng, sevens))


def _chains(rng: np.random.Generator, sevens: list[int]) -> dict[int, tuple[str, ...]]:
    if rng.random() < 0.2:
        return {}
    chains: dict[int, tuple[str, ...]] = {}
    for cell in sevens:
        commune = int(rng.integers(0, 5))
        codes = (f"commune {commune}", f"district {commune % 2}", "province")
        chains[cell] = codes[int(rng.choice([0, 0, 0, 0, 1, 2])) :]
    return chains


def behind(rows: dict[Atom, tuple[int, int]]) -> Behind:
    """The rows of some days, by cell and person."""
    return Behind(
        cell=np.array([cell for _, cell, _ in rows], np.uint64),
        person=np.array([person for _, _, person in rows], np.int32),
        infectious=np.array([n for n, _ in rows.values()], np.int64),
        present=np.array([d for _, d in rows.values()], np.int64),
    )


def corrected(rows: dict[Atom, tuple[int, int]], seed: int) -> dict[Atom, tuple[int, int]]:
    """What is known some days later: a few stays are gone, a few cases were found or were none."""
    rng = np.random.default_rng(seed)
    kept: dict[Atom, tuple[int, int]] = {}
    for atom, (n, d) in rows.items():
        if rng.random() > 0.03:
            kept[atom] = ((0 if n else d) if rng.random() < 0.03 else n, d)
    return kept


def units_of(part: Partition | Records) -> list[tuple[int, str]]:
    """The units of a partition."""
    return list(zip(part.resolution.tolist(), part.unit, strict=True))


def published(rows: dict[Atom, tuple[int, int]], part: Partition) -> list[frozenset[Atom]]:
    """The atoms behind every number of every view of a release."""
    unit = dict(zip(part.cell.tolist(), part.unit_of_cell.tolist(), strict=True))
    found: set[frozenset[Atom]] = set()
    for resolution in RESOLUTIONS:
        names, into = merged(units_of(part), resolution)
        members: list[set[Atom]] = [set() for _ in names]
        for atom in rows:
            if atom[1] in unit:
                members[int(into[unit[atom[1]]])].add(atom)
        found |= {frozenset(m) for m in members}
    return sorted(found, key=lambda m: sorted(m))


def releases(place: City, seed: int, days: int = 3) -> tuple[list[frozenset[Atom]], list[frozenset[Atom]]]:
    """What our publisher gives over all days, and the totals of every area for the same windows.

    Between two releases everything known of earlier days is corrected: no release looks at those days again.
    """
    given: list[frozenset[Atom]] = []
    totals: list[frozenset[Atom]] = []
    for first in range(0, DAYS - days + 1, days):
        known = corrected(place.rows, seed + first)
        rows = {atom: row for atom, row in known.items() if first <= atom[0] < first + days}
        given += published(rows, partition(behind(rows), place.areas))
        totals += official(rows, place)
    return given, totals


def official(rows: dict[Atom, tuple[int, int]], place: City) -> list[frozenset[Atom]]:
    """Exact totals of every commune, district and province, and of everything."""
    areas: dict[str, set[Atom]] = {}
    for atom in rows:
        for code in (*place.chains.get(h3.cell_to_parent(atom[1], 7), ()), ""):
            areas.setdefault(code, set()).add(atom)
    return [frozenset(atoms) for atoms in areas.values()]


def naive_releases(place: City, days: int = 7) -> list[frozenset[Atom]]:
    """Plain suppression: every day the last ``days`` days, each cell of each resolution that reaches the floors."""
    given: list[frozenset[Atom]] = []
    cases = place.cases
    for last in range(days, DAYS + 1):
        rows = {atom: row for atom, row in place.rows.items() if last - days <= atom[0] < last}
        for resolution in RESOLUTIONS:
            cells: dict[int, set[Atom]] = {}
            for atom in rows:
                cells.setdefault(h3.cell_to_parent(atom[1], resolution), set()).add(atom)
            given += [frozenset(atoms) for atoms in cells.values() if large(atoms, cases)]
    return given


def large(atoms: set[Atom] | frozenset[Atom], cases: set[Atom]) -> bool:
    """Whether a set of atoms reaches the floors."""
    return len({atom[2] for atom in atoms}) >= 10 and len({atom[2] for atom in atoms & cases}) >= 5


def differences(sets: list[frozenset[Atom]], cases: set[Atom]) -> int:
    """Small sets that are the difference of one number and another, or of one and all that lie in it."""
    found: set[frozenset[Atom]] = set()
    for one in sets:
        inside = [other for other in sets if other < one]
        found |= {one - other for other in inside}
        maximal = [s for s in inside if not any(s < other for other in inside)]
        if all(not (a & b) for a, b in combinations(maximal, 2)):
            found.add(one - frozenset().union(*maximal))
    return sum(1 for left in found if left and not large(left, cases))


def attack(place: City, seed: int) -> int:
    """Independent combinations of published sums about small blocks that areas' totals do not tell already."""
    given, totals = releases(place, seed)
    known = corrected_cases(place, seed)
    alone = Knowledge(given, known).on_small_blocks()
    both = Knowledge([*given, *totals], known)
    return alone + both.on_small_blocks() - both.on_small_blocks(range(len(given), len(given) + len(totals)))


def corrected_cases(place: City, seed: int, days: int = 3) -> set[Atom]:
    """Atoms with infectious time as each release knew them."""
    found: set[Atom] = set()
    for first in range(0, DAYS - days + 1, days):
        known = corrected(place.rows, seed + first)
        found |= {atom for atom, (n, _) in known.items() if n and first <= atom[0] < first + days}
    return found


def attack_naive(place: City) -> int:
    """The same against plain suppression, without anybody's totals."""
    given = naive_releases(place)
    return Knowledge(given, place.cases).on_small_blocks()
