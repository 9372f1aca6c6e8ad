"""Disclosure control, slow and obvious: sets, a recursion over the tree, and algebra with fractions."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import h3.api.basic_int as h3

from engine import params

Row = tuple[int, int, int, int]
"""cell of resolution 9, person, infectious time, time present"""
Unit = tuple[int, str]
"""(resolution, cell as text), or (-1, code of an area)"""
Atom = tuple[int, int, int]
"""day, cell, person: the least that anybody could want to know"""


def behind(rows: Iterable[Row]) -> tuple[set[int], set[int]]:
    rows = list(rows)
    return {p for _, p, _, _ in rows}, {p for _, p, n, _ in rows if n > 0}


def enough(rows: Iterable[Row], people: int, cases: int) -> bool:
    a, b = behind(rows)
    return len(a) >= people and len(b) >= cases


def units(
    rows: Sequence[Row], chains: Mapping[int, Sequence[str]], people: int = 10, cases: int = 5
) -> dict[int, Unit]:
    """The unit that holds each cell with anybody; nothing when everything together is too little."""
    by_seven: dict[int, list[Row]] = {}
    for row in rows:
        by_seven.setdefault(h3.cell_to_parent(row[0], 7), []).append(row)
    children: dict[str, set[str | int]] = {"": set()}
    for seven in by_seven:
        below: str | int = seven
        for code in (*chains.get(seven, ()), ""):
            children.setdefault(code, set()).add(below)
            below = code

    def inside(node: str | int) -> list[Row]:
        if isinstance(node, int):
            return by_seven[node]
        return [row for child in children[node] for row in inside(child)]

    def of_cell(cell: int, here: list[Row]) -> dict[int, Unit] | None:
        resolution = h3.get_resolution(cell)
        itself = {row[0]: (resolution, h3.int_to_str(cell)) for row in here}
        if resolution < 9:
            parts: dict[int, list[Row]] = {}
            for row in here:
                parts.setdefault(h3.cell_to_parent(row[0], resolution + 1), []).append(row)
            done = [of_cell(child, part) for child, part in parts.items()]
            if all(d is not None for d in done):
                return {c: u for d in done if d for c, u in d.items()}
        return itself if enough(here, people, cases) else None

    def of(node: str | int) -> dict[int, Unit] | None:
        if isinstance(node, int):
            return of_cell(node, inside(node))
        loose = {child for child in children[node] if isinstance(child, int)}
        if loose and loose != children[node]:
            # Cells in no narrower area are like an area of their own, with the name of the wider one.
            children[f"loose in {node}"] = loose
            children[node] = children[node] - loose | {f"loose in {node}"}
        parts = {child: of(child) for child in children[node]}
        failing = [child for child, done in parts.items() if done is None]
        good = [child for child, done in parts.items() if done is not None]
        if failing:
            pool = [row for child in failing for row in inside(child)]
            if not enough(pool, people, cases):
                if not good:
                    return None
                least = min(good, key=lambda g: (len(behind(inside(g))[0]), min(sevens(inside(g)))))
                good.remove(least)
                pool += inside(least)
        done = {c: u for child in good for c, u in (parts[child] or {}).items()}
        if failing:
            done |= {row[0]: (-1, str(node).removeprefix("loose in ")) for row in pool}
        return done

    return of("") or {} if rows else {}


def sevens(rows: Iterable[Row]) -> set[int]:
    return {h3.cell_to_parent(row[0], 7) for row in rows}


Record = tuple[int, int, list[tuple[Unit, int, int]]]
"""(end of the window, publishing time, units with infectious and present time)"""


def shown(records: Sequence[Record], resolution: int) -> dict[Unit, tuple[int, float]]:
    """The units of a view with the time of their newest record and their score; ``records`` newest first."""

    def up(unit: Unit, to: int) -> Unit:
        if unit[0] <= to:
            return unit
        return to, h3.int_to_str(h3.cell_to_parent(h3.str_to_int(unit[1]), to))

    place: dict[Unit, tuple[int, set[Unit]]] = {}
    for _, at, units_ in records:
        here: dict[Unit, set[Unit]] = {}
        for unit, _, _ in units_:
            here.setdefault(up(unit, 7), set()).add(unit)
        for seven, some in here.items():
            place.setdefault(seven, (at, some))
    found: dict[Unit, int] = {}
    for at, some in place.values():
        for unit in some:
            found[up(unit, resolution)] = at
    return {unit: (at, _score(unit, records)) for unit, at in found.items()}


def _score(unit: Unit, records: Sequence[Record]) -> float:
    """100 (1 - 2^(-share / half)) of everything known of a unit, each window at its weight."""
    sums = [0.0, 0.0]
    for end, _, units_ in records:
        weight = 2 ** (-(records[0][0] - end) / 86_400 / params.HEX_HALF_LIFE_D.value)
        for other, n, d in units_:
            part = _overlap(unit, other) * weight
            sums = [sums[0] + part * n / 2**20, sums[1] + part * d / 2**10]
    return float(100 * (1 - 2 ** (-sums[0] / sums[1] / params.HEX_HALF_RATE.value)))


def _overlap(unit: Unit, other: Unit) -> float:
    """Which share of ``other`` lies in ``unit``."""
    if unit[0] < 0 or other[0] < 0:
        return float(unit == other)
    a, b = h3.str_to_int(unit[1]), h3.str_to_int(other[1])
    if unit[0] <= other[0]:
        return float(h3.cell_to_parent(b, unit[0]) == a)
    return (h3.cell_to_parent(a, other[0]) == b) / 7 ** (unit[0] - other[0])


# -- the attacker ---------------------------------------------------------------------------------------------


class Knowledge:
    """Exact sums over sets of atoms, and what linear algebra makes of them.

    Atoms that are in the same sets are one block: no combination of the sums tells them apart. ``small`` are the
    blocks below the floors. Whatever is supported by small blocks only must not be computable.
    """

    def __init__(self, sets: Sequence[frozenset[Atom]], cases: set[Atom], people: int = 10, least_cases: int = 5):
        where: dict[Atom, list[int]] = {}
        for n, one in enumerate(sets):
            for atom in one:
                where.setdefault(atom, []).append(n)
        blocks: dict[tuple[int, ...], list[Atom]] = {}
        for atom, signature in where.items():
            blocks.setdefault(tuple(signature), []).append(atom)
        self.blocks = list(blocks.values())
        self.small = [
            len({a[2] for a in block}) < people or len({a[2] for a in block if a in cases}) < least_cases
            for block in self.blocks
        ]
        self._signatures = list(blocks)
        self._count = len(sets)

    def _rows(self, chosen: Iterable[int]) -> list[list[Fraction]]:
        order = sorted(range(len(self.blocks)), key=lambda b: self.small[b])  # large blocks first: they go first
        return [[Fraction(s in self._signatures[b]) for b in order] for s in chosen]

    def on_small_blocks(self, chosen: Iterable[int] | None = None) -> int:
        """How many independent combinations of the chosen sums are about small blocks only."""
        large = sum(not s for s in self.small)
        rows = _eliminated(self._rows(range(self._count) if chosen is None else chosen))
        return sum(1 for row in rows if not any(row[:large]) and any(row[large:]))

    def block_of(self, atoms: Iterable[Atom]) -> bool:
        """Whether the sum over exactly these atoms can be computed."""
        wanted = set(atoms)
        if any(0 < len(wanted & set(block)) < len(block) for block in self.blocks):
            return False
        order = sorted(range(len(self.blocks)), key=lambda b: self.small[b])
        target = [Fraction(self.blocks[b][0] in wanted) for b in order]
        rows = self._rows(range(self._count))
        return len(_eliminated([*rows, target])) == len(_eliminated(rows))


def _eliminated(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """Row echelon form without rows of zeros, exactly."""
    rows, done = [list(r) for r in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((n for n in range(done, len(rows)) if rows[n][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        head = rows[done]
        for n in range(done + 1, len(rows)):
            if rows[n][column]:
                by = rows[n][column] / head[column]
                rows[n] = [a - by * b for a, b in zip(rows[n], head, strict=True)]
        done += 1
    return rows[:done]
