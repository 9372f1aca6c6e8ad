"""A world from a table of contacts: CSV or Parquet, a row a contact."""

from collections.abc import Sequence
from datetime import date
from itertools import count, islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import BadInputError
from engine.scenarios.contacts_arrays import PairDays, contacts_of
from engine.scenarios.model import ContactTable, Population
from engine.scenarios.people_columns import people_columns
from engine.scenarios.table_files import TableFile, days, numbers
from engine.scenarios.world import NOBODY, TABLE, World, no_places

LONGEST_D = 3660
"""More days between the first and the last row are a mistake: a column of seconds, or a wrong year."""
LARGEST = 1e9
"""Of weights and minutes: sums stay finite in 32 bits."""
MOST_PEOPLE = 50_000_000
"""A larger ``people`` would fill the memory with people who meet nobody."""
_DIGITS = 1_000
"""Python reads no longer numbers than about four times that; longer names are names."""
_SHOWN = 10


def world_of_table(population: Population, base: Path) -> tuple[World, tuple[str, ...]]:
    """The world of ``population.table``, and the names of its people by code.

    Args:
        population: with a table; ``groups`` and ``households`` are read as well.
        base: folder from which the paths in it count.

    Returns:
        The world, without places and areas; people are sorted by name, numbers among them by value and first. They are
        those in a row that is kept, and behind them as many as ``people`` says there are more: they meet nobody. Rows
        of one pair on one day, either way round, add up. Observed day 0 is the first day with a row; a table without
        days is one day.

    Raises:
        UnreadableFileError: a file is missing or torn.
        BadInputError: a column is not there, a number is missing, negative or none at all, a contact of somebody with
            themselves, or no row is left; the message names the line.
    """
    if population.table is None:
        raise BadInputError("population.table is not given: this world is not read from a table")
    spec = population.table
    if spec.people is not None and spec.people > MOST_PEOPLE:
        raise BadInputError(f"population.table.people is {spec.people}; give at most {MOST_PEOPLE}")
    pairs, start, named = _contacts(TableFile(base / spec.file, "population.table.file"), spec)
    keys = (*named, *unnamed(named, spec.people))
    size, observed = len(keys), int(pairs.day.max()) + 1
    columns = people_columns(population, base, keys)
    world = World(
        people=size,
        contacts=contacts_of(size, observed, pairs, start),
        places=no_places(observed),
        areas=(),
        parents=(),
        area=np.full(size, NOBODY, np.int32),
        cell=np.zeros(size, np.uint64),
        household=columns.household,
        group=columns.group,
        groups=columns.groups,
        case_person=np.empty(0, np.int32),
        case_onset=np.empty(0),
    )
    return world, keys


def _contacts(file: TableFile, spec: ContactTable) -> tuple[PairDays, date | None, tuple[str, ...]]:
    """The rows that count as contacts of coded people, the date of day 0 where there is one, and names by code."""
    table, rows = _kept(file, spec)
    weight = numbers(file, spec.weight, table.column(spec.weight), rows) if spec.weight else np.ones(len(rows))
    minutes = numbers(file, spec.minutes, table.column(spec.minutes), rows) if spec.minutes else weight
    for name, values in ((spec.weight, weight), (spec.minutes, minutes)):
        file.refuse(values < 0, rows, f"{name} is below 0")
        file.refuse(values > LARGEST, rows, f"{name} is above {LARGEST:g}")
    day, start = np.zeros(len(rows), np.int64), None
    if spec.day is not None:
        day, start = days(file, spec.day, table.column(spec.day), rows)
        if int(day.max()) >= LONGEST_D:
            raise BadInputError(
                f"{file.path}: {int(day.max()) + 1} days lie between the first and the last row of {spec.day!r}, more "
                f"than {LONGEST_D}; days are dates, or whole numbers that count days"
            )
    a, b, keys = coded(table.column(spec.person), table.column(spec.other))
    pairs = PairDays(
        day.astype(np.int32), a, b, weight, minutes,
        np.full(len(rows), NOBODY, np.int32), np.full(len(rows), TABLE, np.uint8),
    )  # fmt: skip
    return pairs, start, keys


def _kept(file: TableFile, spec: ContactTable) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """The rows that count, checked, and their numbers in the file."""
    texts = (spec.person, spec.other, *spec.where)
    table = file.read(texts, [name for name in (spec.day, spec.weight, spec.minutes) if name is not None])
    rows = np.arange(table.num_rows)
    for name, value in spec.where.items():
        there = table.column(name)
        table, rows = _filtered(table, rows, pc.equal(there, value))
        if table.num_rows == 0:
            values = sorted({str(v) for v in pc.unique(there).to_pylist()})
            raise BadInputError(
                f"{file.path}: no row has {name} = {value!r}; there are {', '.join(values[:_SHOWN])}"
                + (f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else "")
            )
    for name in (spec.person, spec.other):
        file.refuse(np.asarray(table.column(name).is_null().to_numpy()), rows, f"{name} is missing")
    one, two = table.column(spec.person), table.column(spec.other)
    dropped = pa.array(spec.drop_people, pa.string())
    for name in spec.drop_people:
        if not pc.any(pc.equal(one, name)).as_py() and not pc.any(pc.equal(two, name)).as_py():
            raise BadInputError(
                f"{file.path}: drop_people: no row is left that names {name!r}; take it out of the list"
            )
    gone = pc.or_(pc.is_in(one, value_set=dropped), pc.is_in(two, value_set=dropped))
    table, rows = _filtered(table, rows, pc.invert(gone))
    same = np.asarray(pc.equal(table.column(spec.person), table.column(spec.other)).to_numpy(), np.bool_)
    file.refuse(same, rows, f"{spec.person} and {spec.other} are the same; nobody is a contact of themselves")
    if table.num_rows == 0:
        raise BadInputError(f"{file.path}: no row is left: there is nobody to simulate")
    return table, rows


def _filtered(
    table: pa.Table, rows: npt.NDArray[np.int64], keep: pa.ChunkedArray
) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    mask = np.asarray(keep.fill_null(False).to_numpy(), np.bool_)
    return table.filter(pa.array(mask)), rows[mask]


def coded(
    one: pa.ChunkedArray, two: pa.ChunkedArray
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], tuple[str, ...]]:
    """Codes of both ends, and the names by code: sorted, numbers by value and before other names."""
    both = pa.chunked_array([*one.chunks, *two.chunks], pa.string()).combine_chunks().dictionary_encode()
    if isinstance(both, pa.ChunkedArray):
        both = both.combine_chunks()
    names = both.dictionary.to_pylist()
    order = sorted_keys(names)
    code = np.empty(len(names), np.int32)
    code[order] = np.arange(len(names), dtype=np.int32)
    codes = code[both.indices.to_numpy(zero_copy_only=False)]
    return codes[: len(one)], codes[len(one) :], tuple(names[n] for n in order)


def unnamed(keys: Sequence[str], people: int | None) -> list[str]:
    """Names of the people whom no row names: ``unnamed-1``, ``unnamed-2``, ..."""
    more = max(0, (people or 0) - len(keys))
    taken = set(keys) if more else set()
    free = (name for n in count(1) if (name := f"unnamed-{n}") not in taken)
    return list(islice(free, more))


def _rank(name: str) -> tuple[int, int, str]:
    plain = len(name) <= _DIGITS and name.isascii() and name.lstrip("-").isdigit() and name.count("-") <= 1
    return (0, int(name), name) if plain else (1, 0, name)


def sorted_keys(names: Sequence[str]) -> list[int]:
    """Order of names as codes are given: numbers by value, then the others."""
    return sorted(range(len(names)), key=[_rank(name) for name in names].__getitem__)
