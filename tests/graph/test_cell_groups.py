"""Groups of cells held as bits are the groups that were given, and answer as columns do."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from engine import params
from engine.geo.cells import cells_of
from engine.graph import groups as small
from engine.graph.eligibility import Eligibility
from engine.graph.evidence import near_lines
from engine.graph.groups import CellGroups, Groups, grouped_from, held_small
from engine.graph.kernels.cell_groups import FAR, UNUSED, WINDOW, parent_of, run_of, sizes_of, words_of
from engine.graph.kernels.memory import int64_at, ones
from engine.graph.presences import Queries
from tests.graph.segmented import T0, view_of

DAY = 86_400
RUNS = st.sampled_from([(1, 2), (1, 4), (1, 20), (1, 60), (1, 400), (1, 5_000)])


@njit
def runs_of(directory, begins, far, cells):
    """Rows of each cell, (-1, -1): there is none."""
    found, unused = np.full((len(cells), 2), -1, np.int64), int64_at(directory, UNUSED)
    for i in range(len(cells)):
        cell = np.int64(cells[i])
        inside = cell >> unused & 511
        word = int64_at(directory, words_of(directory, parent_of(cell, unused)) + (inside >> 5))
        if word >> (inside & 31) & 1:
            nth = ones(word & ((1 << (inside & 31)) - 1))
            found[i, 0], found[i, 1] = run_of(begins, far, word >> 32, nth)
    return found


def found_in(held: CellGroups, cells: npt.NDArray[np.uint64]) -> list[list[int]]:
    return runs_of(held.directory.ctypes.data, held.begins.ctypes.data, held.far.ctypes.data, cells).tolist()


def cells_near(rng: np.random.Generator, count: int, spread: float) -> npt.NDArray[np.uint64]:
    lat, lng = 10.7 + rng.normal(0, spread, count), 106.6 + rng.normal(0, spread, count)
    return cells_of(np.clip(lat, -90, 90), lng, int(params.FIX_CELL_RESOLUTION.value))


def grouped(keys: npt.NDArray[np.uint64], sizes: npt.NDArray[np.int64]) -> Groups:
    return Groups(keys, np.append(0, np.cumsum(sizes)).astype(np.int32))


def runs(groups: Groups) -> list[list[int]]:
    return np.column_stack([groups.start[:-1], groups.start[1:]]).tolist()


def as_bits(groups: Groups) -> CellGroups:
    """However far the cells lie from each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "PARENT_BYTES", 0)
        held = held_small(groups)
    assert isinstance(held, CellGroups)
    return held


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.sampled_from([0.0, 0.001, 0.02, 5.0, 90.0]), RUNS)
def test_cells_and_their_rows_are_those_given(seed: int, count: int, spread: float, sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    asked = cells_near(rng, count + 50, spread)
    groups = grouped(np.unique(asked[:count]), rng.integers(*sizes, len(np.unique(asked[:count]))))
    held = as_bits(groups)
    assert (held.keys.dtype, held.start.dtype) == (groups.keys.dtype, groups.start.dtype)
    assert held.keys.tolist() == groups.keys.tolist()
    assert held.start.tolist() == groups.start.tolist()
    assert len(held) == len(groups)
    there = dict(zip(groups.keys.tolist(), runs(groups), strict=True))
    assert found_in(held, asked) == [there.get(cell, [-1, -1]) for cell in asked.tolist()]
    again = grouped_from(held.columns())
    assert (again.keys.tolist(), again.start.tolist()) == (groups.keys.tolist(), groups.start.tolist())


def test_a_run_of_any_length_lies_between_short_ones() -> None:
    keys = np.unique(cells_near(np.random.default_rng(1), 500, 0.01))
    for at in (0, 1, 250, len(keys) - 1):
        for length in (WINDOW - 1, WINDOW, FAR - 31, FAR - 30, FAR, FAR + 1, 70_000):
            sizes = np.ones(len(keys), np.int64)
            sizes[at] = length
            groups, held = grouped(keys, sizes), as_bits(grouped(keys, sizes))
            assert held.start.tolist() == groups.start.tolist()
            assert found_in(held, keys) == runs(groups)


def test_bits_take_less_than_columns_where_cells_are_near_each_other() -> None:
    rng = np.random.default_rng(2)
    keys = np.unique(cells_near(rng, 60_000, 0.04))
    groups = grouped(keys, rng.integers(1, 3, len(keys)))
    held = held_small(groups)
    assert sum(c.nbytes for c in held.columns().values()) < sum(c.nbytes for c in groups.columns().values()) / 3


def test_cells_far_from_each_other_stay_columns() -> None:
    rng = np.random.default_rng(3)
    lat, lng = np.degrees(np.arcsin(rng.uniform(-1, 1, 3_000))), rng.uniform(-180, 180, 3_000)
    groups = grouped(np.unique(cells_of(lat, lng, 11)), np.ones(3_000, np.int64))
    assert held_small(groups) is groups
    none = grouped(np.empty(0, np.uint64), np.empty(0, np.int64))
    assert held_small(none) is none


def test_parents_are_counted_of_cells_alone() -> None:
    keys = np.unique(cells_near(np.random.default_rng(4), 300, 0.05))
    starts = np.arange(len(keys) + 2, dtype=np.int32)
    assert sizes_of(keys, starts, 12) == (len(np.unique(keys >> np.uint64(21))), 0)
    finer = cells_of(np.array([10.7]), np.array([106.6]), 12)
    for other in (np.uint64(5), finer[0], keys[-1] | np.uint64(7 << 18), keys[-1] ^ np.uint64(1 << 11)):
        assert sizes_of(np.append(keys, other), starts, 12) == (0, 0)


@pytest.mark.parametrize("seed", range(4))
def test_fixes_are_found_with_bits_and_with_columns(seed: int) -> None:
    view = view_of(seed, 300, 60, 8)
    assert all(isinstance(s.grouped, CellGroups) for s in view.location)
    columns = tuple(replace(s, grouped=Groups(s.groups, s.group_start)) for s in view.location)
    people = np.arange(60, dtype=np.int32)
    queries = Queries(people, np.full(60, T0), np.full(60, T0 + 4 * DAY))
    found = []
    for here in (view, replace(view, location=columns)):
        lines, parts = near_lines(here, queries, Eligibility(60.0, 50.0))
        found.append((lines[:, :7].tolist(), parts.tolist()))
    assert found[0] == found[1]
    assert found[0][0]
