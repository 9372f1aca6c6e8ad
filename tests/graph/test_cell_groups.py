"""Finding the group of a cell: by a directory as by bisection."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from engine.geo.cells import cells_of
from engine.graph import evidence
from engine.graph.eligibility import Eligibility
from engine.graph.kernels.cell_groups import directory_of, group_of_cell, parents_of
from engine.graph.presences import Queries
from tests.graph.segmented import T0, view_of

DAY = 86_400


@njit
def groups_of(directory, groups, count, cells):
    found = np.empty(len(cells), np.int64)
    for i in range(len(cells)):
        found[i] = group_of_cell(directory, groups, count, np.int64(cells[i]))
    return found


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(0, 400), st.sampled_from([0.001, 0.02, 5.0]))
def test_a_directory_finds_what_bisection_finds(seed: int, count: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    lat, lng = 10.7 + rng.normal(0, spread, count + 50), 106.6 + rng.normal(0, spread, count + 50)
    asked = cells_of(lat, lng, 11)
    groups = np.unique(asked[:count])
    directory = directory_of(groups, 12, parents_of(groups, 12))
    held = np.append(groups, np.uint64(0))  # an address even where there are no groups
    where = held.ctypes.data, len(groups), asked
    found = groups_of(directory.ctypes.data, *where)
    assert found.tolist() == groups_of(0, *where).tolist()
    there = {cell: g for g, cell in enumerate(groups.tolist())}
    assert found.tolist() == [there.get(cell, -1) for cell in asked.tolist()]


@pytest.mark.parametrize("seed", range(4))
def test_fixes_are_found_with_a_directory_and_without(seed: int) -> None:
    found = []
    for size in (evidence.PARENT_BYTES, 1 << 40):
        view = view_of(seed, 300, 60, 8)
        people = np.arange(60, dtype=np.int32)
        queries = Queries(people, np.full(60, T0), np.full(60, T0 + 4 * DAY))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(evidence, "PARENT_BYTES", size)
            lines, parts = evidence.near_lines(view, queries, Eligibility(60.0, 50.0))
        known = [segment.memory["cell groups"] for segment in view.location]
        assert all((directory is None) == (size > 1_000_000) for directory in known)
        found.append((lines[:, :7].tolist(), parts.tolist()))
    assert found[0] == found[1]
    assert found[0][0]
