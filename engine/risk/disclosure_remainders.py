"""Remainders: what cannot be published cell by cell is published area by area, until nothing is left over."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError

People = npt.NDArray[np.int32]
REST = ""
"""Name of the remainder of everything."""


@dataclass(frozen=True)
class Chain:
    """The areas that a cell of resolution 7 lies in."""

    cell: int
    codes: tuple[str, ...]
    """Narrowest first: commune, district, province; as many as are known."""


@dataclass(frozen=True)
class Node:
    """A part of the country: a cell of resolution 7, or an area."""

    cells: tuple[int, ...]
    """Its cells of resolution 7 with anybody."""
    people: People
    """Distinct, ascending."""
    cases: People
    covered: bool
    """Everything in it is in some unit."""


def remainders(nodes: Sequence[Node], areas: Iterable[Chain], people: int, cases: int) -> dict[int, str] | None:
    """In which remainder each cell of resolution 7 is that cannot be published in units of its own.

    Bottom-up, in every area: its parts that are not covered are pooled. Where the pool does not reach the floors, the
    covered part with the fewest people (then the smallest cell) joins it, and its own units are given up; where there
    is no such part, the area as a whole is left to the next wider one. The widest is everything. Cells that lie in no
    narrower area are one part of their area: who knows the totals of all areas knows theirs.

    Args:
        nodes: cells of resolution 7, covered where all their cells are published.
        areas: where they lie; a cell may come without.
        people: floor of distinct people.
        cases: floor of distinct cases.

    Returns:
        Code of the area by cell, only those in a remainder; None when everything together fails.

    Raises:
        BadParameterError: an area lies in two different wider areas.

    Cost: about 10 us a node and area.
    """
    chains = {chain.cell: chain.codes for chain in areas}
    wider = _wider(chains.values())
    pooled: dict[int, str] = {}
    loose: dict[str, list[Node]] = {}
    inside: dict[str, list[Node]] = {}
    for node in nodes:
        loose.setdefault(next(iter(chains.get(node.cells[0], ())), REST), []).append(node)
    for code in _narrowest_first(wider):
        parts = inside.pop(code, [])
        if code in loose:
            parts.append(_settled(loose[code], code, pooled, people, cases))
        if not parts:
            continue
        done = _settled(parts, code, pooled, people, cases)
        if code != REST:
            inside.setdefault(wider[code], []).append(done)
        elif not done.covered:
            return None
    return pooled


def _settled(parts: list[Node], code: str, pooled: dict[int, str], people: int, cases: int) -> Node:
    """The area as one part of the next wider one; ``pooled`` is told of its remainder."""
    pool = [part for part in parts if not part.covered]
    rest = sorted((p for p in parts if p.covered), key=lambda p: (len(p.people), p.cells[0]))
    whole = _joined(parts, covered=True)
    if not pool:
        return whole
    together = _joined(pool, covered=False)
    if len(together.people) < people or len(together.cases) < cases:
        if not rest:
            return together
        together = _joined([*pool, rest[0]], covered=False)
    pooled.update(dict.fromkeys(together.cells, code))
    return whole


def _joined(parts: Sequence[Node], covered: bool) -> Node:
    people = np.unique(np.concatenate([part.people for part in parts]))
    cases = np.unique(np.concatenate([part.cases for part in parts]))
    return Node(tuple(sorted(c for part in parts for c in part.cells)), people, cases, covered)


def _wider(chains: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """The next wider area of each."""
    wider: dict[str, str] = {}
    for codes in chains:
        for code, above in pairwise((*codes, REST)):
            if code == REST or wider.setdefault(code, above) != above:
                raise BadParameterError(f"area {code!r} lies in two areas, or has no code: areas must nest")
    return wider


def _narrowest_first(wider: dict[str, str]) -> Iterator[str]:
    """Every area after all those inside it; everything last."""

    def depth(code: str) -> int:
        steps = 0
        while code != REST:
            code, steps = wider[code], steps + 1
            if steps > len(wider):
                raise BadParameterError("areas must nest, not lie in each other")
        return steps

    yield from sorted(wider, key=lambda code: (-depth(code), code))
    yield REST
