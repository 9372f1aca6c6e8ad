"""Orders by radix beside numpy's own."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernels.radix import FEW, order_by, sort_bits

Codes = npt.NDArray[np.integer]


def agree(code: Codes, second: npt.NDArray[np.int32]) -> None:
    found = order_by(code, second)
    assert found.dtype == np.int32
    assert found.tolist() == np.lexsort((second, code)).tolist()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), max_size=3 * FEW),
    st.integers(0, 20),
    st.booleans(),
    st.sampled_from([np.int32, np.int64, np.uint64]),
)
def test_ties_stay_as_they_came(
    rows: list[tuple[int, int]], shift: int, in_time: bool, dtype: type[np.integer]
) -> None:
    """Codes that share their lower bits, as cells do; rows in the order of time or not."""
    rows = sorted(rows, key=lambda r: r[1]) if in_time else rows
    agree(np.array([c << shift for c, _ in rows], dtype), np.array([s for _, s in rows], np.int32))


@pytest.mark.parametrize("most", [1, 2_000, 2**31 - 1, 2**52, 2**62])
@pytest.mark.parametrize("rows", [FEW, FEW + 1, 5_000, 70_000])
def test_wide_codes_take_as_many_rounds_as_they_need(rows: int, most: int) -> None:
    rng = np.random.default_rng(rows)
    code, second = rng.integers(0, most, rows), rng.integers(0, 86_400, rows).astype(np.int32)
    agree(code, second)
    agree(code, np.sort(second))


@pytest.mark.parametrize(("low", "high"), [(0, 3), (5, 40), (20, 20), (0, 62)])
def test_only_the_bits_asked_for_count(low: int, high: int) -> None:
    keys = np.random.default_rng(1).integers(0, 2**62, 3_000)
    wanted = np.argsort(keys >> low & ((1 << (high - low)) - 1), kind="stable")
    assert sort_bits(keys.copy(), np.empty_like(keys), low, high).tolist() == keys[wanted].tolist()
