"""What files say of people beside their contacts: groups, households, and who is named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import BadInputError
from engine.scenarios.model import Population
from engine.scenarios.table_files import TableFile
from engine.scenarios.world import NOBODY, Codes, World

MOST_GROUPS = 32_000
EVERYBODY = "all"
"""Of vaccination: every group, and those in none."""


@dataclass(frozen=True)
class PeopleColumns:
    """Groups and households, by code of the person."""

    group: npt.NDArray[np.int16]
    """-1: in no group that is known."""
    groups: tuple[str, ...]
    """Ascending."""
    household: Codes
    """-1: alone or not known."""


def people_columns(population: Population, base: Path, keys: Sequence[str]) -> PeopleColumns:
    """The files ``groups`` and ``households`` of a population whose people are ``keys``; -1 where no file is given.

    People in a file who are not in the population are left out. Households of one person are -1; the others are
    numbered in the order of their first person.

    Raises:
        UnreadableFileError: no such file.
        BadInputError: a column is missing, a group is called ``all``, or a person is in two groups or households; the
            message names the line.
    """
    count = len(keys)
    group, groups = np.full(count, NOBODY, np.int16), tuple[str, ...]()
    household = np.full(count, NOBODY, np.int32)
    if population.groups is not None:
        names, index = _assigned(base / population.groups, "groups", "group", keys)
        if EVERYBODY in names:
            raise BadInputError(
                f"{base / population.groups}: {EVERYBODY!r} stands for every group; give that group another name"
            )
        order = sorted(range(len(names)), key=names.__getitem__)
        if len(names) > MOST_GROUPS:
            raise BadInputError(
                f"{base / population.groups} has {len(names)} groups; at most {MOST_GROUPS} can be told"
            )
        rank = np.full(len(names) + 1, NOBODY, np.int16)
        rank[order] = np.arange(len(names), dtype=np.int16)
        group, groups = rank[index], tuple(names[i] for i in order)
    if population.households is not None:
        _, index = _assigned(base / population.households, "households", "household", keys)
        household = numbered(index)
    return PeopleColumns(group, groups, household)


def numbered(index: npt.NDArray[np.int64]) -> Codes:
    """Households as 0, 1, 2, ... from any numbers, below 0 for nobody; those of one person become -1."""
    out = np.full(len(index), NOBODY, np.int32)
    known = np.flatnonzero(index >= 0)
    _, first, which, size = np.unique(index[known], return_index=True, return_inverse=True, return_counts=True)
    shared = size > 1
    order = np.argsort(first[shared])
    number = np.full(len(size), NOBODY, np.int32)
    number[np.flatnonzero(shared)[order]] = np.arange(len(order), dtype=np.int32)
    out[known] = number[which]
    return out


def _assigned(path: Path, setting: str, column: str, keys: Sequence[str]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Names in the file, and the index into them of each person; -1: none."""
    file = TableFile(path, setting)
    table = file.read(("person", column))
    rows = np.arange(table.num_rows)
    for name in ("person", column):
        file.refuse(np.asarray(table.column(name).is_null().to_numpy()), rows, f"{name} is missing")
    person = pc.index_in(table.column("person"), value_set=pa.array(keys, pa.string()))
    code = np.asarray(person.fill_null(-1).to_numpy(), np.int64)
    coded = table.column(column).combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    value = np.asarray(coded.indices.to_numpy(zero_copy_only=False), np.int64)
    index = np.full(len(keys), NOBODY, np.int64)
    ours = np.flatnonzero(code >= 0)
    index[code[ours]] = value[ours]
    clash = np.zeros(len(rows), np.bool_)
    clash[ours] = index[code[ours]] != value[ours]
    file.refuse(clash, rows, f"this person has another {column} further down")
    return coded.dictionary.to_pylist(), index


def with_named(world: World, keys: Sequence[str], named: Sequence[str]) -> World:
    """The world with the people that ``initial.people`` names, each once.

    Raises:
        BadInputError: one of them is not in the population.
    """
    if not named:
        return replace(world, named=())
    code = {key: n for n, key in enumerate(keys)}
    for name in named:
        if name not in code:
            close = get_close_matches(name, list(keys), 1) if len(keys) < 100_000 else []
            hint = f"; did you mean {close[0]}?" if close else ""
            raise BadInputError(f"initial.people: nobody in the population is called {name!r}{hint}")
    return replace(world, named=tuple(dict.fromkeys(code[name] for name in named)))
